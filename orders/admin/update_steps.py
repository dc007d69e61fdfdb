"""What happens to an update: tested, sent out, taken back, amended."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.transitions import Transition, WentOtherwise
from campaigns.models import Update
from campaigns.models.update import UNDO
from campaigns.wakeup import wake_up
from orders.mail import rows as mail_rows
from orders.updates import previews
from orders.updates.audience import in_words
from orders.updates.emails import test_mail
from orders.updates.forms import AmendmentForm
from orders.updates.reach import Reach
from orders.updates.words import reach_in_words

State = Update.State
Facts = list[tuple[Any, object]]


class PublishUpdate(Transition):
    name = "publish"
    label = gettext_lazy("Publish")
    done = gettext_lazy("Goes out in five minutes; until then you can take it back")

    def is_offered(self, row: Update) -> bool:
        return row.state == State.DRAFT

    def missing(self, row: Update) -> list[str]:
        if row.is_public and not row.campaign.is_public:
            return [_("The campaign is not public, so nobody could read it there.")]
        return []

    def facts(self, row: Update) -> Facts:
        reach = Reach.of(row)
        return [
            (_("who may read it"), row.get_audience_display()),
            (_("Mail goes to"), in_words(row)),
            (_("People"), reach.people),
            (_("Left out"), reach_in_words(reach) or "–"),
            (_("Goes out"), dates.moment_short(timezone.now() + UNDO)),
            (_("Until then"), _("you can take it back: nobody sees or gets anything")),
            (_("Then"), _("the page can be edited for 30 minutes; mails stay as sent")),
        ]

    def perform(self, row: Update, *, actor: Actor, data: dict[str, Any]) -> None:
        if missing := self.missing(row):
            raise WentOtherwise(" ".join(missing))
        row.schedule()


class TakeBackUpdate(Transition):
    name = "take-back"
    label = gettext_lazy("Take back")
    done = gettext_lazy("Taken back: nothing went out")

    def is_offered(self, row: Update) -> bool:
        return row.state == State.SCHEDULED

    def facts(self, row: Update) -> Facts:
        at = dates.moment_or_dash(row.publish_at)
        return [(_("Would go out"), at), (_("Then"), _("it is a draft again"))]

    def perform(self, row: Update, *, actor: Actor, data: dict[str, Any]) -> None:
        row.take_back()


class AmendUpdate(Transition):
    name = "amend"
    label = gettext_lazy("Add to it")
    done = gettext_lazy("Added")

    def is_offered(self, row: Update) -> bool:
        return row.state == State.PUBLISHED

    def form(self, row: Update, data: Any) -> forms.Form:
        return AmendmentForm(data)

    def facts(self, row: Update) -> Facts:
        return [(_("What is published"), _("stays as it is"))]

    def perform(self, row: Update, *, actor: Actor, data: dict[str, Any]) -> None:
        row.amend(data["text"], user=actor.user)


class TestForm(forms.Form):
    """To the staff's own address, which cannot be typed here."""


class SendTest(Transition):
    name = "test"
    label = gettext_lazy("Send a test to me")
    done = gettext_lazy("A test is on its way to your own address")
    form_class = TestForm

    def is_offered(self, row: Update) -> bool:
        return True

    def facts(self, row: Update) -> Facts:
        return list(_facts_of_test())

    def perform(self, row: Update, *, actor: Actor, data: dict[str, Any]) -> None:
        to = actor.user.email if actor.user else ""
        if not to:
            raise WentOtherwise(_("Your account has no e-mail address. Nothing sent."))
        recipient = previews.sample(row)
        moment = int(timezone.now().timestamp())
        key = f"update-test:{row.pk}:{actor.user.pk if actor.user else 0}:{moment}"
        mail_rows.queue(test_mail(row, recipient, to=to, key=key))
        wake_up()


def _facts_of_test() -> Iterator[tuple[Any, object]]:
    yield _("To"), _("the e-mail address of your own account")
    yield _("Reads as"), _("the newest buyer would read it")
    yield _("Counts as sent to buyers"), _("no")
