"""What becomes of a line of the statement: a buyer's money, put aside, or none of ours.

Each is decided once, in a transaction of its own: its state is a compare-and-set.
"""

from django.db import transaction

from campaigns.actors import Actor
from campaigns.clock import Clock
from campaigns.errors import CampaignError
from orders import lifecycle
from orders.models import Order
from payments import attempts, gateways
from payments.ledger import books
from payments.models import BankAccount, LedgerEntry, Payment, StatementLine
from payments.transfers import intake, proofs

Kind = LedgerEntry.Kind
State = StatementLine.State
UNDECIDED = (State.NEW, State.SUSPENSE)


class LineDecided(CampaignError):
    """Somebody else decided on this line in between."""


class DoesNotBelong(CampaignError):
    """The line and the order are of different accounts, sellers or currencies."""


def confirm(line_id: int, payment_id: int, *, actor: Actor) -> Order:
    """Book the line as money of this attempt; raises LineDecided or DoesNotBelong.

    What a proof brought into the books before is not booked again.
    """
    orders = Payment.objects.filter(pk=payment_id).values_list("order_id", flat=True)
    order_id = orders.first()
    if order_id is None:
        raise DoesNotBelong
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        payment = books.locked_payment(payment_id)
        line = _line(line_id)
        if line.account_id != payment.bank_account_id:
            raise DoesNotBelong
        return _book(line, order, payment, actor)


def assign(line_id: int, number: str, *, actor: Actor) -> Order:
    """The same for the order of this number, whatever it waited for.

    Without an attempt of this account, the money becomes one.
    """
    line = _line(line_id)
    order_id = _order_id(line.account, number)
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        payment = _attempt(order, line) or _made_for(order, line)
        return _book(line, order, payment, actor)


def put_aside(line_id: int, *, note: str) -> None:
    """Money whose owner is not known yet."""
    with transaction.atomic():
        line = _line(line_id)
        _decide(line, State.SUSPENSE, note=note, among=(State.NEW,))
        books.enter_line(line, Kind.SUSPENSE)


def send_back(line_id: int, *, note: str) -> None:
    """The seller sent it back to where it came from."""
    with transaction.atomic():
        line = _line(line_id)
        _decide(line, State.RETURNED, note=note)
        if line.state == State.NEW:
            books.enter_line(line, Kind.SUSPENSE)
        books.enter_line(line, Kind.RETURNED)


def ignore(line_id: int, *, note: str) -> None:
    """Not the shop's money: nothing is booked."""
    with transaction.atomic():
        _decide(_line(line_id), State.IGNORED, note=note, among=(State.NEW,))


def is_counted(line: StatementLine, payment: Payment) -> bool:
    """Whether a proof brought this money in, and no line explains it yet."""
    if payment.state != Payment.State.CONFIRMED or line.state != State.NEW:
        return False
    by_hand = payment.ledger_entries.filter(
        kind=Kind.PAYMENT, amount=line.amount, statement_line__isnull=True
    )
    explained = StatementLine.objects.filter(
        account=line.account_id,
        state=State.MATCHED,
        amount=line.amount,
        note=payment.reference,
    )
    return by_hand.count() > explained.count()


def _book(line: StatementLine, order: Order, payment: Payment, actor: Actor) -> Order:
    counted = is_counted(line, payment)
    note = payment.reference if counted else ""
    _decide(line, State.MATCHED, note=note)
    if counted:
        return order
    data = {"payment": payment.reference, "amount": line.amount}
    order.record("statement_matched", actor=actor, data=data)
    order = intake.take_in(payment, amount=line.amount, actor=actor, line=line)
    proofs.close_answered(payment, actor=actor)
    return order


def _line(line_id: int) -> StatementLine:
    line: StatementLine = StatementLine.objects.select_related("account").get(
        pk=line_id
    )
    return line


def _decide(
    line: StatementLine,
    state: State,
    *,
    note: str,
    among: tuple[State, ...] = UNDECIDED,
) -> None:
    """One of many who press at once; `line` keeps telling what it was before.

    What is booked follows from that, so it must be so still.
    """
    rows = StatementLine.objects.filter(pk=line.pk, state=line.state, amount__gt=0)
    if line.state not in among or not rows.update(
        state=state, note=note[:200], decided_at=Clock()
    ):
        raise LineDecided


def _order_id(account: BankAccount, number: str) -> int:
    orders = Order.objects.filter(
        number=number.strip().upper(),
        batch__campaign__seller=account.seller_id,
        currency=account.currency,
    )
    order_id = orders.values_list("pk", flat=True).first()
    if order_id is None:
        raise DoesNotBelong
    return order_id


def _attempt(order: Order, line: StatementLine) -> Payment | None:
    rows = order.payments.filter(bank_account=line.account_id)
    rows = rows.select_for_update(no_key=True).order_by("-pk")
    return rows.filter(state__in=Payment.OPEN).first() or rows.first()


def _made_for(order: Order, line: StatementLine) -> Payment:
    payment = attempts.unsaved(
        order,
        gateways.BANK_TRANSFER,
        line.amount,
        bank_account=line.account,
        state=Payment.State.CONFIRMED,
        confirmed_at=Clock(),
    )
    payment.save(force_insert=True)
    return Payment.objects.get(pk=payment.pk)
