"""Open in one batch: food, sold in sets."""

from campaigns.models import Campaign, Picture
from config.demo.offers import Choice, Offer, Schedule, Shot
from config.demo.pictures import toples

STORY = """\
Setiap bulan kami memasak satu hari penuh: 40 kilogram cabai dari kebun Bu Sarinem di
Pakem, dipetik sore, diulek esok paginya. Sambal yang sudah dingin masuk toples kaca,
ditutup kain parang, lalu diikat. Tidak ada stok lama; yang kamu terima dimasak untuk
kamu.

## Tiga rasa

- **Bawang**: cabai rawit merah, bawang putih, minyak kelapa. Pedas sekali.
- **Terasi**: terasi udang Rembang yang dibakar dulu. Pedas sedang, gurih.
- **Ijo**: cabai hijau besar, tomat muda, sedikit teri. Pedas ringan.

## Toplesnya

Kaca 250 ml, bisa dikembalikan. Kembalikan tiga toples bersih lewat kurir mana pun dan
ongkos kirimnya kami potong dari pesanan berikutnya.
"""

OFFER = Offer(
    seller="kunyit",
    slug="toples-sambal",
    columns={
        "title": "Toples Sambal Bulan Ini",
        "tagline": "Dimasak sekali sebulan, dikirim tiga hari setelah matang",
        "story": STORY,
        "materials": (
            "Cabai, bawang merah, bawang putih, minyak kelapa, gula aren, garam. Rasa "
            "terasi memakai udang, rasa ijo memakai teri. Tanpa pengawet dan penyedap. "
            "Isi bersih 220 g per toples."
        ),
        "size_table": (
            "Rasa | Tingkat pedas | Tahan di kulkas\n"
            "Bawang | 5 dari 5 | 60 hari\n"
            "Terasi | 4 dari 5 | 45 hari\n"
            "Ijo | 2 dari 5 | 30 hari"
        ),
        "care": (
            "Simpan di kulkas setelah dibuka dan pakai sendok kering. Sebelum dibuka "
            "tahan 14 hari di suhu ruang."
        ),
        "defects_policy": (
            "Toples pecah, bocor, atau segel terbuka saat tiba: kirim foto dalam "
            "2 × 24 jam, kami kirim ulang atau uang kembali."
        ),
        "currency": "IDR",
        "plan": Campaign.Plan.FULL,
        "buyer_limit": 12,
        "hold_minutes": 720,
        "free_cancellation": Campaign.FreeCancellation.UNTIL_CLOSE,
        "cancellation_kept_percent": 50,
    },
    choices=(
        Choice("SAMBAL-BAWANG", {"Rasa": "Bawang"}, 48_000, 23_000, 480, (70,)),
        Choice("SAMBAL-TERASI", {"Rasa": "Terasi"}, 52_000, 26_000, 480, (50,)),
        Choice("SAMBAL-IJO", {"Rasa": "Ijo"}, 46_000, 22_000, 480, (40,)),
        Choice(
            "SAMBAL-BERTIGA", {"Rasa": "Paket bertiga"}, 138_000, 69_000, 1450, (20,)
        ),
    ),
    schedules=(
        Schedule(-2, 6, production=(8, 9), ships=(10, 12), capacity=180, minimum=40),
    ),
    shots=(
        Shot(
            toples.jars, "Tiga toples sambal bertutup kain parang: terasi, bawang, ijo"
        ),
        Shot(toples.bowl, "Sambal bawang di mangkuk keramik, dua cabai di sampingnya"),
        Shot(
            toples.labels,
            "Gambar desain tiga label toples dengan pita parang",
            Picture.Kind.DESIGN,
        ),
    ),
)
