import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import override

from campaigns.models import Campaign, Variant
from campaigns.text.markdown import render
from tests.factories import make_batch, make_campaign, make_picture, make_seller

DATA = Path(__file__).parent / "data"
BATIK, MIXED = DATA / "batik.csv", DATA / "mixed.csv"
HEADER = [
    *("Handle", "Title", "Body (HTML)", "Option1 Name", "Option1 Value"),
    *("Option2 Name", "Option2 Value", "Variant SKU", "Variant Grams"),
    *("Variant Price", "Image Src"),
]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seller() -> Any:
    return make_seller(slug="nila")


def run(file: Path, **options: Any) -> tuple[list[str], str]:
    """The printed lines and, where the command failed, its message."""
    out = io.StringIO()
    try:
        with override("en"):
            call_command(
                "import_products", str(file), stdout=out, **{"seller": "nila"} | options
            )
    except CommandError as error:
        return out.getvalue().splitlines(), str(error)
    return out.getvalue().splitlines(), ""


def product(**cells: str) -> dict[str, str]:
    """A row of a good product; `Variant_Price="5"` writes the column with a space."""
    row = {"Handle": "kaos", "Title": "Kaos", "Variant Price": "150000"}
    return row | {name.replace("_", " "): text for name, text in cells.items()}


def export(
    folder: Path, *rows: dict[str, str], header: list[str] | None = None
) -> Path:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, header or HEADER, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return written(folder, buffer.getvalue().encode())


def written(folder: Path, data: bytes) -> Path:
    file = folder / "export.csv"
    file.write_bytes(data)
    return file


def assert_nothing_written() -> None:
    assert Campaign.objects.count() == 0
    assert Variant.objects.count() == 0


def refusal(file: Path) -> str:
    """The only verdict of a file whose one product is refused."""
    lines, failure = run(file)
    assert failure == "1 product was refused."
    assert_nothing_written()
    return lines[0]


# What is made of a good file


def test_products_become_drafts_with_a_verdict_each():
    lines, failure = run(BATIK)

    assert failure == ""
    assert lines == [
        "created: kaos-batik (lines 2–8): 3 variants; add 4 pictures by hand",
        "created: selendang-tenun (line 9): 1 variant",
        "created: 2 · updated: 0 · unchanged: 0 · left alone: 0 · refused: 0",
    ]
    shirt = Campaign.objects.get(slug="kaos-batik")
    assert (shirt.seller.slug, shirt.import_handle) == ("nila", "kaos-batik")
    assert (shirt.title, shirt.currency) == ("Kaos Batik", "IDR")
    assert (shirt.published_at, shirt.pictures.count()) == (None, 0)
    assert shirt.story == (
        "**Batik tulis**\n\n"
        "Dibuat **tangan** di Pekalongan.\\\nTiap lembar beda.\n\n"
        "- Katun\n- Nila & kunyit"
    )


def test_rows_of_one_handle_become_variants_in_their_order():
    run(BATIK)

    variants = Variant.objects.filter(campaign__slug="kaos-batik")
    assert [(v.sku, v.options, v.price, v.weight_grams) for v in variants] == [
        ("KB-S-N", {"Ukuran": "S", "Warna": "Nila"}, Decimal("150000"), 180),
        ("L-NILA", {"Ukuran": "L", "Warna": "Nila"}, Decimal("155000"), 220),
        ("L-KUNYIT", {"Ukuran": "L", "Warna": "Kunyit"}, Decimal("155000"), 250),
    ]
    assert all(variant.active for variant in variants)


def test_the_default_title_means_no_options_and_typed_lines_stay_lines():
    run(BATIK)

    scarf = Campaign.objects.get(slug="selendang-tenun")
    assert scarf.title == 'Selendang "Tenun"'
    assert scarf.story == "Selendang panjang, 200 × 60 cm.\n\nCuci dengan tangan."
    assert [v.options for v in scarf.variants.all()] == [{}]


def test_cents_are_kept_in_a_currency_that_has_them():
    lines, failure = run(MIXED, currency="USD")

    assert (lines[-1].startswith("created: 2 ·"), failure) == (True, "")
    pot = Campaign.objects.get(slug="clay-pot")
    assert pot.currency == "USD"
    assert [v.price for v in pot.variants.all()] == [Decimal("9.99"), Decimal("15.99")]


def test_a_sku_given_twice_gets_a_number_and_the_verdict_says_so(tmp_path):
    sizes = [
        product(Option1_Name="Size", Option1_Value="S", Variant_SKU="KB"),
        product(Option1_Value="M", Variant_SKU="KB"),
        product(Option1_Value="KB"),
    ]

    lines, failure = run(export(tmp_path, *sizes))

    assert failure == ""
    assert lines[0] == (
        "created: kaos (lines 2–4): 3 variants; "
        "line 3: SKU KB is there already, made it KB-2"
    )
    skus = [(variant.options["Size"], variant.sku) for variant in Variant.objects.all()]
    assert list(skus) == [("S", "KB"), ("M", "KB-2"), ("KB", "KB-3")]


