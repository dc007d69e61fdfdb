"""What is drawn once in a process: a change of its words is seen at once."""

import pytest
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from campaigns import drawing
from campaigns.drawing import drawn_once
from tests.drafts import make_offer
from tests.factories import make_campaign, make_seller
from tests.steps import steps

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FOOTER = "components/footer.html"
BRAND = "components/brand.html"


def page_of(client, batch, language="en", **headers):
    url = f"/{language}/c/{batch.campaign.slug}/checkout/"
    return client.get(url, headers=headers).content.decode()


def test_the_second_time_costs_a_fraction():
    first = steps(lambda: drawn_once(FOOTER, name="Nila"))
    second = steps(lambda: drawn_once(FOOTER, name="Nila"))

    assert second * 20 < first


def test_a_page_shows_what_the_seller_changed(client):
    batch = make_offer()
    before = page_of(client, batch)

    seller = batch.campaign.seller
    seller.name, seller.city, seller.slug = "Nila & Co", "Kudus", "nila-co"
    seller.email, seller.whatsapp = "toko@nila.id", "6281234567890"
    seller.logo, seller.theme_color = "pictures/nila.webp", "#AA0000"
    seller.save()
    after = page_of(client, batch)

    shown = [
        '<p class="strong">Nila &amp; Co · Kudus</p>',
        "<span>Nila &amp; Co</span></a>",
        'href="/en/s/nila-co/"',
        'href="mailto:toko@nila.id"',
        'href="https://wa.me/6281234567890"',
        '<img src="/media/pictures/nila.webp" alt="" width="28" height="28">',
        "?v=AA0000",
    ]
    assert [each for each in shown if each in before] == []
    assert [each for each in shown if each not in after] == []


def test_sellers_have_pages_of_their_own(client):
    one = make_offer()
    campaign = make_campaign(seller=make_seller(name="Only the other"))
    other = make_offer(campaign=campaign)

    pages = [page_of(client, batch) for batch in (one, other, one)]

    assert ["Only the other" in page for page in pages] == [False, True, False]


def test_each_language_has_its_own_words(client):
    batch = make_offer()

    pages = [page_of(client, batch, language) for language in ("en", "id", "en")]

    assert ["Terms and refunds" in page for page in pages] == [True, False, True]


def test_who_saves_data_gets_no_font(client):
    batch = make_offer()

    saving = {"Save-Data": "on"}
    pages = [page_of(client, batch, **each) for each in ({}, saving, {}, saving)]

    assert ['as="font"' in page for page in pages] == [True, False, True, False]


def test_an_address_follows_where_the_shop_is_mounted():
    at_the_root = drawn_once(BRAND)

    before = get_script_prefix()
    set_script_prefix("/shop/")
    try:
        below = drawn_once(BRAND)
    finally:
        set_script_prefix(before)

    assert below == at_the_root.replace('href="/', 'href="/shop/', 1)


def test_safe_words_and_the_same_as_plain_ones_are_two():
    safe = drawn_once(BRAND, name=SafeString("<b>Nila</b>"))
    plain = drawn_once(BRAND, name="<b>Nila</b>")

    assert "<span><b>Nila</b></span>" in safe
    assert "<span>&lt;b&gt;Nila&lt;/b&gt;</span>" in plain


def test_true_and_one_are_two():
    quantity = "components/quantity.html"

    assert 'value="1"' in drawn_once(quantity, name="n", value=1)
    assert "data-units" in drawn_once(quantity, name="n", value=1, units=True)
    assert "data-units" not in drawn_once(quantity, name="n", value=True, units=0)


@pytest.mark.parametrize("word", [gettext_lazy("Find my order"), 1.5, ("a",), object()])
def test_what_can_change_and_be_the_same_key_is_refused(word):
    with pytest.raises(drawing.NotPlain, match="name"):
        drawn_once(BRAND, name=word)


def test_a_row_is_refused():
    with pytest.raises(drawing.NotPlain, match="name"):
        drawn_once(BRAND, name=make_seller())


def test_a_developer_sees_an_edited_template(settings):
    drawn_once(FOOTER, name="Nila")
    remembered = steps(lambda: drawn_once(FOOTER, name="Nila"))

    settings.DEBUG = True
    anew = steps(lambda: drawn_once(FOOTER, name="Nila"))

    assert anew > remembered * 20


def test_without_words_a_part_speaks_of_the_shop():
    with translation.override("en"):
        part = drawn_once(FOOTER)

    assert '<p class="strong">Kloter</p>' in part
