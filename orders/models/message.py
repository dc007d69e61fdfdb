"""The outbox and the mail log in one: each row is one mail to one address."""

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models import Campaign, ScheduleChange, Update
from orders.models.event import OrderEvent
from orders.models.mail_kinds import KINDS, name_of
from orders.models.order import Order

# Word for word the condition of the outbox's index: with a parameter in it, SQLite
# would read all mails that ever left for each claim. Not for a subquery, where the
# table has another name.
IN_OUTBOX = RawSQL(
    "orders_message.state IN ('queued', 'sending')",
    (),
    output_field=models.BooleanField(),
)


class MessageQuerySet(models.QuerySet["Message"]):
    def outbox(self) -> Self:
        """What waits, or is being sent."""
        return self.filter(IN_OUTBOX)

    def due(self) -> Self:
        """Queued and past its time, or left behind by a sender that died."""
        queued = Q(state=Message.State.QUEUED, next_attempt_at__lte=Clock())
        left_behind = Q(state=Message.State.SENDING, leased_until__lte=Clock())
        return self.outbox().filter(queued | left_behind)

    def left_behind(self) -> Self:
        """Of a sender that died, or was slower than its lease."""
        return self.outbox().filter(
            state=Message.State.SENDING, leased_until__lte=Clock()
        )

    def sendable(self) -> Self:
        """Due, still true, and not about to overtake what it corrects."""
        waiting = self.outbox().filter(
            state=Message.State.QUEUED, next_attempt_at__lte=Clock()
        )
        return (
            waiting.exclude(_tells_an_old_promise())
            .exclude(_follows_one_in_flight())
            .exclude(_follows_one_of_old_dates())
        )

    def superseded(self) -> Self:
        """Queued with a promise that its batch has replaced."""
        queued = self.outbox().filter(state=Message.State.QUEUED)
        return queued.filter(_tells_an_old_promise())

    def untimely(self) -> Self:
        """Not to be sent now, whatever was true when it was claimed."""
        return self.filter(
            _tells_an_old_promise()
            | _follows_one_in_flight()
            | _follows_one_of_old_dates()
        )

    def overtaken(self) -> Self:
        """Written before their order was told of a newer window."""
        newer = Message.objects.filter(
            order=OuterRef("order"), kind="schedule_change", pk__gt=OuterRef("pk")
        )
        return self.filter(Exists(newer))

    def with_outdated(self) -> Self:
        return self.annotate(is_outdated=_tells_another_window())

    def outdated(self) -> Self:
        return self.filter(_tells_another_window())

    def current(self) -> Self:
        """Whose words about the order's window are still so, or that have none."""
        return self.exclude(_tells_another_window())

    def withdraw_unsent(self, *kinds: str) -> int:
        """Take back the mails of these kinds that nobody began to send."""
        if unknown := set(kinds) - KINDS.keys():
            raise ValueError(f"no mail is of the kind {', '.join(sorted(unknown))}")
        waiting = self.filter(kind__in=kinds, state=Message.State.QUEUED, attempts=0)
        return waiting.update(state=Message.State.ABORTED)


def _tells_an_old_promise() -> Q:
    newer = Order.objects.filter(
        pk=OuterRef("order"), batch__schedule_version__gt=OuterRef("schedule_version")
    )
    return Q(Q(schedule_version__isnull=False), Exists(newer))


def _tells_another_window() -> Q:
    """Written before its order was promised other days, or moved to another batch."""
    since = {"order": OuterRef("order"), "at__gt": OuterRef("created_at")}
    moved = OrderEvent.objects.filter(kind="moved", **since)
    changed = ScheduleChange.objects.filter(
        batch=OuterRef("order__batch"), announced_at__gt=OuterRef("created_at")
    )
    dated = Q(kind__in=Message.BESIDE_THEIR_NEWS) | Q(schedule_version__isnull=False)
    return dated & Q(Exists(moved) | Exists(changed))


def _follows_one_in_flight() -> Q:
    """An older promise is at the mail server now: what is newer arrives after it."""
    older = _in_flight().filter(schedule_version__lt=OuterRef("schedule_version"))
    # Mail without a promise is most mail, and spared the search, which costs each claim
    # as much as its order has mails.
    return Q(Q(schedule_version__isnull=False), Exists(older))