def test_a_formula_stays_the_text_it_is(tmp_path):
    formula = '=HYPERLINK("http://x","y")'
    row = product(Title=formula, Variant_SKU="@SUM(1)")

    run(export(tmp_path, row | {"Body (HTML)": formula}))

    campaign = Campaign.objects.get()
    assert campaign.title == formula
    assert render(campaign.story) == f"<p>{formula}</p>\n"
    assert campaign.variants.get().sku == "@SUM(1)"


def test_an_address_taken_by_another_seller_is_told_apart(tmp_path):
    make_campaign(slug="kaos", seller=make_seller(slug="kunyit"))

    run(export(tmp_path, product()))

    assert Campaign.objects.get(import_handle="kaos").slug == "kaos-nila"


def test_a_handle_in_another_script_gets_an_address(tmp_path):
    run(export(tmp_path, product(Handle="藍染め")))

    assert Campaign.objects.get().import_handle == "藍染め"
    assert Campaign.objects.get().slug == "product-f194aab3df"


# The shapes files come in


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("Variant Price", " VARIANT  price ").encode(),
        lambda text: ("\n,,,\n" + text).encode(),
    ],
    ids=["BOM", "UTF-16", "CRLF", "CR", "header case and spaces", "empty rows first"],
)
def test_the_same_products_come_out_of(rewrite, tmp_path):
    text = BATIK.read_text()

    lines, failure = run(written(tmp_path, rewrite(text)))

    assert (lines[-1].startswith("created: 2 ·"), failure) == (True, "")
    assert Variant.objects.count() == 4


def test_columns_that_are_not_needed_may_be_missing(tmp_path):
    file = export(tmp_path, product(), header=["Handle", "Title", "Variant Price"])

    lines, failure = run(file)

    assert (lines[0], failure) == ("created: kaos (line 2): 1 variant", "")
    variant = Variant.objects.get()
    assert (variant.price, variant.weight_grams) == (Decimal("150000"), 250)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "lacks these columns: Handle, Title, Variant Price."),
        (b"Handle,Title\nkaos,Kaos\n", "lacks these columns: Variant Price."),
        (b"Handle,Title,Variant Price\n,,\n", "The file has no products."),
        (b"Handle;Title;Variant Price\nkaos;Kaos;1\n", "separated by “;”; save with"),
        (b"Handle\tTitle\tVariant Price\nkaos\tKaos\t1\n", "separated by tab; save"),
        (
            b"Handle,Title,Variant Price,variant price\nkaos,Kaos,1,2\n",
            "has this column more than once: Variant Price.",
        ),
        (b"Handle,Title,Variant Price\nkaos,Ka\xe9s,1\n", "Line 2 is not UTF-8 text."),
        ("Handle,Title".encode("utf-16-le"), "Line 1 is not UTF-8 text."),
        (b"PK\x03\x04\x00\xff\xfe", "Line 1 is not UTF-8 text."),
        (
            b'Handle,Title,Variant Price\nkaos,Kaos,1\ntas,"Tas,2\n',
            "Line 3: a quoted text does not end where its cell ends.",
        ),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(data, reason, tmp_path):
    lines, failure = run(written(tmp_path, data))

    assert lines == []
    assert reason in failure
    assert_nothing_written()


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file"), ("", "Is a d")])
def test_a_file_that_cannot_be_opened_is_named(name, reason, tmp_path):
    _lines, failure = run(tmp_path / name)

    assert failure.startswith(f"{tmp_path / name} cannot be read: {reason}")


def test_an_unknown_seller_is_answered_with_the_known_ones():
    make_seller(slug="kunyit")

    assert run(BATIK, seller="nilla") == (
        [],
        "There is no seller “nilla”. Known sellers: kunyit, nila.",
    )
    assert_nothing_written()


# Refused products


