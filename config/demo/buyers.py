"""People who ordered before anybody visited the demo. None of them exists."""

from dataclasses import dataclass

from campaigns.models import Batch, ShippingOption
from orders.models import Order
from payments import attempts
from payments.checkout.placing import Draft, DraftLine, place
from payments.sandbox import provider as sandbox


@dataclass(frozen=True)
class Buyer:
    name: str
    mailbox: str
    phone: str
    address: str
    district: str
    city: str
    province: str
    postal_code: str

    @property
    def email(self) -> str:
        return f"{self.mailbox}@pembeli.example"

    def order(self, batch: Batch, units: dict[str, int]) -> Order:
        """Place an order for these units by SKU, and pay it in the sandbox."""
        draft = self._draft(_as_seen(batch), units)
        key = f"demo-{batch.campaign.slug}-{self.mailbox}".ljust(32, "-")
        order = place(draft, gateway="sandbox", submit_key=key)
        sandbox.finish(order.payments.get().reference, "pay")
        attempts.refresh(order)
        return order

    def _draft(self, batch: Batch, units: dict[str, int]) -> Draft:
        allotments = batch.allotments.select_related("variant")
        chosen = allotments.filter(variant__sku__in=units).order_by("pk")
        return Draft(
            campaign=batch.campaign,
            batch=batch,
            schedule_version=batch.schedule_version,
            lines=tuple(
                DraftLine(
                    variant=allotment.variant,
                    allotment=allotment,
                    quantity=units[allotment.variant.sku],
                )
                for allotment in chosen
            ),
            shipping=self._courier(batch),
            buyer=self._columns(),
            locale="id",
        )

    def _courier(self, batch: Batch) -> ShippingOption:
        seller, currency = batch.campaign.seller, batch.campaign.currency
        offered = seller.shipping_options.offered(currency)
        return next(option for option in offered if option.serves(self.province))

    def _columns(self) -> dict[str, str]:
        names = (
            *("name", "phone", "address", "district"),
            *("city", "province", "postal_code"),
        )
        columns = {name: str(getattr(self, name)) for name in names}
        return columns | {"email": self.email}


def _as_seen(batch: Batch) -> Batch:
    batches = Batch.objects.with_clock().select_related("campaign__seller")
    return batches.get(pk=batch.pk)


def _buyer(name: str, phone: str, street: str, place: tuple[str, ...]) -> Buyer:
    mailbox = name.lower().replace(" ", ".")
    return Buyer(name, mailbox, phone, street, *place)


DAGO = ("Coblong", "Kota Bandung", "Jawa Barat", "40132")
DEPOK = ("Depok", "Kabupaten Sleman", "DI Yogyakarta", "55281")
TEBET = ("Tebet", "Kota Jakarta Selatan", "DKI Jakarta", "12810")
LOWOKWARU = ("Lowokwaru", "Kota Malang", "Jawa Timur", "65141")
BEKASI = ("Bekasi Selatan", "Kota Bekasi", "Jawa Barat", "17141")
BANYUMANIK = ("Banyumanik", "Kota Semarang", "Jawa Tengah", "50264")

BUYERS = (
    _buyer("Rina Marlina", "+6281200000101", "Jalan Dago Asri 21", DAGO),
    _buyer("Bagus Wicaksono", "+6281200000102", "Jalan Kaliurang km 6", DEPOK),
    _buyer("Maya Lestari", "+6281200000103", "Jalan Tebet Timur 8", TEBET),
    _buyer("Yusuf Hidayat", "+6281200000104", "Jalan Soekarno Hatta 14", LOWOKWARU),
    _buyer("Dewi Anggraini", "+6281200000105", "Jalan Cemara 3", BEKASI),
    _buyer("Agus Prasetyo", "+6281200000106", "Jalan Durian Raya 40", BANYUMANIK),
)
