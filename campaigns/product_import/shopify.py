"""A Shopify product export → products, or reasons with line numbers. Writes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from campaigns.naming import first_free
from campaigns.product_import import cells
from campaigns.product_import.cells import BadCell, at_most, words
from campaigns.product_import.html_text import to_markdown
from campaigns.product_import.table import Row, UnreadableFile, read_rows
from campaigns.text.markdown import MAX_LENGTH as STORY_LENGTH

HANDLE, TITLE, BODY = "Handle", "Title", "Body (HTML)"
SKU, GRAMS, PRICE = "Variant SKU", "Variant Grams", "Variant Price"
OPTION_NAMES = ("Option1 Name", "Option2 Name", "Option3 Name")
OPTION_VALUES = ("Option1 Value", "Option2 Value", "Option3 Value")
PICTURES = ("Image Src", "Variant Image")
REQUIRED = (HANDLE, TITLE, PRICE)
COLUMNS = (*REQUIRED, BODY, SKU, GRAMS, *OPTION_NAMES, *OPTION_VALUES, *PICTURES)

HANDLE_LENGTH, TITLE_LENGTH, SKU_LENGTH = 255, 120, 60
OPTION_LENGTH, BODY_LENGTH, MAX_VARIANTS = 100, 100_000, 2048


@dataclass
class ProductVariant:
    """An empty SKU or weight is one that the file does not know."""

    line: int
    sku: str
    options: dict[str, str]
    price: Decimal
    weight_grams: int | None


@dataclass(frozen=True)
class Product:
    handle: str
    lines: tuple[int, ...]
    title: str
    story: str
    variants: list[ProductVariant]
    pictures: int
    remarks: list[str]


@dataclass(frozen=True)
class RejectedProduct:
    handle: str
    lines: tuple[int, ...]
    reasons: list[str]


def read_products(data: bytes, currency: str) -> list[Product | RejectedProduct]:
    """Every product in the order of the file; raises UnreadableFile."""
    groups: dict[str, list[Row]] = {}
    for row in read_rows(data, COLUMNS, required=REQUIRED):
        # A row without a handle belongs to no product: it is told by its line.
        groups.setdefault(_handle(row) or f"\n{row.line}", []).append(row)
    if not groups:
        raise UnreadableFile(_("The file has no products."))
    return [_read_product(rows, currency) for rows in groups.values()]


def _handle(row: Row) -> str:
    return words(row[HANDLE]).lower()


def _read_product(rows: list[Row], currency: str) -> Product | RejectedProduct:
    handle, lines = _handle(rows[0]), tuple(row.line for row in rows)
    problems = _Problems(_line(row.line, row.fault) for row in rows if row.fault)
    title = story = ""
    variants: list[ProductVariant] = []
    if not problems:
        with problems.at(lines[0]):
            _check_handle(handle)
        with problems.at(lines[0]):
            title = _title(rows)
        with problems.at(lines[0]):
            story = _story(rows)
        variants = _variants(rows, currency, problems)
    if problems:
        return RejectedProduct(handle[:HANDLE_LENGTH], lines, problems)
    remarks = _part_skus(variants)
    return Product(handle, lines, title, story, variants, _pictures(rows), remarks)


class _Problems(list[str]):
    @contextmanager
    def at(self, line: int) -> Iterator[None]:
        """Keep the reason of a bad cell with its line and go on."""
        try:
            yield
        except BadCell as error:
            self.append(_line(line, str(error)))


def _line(line: int, text: str) -> str:
    return _("line %(line)s: %(text)s") % {"line": line, "text": text}


def _check_handle(handle: str) -> None:
    if not at_most(HANDLE_LENGTH, handle, HANDLE):
        raise BadCell(_("Handle is empty"))


def _title(rows: list[Row]) -> str:
    titles = {title: row.line for row in rows if (title := words(row[TITLE]))}
    if not titles:
        raise BadCell(_("Title is empty"))
    if len(titles) > 1:
        raise BadCell(
            _("the same Handle has different titles (lines %(lines)s)")
            % {"lines": ", ".join(str(line) for line in titles.values())}
        )
    return at_most(TITLE_LENGTH, next(iter(titles)), TITLE)


def _story(rows: list[Row]) -> str:
    body = next((row[BODY] for row in rows if row[BODY].strip()), "")
    story = to_markdown(at_most(BODY_LENGTH, body, BODY))
    return at_most(STORY_LENGTH, story, BODY)


def _pictures(rows: list[Row]) -> int:
    addresses = {words(row[column]) for row in rows for column in PICTURES}
    return len(addresses - {""})


def _variants(
    rows: list[Row], currency: str, problems: _Problems
) -> list[ProductVariant]:
    variants: list[ProductVariant] = []
    with problems.at(rows[0].line):
        names = _option_names(rows)
        for row in filter(_is_variant, rows):
            with problems.at(row.line):
                variants.append(_variant(row, names, currency))
        _check_variants(variants, problems)
    return variants


def _is_variant(row: Row) -> bool:
    """Other rows of a product only carry one more picture."""
    return any(row[column].strip() for column in (*OPTION_VALUES, SKU, PRICE))


def _option_names(rows: list[Row]) -> list[str]:
    """An export writes the names on the product's first row only."""
    found = [
        next(filter(None, (words(row[column]) for row in rows)), "")
        for column in OPTION_NAMES
    ]
    given = [at_most(OPTION_LENGTH, name, "Option Name") for name in found if name]
    if len({name.casefold() for name in given}) < len(given):
        raise BadCell(_("two options have the same name"))
    return found


