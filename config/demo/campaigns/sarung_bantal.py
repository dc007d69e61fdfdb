"""Not open yet: buyers can only ask to be reminded."""

from campaigns.models import Campaign, Picture
from config.demo.offers import Choice, Offer, Schedule, Shot
from config.demo.pictures import bantal

STORY = """\
Kuning ini datang dari dapur. Rimpang kunyit yang terlalu tua untuk dimasak kami
parut, rebus bersama tawas, dan jadikan bak celup. Malam parangnya digores Mbak Tutik
dengan canting, satu sarung satu hari.

## Dua sisi

Depan parang kuning, belakang polos warna tanah dari kulit kayu tingi. Penutupnya tiga
kancing batok kelapa, jadi tidak ada ritsleting yang mengganjal pipi.

## Warnanya akan berubah

Celup kunyit melunak kena matahari, dari kuning terang ke kuning mentega. Kami
menyukainya begitu. Bila kamu ingin warna yang tetap, yang ini bukan untukmu.
"""

OFFER = Offer(
    seller="kunyit",
    slug="sarung-bantal",
    columns={
        "title": "Sarung Bantal Celup Kunyit",
        "tagline": "Katun primisima, parang tulis, kancing batok kelapa",
        "story": STORY,
        "materials": (
            "Katun primisima untuk sisi depan, katun blacu untuk sisi belakang. "
            "Pewarna kunyit dan kulit kayu tingi. Kancing batok kelapa. Isi bantal "
            "tidak termasuk."
        ),
        "size_table": (
            "Ukuran | Sisi (cm) | Untuk isi bantal (cm)\n"
            "45 | 45 × 45 | 45–48\n"
            "60 | 60 × 60 | 60–64"
        ),
        "care": (
            "Cuci tangan dengan lerak atau sampo, jangan direndam. Jemur terbalik di "
            "tempat teduh. Setrika selagi lembap."
        ),
        "defects_policy": (
            "Jahitan lepas, kancing pecah, atau noda malam yang tertinggal kami ganti. "
            "Kabari dalam 7 hari setelah paket tiba."
        ),
        "currency": "IDR",
        "plan": Campaign.Plan.FULL,
        "buyer_limit": 6,
        "hold_minutes": 1440,
        "free_cancellation": Campaign.FreeCancellation.UNTIL_CLOSE,
        "cancellation_kept_percent": 50,
    },
    choices=(
        Choice("PARANG-45", {"Ukuran": "45 × 45 cm"}, 165_000, 88_000, 180, (30,)),
        Choice("PARANG-60", {"Ukuran": "60 × 60 cm"}, 235_000, 127_000, 290, (14,)),
    ),
    schedules=(Schedule(5, 15, production=(17, 40), ships=(43, 47), capacity=44),),
    shots=(
        Shot(
            bantal.pillows, "Bantal kuning bermotif parang di depan bantal warna tanah"
        ),
        Shot(bantal.cloth, "Sisi belakang dari dekat: tiga kancing batok dan jahitan"),
        Shot(
            bantal.design,
            "Gambar desain sisi depan dan belakang dengan tiga contoh warna",
            Picture.Kind.DESIGN,
        ),
    ),
)
