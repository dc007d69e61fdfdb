"""What a buyer wants, read from a query string or a form: variants and quantities."""

import re
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from campaigns.models import Allotment, Batch, Campaign
from campaigns.prepared import Prepared, given
from payments.checkout.placing import DraftLine

MAX_QUANTITY = 999
# Columns hold twelve digits before the point; this leaves room for shipping.
LARGEST_GOODS = 900_000_000_000
MAX_PERSONALIZATION = 40
QUANTITY_FIELD = re.compile(r"quantity-([0-9]{1,18})")
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")

ALLOTMENTS_OF_BATCH = Prepared(
    lambda: Allotment.objects.filter(
        batch=given("batch"), variant__campaign=given("campaign")
    ).select_related("variant")
)


@dataclass
class Basket:
    """Units wanted by variant id, and what was wrong: (field name, message)."""

    quantities: dict[int, int] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)


def read_basket(data: QueryDict) -> Basket:
    """Read `quantity-<variant>=<n>` fields, and the pair `variant` and `quantity`.

    Zeros are what an untouched row sends; several fields of one variant add up.
    """
    basket = Basket()
    for name in data:
        if match := QUANTITY_FIELD.fullmatch(name):
            for text in data.getlist(name):
                _add(basket, name, match.group(1), str(text))
    if data.get("variant"):
        _add(basket, "quantity", str(data["variant"]), data.get("quantity", "1"))
    if not basket.errors and not basket.quantities:
        basket.errors.append(("quantity", _("Choose at least one item.")))
    return basket


def _add(basket: Basket, name: str, variant: str, text: str) -> None:
    text = text.strip()
    if not (WHOLE_NUMBER.fullmatch(text) and WHOLE_NUMBER.fullmatch(variant)):
        _refuse(basket, name)
        return
    units = basket.quantities.get(int(variant), 0) + int(text)
    if units > MAX_QUANTITY:
        _refuse(basket, name)
    elif units:
        basket.quantities[int(variant)] = units


def _refuse(basket: Basket, name: str) -> None:
    message = _("Write the quantity as a whole number from 1 to %(most)s.")
    basket.errors.append((name, message % {"most": MAX_QUANTITY}))


def draft_lines(
    basket: Basket,
    campaign: Campaign,
    batch: Batch,
    data: QueryDict,
    *,
    is_held: bool = False,
) -> tuple[DraftLine, ...]:
    """The basket as lines of this batch; what is not sold in it becomes an error.

    What is held already was sold, even where the variant was taken away since.
    """
    allotments = {
        allotment.variant_id: allotment
        for allotment in ALLOTMENTS_OF_BATCH.all(batch=batch.pk, campaign=campaign.pk)
        if allotment.variant_id in basket.quantities
        and (allotment.variant.active or is_held)
    }
    for variant_id in basket.quantities.keys() - allotments.keys():
        message = _("This item is not part of this pre-order. Choose again.")
        basket.errors.append((f"quantity-{variant_id}", message))
    texts = _texts(basket, campaign, data)
    lines = tuple(
        DraftLine(
            variant=allotment.variant,
            allotment=allotment,
            quantity=basket.quantities[variant_id],
            personalization=texts.get(variant_id, ()),
        )
        for variant_id, allotment in sorted(allotments.items())
    )
    if sum(line.amount for line in lines) > LARGEST_GOODS:
        basket.errors.append(("quantity", _("This is more than one order can hold.")))
    return lines


def _texts(
    basket: Basket, campaign: Campaign, data: QueryDict
) -> dict[int, tuple[str, ...]]:
    """One text for each unit where the campaign asks; too long ones become errors."""
    if not campaign.personalization_label:
        return {}
    texts: dict[int, tuple[str, ...]] = {}
    for variant_id, quantity in basket.quantities.items():
        names = [f"personalization-{variant_id}-{n}" for n in range(1, quantity + 1)]
        texts[variant_id] = tuple(_text(basket, name, data) for name in names)
    return texts


def _text(basket: Basket, name: str, data: QueryDict) -> str:
    text = " ".join(data.get(name, "").split())
    if "\x00" in text:
        basket.errors.append((name, _("Write letters and digits only.")))
    if len(text) > MAX_PERSONALIZATION:
        message = _("Write at most %(most)s characters.") % {
            "most": MAX_PERSONALIZATION
        }
        basket.errors.append((name, message))
    return text
