"""Open in two batches, paid in full."""

from campaigns.models import Batch, Campaign, Picture
from config.demo.offers import Choice, Offer, Schedule, Shot
from config.demo.pictures import kaos

STORY = """\
Kaos Kawung lahir dari sisa kain uji cap. Kami suka bentuknya: empat biji aren yang
bertemu di tengah, motif yang dulu hanya dipakai di lingkungan keraton. Di kaos ini
kawung mulai rapat di kelim lalu memudar sebelum dada, supaya enak dipakai ke mana
saja.

## Bagaimana dibuat

Badan kaos dicap malam dengan cap tembaga buatan Pak Harjo di Pekalongan, dicelup
indigo alami lima kali, lalu malamnya dilorod dengan air panas. Baru sesudah itu
potongan kain dijahit di studio kami di Bandung. Satu potong perlu sekitar sembilan
hari, sebagian besar menunggu kering.

## Kenapa per kloter

Bak celup kami muat 60 potong. Satu kloter berarti satu bak, jadi warna dalam satu
kloter seragam. Kloter 1 kami kerjakan bila terkumpul paling sedikit 24 potong.

- Kloter 1: 60 potong
- Kloter 2: 60 potong, dikirim kira-kira dua minggu setelah kloter 1
- Ukuran XL terbatas karena lebar kain kami 115 cm
"""

OFFER = Offer(
    seller="nila",
    slug="kaos-batik",
    columns={
        "title": "Kaos Kawung Indigo",
        "tagline": "Katun 24s, cap tangan, celup indigo alami lima kali",
        "story": STORY,
        "materials": (
            "100% katun combed 24s, 180 g/m². Pewarna indigo alami "
            "(Indigofera tinctoria). Rib leher katun-spandeks. Benang jahit katun."
        ),
        "size_table": (
            "Ukuran | Lebar dada (cm) | Panjang badan (cm) | Panjang lengan (cm)\n"
            "S | 48 | 68 | 21\n"
            "M | 51 | 70 | 22\n"
            "L | 54 | 72 | 23\n"
            "XL | 57 | 74 | 24"
        ),
        "care": (
            "Cuci terpisah dengan air dingin, tanpa pemutih. Dua cucian pertama indigo "
            "masih luntur sedikit. Jemur terbalik di tempat teduh, setrika suhu sedang."
        ),
        "defects_policy": (
            "Sobek, jahitan lepas, atau ukuran meleset lebih dari 2 cm kami ganti atau "
            "uang kembali. Kabari dalam 7 hari setelah paket tiba. Motif yang tidak "
            "persis sama adalah tanda cap tangan."
        ),
        "currency": "IDR",
        "plan": Campaign.Plan.FULL,
        "buyer_limit": 5,
        "hold_minutes": 1440,
    },
    choices=(
        Choice("KAWUNG-S", {"Ukuran": "S"}, 185_000, 96_000, 210, (12, 12)),
        Choice("KAWUNG-M", {"Ukuran": "M"}, 185_000, 98_000, 230, (24, 22)),
        Choice("KAWUNG-L", {"Ukuran": "L"}, 185_000, 101_000, 250, (18, 18)),
        Choice("KAWUNG-XL", {"Ukuran": "XL"}, 199_000, 108_000, 275, (6, 8)),
    ),
    schedules=(
        Schedule(
            *(-3, 7),
            production=(9, 30),
            ships=(34, 38),
            capacity=60,
            minimum=24,
            below=Batch.MinimumRule.PROCEED,
        ),
        Schedule(-3, 14, production=(23, 44), ships=(48, 52), capacity=60),
    ),
    asked=(
        (
            "Kalau dicuci, warnanya luntur tidak?",
            "Dua kali cucian pertama sedikit, jadi cuci terpisah. Sesudah itu tidak.",
        ),
        (
            "Panjang badan ukuran M berapa? Saya 165 cm.",
            "70 cm. Untuk 165 cm jatuhnya di bawah pinggang; tabel ukuran ada di atas.",
        ),
        ("Boleh campur ukuran dalam satu pesanan?",),
    ),
    shots=(
        Shot(kaos.front, "Kaos biru indigo, motif kawung putih memudar dari kelim"),
        Shot(kaos.cloth, "Kain dari dekat: motif kawung, jahitan kelim, label tenun"),
        Shot(
            kaos.design,
            "Gambar desain tampak depan dan belakang dengan tiga contoh warna",
            Picture.Kind.DESIGN,
        ),
    ),
)
