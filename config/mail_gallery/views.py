"""`/styleguide/mails/`: every mail in both languages; served in DEBUG only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_sameorigin

from config.mail_gallery.examples import EXAMPLES, Example
from config.mail_gallery.world import World
from orders.mail.html import html_of
from orders.mail.words import LONGEST_SUBJECT
from orders.models import Message

LOCALES = [code for code, _name in settings.LANGUAGES]
LARGEST_HTML = 20_000
# It may style itself; it runs nothing, fetches nothing, and only this page frames it.
FRAMED = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
)


@dataclass(frozen=True)
class Sample:
    """An example as its reader would get it."""

    example: Example
    locale: str
    message: Message

    @property
    def html(self) -> str:
        return html_of(self.message)

    @property
    def size(self) -> int:
        return len(self.html.encode())

    @property
    def length(self) -> int:
        return len(self.message.subject)

    @property
    def is_long(self) -> bool:
        return self.length > LONGEST_SUBJECT

    @property
    def is_large(self) -> bool:
        return self.size > LARGEST_HTML


def samples(
    examples: Iterable[Example] = EXAMPLES, locales: Iterable[str] = LOCALES
) -> list[Sample]:
    """Written by the shop's own functions, and rolled back."""
    with transaction.atomic():
        found = [each for code in locales for each in _in_language(code, examples)]
        transaction.set_rollback(True)
    return found


def _in_language(locale: str, examples: Iterable[Example]) -> Iterator[Sample]:
    with transaction.atomic():
        world = World.build(locale)
        yield from [Sample(each, locale, _written(each, world)) for each in examples]
        transaction.set_rollback(True)


def _written(example: Example, world: World) -> Message:
    with transaction.atomic():
        message = example.write(world) or Message.objects.order_by("pk").last()
        transaction.set_rollback(True)
    if message is None:
        raise LookupError(f"{example.slug} wrote no mail")
    return message


def gallery(request: HttpRequest) -> HttpResponse:
    _refuse_outside_debug()
    return render(request, "config/mail_gallery.html", {"samples": samples()})


def mail(request: HttpRequest, slug: str) -> HttpResponse:
    """Text and HTML side by side, in each language."""
    _refuse_outside_debug()
    found = samples([_example(slug)])
    return render(request, "config/mail_sample.html", {"samples": found, "slug": slug})


@xframe_options_sameorigin
def mail_html(_request: HttpRequest, slug: str, locale: str) -> HttpResponse:
    _refuse_outside_debug()
    if locale not in LOCALES:
        raise Http404
    [sample] = samples([_example(slug)], [locale])
    return HttpResponse(sample.html, headers={"Content-Security-Policy": FRAMED})


def _example(slug: str) -> Example:
    for example in EXAMPLES:
        if example.slug == slug:
            return example
    raise Http404


def _refuse_outside_debug() -> None:
    if not settings.DEBUG:
        raise Http404


urlpatterns = [
    path("", gallery, name="mail-gallery"),
    path("<slug:slug>/", mail, name="mail-sample"),
    path("<slug:slug>/<locale>/", mail_html, name="mail-html"),
]
