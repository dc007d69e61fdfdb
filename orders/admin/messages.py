"""Mails as they were sent, why one failed, and the step that sends it again."""

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.base import ReadOnlyModelAdmin, badge_column
from campaigns.admin.transitions import Transition, WentOtherwise
from campaigns.clock import Clock
from campaigns.errors import InvalidTransition, NotReady
from campaigns.wakeup import wake_up
from orders.mail.failures import trouble_of
from orders.mail.html import html_of
from orders.models import Message
from orders.models.mail_kinds import name_of
from orders.models.message import MessageQuerySet
from orders.subscriptions import unsubscribing

MESSAGE_STATES = {
    "queued": "info",
    "sending": "info",
    "sent": "ok",
    "failed": "bad",
    "aborted": "",
}
# A mail may style itself; it runs nothing, fetches nothing, and is framed by nobody.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)


class SendAgain(Transition):
    name = "send-again"
    label = _("Send again")
    done = _("Waits to be sent again")
    stands_in_the_way = _("It cannot be sent again; nothing was changed:")

    def is_offered(self, row: Message) -> bool:
        return row.state == Message.State.FAILED

    def facts(self, row: Message) -> list[tuple[Any, object]]:
        return [
            (_("to"), row.to),
            (_("subject"), row.subject),
            (_("attempts"), row.attempts),
            (_("last answer"), row.smtp_answer),
        ]

    def missing(self, row: Message) -> list[str]:
        return [outdated_words(row)] if row.is_outdated else []

    def perform(self, row: Message, *, actor: Actor, data: dict[str, Any]) -> None:
        if refused := self.missing(row):
            raise NotReady(refused)
        if unsubscribing.is_stopped(row):
            words = _("Its reader wants no news any more. Nothing sent.")
            raise WentOtherwise(str(words))
        failed = Message.objects.filter(pk=row.pk, state=Message.State.FAILED)
        queued = {"state": Message.State.QUEUED, "next_attempt_at": Clock()}
        if not failed.update(attempts=0, **queued):
            raise InvalidTransition(row, Message.State.QUEUED)
        wake_up()


def outdated_words(message: Message) -> SafeString:
    """Leads to what its buyer should read instead.

    The seller sends words that were written for the days that hold now, and sees them
    first; the same mail written anew could say what was settled meanwhile.
    """
    words = _("It tells days that the order is not promised any more.")
    mails = Message.objects.current().filter(order=message.order_id)
    newest = mails.order_by("pk").last()
    if newest is None:
        url = reverse("admin:orders_order_change", args=[message.order_id])
        return format_html('{} <a href="{}">{}</a>', words, url, message.order)
    url = reverse("admin:orders_message_change", args=[newest.pk])
    state = newest.get_state_display()
    link = (words, url, _("The newest mail of the order"), newest.subject, state)
    return format_html('{} <a href="{}">{}</a>: {} ({})', *link)


class KindFilter(admin.AllValuesFieldListFilter):
    """The kinds that were written so far, in words."""

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        everything, *kinds = super().choices(changelist)
        for kind in kinds:
            kind["display"] = name_of(str(kind["display"]))
        yield everything
        yield from sorted(kinds, key=lambda kind: str(kind["display"]).casefold())


@admin.register(Message)
class MessageAdmin(ReadOnlyModelAdmin):
    seller_path = ("order__batch__campaign__seller", "campaign__seller")
    list_display = (
        "subject",
        badge_column("state", _("state"), MESSAGE_STATES),
        "to",
        "attempts",
        "written",
        "sent",
        "trouble",
    )
    list_select_related = ("order",)
    list_filter = ("state", ("kind", KindFilter), "locale", "priority")
    search_fields = ("to", "subject", "order__number")
    transitions: ClassVar[list[Transition]] = [SendAgain()]
    fields = (
        "subject",
        "to",
        "text_as_sent",
        "as_html",
        "state",
        "attempts",
        "trouble",
        "smtp_answer",
        "written",
        "sent",
        "kind_in_words",
        "locale",
        "order_link",
        "message_id",
    )
    readonly_fields = (
        "text_as_sent",
        "as_html",
        "trouble",
        "written",
        "sent",
        "kind_in_words",
        "order_link",
    )

    def get_queryset(self, request: HttpRequest) -> MessageQuerySet:
        return cast("MessageQuerySet", super().get_queryset(request)).with_outdated()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.html_view)
        name = "orders_message_html"
        return [path("<int:pk>/html/", view, name=name), *super().get_urls()]

    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.get_object(request, str(pk))
        policy = {"Content-Security-Policy": MAIL_POLICY}
        return HttpResponse(html_of(message), headers=policy)

    @admin.display(description=_("text"))
    def text_as_sent(self, message: Message) -> SafeString:
        return format_html('<pre class="mail">{}</pre>', message.text)

    @admin.display(description="HTML")
    def as_html(self, message: Message) -> SafeString:
        url = reverse("admin:orders_message_html", args=[message.pk])
        return format_html(
            '<a href="{}" target="_blank" rel="noopener">{}</a>',
            url,
            _("As the buyer sees it"),
        )

    @admin.display(description=_("why it failed"))
    def trouble(self, message: Message) -> SafeString | str:
        trouble = trouble_of(message)
        if trouble is None:
            return "–"
        if not trouble.whatsapp_url:
            return trouble.words
        link = (trouble.words, trouble.whatsapp_url, _("Tell it by WhatsApp"))
        return format_html('{} <a href="{}" rel="noopener noreferrer">{}</a>', *link)

    @admin.display(description=_("kind"))
    def kind_in_words(self, message: Message) -> str:
        return message.kind_in_words

    @admin.display(description=_("order"))
    def order_link(self, message: Message) -> SafeString | str:
        if message.order_id is None:
            return "–"
        url = reverse("admin:orders_order_change", args=[message.order_id])
        return format_html('<a href="{}">{}</a>', url, message.order)

    @admin.display(description=_("written"), ordering="created_at")
    def written(self, message: Message) -> str:
        return dates.moment_short(message.created_at)

    @admin.display(description=_("sent"), ordering="sent_at")
    def sent(self, message: Message) -> str:
        return dates.moment_or_dash(message.sent_at)
