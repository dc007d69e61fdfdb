"""Rows for examples of mails, with the longest names and sums that are realistic.

They are saved in a transaction that is rolled back: nothing of them stays.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self

from campaigns.models import Batch, Campaign, Seller, Variant
from orders.models import Decision, Order, OrderLine, WaitlistEntry

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
# Long before anything of it has passed.
MOMENT = datetime(2098, 12, 30, 14, 59, tzinfo=UTC)
DAY = date(2098, 12, 30)
WINDOW = {"ships_from": date(2098, 12, 28), "ships_until": date(2099, 1, 10)}
LATER = {"ships_from": date(2099, 1, 28), "ships_until": date(2099, 2, 10)}
AMOUNT = Decimal(1_234_567_890)
NAME = (
    "Raden Ayu Siti Nurhaliza Kusumawardhani Prawirodirdjo, sekretariat panitia"
    " reuni akbar angkatan 1998 SMA Negeri 3 Yogya"
)
TITLE = (
    "Jaket varsity bordir angkatan dua puluh tahun, katun fleece tebal dua lapis"
    " dengan furing batik cap Pekalongan, edisi 2"
)
BRAND = "Nila & Saudara, Rumah Batik Tulis dan Konveksi Seragam Keluarga, Pekalongan"
REASON = (
    "Kain dari penenun di Pekalongan datang terlambat dua minggu karena banjir, dan"
    " kami tidak mau menggantinya dengan kain lain yang lebih tipis."
)


@dataclass(frozen=True)
class World:
    """One shop in one language; `order` gives the same order in any state."""

    batch: Batch
    target: Batch
    row: Order

    @classmethod
    def build(cls, locale: str) -> Self:
        campaign = _campaign(locale)
        batch, target = (_batch(campaign, number) for number in (11, 12))
        order = _order(batch, locale)
        _lines(order)
        return cls(batch=batch, target=target, row=order)

    def order(self, *, batch: dict[str, Any] | None = None, **columns: Any) -> Order:
        """Nothing of the state is saved: mails read what they are handed."""
        order = Order.objects.for_page().get(pk=self.row.pk)
        _set(order, columns)
        _set(order.batch, batch or {})
        return order

    def paid(self, *, batch: dict[str, Any] | None = None, **columns: Any) -> Order:
        state = {"status": "confirmed", "amount_paid": AMOUNT, "confirmed_at": MOMENT}
        return self.order(batch=batch, **state | columns)

    def split(self, **columns: Any) -> Order:
        """Of a deposit plan, with the deposit here and a fixed day for the rest."""
        rules = {
            "balance_due_on": DAY.isoformat(),
            "unpaid_balance": "forfeit",
            "balance_grace_days": 14,
        }
        deposit = {"deposit": AMOUNT / 3, "amount_paid": AMOUNT / 3}
        return self.paid(**{"rules": rules} | deposit | columns)

    def offer(self, **columns: Any) -> Order:
        """Of the waiting list, before anybody gave an address."""
        return self.order(**{"source": "waitlist", "rules": {}} | columns)

    def entry(self, quantity: int = 12) -> WaitlistEntry:
        line = self.row.lines.get(sku="1")
        entry = WaitlistEntry(
            batch=self.batch,
            variant=line.variant,
            quantity=quantity,
            email=self.row.email,
        )
        entry.pk, entry.locale = 1, self.row.locale
        return entry

    def decision(self, **columns: Any) -> Decision:
        asked = {"origin": self.batch, "target": self.target, "order": self.row}
        decision = Decision(
            **asked, **LATER, pk=1, kind="move", reason=REASON, answer_by=MOMENT
        )
        _set(decision, columns)
        return decision


def _set(row: Any, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(row, name, value)


def _campaign(locale: str) -> Campaign:
    seller = Seller.objects.create(
        name=BRAND,
        slug="styleguide-of-mails",
        email="rumah.batik.nila.dan.saudara@example.com",
        whatsapp="+6281234567890",
        time_zone="Asia/Makassar",
    )
    return Campaign.objects.create(
        seller=seller, slug="styleguide-of-mails", title=TITLE, lang=locale
    )


def _batch(campaign: Campaign, number: int) -> Batch:
    return Batch.objects.create(
        campaign=campaign,
        number=number,
        stage=Batch.Stage.OPEN,
        opens_at=OPENED,
        closes_at=MOMENT,
        capacity=10_000,
        minimum_units=5_000,
        production_ends_on=DAY,
        **(WINDOW if number == 11 else LATER),
    )


def _order(batch: Batch, locale: str) -> Order:
    return Order.objects.create(
        number="STYLEG11",
        batch=batch,
        submit_key="styleguide-of-mails",
        name=NAME,
        email="raden.ayu.siti.nurhaliza.kusumawardhani@example.com",
        phone="+6281234567890",
        address="Jalan Raya Kebayoran Lama Gang Haji Muhammad Nur 12B, RT 013/RW 004",
        province="Kepulauan Bangka Belitung",
        city="Kabupaten Bangka Selatan",
        district="Kecamatan Tukak Sadai",
        subdistrict="Desa Pasir Putih Seberang",
        postal_code="33783",
        locale=locale,
        time_zone="Asia/Makassar",
        currency="IDR",
        goods=AMOUNT - 180_000,
        shipping=180_000,
        total=AMOUNT,
        deposit=AMOUNT,
        shipping_service="SiCepat GOKIL kargo laut",
        promised_from=WINDOW["ships_from"],
        promised_until=WINDOW["ships_until"],
        expires_at=MOMENT,
        rules={"hold_minutes": 4320},
    )


def _lines(order: Order) -> None:
    """More than a mail shows."""
    for number in range(1, 18):
        options = {"Ukuran": "XXXL panjang", "Warna": f"Biru nila tua nomor {number}"}
        variant = Variant.objects.create(
            campaign=order.batch.campaign, sku=str(number), options=options, price=1
        )
        order.batch.complete_allotments()
        OrderLine.objects.create(
            order=order,
            variant=variant,
            allotment=order.batch.allotments.get(variant=variant),
            ordered=12,
            quantity=12,
            unit_price=6_050_822,
            name=TITLE,
            sku=variant.sku,
            options=options,
            personalization=["Wulandari Kusumaningtyas Prawirodirdjo."] * 12,
        )
