"""The same offer once more, with new dates still to be said; nothing of its orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

from django.core.files.storage import Storage
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from campaigns import images
from campaigns.errors import NotReady
from campaigns.models import Allotment, Batch, Campaign, Picture, Variant

Row = TypeVar("Row", bound=models.Model)

# For a number behind a long address.
ROOM = 6
# Of this campaign alone: its address, where it came from, its life and its dates.
OWN = {
    "id",
    "slug",
    "title",
    "import_handle",
    "published_at",
    "archived_at",
    "created_at",
    "balance_due_on",
}
# What a batch can make; all the rest of it is dates, counters and stamps.
OF_A_BATCH = (
    "number",
    "capacity",
    "order_capacity",
    "goods_capacity",
    "minimum_units",
    "minimum_rule",
    "extension_days",
)


def copy(source: Campaign) -> Campaign:
    """An unpublished campaign; raises NotReady when a picture's file is gone."""
    try:
        with _kept_or_dropped() as stored, transaction.atomic():
            return _copy(source, stored)
    except OSError as error:
        raise NotReady([_("The file of a picture cannot be read.")]) from error
    except IntegrityError as error:
        raise NotReady([_("It was copied at the same moment. Try again.")]) from error


def free_slug(slug: str) -> str:
    """`kaos-2`, or the next number that is free."""
    longest = Campaign._meta.get_field("slug").max_length or 0
    alike = Campaign.objects.filter(slug__startswith=slug[: longest - ROOM])
    taken = set(alike.values_list("slug", flat=True))
    names = (_numbered(slug, f"-{n}", longest) for n in count(2))
    return next(name for name in names if name not in taken)


def _copy(source: Campaign, stored: list[str]) -> Campaign:
    campaign = Campaign.objects.create(
        slug=free_slug(source.slug), title=_title(source.title), **_facts(source)
    )
    for picture in source.pictures.all():
        _copy_picture(picture, campaign, stored)
    variants = {
        variant.pk: _again(variant, campaign=campaign)
        for variant in source.variants.all()
    }
    for batch in source.batches.all():
        _copy_batch(batch, campaign, variants)
    return campaign


def _facts(source: Campaign) -> dict[str, Any]:
    names = [field.name for field in Campaign._meta.concrete_fields]
    return {name: getattr(source, name) for name in names if name not in OWN}


def _title(title: str) -> str:
    longest = Campaign._meta.get_field("title").max_length or 0
    return _numbered(title, f" {_('(copy)')}", longest)


def _numbered(text: str, ending: str, longest: int) -> str:
    return text[: longest - len(ending)] + ending


def _again(row: Row, **changed: Any) -> Row:
    """A new row with the columns of this one."""
    names = [field.name for field in row._meta.concrete_fields if field.name != "id"]
    columns = {name: getattr(row, name) for name in names}
    return type(row)._default_manager.create(**columns | changed)


def _copy_batch(batch: Batch, campaign: Campaign, variants: dict[int, Variant]) -> None:
    columns = {name: getattr(batch, name) for name in OF_A_BATCH}
    draft = Batch.objects.create(campaign=campaign, **columns)
    capped = batch.allotments.exclude(capacity=None)
    Allotment.objects.bulk_create(
        Allotment(
            batch=draft,
            variant=variants[allotment.variant_id],
            capacity=allotment.capacity,
        )
        for allotment in capped
    )
    draft.complete_allotments()


def _copy_picture(picture: Picture, campaign: Campaign, stored: list[str]) -> None:
    """File by file as stored: encoding a picture once more would make it worse."""
    storage, name = picture.file.storage, picture.file.name or ""
    full = images.picture_path(picture, name)
    for width in (None, *_widths(picture)):
        origin, target = _names(name, full, width)
        with storage.open(origin) as content:
            stored.append(storage.save(target, content))
    _again(picture, campaign=campaign, file=full)


def _widths(picture: Picture) -> Iterator[int]:
    return (width for width in images.WIDTHS if width < (picture.width or 0))


def _names(old: str, new: str, width: int | None) -> tuple[str, str]:
    if width is None:
        return old, new
    return images.rendition_name(old, width), images.rendition_name(new, width)


@contextmanager
def _kept_or_dropped() -> Iterator[list[str]]:
    """Names of files to be removed again when the rows were not written."""
    stored: list[str] = []
    try:
        yield stored
    except BaseException:
        storage: Storage = Picture._meta.get_field("file").storage
        for name in stored:
            storage.delete(name)
        raise
