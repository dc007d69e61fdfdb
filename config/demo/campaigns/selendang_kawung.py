"""In production, its sheet frozen, and late: its buyers are asked."""

from campaigns.models import Campaign, Picture
from config.demo.offers import Choice, Schedule, Shot
from config.demo.past import Delay, News, PastOffer
from config.demo.pictures import kain
from orders.models import Decision

Answer = Decision.Answer
STORY = """\
Selendang ini kawung yang sama dengan kaos kami, tetapi dicelup soga: cokelat dari
kulit kayu tingi, jambal, dan tegeran. Warnanya hangat dan makin dalam setelah
beberapa kali cuci.

## Bagaimana dibuat

Kain dicap dua kali, bolak-balik, supaya kedua sisinya sama. Sesudah dicelup sepuluh
kali, kainnya diangin-anginkan seminggu, lalu rumbainya dipilin satu per satu.
"""

NEWS = News(
    title="Kain soga selesai dicelup",
    body="""\
Halo {name|semua},

Celupan kesepuluh selesai kemarin. Kainnya sekarang diangin-anginkan seminggu, lalu
rumbainya dipilin. Kami masih sesuai jadwal:

- pengeringan sampai minggu depan
- pemilinan rumbai lima hari
- pemeriksaan dan pengepakan

Perkiraan kirim tetap **{window|sesuai janji di halaman produk}**.
""",
    other_title="The soga dye is done",
    other_body="""\
Hi {name|all},

The tenth dip was finished yesterday. The cloth now dries for a week, then the fringes
are twisted. We are on schedule:

- drying until next week
- five days of twisting fringes
- checking and packing

It still ships **{window|as promised on the product page}**.
""",
)

OFFER = PastOffer(
    seller="nila",
    slug="selendang-kawung",
    columns={
        "title": "Selendang Kawung Soga",
        "tagline": "Katun primisima, cap bolak-balik, celup soga sepuluh kali",
        "story": STORY,
        "materials": (
            "100% katun primisima. Pewarna soga alami: kulit kayu tingi, jambal, dan "
            "tegeran. Rumbai dipilin dari benang pinggir kain."
        ),
        "size_table": (
            "Ukuran | Panjang (cm) | Lebar (cm)\nSedang | 180 | 55\nLebar | 200 | 75"
        ),
        "care": (
            "Cuci tangan dengan lerak, jangan diperas. Jemur terbalik di tempat teduh, "
            "setrika suhu sedang."
        ),
        "defects_policy": (
            "Sobek, warna belang, atau rumbai lepas kami ganti atau uang kembali. "
            "Kabari dalam 7 hari setelah paket tiba."
        ),
        "currency": "IDR",
        "plan": Campaign.Plan.FULL,
        "buyer_limit": 4,
        "hold_minutes": 1440,
    },
    choices=(
        Choice("SOGA-55", {"Ukuran": "Sedang"}, 245_000, 131_000, 190, (16,)),
        Choice("SOGA-75", {"Ukuran": "Lebar"}, 315_000, 172_000, 260, (8,)),
    ),
    schedules=(
        Schedule(-1, 5, production=(7, 30), ships=(34, 38), capacity=24, minimum=8),
    ),
    shots=(
        Shot(kain.shawl, "Selendang cokelat soga bermotif kawung dengan rumbai"),
        Shot(
            kain.shawl_design,
            "Gambar desain selendang dengan ukuran dan tiga contoh warna",
            Picture.Kind.DESIGN,
        ),
    ),
    orders=(
        {"SOGA-55": 2},
        {"SOGA-55": 1, "SOGA-75": 1},
        {"SOGA-75": 2},
        {"SOGA-55": 3},
        {"SOGA-55": 1},
    ),
    days_in_production=10,
    news=NEWS,
    delay=Delay(
        days=10,
        reason=(
            "Hujan tiga minggu ini membuat kain celup soga lambat kering, jadi "
            "pencelupan kesepuluh baru selesai pekan depan."
        ),
        answers=(Answer.WAIT, Answer.CANCEL),
    ),
)
