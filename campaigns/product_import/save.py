"""Products → draft campaigns of one seller, each in a transaction of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign, Seller, Variant
from campaigns.naming import first_free, slug_of
from campaigns.product_import.shopify import Product, ProductVariant, RejectedProduct

ATTEMPTS = 3
SLUG_LENGTH = 80


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT_ALONE = "left alone"
    REFUSED = "refused"


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    handle: str
    lines: tuple[int, ...]
    remarks: list[str]


@dataclass(frozen=True)
class Destination:
    """Whose drafts. Only a currency that was given may replace that of a draft."""

    seller: Seller
    currency: str
    currency_is_given: bool


def refuse(product: Product | RejectedProduct, reasons: list[str]) -> Verdict:
    return Verdict(Outcome.REFUSED, product.handle, product.lines, reasons)


def save(
    product: Product | RejectedProduct, to: Destination, *, dry_run: bool
) -> Verdict:
    """Write one product; a dry run writes it too and takes it all back."""
    if isinstance(product, RejectedProduct):
        return refuse(product, product.reasons)
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                verdict = _write(product, to)
                if dry_run:
                    transaction.set_rollback(True)
                return verdict
        except IntegrityError:  # another import was first; see what it made
            continue
    return refuse(product, [_("it is being changed elsewhere; import it again")])


def _write(product: Product, to: Destination) -> Verdict:
    campaign = (
        Campaign.objects.select_for_update(no_key=True)
        .filter(seller=to.seller, import_handle=product.handle)
        .first()
    )
    if campaign is None:
        return _create(product, to)
    if campaign.published_at is not None:
        reason = _("published, change it in the admin")
        return Verdict(Outcome.LEFT_ALONE, product.handle, product.lines, [reason])
    if campaign.currency != to.currency and not _may_change_currency(campaign, to):
        text = _("the draft is in %(currency)s; import with --currency %(currency)s")
        return refuse(product, [text % {"currency": campaign.currency}])
    return _update(campaign, product, to.currency)


def _may_change_currency(campaign: Campaign, to: Destination) -> bool:
    """A batch may have a cap in money, which counts the units of the old currency."""
    return to.currency_is_given and not campaign.batches.exists()


def _create(product: Product, to: Destination) -> Verdict:
    campaign = Campaign.objects.create(
        seller=to.seller,
        import_handle=product.handle,
        slug=_free_slug(product.handle, to.seller),
        title=product.title,
        story=product.story,
        currency=to.currency,
    )
    for position, variant in _known_skus_first(product.variants):
        _new_variant(campaign, variant, position).save()
    count = len(product.variants)
    made = ngettext("%(count)s variant", "%(count)s variants", count) % {"count": count}
    remarks = [made, *product.remarks, *_pictures_to_add(product.pictures)]
    return Verdict(Outcome.CREATED, product.handle, product.lines, remarks)


def _free_slug(handle: str, seller: Seller) -> str:
    return first_free(
        slug_of(handle),
        lambda slug: Campaign.objects.filter(slug=slug).exists(),
        limit=SLUG_LENGTH,
        suffix=seller.slug,
    )


def _update(campaign: Campaign, product: Product, currency: str) -> Verdict:
    facts = {"title": product.title, "story": product.story, "currency": currency}
    changes = _Changes(_assign(campaign, **facts))
    campaign.save(update_fields=changes.facts)
    _update_variants(campaign, product.variants, changes)
    described = list(changes.described())
    missing = product.pictures - campaign.pictures.count()
    return Verdict(
        Outcome.UPDATED if described else Outcome.UNCHANGED,
        product.handle,
        product.lines,
        [*described, *product.remarks, *_pictures_to_add(missing)],
    )


@dataclass
class _Changes:
    facts: list[str]
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deactivated: list[str] = field(default_factory=list)

    def described(self) -> Iterator[str]:
        words = {
            "title": _("title changed"),
            "story": _("story changed"),
            "currency": _("currency changed"),
        }
        yield from (words[name] for name in self.facts)
        kinds = [
            (self.added, _("added: %(skus)s")),
            (self.changed, _("changed: %(skus)s")),
            (self.deactivated, _("deactivated, not in the file: %(skus)s")),
        ]
        for skus, text in kinds:
            if skus:
                yield text % {"skus": ", ".join(skus)}


def _update_variants(
    campaign: Campaign, wanted: list[ProductVariant], changes: _Changes
) -> None:
    rows = list(campaign.variants.order_by("-active", "position", "pk"))
    matches = _match(rows, wanted)
    for position, variant in _known_skus_first(wanted):
        row = matches.get(variant.line)
        if row is None:
            row = _new_variant(campaign, variant, position)
            row.save()
            changes.added.append(row.sku)
        elif changed := _assign(row, **_columns(variant, position)):
            row.save(update_fields=changed)
            changes.changed.append(row.sku)
    kept = {row.pk for row in matches.values()}
    for row in rows:
        if row.active and row.pk not in kept:
            row.active = False
            row.save(update_fields=["active"])
            changes.deactivated.append(row.sku)


def _match(rows: list[Variant], wanted: list[ProductVariant]) -> dict[int, Variant]:
    """File line → row: by SKU first, so that no SKU can collide, then by options."""
    by_sku = {row.sku: row for row in rows}
    matches = {v.line: by_sku[v.sku] for v in wanted if v.sku in by_sku}
    used = {row.pk for row in matches.values()}
    by_options: dict[str, Variant] = {}
    for row in rows:
        if row.pk not in used:
            by_options.setdefault(_key(row.options), row)
    for variant in wanted:
        if variant.line not in matches and _key(variant.options) in by_options:
            matches[variant.line] = by_options[_key(variant.options)]
    return matches


def _key(options: Any) -> str:
    return json.dumps(options, sort_keys=True)


def _new_variant(campaign: Campaign, wanted: ProductVariant, position: int) -> Variant:
    return Variant(campaign=campaign, **_columns(wanted, position))


def _known_skus_first(
    variants: list[ProductVariant],
) -> list[tuple[int, ProductVariant]]:
    """With positions; a SKU made from options must not take one that the file gives."""
    return sorted(enumerate(variants), key=lambda place: not place[1].sku)


def _columns(wanted: ProductVariant, position: int) -> dict[str, Any]:
    """What the file knows; a weight or SKU it does not know stays as it is."""
    columns: dict[str, Any] = {
        "options": wanted.options,
        "price": wanted.price,
        "active": True,
        "position": position,
    }
    if wanted.weight_grams is not None:
        columns["weight_grams"] = wanted.weight_grams
    if wanted.sku:
        columns["sku"] = wanted.sku
    return columns


def _assign(row: Campaign | Variant, **columns: Any) -> list[str]:
    """Set the columns that differ and name them."""
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    return changed


def _pictures_to_add(count: int) -> list[str]:
    if count <= 0:
        return []
    text = ngettext(
        "add %(count)s picture by hand", "add %(count)s pictures by hand", count
    )
    return [text % {"count": count}]
