"""News of a campaign: written, held back for a moment, published, only amended then."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns import images
from campaigns.append_only import AppendOnly
from campaigns.clock import Clock, database_now
from campaigns.errors import InvalidTransition
from campaigns.models.batch import Batch
from campaigns.models.campaign import Campaign, Variant

# While it can still be taken back, nobody has seen it.
UNDO = timedelta(minutes=5)
EDITABLE = timedelta(minutes=30)


class UpdateQuerySet(models.QuerySet["Update"]):
    def published(self) -> Self:
        return self.filter(state=Update.State.PUBLISHED)

    def public(self) -> Self:
        """What everybody may read."""
        return self.published().filter(audience=Update.Audience.PUBLIC)

    def due(self) -> Self:
        """Their time to be taken back is over by the database's clock."""
        return self.filter(state=Update.State.SCHEDULED, publish_at__lte=Clock())

    def to_be_written(self) -> Self:
        """Published, and not everybody has their mail yet."""
        return self.published().filter(written_at=None)

    def editable(self) -> Self:
        drafts = Q(state=Update.State.DRAFT)
        since = database_now() - EDITABLE
        fresh = Q(state=Update.State.PUBLISHED, published_at__gt=since)
        return self.filter(drafts | fresh)

    def newest_first(self) -> Self:
        rows = self.order_by("-published_at", "-pk")
        return rows.prefetch_related("pictures", "amendments")


class Update(models.Model):
    class Audience(models.TextChoices):
        PUBLIC = "public", _("Everybody, on the campaign page")
        BUYERS = "buyers", _("Only buyers")

    class Kind(models.TextChoices):
        """Whoever wants no promotions still hears of the order."""

        SERVICE = "service", _("News of the order")
        PROMOTION = "promotion", _("Promotion")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("About to be sent")
        PUBLISHED = "published", _("Published")

    TRANSITIONS = {
        State.DRAFT: {State.SCHEDULED},
        State.SCHEDULED: {State.DRAFT, State.PUBLISHED},
    }

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="updates", verbose_name=_("campaign")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.SERVICE)
    audience = models.CharField(
        _("who may read it"), max_length=6, choices=Audience, default=Audience.PUBLIC
    )
    # Who is written to; empty means every batch, every variant.
    batch = models.ForeignKey(
        Batch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("batch"),
    )
    variant = models.ForeignKey(
        Variant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("variant"),
    )
    # Of the orders written to, as the orders app calls them.
    statuses = models.JSONField(_("state of the order"), default=list, blank=True)
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"), help_text="Markdown")
    # The same words for buyers who read the other language; empty: as they are.
    other_title = models.CharField(
        _("title in the other language"), max_length=120, blank=True
    )
    other_body = models.TextField(
        _("text in the other language"), blank=True, help_text="Markdown"
    )
    state = models.CharField(
        _("state"), max_length=9, choices=State, default=State.DRAFT, editable=False
    )
    created_at = models.DateTimeField(db_default=Clock(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
        editable=False,
    )
    # Until then it can be taken back: nobody has seen it.
    publish_at = models.DateTimeField(_("goes out"), null=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    # How far the writing of its mails has come: the last order, the last subscriber,
    # and its end.
    written_to = models.PositiveBigIntegerField(default=0, editable=False)
    subscribers_written_to = models.PositiveBigIntegerField(default=0, editable=False)
    written_at = models.DateTimeField(null=True, editable=False)

    objects = UpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scheduled", "published"]),
                name="update_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(publish_at__isnull=False),
                name="update_beyond_draft_has_its_hour",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="published_update_has_its_hour",
            ),
        ]
        indexes = [
            models.Index(
                fields=["publish_at"],
                condition=Q(state="scheduled") | Q(state="published", written_at=None),
                name="update_to_be_written",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        return self.audience == self.Audience.PUBLIC

    @property
    def is_promotion(self) -> bool:
        return self.kind == self.Kind.PROMOTION

    @property
    def editable_until(self) -> datetime | None:
        return self.published_at and self.published_at + EDITABLE

    def is_editable(self, now: datetime) -> bool:
        if self.state == self.State.PUBLISHED:
            return self.editable_until is not None and now < self.editable_until
        return self.state == self.State.DRAFT

    def words(self, language: str) -> tuple[str, str, str]:
        """Title and text as a reader of this language gets them, and their language."""
        own = str(self.campaign.lang)
        if language == own or not self.other_title:
            return self.title, self.body, own
        return self.other_title, self.other_body, language

    def schedule(self) -> None:
        """It goes out once the time to take it back is over."""
        at = database_now() + UNDO
        self._move_to(self.State.SCHEDULED, publish_at=at)

    def take_back(self) -> None:
        self._move_to(self.State.DRAFT, publish_at=None)

    def publish(self) -> None:
        """Everybody may read it now; raises InvalidTransition before its time."""
        self._move_to(
            self.State.PUBLISHED, among=Update.objects.due(), published_at=Clock()
        )

    def amend(self, text: str, *, user: Any) -> "UpdateAmendment":
        if self.state != self.State.PUBLISHED:
            raise InvalidTransition(self, "amended")
        return UpdateAmendment.objects.create(update_of=self, text=text, user=user)

    def _move_to(
        self,
        target: "Update.State",
        *,
        among: UpdateQuerySet | None = None,
        **columns: Any,
    ) -> None:
        """One compare-and-set; raises InvalidTransition."""
        origin = self.State(self.state)
        rows = Update.objects.all() if among is None else among
        allowed = target in self.TRANSITIONS.get(origin, ())
        mine = rows.filter(pk=self.pk, state=origin)
        if not (allowed and mine.update(state=target, **columns)):
            raise InvalidTransition(self, target)
        self.refresh_from_db(fields=["state", *columns])


class UpdateAmendment(AppendOnly):
    """What was added when an update could no longer be edited."""

    update_of = models.ForeignKey(
        Update, models.PROTECT, related_name="amendments", verbose_name=_("update")
    )
    text = models.TextField(_("text"), help_text="Markdown")
    at = models.DateTimeField(_("added"), db_default=Clock())
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.update_of}: {self.at}"


class UpdatePicture(models.Model):
    update_of = models.ForeignKey(
        Update, models.CASCADE, related_name="pictures", verbose_name=_("update")
    )
    file = models.ImageField(
        _("file"),
        upload_to=images.picture_path,
        validators=[images.validate_picture],
        width_field="width",
        height_field="height",
        max_length=200,
    )
    width = models.PositiveIntegerField(editable=False, null=True)
    height = models.PositiveIntegerField(editable=False, null=True)
    alt = models.CharField(
        _("what it shows"), max_length=200, validators=[MinLengthValidator(3)]
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.alt

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the re-encoded picture, never the sent bytes."""
        if images.is_new(self.file):
            full = images.reencode(self.file)
            self.file.save(str(full.name), full, save=False)
        super().save(*args, **kwargs)
