"""A question about a campaign: public once its asker and the seller agreed to it."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models.campaign import Campaign

TOKEN_BYTES = 24


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


class Question(models.Model):
    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("E-mail not confirmed")
        WAITING = "waiting", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered")
        DECLINED = "declined", _("Not published")

    TRANSITIONS = {
        State.UNCONFIRMED: {State.WAITING},
        State.WAITING: {State.ANSWERED, State.DECLINED},
    }

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="questions", verbose_name=_("campaign")
    )
    email = models.EmailField(_("e-mail"))
    locale = models.CharField(_("language"), max_length=5, default="id")
    text = models.TextField(_("question"))
    token = models.CharField(
        max_length=64, unique=True, default=new_token, editable=False
    )
    # Keyed digest of the internet address, kept while it is not confirmed.
    origin = models.CharField(max_length=64, blank=True, editable=False)
    state = models.CharField(
        _("state"),
        max_length=11,
        choices=State,
        default=State.UNCONFIRMED,
        editable=False,
    )
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("answered by"),
        editable=False,
    )
    asked_at = models.DateTimeField(_("asked"), db_default=Clock(), editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["unconfirmed", "waiting", "answered", "declined"]
                ),
                name="question_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | ~Q(answer=""),
                name="answered_question_has_its_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
