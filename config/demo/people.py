"""The demo's sellers, the people who run them, and how they ship."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction

from campaigns.models import Membership, Seller, ShippingOption
from payments.models import BankAccount

PASSWORD = "demo"  # noqa: S105  printed at start, and refused outside DEBUG

JAVA = [
    "Banten",
    "DKI Jakarta",
    "DI Yogyakarta",
    "Jawa Barat",
    "Jawa Tengah",
    "Jawa Timur",
]


@dataclass(frozen=True)
class Courier:
    service: str
    base: int
    extra: int
    days: str
    provinces: tuple[str, ...] = ()

    def create(self, seller: Seller, position: int) -> None:
        ShippingOption.objects.get_or_create(
            seller=seller,
            service=self.service,
            defaults={
                "base_price": Decimal(self.base),
                "price_per_extra_kilogram": Decimal(self.extra),
                "days": self.days,
                "provinces": list(self.provinces),
                "position": position,
            },
        )


@dataclass(frozen=True)
class Brand:
    slug: str
    name: str
    city: str
    theme_color: str
    about: str
    whatsapp: str
    terms: str
    refund_rule: str
    couriers: tuple[Courier, ...]
    # At a bank that does not exist; seen where PAYMENT_GATEWAYS names bank_transfer.
    account: str = ""

    @transaction.atomic
    def create(self) -> tuple[Seller, bool]:
        """The seller with its owner and couriers; whether it is new."""
        seller, is_new = Seller.objects.get_or_create(
            slug=self.slug, defaults=self._columns()
        )
        Membership.objects.get_or_create(
            seller=seller,
            user=self._owner(),
            defaults={"role": Membership.Role.OWNER},
        )
        for position, courier in enumerate(self.couriers):
            courier.create(seller, position)
        if self.account:
            BankAccount.objects.get_or_create(
                seller=seller,
                bank="Bank Contoh",
                number=self.account,
                defaults={"holder": self.name},
            )
        return seller, is_new

    def _columns(self) -> dict[str, str]:
        names = (
            "name",
            "city",
            "theme_color",
            "about",
            "whatsapp",
            "terms",
            "refund_rule",
        )
        email = f"halo@{self.slug}.example"
        return {name: getattr(self, name) for name in names} | {"email": email}

    def _owner(self) -> User:
        return get_or_create_user(self.slug, first_name=self.name, is_staff=True)


def get_or_create_user(username: str, **columns: Any) -> User:
    user, _is_new = User.objects.get_or_create(
        username=username,
        defaults={
            "email": f"{username}@kloter.example",
            "password": make_password(PASSWORD),
            **columns,
        },
    )
    return user


NILA = Brand(
    slug="nila",
    name="Nila Studio",
    city="Bandung",
    theme_color="#2A3FA0",
    about="Batik untuk sehari-hari, dicap dan dijahit per kloter di Bandung.",
    whatsapp="+6281220260101",
    terms=(
        "Barang dibuat setelah PO ditutup, jadi tanggal kirim adalah perkiraan. Bila "
        "jadwal mundur, kamu kami kabari dan boleh memilih: menunggu atau uang kembali "
        "penuh.\n\n"
        "Motif cap tangan tidak pernah persis sama. Beda letak motif sampai 2 cm dan "
        "beda warna tipis antarkloter adalah sifat batik, bukan cacat.\n\n"
        "Alamat bisa diubah sampai paket mulai dikemas. Ukuran bisa ditukar selama "
        "produksi belum mulai dan ukuran penggantinya masih ada."
    ),
    refund_rule=(
        "Batal sebelum produksi mulai: uang kembali penuh. Setelah itu pesanan sudah "
        "dipotong dan dijahit, jadi tidak bisa dibatalkan, kecuali jadwalnya mundur. "
        "Bila target minimal tidak tercapai, seluruh uang kembali tanpa diminta, "
        "paling lambat 3 hari kerja setelah PO ditutup."
    ),
    couriers=(
        Courier("JNE REG Jawa Barat", 11_000, 9_000, "1–2", ("Jawa Barat",)),
        Courier("JNE REG Jawa", 18_000, 14_000, "2–3", tuple(JAVA)),
        Courier("Pos Reguler", 34_000, 27_000, "4–8"),
    ),
    account="0012345678",
)

KUNYIT = Brand(
    slug="kunyit",
    name="Dapur Kunyit",
    city="Yogyakarta",
    theme_color="#8F5600",
    about="Sambal, keramik, dan kain celup kunyit dari sebuah dapur di Yogyakarta.",
    whatsapp="+6281320260202",
    terms=(
        "Sambal dimasak setelah PO ditutup dan dikirim paling lambat 3 hari setelah "
        "dimasak. Keramik dan kain dibuat tangan: bentuk, glasir, dan warna celup "
        "sedikit berbeda di setiap potong.\n\n"
        "Paket makanan dikirim Senin sampai Rabu supaya tidak menginap di gudang kurir "
        "pada akhir pekan. Bila jadwal mundur, kamu kami kabari dan boleh memilih: "
        "menunggu atau uang kembali penuh."
    ),
    refund_rule=(
        "Batal sebelum PO ditutup: uang kembali penuh. Sesudahnya bahan sudah dibeli, "
        "jadi 50% dikembalikan. Toples pecah atau bocor saat tiba diganti baru atau "
        "uang kembali; kirim fotonya dalam 2 × 24 jam."
    ),
    couriers=(
        Courier("JNE REG Jawa Barat", 17_000, 15_000, "2–3", ("Jawa Barat",)),
        Courier("J&T EZ Jawa", 15_000, 13_000, "1–3", tuple(JAVA)),
        Courier("Pos Reguler", 36_000, 30_000, "4–8"),
    ),
)

BRANDS = (NILA, KUNYIT)
