"""Made, shipped and completed."""

from campaigns.models import Campaign, Picture
from config.demo.offers import Choice, Schedule, Shot
from config.demo.past import PastOffer
from config.demo.pictures import kain

STORY = """\
Serbet makan dari blacu lembut, dicap parang kecil dan dicelup daun mangga. Hijaunya
tenang, cocok dengan piring putih maupun tembikar.

## Kenapa per kloter

Daun mangga kami kumpulkan sekali pangkas. Satu pangkasan cukup untuk 40 helai.
"""

OFFER = PastOffer(
    seller="kunyit",
    slug="serbet-parang",
    columns={
        "title": "Serbet Parang Daun Mangga",
        "tagline": "Blacu lembut, cap parang kecil, celup daun mangga",
        "story": STORY,
        "materials": "100% katun blacu. Pewarna daun mangga dengan tunjung.",
        "size_table": "Isi | Sisi (cm)\n2 helai | 40 × 40\n4 helai | 40 × 40",
        "care": "Cuci dengan air dingin, jangan diberi pemutih. Setrika selagi lembap.",
        "defects_policy": (
            "Jahitan lepas atau warna belang kami ganti. Kabari dalam 7 hari setelah "
            "paket tiba."
        ),
        "currency": "IDR",
        "plan": Campaign.Plan.FULL,
        "buyer_limit": 4,
        "hold_minutes": 1440,
        "free_cancellation": Campaign.FreeCancellation.UNTIL_CLOSE,
        "cancellation_kept_percent": 50,
    },
    choices=(
        Choice("SERBET-2", {"Isi": "2 helai"}, 95_000, 46_000, 120, (12,)),
        Choice("SERBET-4", {"Isi": "4 helai"}, 175_000, 88_000, 230, (8,)),
    ),
    schedules=(Schedule(-1, 5, production=(7, 24), ships=(26, 30), capacity=20),),
    shots=(
        Shot(kain.napkins, "Tiga serbet hijau bermotif parang, ditumpuk miring"),
        Shot(
            kain.napkin_design,
            "Gambar desain serbet dengan ukuran dan tiga contoh warna",
            Picture.Kind.DESIGN,
        ),
    ),
    orders=(
        {"SERBET-2": 1},
        {"SERBET-4": 1},
        {"SERBET-2": 2, "SERBET-4": 1},
        {"SERBET-4": 2},
        {"SERBET-2": 1},
        {"SERBET-2": 1, "SERBET-4": 1},
    ),
    days_in_production=20,
    is_shipped=True,
)
