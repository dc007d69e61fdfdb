"""Publish, copy and archive a campaign."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import copying
from campaigns.actors import Actor
from campaigns.admin.transitions import Transition
from campaigns.models import Campaign


class Publish(Transition):
    name = "publish"
    label = _("Publish")
    done = _("Published")

    def is_offered(self, row: Campaign) -> bool:
        return not row.is_public

    def missing(self, row: Campaign) -> list[str]:
        return row.missing_for_publication()

    def facts(self, row: Campaign) -> list[tuple[Any, object]]:
        batches = row.batches.all()
        return [
            (_("Pictures"), row.pictures.count()),
            (_("Variants for sale"), row.variants.active().count()),
            (_("Batches open for orders"), batches.filter(stage="open").count()),
            (_("Units in all batches"), sum(batch.capacity for batch in batches)),
            (_("Address"), row.get_absolute_url()),
        ]

    def perform(self, row: Campaign, *, actor: Actor, data: dict[str, Any]) -> None:
        row.publish()


class Archive(Transition):
    name = "archive"
    label = _("Archive")
    done = _("Archived")

    def is_offered(self, row: Campaign) -> bool:
        return row.archived_at is None

    def missing(self, row: Campaign) -> list[str]:
        still_open = row.batches.filter(stage="open")
        return [
            gettext("Batch %(number)s still takes orders; close it first.")
            % {"number": batch.number}
            for batch in still_open
        ]

    def facts(self, row: Campaign) -> list[tuple[Any, object]]:
        batches = row.batches.all()
        return [
            (_("Batches"), len(batches)),
            (_("Units ordered"), sum(batch.taken for batch in batches)),
        ]

    def perform(self, row: Campaign, *, actor: Actor, data: dict[str, Any]) -> None:
        row.archive()


class Copy(Transition):
    name = "copy"
    label = _("Copy")
    done = _("Copied without its dates")
    permission = "campaigns.add_campaign"

    def is_offered(self, row: Campaign) -> bool:
        return True

    def facts(self, row: Campaign) -> list[tuple[Any, object]]:
        return [
            (_("Pictures"), row.pictures.count()),
            (_("Variants"), row.variants.count()),
            (_("Batches, as drafts without dates"), row.batches.count()),
            (_("Orders"), _("none come along")),
            (_("Address"), copying.free_slug(row.slug)),
        ]

    def perform(self, row: Campaign, *, actor: Actor, data: dict[str, Any]) -> Campaign:
        return copying.copy(row)
