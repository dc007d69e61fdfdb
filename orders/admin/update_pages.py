"""Pages about an update: who gets it, how it reads, what became of its mails."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from campaigns.admin.row_pages import RowPage
from campaigns.clock import database_now
from campaigns.models import Update
from orders.exports import BYTE_ORDER_MARK, Echo, inert
from orders.mail.html import html_of
from orders.models import Message
from orders.updates import chat as update_chat
from orders.updates import previews
from orders.updates import words as update_words
from orders.updates.chat import Line
from orders.updates.previews import of_person
from orders.updates.reach import Reach

PER_PAGE: Final = 100
# A mail may style itself; it runs nothing, fetches nothing, and is framed by nobody.
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)
TONES: Final = {"queued": "info", "sending": "info", "sent": "ok", "failed": "bad"}


class PreviewPage(RowPage):
    name = "preview"
    label = gettext_lazy("Recipients")
    permissions = ("orders.view_order",)

    def render(
        self, request: HttpRequest, row: Update, frame: dict[str, Any]
    ) -> HttpResponseBase:
        if "person" in request.GET:
            return _as_html(row, request)
        reach = Reach.of(row)
        people = previews.people_of(row)
        context = frame | {
            "update": row,
            "headline": update_words.headline(row, reach),
            "figures": update_words.figures(row, reach),
            "people": [(who, list(of_person(row, who))) for who in people],
        }
        return render(request, "admin/campaigns/update/preview.html", context)


def _as_html(update: Update, request: HttpRequest) -> HttpResponse:
    number, language = request.GET["person"], request.GET.get("language", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise Http404
    recipient = previews.recipient_of(update, int(number))
    if recipient is None:
        raise Http404
    shown = of_person(update, recipient)
    found = next((each for each in shown if each.language == language), None)
    if found is None:
        raise Http404
    policy = {"Content-Security-Policy": MAIL_POLICY}
    return HttpResponse(html_of(found.message), headers=policy)


@dataclass(frozen=True)
class StateCount:
    state: str
    label: str
    value: int
    tone: str


class MailsPage(RowPage):
    name = "mails"
    label = gettext_lazy("Its mails")
    permissions = ("orders.view_message",)

    def render(
        self, request: HttpRequest, row: Update, frame: dict[str, Any]
    ) -> HttpResponseBase:
        counts = _counts(row)
        state = request.GET.get("state", "")
        mails = row.messages.order_by("pk").select_related("order")
        if state in Message.State.values:
            mails = mails.filter(state=state)
        page = Paginator(mails, PER_PAGE).get_page(request.GET.get("page"))
        context = frame | {
            "update": row,
            "counts": counts,
            "total": sum(count.value for count in counts),
            "state": state if state in Message.State.values else "",
            "page": page,
            "now": database_now(),
            "summary": ", ".join(f"{c.label}: {c.value}" for c in counts),
        }
        return render(request, "admin/campaigns/update/mails.html", context)


def _counts(update: Update) -> list[StateCount]:
    by_state = update.messages.order_by().values("state").annotate(n=Count("pk"))
    found = dict(by_state.values_list("state", "n"))
    return [
        StateCount(state, str(label), found.get(state, 0), TONES.get(state, ""))
        for state, label in Message.State.choices
    ]


class ChatPage(RowPage):
    name = "whatsapp"
    label = "WhatsApp"
    permissions = ("orders.view_order",)

    def render(
        self, request: HttpRequest, row: Update, frame: dict[str, Any]
    ) -> HttpResponseBase:
        lines = update_chat.lines_of(row)
        if request.GET.get("format") == "csv":
            return _as_csv(row, lines)
        shown = list(islice(lines, PER_PAGE + 1))
        context = frame | {"lines": shown[:PER_PAGE], "has_more": len(shown) > PER_PAGE}
        return render(request, "admin/campaigns/update/whatsapp.html", context)


def _as_csv(update: Update, lines: Iterable[Line]) -> HttpResponse:
    name = f"update-{update.pk}-whatsapp.csv"
    return HttpResponse(
        "".join(_csv_rows(lines)),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        content_type="text/csv; charset=utf-8",
    )


def _csv_rows(lines: Iterable[Line]) -> Iterator[str]:
    write = csv.writer(Echo(), quoting=csv.QUOTE_ALL).writerow
    yield BYTE_ORDER_MARK + write(["order", "name", "phone", "text", "link"])
    for line in lines:
        cells = [line.order.number, line.order.name, line.order.phone, line.text]
        yield write([*map(inert, cells), line.url])