def _follows_one_of_old_dates() -> Q:
    """So is a mail that tells of dates beside its own news. One that is to be tried
    again holds nothing back: it leaves with the newer date (orders/mail/overtaken.py).
    """
    older = _in_flight().filter(
        kind__in=Message.BESIDE_THEIR_NEWS,
        schedule_version=None,
        to=OuterRef("to"),
        pk__lt=OuterRef("pk"),
    )
    return Q(Exists(older), schedule_version__isnull=False)


def _in_flight() -> "models.QuerySet[Message]":
    """Of the same order, by the lease alone, which only a mail being sent has. With the
    state, PostgreSQL may choose the index of the outbox, and search all that waits once
    for each row, until it has learned how much that is."""
    return Message.objects.filter(order=OuterRef("order"), leased_until__gt=Clock())


class Message(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        ABORTED = "aborted", _("Withdrawn")

    class Priority(models.IntegerChoices):
        BUYER_ACTION = 0, _("Answer to what the buyer just did")
        NOTICE = 5, _("Notice")
        BULK = 9, _("Bulk")

    # They name the window of the batch, and bring what its buyer has to get anyway.
    BESIDE_THEIR_NEWS = (
        *("order_placed", "order_confirmed", "order_changed", "order_link"),
        *("payment_reminder", "balance_due", "card_not_charged"),
        *("batch_confirmed", "minimum_missed", "decision_asked", "waitlist_offer"),
    )

    dedupe_key = models.CharField(max_length=120, unique=True)
    order = models.ForeignKey(
        Order,
        models.PROTECT,
        null=True,
        related_name="messages",
        verbose_name=_("order"),
    )
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("campaign"),
    )
    # The news it brings, if it is one of many that bring the same.
    update_of = models.ForeignKey(
        Update,
        models.PROTECT,
        null=True,
        related_name="messages",
        verbose_name=_("update"),
    )
    # The promise it tells of: once its batch promises another, it is not sent any more.
    schedule_version = models.PositiveIntegerField(null=True, editable=False)
    # Where mail that nobody has to get is stopped; empty for all other mail.
    unsubscribe_url = models.URLField(max_length=400, blank=True)
    kind = models.CharField(_("kind"), max_length=30)
    to = models.EmailField(_("to"))
    sender_name = models.CharField(max_length=80, blank=True)
    reply_to = models.EmailField(blank=True)
    locale = models.CharField(_("language"), max_length=5)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority, default=Priority.BUYER_ACTION
    )
    state = models.CharField(
        _("state"), max_length=8, choices=State, default=State.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("written"), db_default=Clock())
    next_attempt_at = models.DateTimeField(db_default=Clock())
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    message_id = models.CharField(max_length=120)
    smtp_answer = models.TextField(_("last answer"), blank=True)
    # It failed for the server's sake: tried at once when the server is back.
    waits_for_server = models.BooleanField(db_default=False, editable=False)
    # What a mailer with an API calls it, to hear of bounces.
    provider_id = models.CharField(
        max_length=200, blank=True, db_default="", editable=False
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["queued", "sending", "sent", "failed", "aborted"]
                ),
                name="message_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(leased_until__isnull=False),
                name="sending_message_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "next_attempt_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="message_outbox",
            ),
            models.Index(fields=["order", "kind"], name="message_by_order_kind"),
            models.Index(
                fields=["provider_id"],
                condition=~Q(provider_id=""),
                name="message_by_provider_id",
            ),
            # Whether mail to an address failed before; what went to one person.
            models.Index(fields=["to"], name="message_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind_in_words} → {self.to}"

    @property
    def kind_in_words(self) -> str:
        return name_of(self.kind)

    @property
    def tells_dates_beside_its_news(self) -> bool:
        return self.kind in self.BESIDE_THEIR_NEWS and self.schedule_version is None

    @cached_property
    def is_outdated(self) -> bool:
        """Whether it tells days that its order is not promised any more."""
        return Message.objects.outdated().filter(pk=self.pk).exists()
