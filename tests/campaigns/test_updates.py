"""Updates on public pages and in the feed: read by everybody, kept by any cache."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings

from campaigns.clock import database_now
from campaigns.models import Update, UpdatePicture
from campaigns.text import placeholders, plain_text
from tests.factories import make_campaign, picture_file
from tests.orders.posts import make_update, publish

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ATOM = "{http://www.w3.org/2005/Atom}"


def read(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def published(campaign, **columns):
    update = make_update(campaign=campaign, **columns)
    publish(update)
    return update


def feed(client, campaign, language="id"):
    response = client.get(f"/{language}/c/{campaign.slug}/updates.atom")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(response.content)  # noqa: S314  our own


def test_the_campaign_page_shows_the_newest_three_and_leads_to_all(client):
    campaign = make_campaign()
    for n in range(4):
        published(campaign, title=f"Kabar {n}")

    html = read(client, f"/id/c/{campaign.slug}/")
    every = read(client, f"/id/c/{campaign.slug}/updates/")

    assert [f"Kabar {n}" in html for n in range(4)] == [False, True, True, True]
    assert html.index("Kabar 3") < html.index("Kabar 1")
    assert f"/id/c/{campaign.slug}/updates/" in html
    assert [f"Kabar {n}" in every for n in range(4)] == [True] * 4
    link = f'title="Kabar {campaign.title}"'
    assert "application/atom+xml" in html
    assert link in html or "updates.atom" in html


def test_drafts_scheduled_and_buyers_only_ones_are_nowhere_public(client):
    campaign = make_campaign()
    make_update(campaign=campaign, title="Masih konsep")
    make_update(campaign=campaign, title="Sebentar lagi").schedule()
    published(campaign, title="Khusus pembeli", audience="buyers")

    for path in ("", "updates/", "updates.atom"):
        html = read(client, f"/id/c/{campaign.slug}/{path}")
        for title in ("Masih konsep", "Sebentar lagi", "Khusus pembeli"):
            assert title not in html


def test_the_pages_carry_nothing_per_visitor(client):
    campaign = make_campaign()
    published(campaign)
    client.cookies["sessionid"] = "k" * 32

    for path in ("updates/", "updates.atom"):
        response = client.get(f"/id/c/{campaign.slug}/{path}")
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")
        assert response["Cache-Control"] == "public, max-age=1"
    archived = make_campaign(archived_at=database_now())
    assert client.get(f"/id/c/{archived.slug}/updates/").status_code == 404
    assert client.get(f"/id/c/{archived.slug}/updates.atom").status_code == 404


def test_queries_do_not_grow_with_what_is_posted(client, django_assert_num_queries):
    campaign = make_campaign()
    published(campaign)
    path = f"/id/c/{campaign.slug}/"

    for _round in range(2):
        with django_assert_num_queries(5):
            client.get(f"{path}updates/")
        with django_assert_num_queries(4):
            client.get(f"{path}updates.atom")
        for _n in range(3):
            published(campaign).amend("Tambahan.", user=None)


def test_readers_of_the_other_language_get_its_words(client):
    campaign = make_campaign()
    english = {"other_title": "Cloth is here", "other_body": "Hi {name}"}
    published(campaign, title="Kain datang", **english)

    html = read(client, f"/en/c/{campaign.slug}/updates/")

    assert 'lang="en">Cloth is here' in html
    assert "Hi friend" in html
    assert "Kain datang" not in html


def test_pictures_are_re_encoded_lazy_and_sized(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    campaign = make_campaign()
    update = make_update(campaign=campaign)
    UpdatePicture.objects.create(
        update_of=update, file=picture_file((800, 600)), alt="Kain di meja"
    )
    publish(update)

    html = read(client, f"/id/c/{campaign.slug}/updates/")

    assert 'alt="Kain di meja"' in html
    assert 'width="800" height="600" loading="lazy"' in html
    assert "full.webp" in html


def test_amendments_stand_below_with_their_time(client):
    campaign = make_campaign()
    published(campaign).amend("Mulai **Senin**.", user=None)

    html = read(client, f"/id/c/{campaign.slug}/updates/")

    assert "<strong>Senin</strong>" in html
    assert html.index("kami terima") < html.index("Senin")


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![spy](https://evil.example/p.png)",
        ">" * 5000 + "x",
        "{name|<img src=x onerror=alert(1)>}",
    ],
)
def test_no_body_runs_or_fetches_anything(client, body):
    campaign = make_campaign()
    published(campaign, body=body)

    for path in ("updates/", "updates.atom"):
        html = read(client, f"/id/c/{campaign.slug}/{path}")
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert 'href="javascript' not in html
        assert 'src="https://evil' not in html


# The feed


def test_the_feed_is_atom_with_whole_addresses_and_stable_ids(client):
    campaign = make_campaign()
    update = published(campaign, title="Kain & benang", body="**Tebal**\x0b")
    first = feed(client, campaign)
    later = update.amend("Tambahan.", user=None)

    root = feed(client, campaign)

    [entry] = root.findall(f"{ATOM}entry")
    assert root.find(f"{ATOM}author/{ATOM}name").text == campaign.seller.name
    assert root.find(f"{ATOM}id").text == (
        f"{settings.BASE_URL}/id/c/{campaign.slug}/updates.atom"
    )
    assert entry.find(f"{ATOM}title").text == "Kain & benang"
    [old] = first.findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}id").text == old.find(f"{ATOM}id").text
    assert entry.find(f"{ATOM}id").text.startswith("tag:")
    assert entry.find(f"{ATOM}content").get("type") == "html"
    assert "<strong>Tebal</strong>" in entry.find(f"{ATOM}content").text
    assert entry.find(f"{ATOM}link").get("href") == (
        f"{settings.BASE_URL}/id/c/{campaign.slug}/updates/#update-{update.pk}"
    )
    moments = [
        node.find(f"{ATOM}updated").text[:19] for node in (root, entry, first, old)
    ]
    amended, published_at = (
        moment.strftime("%Y-%m-%dT%H:%M:%S")
        for moment in (later.at, update.published_at)
    )
    assert moments == [amended, amended, published_at, published_at]


def test_an_empty_feed_does_not_change_by_itself(client):
    campaign = make_campaign(published_at=database_now() - timedelta(days=3))

    root = feed(client, campaign)

    assert root.findall(f"{ATOM}entry") == []
    told = root.find(f"{ATOM}updated").text
    assert told[:19] == campaign.published_at.strftime("%Y-%m-%dT%H:%M:%S")


# Words


def test_placeholders_fall_back_to_words_of_the_writer_or_ours():
    text = "Halo {name|kak}, {number} {batch|kloter ini} {nama}"

    assert placeholders.fill(text, {"number": "K7"}) == "Halo kak, K7 kloter ini {nama}"
    assert placeholders.unknown_in(text) == ["{nama}"]
    filled = placeholders.fill_html("<p>{name}</p>", {"name": "<b>&"})
    assert filled == "<p>&lt;b&gt;&amp;</p>"


def test_markdown_becomes_readable_text():
    text = (
        "# Judul\n\nHalo **semua**, [foto](https://x.id/a). <https://y.id>\n\n"
        "- satu\n- dua\n\n3. tiga\n4. empat\n\n> kutipan\n\n"
        "[x](javascript:alert(1)) ![gambar](https://evil.example/x.png)\n\n    kode"
    )

    assert plain_text.render(text) == (
        "Judul\n\nHalo semua, foto <https://x.id/a>. <https://y.id>\n\n"
        "- satu\n- dua\n3. tiga\n4. empat\n\n“kutipan”\n\n"
        "[x](javascript:alert(1)) gambar\n\nkode"
    )


def test_an_update_keeps_its_state_in_known_words():
    update = make_update()

    assert Update.TRANSITIONS[update.state] == {"scheduled"}
