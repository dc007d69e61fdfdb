"""A bank's export becomes lines once, and lines become money once."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.actors import SYSTEM
from orders.models import Order
from payments.models import BankAccount, LedgerEntry, Payment, StatementLine
from payments.statements import booking as statement_booking
from payments.statements import matching as statement_matching
from payments.statements.columns import Columns
from payments.statements.files import UnknownColumns, UnreadableStatement
from payments.statements.importing import Outcome, import_statement
from payments.statements.matching import Reason
from payments.transfers import proofs
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    ledger_of,
    make_offer,
    place_order,
    place_paid,
    refunds_of,
    run_out,
    sums_of,
)
from tests.factories import make_campaign, make_seller
from tests.transfers import (
    accept,
    make_account,
    make_transfer_offer,
    place_transfer,
    send_proof,
    transfer_of,
)

pytestmark = pytest.mark.django_db
HEADER = "Tanggal;Keterangan;Jumlah\n"


@pytest.fixture(autouse=True)
def gateways_offered(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


@pytest.fixture
def account():
    return make_account(make_seller())


def today():
    return timezone.localdate().isoformat()


def written(amount, text="TRSF E-BANKING", day=None):
    digits = f"{amount:,.0f}".replace(",", ".")
    return f"{day or today()};{text};{digits}\n"


def take(account, *rows):
    return import_statement(account, (HEADER + "".join(rows)).encode())


def line_for(order, amount=None, text="TRSF E-BANKING"):
    payment = transfer_of(order)
    amount = payment.amount if amount is None else amount
    take(payment.bank_account, written(amount, text))
    return StatementLine.objects.latest("pk")


def suggestion(line):
    found = statement_matching.suggestions(line.account, [line])
    return found.get(line.pk)


def confirm(line, payment):
    return statement_booking.confirm(line.pk, payment.pk, actor=SYSTEM)


def rows_of(account):
    lines = account.lines.order_by("booked_on", "pk")
    return [(str(r.booked_on), int(r.amount), r.description) for r in lines]


EXPORTS = {
    "semicolons": "Tanggal;Keterangan;Jumlah\n25/11/2026;TRSF ANI;202.877,00\n",
    "commas": 'Date,Description,Amount\n2026-11-25,TRSF ANI,"202,877.00"\n',
    "tabs": "Tanggal\tUraian\tNominal\n25 Nov 2026\tTRSF ANI\t202.877\n",
    "two columns": (
        "Tgl Transaksi;Keterangan;Debet;Kredit\n25/11/2026;TRSF ANI;0,00;202.877,00\n"
    ),
    "side": "Tanggal;Keterangan;Jumlah;D/K\n25-11-2026;TRSF ANI;202.877;K\n",
    "a preamble and a column without a name": (
        "Account No.,=,'8800123\nName,=,NILA\n\n"
        "Date,Description,Branch,Amount,,Balance\n"
        '\'25/11/2026,TRSF   ANI,\'0000,"202,877.00",CR,"1,000,000.00"\n'
    ),
    "american days": (
        "Date,Description,Amount\n11/25/2026,TRSF ANI,202877\n11/24/2026,x,-5\n"
    ),
    "windows lines": "Tanggal;Keterangan;Jumlah\r\n25/11/2026;TRSF ANI;Rp 202.877\r\n",
}
NOVEMBER = date(2026, 11, 30)


@pytest.mark.once
@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_exports_of_banks_are_read(account, monkeypatch, name, encoding):
    monkeypatch.setattr(timezone, "localdate", lambda **_zone: NOVEMBER)

    verdicts = import_statement(account, EXPORTS[name].encode(encoding))

    assert verdicts[0].outcome == Outcome.ADDED
    assert rows_of(account) == [("2026-11-25", 202_877, "TRSF ANI")]


def test_what_left_the_account_is_left_out(account):
    verdicts = take(account, f"{today()};biaya;-6.500\n", f"{today()};nol;0\n")

    assert [v.outcome for v in verdicts] == [Outcome.LEFT_OUT] * 2
    assert not account.lines.exists()


def test_importing_again_adds_nothing_and_twins_of_a_day_are_two(account):
    rows = [written(100_000), written(100_000), written(90_000)]
    first = take(account, *rows)
    again = take(account, *rows, written(80_000))

    assert [v.outcome for v in first] == [Outcome.ADDED] * 3
    assert [v.outcome for v in again] == [Outcome.KNOWN] * 3 + [Outcome.ADDED]
    assert account.lines.count() == 4


def test_bad_rows_are_refused_and_good_ones_written(account):
    later = (timezone.localdate() + timedelta(days=9)).isoformat()
    verdicts = take(
        account,
        written(100_000),
        "kemarin;x;100.000\n",
        f"{today()};x;seratus\n",
        f"{today()};x\n",
        f"{later};x;100.000\n",
        "\n",
        f"{today()};x;1,5\n",
    )

    refused = [v for v in verdicts if v.outcome == Outcome.REFUSED]
    assert [v.movement.line for v in refused] == [3, 4, 5, 6, 8]
    assert all(v.movement.fault for v in refused)
    assert account.lines.count() == 1


@pytest.mark.once
@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"hello", b"PK\x03\x04\0\0", b"%PDF-1.4\n\xff\0", b"\xff\xfe\0\xd8"],
)
def test_what_is_no_table_is_refused_whole(account, data):
    with pytest.raises((UnreadableStatement, UnknownColumns)):
        import_statement(account, data)

    assert not account.lines.exists()


def test_a_table_of_very_many_columns_is_refused_before_its_rows_are_read(account):
    header = "Tanggal;Keterangan;Jumlah;" + ";" * 1_000
    data = header + "\n" + written(100_000)

    with pytest.raises(UnreadableStatement):
        import_statement(account, data.encode())

    assert not account.lines.exists()


def test_columns_named_once_are_remembered(account):
    data = f"Hari;Apa;Berapa\n{today()};TRSF;100.000\n".encode()
    with pytest.raises(UnknownColumns) as unknown:
        import_statement(account, data)
    assert unknown.value.names == ["Hari", "Apa", "Berapa"]
    columns = Columns(date="Hari", description="Apa", amount="Berapa")
    import_statement(account, data, columns=columns)

    again = BankAccount.objects.select_related("seller").get(pk=account.pk)
    verdicts = import_statement(again, data.replace(b"100", b"200"))
    assert [v.outcome for v in verdicts] == [Outcome.ADDED]
    assert rows_of(account)[1] == (today(), 200_000, "TRSF")


def test_the_exact_amount_names_its_order():
    order = place_transfer()

    found = suggestion(line_for(order))

    assert (found.payment, found.reason) == (transfer_of(order), Reason.EXACT)
    assert found.is_sure


def test_number_or_name_in_the_text_make_it_certain():
    batch = make_transfer_offer()
    first = place_transfer(batch)
    second = place_transfer(batch, name="Sri Wahyuni")

    by_number = suggestion(line_for(first, text=f"TRF {first.number} ok"))
    by_name = suggestion(line_for(second, text="TRSF DARI SRI WAHYUNI"))

    assert by_number.reason == by_name.reason == Reason.EXACT_AND_NAMED


def test_a_name_like_a_banks_word_takes_nobody_elses_money_unasked():
    batch = make_transfer_offer()
    bad = place_transfer(batch, name="E-Banking")
    amount = transfer_of(bad).amount
    Payment.objects.update(state="canceled")
    good = place_transfer(batch, name="Sri Wahyuni")
    Payment.objects.filter(order=good).update(amount=amount)

    found = suggestion(line_for(good, text="TRSF E-BANKING CR"))
    by_number = suggestion(line_for(good, text=f"TRSF E-BANKING {good.number}"))

    assert found.reason == Reason.SEVERAL
    assert not found.is_sure
    assert (by_number.payment.order, by_number.is_sure) == (good, True)


def test_another_amount_with_the_number_is_only_suggested():
    order = place_transfer()

    found = suggestion(line_for(order, 100_000, text=order.number))

    assert (found.payment, found.reason) == (transfer_of(order), Reason.NAMED)
    assert not found.is_sure


def test_the_amount_of_one_order_with_the_number_of_another_is_not_sure():
    batch = make_transfer_offer()
    first, second = [place_transfer(batch) for _n in range(2)]

    found = suggestion(line_for(first, text=second.number))

    assert found.reason == Reason.OTHER_NAMED
    assert not found.is_sure


def test_money_from_before_the_order_is_not_its_own():
    order = place_transfer()
    payment = transfer_of(order)
    old = (timezone.localdate() - timedelta(days=5)).isoformat()
    take(payment.bank_account, written(payment.amount, day=old))

    assert suggestion(StatementLine.objects.get()) is None


def test_an_amount_of_another_account_is_not_suggested():
    order = place_transfer()
    seller = order.batch.campaign.seller
    other = make_account(seller, bank="Mandiri", position=5)
    take(other, written(transfer_of(order).amount))

    assert suggestion(StatementLine.objects.select_related("account").get()) is None
    with pytest.raises(statement_booking.DoesNotBelong):
        confirm(StatementLine.objects.get(), transfer_of(order))
    assert sums_of(order)[1] == 0


def test_confirming_books_the_line_and_confirms_the_order():
    order = place_transfer()
    payment = transfer_of(order)
    line = line_for(order)

    confirm(line, payment)

    line.refresh_from_db()
    entry = LedgerEntry.objects.get()
    assert sums_of(order) == ("confirmed", payment.amount, 0, 0)
    assert (entry.kind, entry.debit, entry.statement_line) == ("payment", "bank", line)
    assert (line.state, line.decided_at is None) == ("matched", False)
    assert_invariants()


def test_confirming_twice_books_once():
    order = place_transfer()
    line = line_for(order)
    confirm(line, transfer_of(order))
    before = sums_of(order), ledger_of(order)

    with pytest.raises(statement_booking.LineDecided):
        confirm(line, transfer_of(order))

    assert (sums_of(order), ledger_of(order)) == before


def test_what_a_proof_counted_is_matched_and_not_booked_again():
    order = place_transfer()
    accept(send_proof(order))
    line = line_for(order)

    found = suggestion(line)
    confirm(line, found.payment)

    line.refresh_from_db()
    assert found.reason == Reason.COUNTED
    assert (line.state, line.note) == ("matched", transfer_of(order).reference)
    assert sums_of(order)[1] == transfer_of(order).amount
    assert len(ledger_of(order)) == 1


def test_a_second_transfer_of_the_same_amount_is_no_longer_counted():
    order = place_transfer()
    payment = transfer_of(order)
    accept(send_proof(order))
    first = line_for(order)
    confirm(first, payment)
    take(payment.bank_account, written(payment.amount), written(payment.amount))
    second = StatementLine.objects.latest("pk")

    assert suggestion(second) is None
    statement_booking.assign(second.pk, order.number, actor=SYSTEM)

    assert sums_of(order)[1] == 2 * payment.amount
    assert refunds_of(order)[0][1] == payment.amount
    assert_invariants()


def test_a_line_answers_the_proofs_of_its_transfer():
    order = place_transfer()
    proof = send_proof(order)

    confirm(line_for(order), transfer_of(order))

    proof.refresh_from_db()
    assert proof.decision == "accepted"
    with pytest.raises(proofs.AlreadyDecided):
        accept(proof)
    assert sums_of(order)[1] == transfer_of(order).amount


def test_late_money_in_the_statement_takes_the_order_back():
    order = place_transfer()
    run_out(order)
    Payment.objects.update(hold_until=timezone.now() - timedelta(minutes=1))
    call_command("expire_orders", stdout=StringIO())
    line = line_for(order)

    assert sums_of(order)[0] == "expired"
    confirm(line, suggestion(line).payment)

    assert sums_of(order)[0] == "confirmed"
    assert_invariants()


def test_a_short_line_leaves_the_rest_due_and_gives_time():
    order = place_transfer()
    payment = transfer_of(order)
    run_out(order)

    confirm(line_for(order, payment.amount - 1000, text=order.number), payment)

    order.refresh_from_db()
    assert sums_of(order) == ("pending", payment.amount - 1000, 0, 0)
    assert order.expires_at > timezone.now()


def test_money_that_fits_nobody_waits_in_suspense_and_finds_its_order_later():
    order = place_transfer()
    account = transfer_of(order).bank_account
    take(account, written(55_555, "SETORAN TUNAI"))
    line = StatementLine.objects.get()

    statement_booking.put_aside(line.pk, note="Siapa?")
    aside = LedgerEntry.objects.get()
    statement_booking.assign(line.pk, order.number.lower(), actor=SYSTEM)

    assert (aside.kind, aside.debit, aside.credit) == ("suspense", "bank", "suspense")
    assert (aside.order, aside.payment, aside.currency) == (None, None, "IDR")
    assert ledger_of(order) == [("assigned", Decimal(55_555))]
    assert order.ledger_entries.get().debit == "suspense"
    assert sums_of(order)[1] == 55_555
    assert_invariants()


def test_wrong_orders_money_goes_to_suspense_and_then_to_the_right_one():
    batch = make_transfer_offer()
    first, second = [place_transfer(batch) for _n in range(2)]
    line = line_for(first, text=second.number)

    statement_booking.put_aside(line.pk, note="Kode pesanan lain")
    assert sums_of(first)[1] == sums_of(second)[1] == 0
    statement_booking.assign(line.pk, second.number, actor=SYSTEM)

    paid = transfer_of(first).amount
    assert sums_of(first) == ("pending", 0, 0, 0)
    assert sums_of(second)[1] == paid
    assert_invariants()


def test_a_line_put_aside_meanwhile_is_not_booked_as_a_new_one(monkeypatch):
    order = place_transfer()
    line = line_for(order)
    statement_booking.put_aside(line.pk, note="Siapa?")
    monkeypatch.setattr(statement_booking, "_line", lambda _pk: line)

    with pytest.raises(statement_booking.LineDecided):
        confirm(line, transfer_of(order))
    with pytest.raises(statement_booking.LineDecided):
        statement_booking.send_back(line.pk, note="Kembali")

    assert [entry.kind for entry in LedgerEntry.objects.all()] == ["suspense"]
    assert sums_of(order) == ("pending", 0, 0, 0)


def test_a_payment_that_is_not_there_takes_no_line():
    line = line_for(place_transfer())

    with pytest.raises(statement_booking.DoesNotBelong):
        statement_booking.confirm(line.pk, 10**17, actor=SYSTEM)

    assert StatementLine.objects.get().state == "new"


def test_money_sent_back_leaves_suspense():
    order = place_transfer()
    take(transfer_of(order).bank_account, written(55_555), written(44_444))
    first, second = StatementLine.objects.order_by("pk")
    statement_booking.put_aside(first.pk, note="?")

    statement_booking.send_back(first.pk, note="BCA 27 Nov")
    statement_booking.send_back(second.pk, note="BCA 27 Nov")

    entries = LedgerEntry.objects.order_by("statement_line", "pk")
    assert [entry.kind for entry in entries] == ["suspense", "returned"] * 2
    assert entries[1].debit == "suspense"
    assert entries[1].credit == "bank"
    with pytest.raises(statement_booking.LineDecided):
        statement_booking.assign(first.pk, order.number, actor=SYSTEM)


def test_what_is_not_the_shops_is_ignored_without_a_booking(account):
    take(account, written(1_000_000, "MODAL"))
    line = StatementLine.objects.get()

    statement_booking.ignore(line.pk, note="Modal")

    line.refresh_from_db()
    assert (line.state, line.note) == ("ignored", "Modal")
    assert not LedgerEntry.objects.exists()
    with pytest.raises(statement_booking.LineDecided):
        statement_booking.put_aside(line.pk, note="")


def test_money_for_an_order_of_another_way_to_pay_becomes_a_payment_of_its_own():
    batch = make_transfer_offer()
    order = place_paid(batch)
    account = BankAccount.objects.get()
    take(account, written(20_000, order.number))

    statement_booking.assign(StatementLine.objects.get().pk, order.number, actor=SYSTEM)

    assert order.payments.filter(bank_account=account).get().amount_received == 20_000
    assert refunds_of(order)[0][1] == 20_000
    assert_invariants()


def test_an_order_of_another_seller_or_currency_is_refused():
    order = place_transfer()
    line = line_for(order)
    foreign = place_order(make_offer())
    dollars = make_campaign(currency="USD", seller=order.batch.campaign.seller)
    Order.objects.filter(pk=foreign.pk).update(currency="USD")
    assert dollars.currency == "USD"

    for number in (foreign.number, "NICHTS", "", "x" * 500):
        with pytest.raises(statement_booking.DoesNotBelong):
            statement_booking.assign(line.pk, number, actor=SYSTEM)

    assert not LedgerEntry.objects.exists()


def run(file, account):
    out = StringIO()
    call_command("import_statement", file, account=account.pk, stdout=out)
    return out.getvalue()


def test_the_command_prints_a_verdict_for_each_row(account, tmp_path):
    file = tmp_path / "mutasi.csv"
    file.write_text(HEADER + written(100_000, "ANI") + written(90_000, "BUDI"))

    lines = run(file, account).splitlines()

    assert lines[0].endswith("100.000 ANI")
    assert lines[0].startswith("added: line 2: ")
    assert lines[2].startswith("added: 2 · known already: 0")
    assert account.lines.count() == 2


def test_the_command_fails_when_a_row_was_refused_but_keeps_the_good_ones(
    account, tmp_path
):
    file = tmp_path / "mutasi.csv"
    file.write_text(HEADER + "x;y;z\n" + written(90_000))

    with pytest.raises(CommandError, match="1 row was refused"):
        run(file, account)

    assert account.lines.count() == 1


def test_the_command_says_what_it_needs(account, tmp_path):
    file = tmp_path / "mutasi.csv"
    with pytest.raises(CommandError, match="cannot be read"):
        run(file, account)
    file.write_text("a;b;c\n1;2;3\n")
    with pytest.raises(CommandError, match="a, b, c"):
        run(file, account)
    account.pk = 99_999
    with pytest.raises(CommandError, match="Known accounts"):
        run(file, account)


def test_suggestions_for_many_lines_cost_two_reads(django_assert_num_queries):
    batch = make_transfer_offer(capacity=20)
    orders = [place_transfer(batch) for _n in range(8)]
    lines = [line_for(order, text=order.number) for order in orders]
    account = BankAccount.objects.get()

    with django_assert_num_queries(2):
        found = statement_matching.suggestions(account, lines)

    assert len(found) == 8
