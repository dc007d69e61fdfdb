import re
from pathlib import Path

import pytest
from django.conf import settings

from tests.factories import make_campaign, make_picture, make_seller

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_the_sellers_color_is_a_stylesheet(client):
    seller = make_seller(slug="nila", theme_color="#2A3FA0")

    response = client.get("/s/nila/theme.css")

    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "--brand:#2a3fa0" in response.content.decode()
    seller_page = client.get(seller.get_absolute_url()).content.decode()
    assert "/s/nila/theme.css?v=2A3FA0" in seller_page


def test_pictures_are_served_for_ever_and_never_guessed_at(client):
    picture = make_picture()

    response = client.get(picture.file.url)

    assert response.getvalue()[8:12] == b"WEBP"
    assert response["Content-Type"] == "image/webp"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Content-Length" in response


@pytest.mark.parametrize(
    "name",
    [
        "pictures",
        "pictures/",
        "pictures/none.webp",
        "pictures/page.html",
        "pictures/../proofs/secret.png",
        "pictures/%2e%2e/proofs/secret.png",
        "pictures/..%2fproofs%2fsecret.png",
        "pictures//etc/x.png",
        "proofs/secret.png",
        "pictures/a%00.png",
        "pictures/folder.png",
        "pictures/" + "a" * 5000 + ".png",
    ],
)
def test_no_other_file_is_served(client, name):
    root = Path(settings.MEDIA_ROOT)
    for folder in ("proofs", "pictures/folder.png"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "proofs/secret.png").write_bytes(b"secret")
    (root / "pictures/page.html").write_text("<script>")

    assert client.get(f"/media/{name}").status_code == 404


def test_the_map_lists_public_pages_in_both_languages(client):
    campaign = make_campaign(slug="shirt")
    make_campaign(slug="draft", published_at=None)
    base = settings.BASE_URL

    response = client.get("/sitemap.xml")
    addresses = re.findall(r"<loc>(.*?)</loc>", response.content.decode())

    assert response["Content-Type"] == "application/xml"
    assert addresses == [
        f"{base}/{language}/{path}"
        for path in ("", f"s/{campaign.seller.slug}/", "c/shirt/")
        for language in ("id", "en")
    ]


def test_robots_are_led_to_the_map_and_away_from_orders(client):
    text = client.get("/robots.txt").content.decode()

    assert f"Sitemap: {settings.BASE_URL}/sitemap.xml" in text
    assert "Disallow: /o/" in text