def test_a_price_finer_than_the_currency_refuses_its_product_only():
    lines, failure = run(MIXED)

    hint = (
        "is finer than IDR allows; "
        "is the file in another currency, for example --currency USD?"
    )
    assert lines == [
        f"refused: clay-pot (lines 2–3): line 2: Variant Price 9.99 {hint}; "
        f"line 3: Variant Price 15.99 {hint}",
        "created: cream-sofa (line 4): 1 variant; add 1 picture by hand",
        "created: 1 · updated: 0 · unchanged: 0 · left alone: 0 · refused: 1",
    ]
    assert failure == "1 product was refused."
    assert [c.import_handle for c in Campaign.objects.all()] == ["cream-sofa"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Title": " "}, "Title is empty"),
        ({"Title": "x" * 121}, "Title has 121 characters, at most 120 are possible"),
        ({"Handle": "x" * 256}, "Handle has 256 characters, at most 255 are possible"),
        ({"Handle": ""}, "Handle is empty"),
        ({"Variant Price": ""}, "Variant Price is empty"),
        ({"Variant Price": "-5"}, "Variant Price -5 is negative"),
        ({"Variant Price": "1" * 15}, f"Price {'1' * 15} is above 1000000000"),
        ({"Variant Price": "50.000"}, "“50.000” is not a number such as 150000"),
        ({"Variant Price": "9,99"}, "“9,99” is not a number such as 150000"),
        ({"Variant Price": "NaN"}, "“NaN” is not a number such as 150000"),
        ({"Variant Price": "1e3"}, "“1e3” is not a number such as 150000"),
        ({"Variant Price": "=1+1"}, "“=1+1” is not a number such as 150000"),
        ({"Variant Grams": "-1"}, "Variant Grams -1 is negative"),
        ({"Variant Grams": "9" * 9}, "Variant Grams 999999999 is above 1000000"),
        ({"Variant Grams": "1 kg"}, "Variant Grams “1 kg” is not a number"),
        ({"Variant SKU": "x" * 61}, "Variant SKU has 61 characters, at most 60"),
        ({"Option1 Value": "S"}, "Option1 Value has no name"),
        (
            {"Option1 Name": "Size", "Option2 Name": "size", "Option1 Value": "S"},
            "two options have the same name",
        ),
        ({"Option1 Name": "S", "Option1 Value": "x" * 101}, "Option1 Value has 101 ch"),
        ({"Body (HTML)": "x" * 100_001}, "Body (HTML) has 100001 characters"),
        ({"Body (HTML)": "x" * 50_001}, "Body (HTML) has 50001 characters"),
        ({"Body (HTML)": "<![hi there]>"}, "Body (HTML) is not readable HTML"),
        ({"Body (HTML)": "a\0b"}, "a NUL byte in the text"),
    ],
)
def test_a_product_is_refused_with_its_line_and_reason(cells, reason, tmp_path):
    verdict = refusal(export(tmp_path, product() | cells))

    assert verdict.startswith("refused: ")
    assert ": line 2: " in verdict
    assert reason in verdict


def test_options_that_a_buyer_could_not_tell_apart_are_refused(tmp_path):
    twins = [product(Option1_Name="Size", Option1_Value="S"), product(), product()]

    assert refusal(export(tmp_path, *twins)) == (
        "refused: kaos (lines 2–4): line 4: the same options as on line 3"
    )


def test_two_products_under_one_handle_are_refused(tmp_path):
    file = export(tmp_path, product(), product(Title="Tas"))

    assert "the same Handle has different titles (lines 2, 3)" in refusal(file)


def test_cells_shifted_by_a_bare_comma_are_refused(tmp_path):
    data = b"Handle,Title,Variant Price\nkaos,Kaos, merah,150000\n"

    assert refusal(written(tmp_path, data)) == (
        "refused: kaos (line 2): line 2: more cells than the header has; "
        "is a comma outside quotes?"
    )


def test_escape_codes_of_a_terminal_are_not_printed(tmp_path):
    verdict = refusal(
        export(tmp_path, product(Handle="\x1b[2Jx", Variant_Price="\x07"))
    )

    assert verdict == "refused: [2jx (line 2): line 2: Variant Price is empty"


# Again


def test_a_dry_run_says_the_same_and_writes_nothing():
    lines, failure = run(MIXED, dry_run=True)

    assert failure == "1 product was refused."
    assert lines[1] == "created: cream-sofa (line 4): 1 variant; add 1 picture by hand"
    assert lines[-1] == "Dry run: nothing was written."
    assert_nothing_written()


def test_importing_twice_changes_nothing():
    run(BATIK)
    before = list(Variant.objects.values())

    lines, failure = run(BATIK)

    assert failure == ""
    assert lines == [
        "unchanged: kaos-batik (lines 2–8): add 4 pictures by hand",
        "unchanged: selendang-tenun (line 9)",
        "created: 0 · updated: 0 · unchanged: 2 · left alone: 0 · refused: 0",
    ]
    assert Campaign.objects.count() == 2
    assert list(Variant.objects.values()) == before


