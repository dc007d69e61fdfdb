"""What each part of a batch may use of the whole."""

from typing import TYPE_CHECKING, Any

from django.db import models

from campaigns.actors import Actor
from campaigns.models.campaign import Campaign


class BatchPart(models.Model):
    if TYPE_CHECKING:
        pk: int
        Stage: Any
        stage: models.CharField[str, str]
        campaign: models.ForeignKey[Campaign, Campaign]

        def record(self, kind: str, *, actor: Actor, data: dict[str, Any]) -> None: ...

        def _locked(self) -> Any: ...

    class Meta:
        abstract = True

    def _row(self) -> Any:
        """Of the table, as a query, for changes that depend on what is stored."""
        return type(self)._default_manager.filter(pk=self.pk)
