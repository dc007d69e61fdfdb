"""Open with a deposit; a name is embroidered on each."""

from campaigns.models import Batch, Campaign, Picture
from config.demo.deposits import DepositOffer
from config.demo.offers import Choice, Schedule, Shot
from config.demo.pictures import jaket

STORY = """\
Jaket kerja dari kanvas 12 oz yang makin lemas makin enak. Potongannya lurus dan
longgar, empat saku, enam kancing batok kelapa. Di balik kerahnya ada kain parang
sogan: hanya kamu yang tahu, kecuali kancingnya dibuka.

## Namamu di dada

Tiap jaket dibordir satu nama di atas saku kiri, huruf sambung, benang katun warna
gading. Tulis namanya saat memesan, paling banyak 12 huruf. Kosongkan bila tidak mau
dibordir; harganya sama.

## Bayar dua kali

Uang muka 40% mengunci kanvas dan tempatmu di kloter ini. Sisanya dibayar saat
produksi mulai, paling lambat tujuh hari sesudahnya. Kami ingatkan lewat surel.
"""

OFFER = DepositOffer(
    seller="nila",
    slug="jaket-kanvas",
    columns={
        "title": "Jaket Kanvas Parang",
        "tagline": "Kanvas 12 oz, lapis kerah batik sogan, nama dibordir",
        "story": STORY,
        "materials": (
            "Kanvas katun 12 oz (400 g/m²), dicuci satu kali supaya tidak menyusut. "
            "Lapis kerah batik cap sogan. Kancing batok kelapa. Bordir benang katun."
        ),
        "size_table": (
            "Ukuran | Lebar dada (cm) | Panjang badan (cm) | Panjang lengan (cm)\n"
            "S | 54 | 66 | 58\n"
            "M | 57 | 68 | 60\n"
            "L | 60 | 70 | 62\n"
            "XL | 63 | 72 | 64"
        ),
        "care": (
            "Cuci sebulan sekali cukup. Balik bagian dalam, air dingin, sikat halus di "
            "kerah. Jangan masuk pengering; setrika bordir dari sisi dalam."
        ),
        "defects_policy": (
            "Salah eja bordir, kancing lepas, atau ukuran meleset lebih dari 2 cm kami "
            "perbaiki tanpa biaya, ongkir dua arah kami tanggung. Kabari dalam 14 hari."
        ),
        "currency": "IDR",
        "plan": Campaign.Plan.DEPOSIT,
        "deposit_percent": 40,
        "balance_due_days": 7,
        "unpaid_balance": Campaign.UnpaidBalance.REFUND_LESS_DEPOSIT,
        "buyer_limit": 3,
        "hold_minutes": 1440,
        "cancellation_kept_percent": 100,
        "personalization_label": "Nama bordir, paling banyak 12 huruf",
    },
    choices=(
        Choice("KANVAS-S", {"Ukuran": "S"}, 495_000, 262_000, 980, (8,)),
        Choice("KANVAS-M", {"Ukuran": "M"}, 495_000, 268_000, 1020, (14,)),
        Choice("KANVAS-L", {"Ukuran": "L"}, 495_000, 275_000, 1060, (12,)),
        Choice("KANVAS-XL", {"Ukuran": "XL"}, 520_000, 288_000, 1120, (6,)),
    ),
    # Nobody who visits finds an XL: its waiting list is what there is to see.
    orders=(
        {"KANVAS-XL": 3},
        {"KANVAS-XL": 2, "KANVAS-M": 1},
        {"KANVAS-XL": 1, "KANVAS-L": 2},
    ),
    gone="KANVAS-XL",
    waiting=(1, 2),
    earlier=Schedule(-1, 5, production=(7, 41), ships=(45, 50), capacity=12),
    deposits=({"KANVAS-M": 1}, {"KANVAS-L": 2}, {"KANVAS-S": 1}),
    schedules=(
        Schedule(
            *(-4, 8),
            production=(12, 46),
            ships=(50, 55),
            capacity=40,
            minimum=15,
            below=Batch.MinimumRule.EXTEND,
        ),
    ),
    shots=(
        Shot(
            jaket.front, "Jaket kanvas hijau zaitun, empat saku, kerah berlapis batik"
        ),
        Shot(jaket.pocket, "Saku dada dari dekat dengan bordir nama “lila” di atasnya"),
        Shot(
            jaket.design,
            "Gambar desain tampak depan dan belakang dengan tiga contoh warna",
            Picture.Kind.DESIGN,
        ),
    ),
)