def test_a_draft_follows_the_file_and_keeps_what_the_file_does_not_know(tmp_path):
    sizes = [
        product(Option1_Name="Size", Option1_Value="S", Variant_SKU="K-S"),
        product(Option1_Value="M"),
        product(Option1_Value="L"),
    ]
    run(export(tmp_path, *sizes))
    Variant.objects.filter(sku="M").update(sku="K-M", weight_grams=310)
    sizes[0] |= {"Title": "Kaos Baru", "Body (HTML)": "<p>Baru</p>"}
    sizes[0] |= {"Option1 Value": "Small"}
    sizes[1] |= {"Title": "", "Variant Price": "160000"}
    sizes[2] |= {"Title": "", "Option1 Value": "XL"}

    lines, failure = run(export(tmp_path, *sizes))

    assert failure == ""
    assert lines[0] == (
        "updated: kaos (lines 2–4): title changed; story changed; added: XL; "
        "changed: K-S, K-M; deactivated, not in the file: L"
    )
    campaign = Campaign.objects.get()
    assert (campaign.title, campaign.story) == ("Kaos Baru", "Baru")
    rows = campaign.variants.order_by("pk")
    assert [(v.label, v.sku, v.price, v.weight_grams, v.active) for v in rows] == [
        ("Small", "K-S", Decimal("150000"), 250, True),
        ("M", "K-M", Decimal("160000"), 310, True),
        ("L", "L", Decimal("150000"), 250, False),
        ("XL", "XL", Decimal("150000"), 250, True),
    ]


def test_skus_that_change_places_do_not_collide(tmp_path):
    sizes = [
        product(Option1_Name="Size", Option1_Value="S", Variant_SKU="A"),
        product(Option1_Value="M", Variant_SKU="B"),
    ]
    run(export(tmp_path, *sizes))
    sizes[0]["Variant SKU"], sizes[1]["Variant SKU"] = "B", "A"

    _lines, failure = run(export(tmp_path, *sizes))

    assert failure == ""
    skus = [(variant.options["Size"], variant.sku) for variant in Variant.objects.all()]
    assert list(skus) == [("S", "B"), ("M", "A")]


def test_a_variant_that_comes_back_is_active_again(tmp_path):
    size_s = product(Option1_Name="Size", Option1_Value="S")
    size_m = product(Option1_Value="M")
    run(export(tmp_path, size_s, size_m))
    run(export(tmp_path, size_s))

    lines, _failure = run(export(tmp_path, size_s, size_m))

    assert lines[0] == "updated: kaos (lines 2–3): changed: M"
    assert Variant.objects.filter(active=True).count() == 2


def test_a_campaign_that_was_published_is_left_alone(tmp_path):
    run(export(tmp_path, product()))
    Campaign.objects.update(published_at=timezone.now(), archived_at=timezone.now())

    changed = product(Title="Tas", Variant_Price="9", Variant_SKU="T")
    lines, failure = run(export(tmp_path, changed))

    assert failure == ""
    assert lines[0] == "left alone: kaos (line 2): published, change it in the admin"
    assert Campaign.objects.get().title == "Kaos"
    assert Variant.objects.get().price == Decimal("150000")


def test_the_currency_of_a_draft_changes_only_when_it_is_named(tmp_path):
    file = export(tmp_path, product())
    run(file, currency="USD")

    lines, failure = run(file)
    assert "the draft is in USD; import with --currency USD" in lines[0]
    assert failure == "1 product was refused."
    assert Campaign.objects.get().currency == "USD"

    lines, failure = run(file, currency="IDR")
    assert (lines[0], failure) == ("updated: kaos (line 2): currency changed", "")
    assert Campaign.objects.get().currency == "IDR"


def test_the_currency_of_a_draft_with_a_batch_stays(tmp_path):
    file = export(tmp_path, product())
    run(file)
    make_batch(campaign=Campaign.objects.get())

    lines, _failure = run(file, currency="USD")

    assert "the draft is in IDR; import with --currency IDR" in lines[0]
    assert Campaign.objects.get().currency == "IDR"


def test_pictures_that_are_there_already_are_not_asked_for(tmp_path):
    file = export(tmp_path, product(Image_Src="https://cdn.example.com/1.jpg"))
    run(file)
    make_picture(campaign=Campaign.objects.get())

    assert run(file)[0][0] == "unchanged: kaos (line 2)"


def test_two_sellers_may_import_the_same_file(tmp_path):
    make_seller(slug="kunyit")
    file = export(tmp_path, product())

    run(file)
    run(file, seller="kunyit")

    slugs = Campaign.objects.order_by("pk").values_list("seller__slug", "slug")
    assert list(slugs) == [("nila", "kaos"), ("kunyit", "kaos-kunyit")]


def test_the_database_holds_one_campaign_per_imported_product(seller):
    make_campaign(seller=seller, import_handle="kaos")

    with pytest.raises(IntegrityError, match="import_handle|imported_once"):
        make_campaign(seller=seller, import_handle="kaos")