def _variant(row: Row, names: list[str], currency: str) -> ProductVariant:
    return ProductVariant(
        line=row.line,
        sku=at_most(SKU_LENGTH, words(row[SKU]), SKU),
        options=_options(row, names),
        price=cells.price(row[PRICE], currency),
        weight_grams=cells.grams(row[GRAMS]),
    )


def _options(row: Row, names: list[str]) -> dict[str, str]:
    values = [words(row[column]) for column in OPTION_VALUES]
    options = {}
    for column, name, value in zip(OPTION_VALUES, names, values, strict=True):
        if value and not name:
            raise BadCell(_("%(column)s has no name") % {"column": column})
        if value:
            options[name] = at_most(OPTION_LENGTH, value, column)
    is_default = options == {names[0]: "Default Title"} and names[0] == "Title"
    return {} if is_default else options


def _check_variants(variants: list[ProductVariant], problems: _Problems) -> None:
    if not (variants or problems):
        raise BadCell(_("Variant Price is empty"))
    if len(variants) > MAX_VARIANTS:
        raise BadCell(
            _("%(count)s variants, at most %(limit)s are possible")
            % {"count": len(variants), "limit": MAX_VARIANTS}
        )
    first_lines: dict[tuple[tuple[str, str], ...], int] = {}
    for variant in variants:
        first = first_lines.setdefault(tuple(variant.options.items()), variant.line)
        with problems.at(variant.line):
            _refuse_twin(variant, first)


def _refuse_twin(variant: ProductVariant, first: int) -> None:
    if variant.line != first:
        raise BadCell(_("the same options as on line %(line)s") % {"line": first})


def _part_skus(variants: list[ProductVariant]) -> list[str]:
    """Number a SKU that the file gives twice; returns what was changed, in words."""
    taken: set[str] = set()
    remarks = []
    for variant in variants:
        given = variant.sku
        if given in taken:
            variant.sku = first_free(given, taken.__contains__, limit=SKU_LENGTH)
            text = _("SKU %(given)s is there already, made it %(sku)s")
            text %= {"given": given, "sku": variant.sku}
            remarks.append(_line(variant.line, text))
        taken.update(filter(None, [variant.sku]))
    return remarks
