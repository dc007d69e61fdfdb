"""Updates as a reader meets them: words in a language, pictures, what was added."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.core.paginator import Page, Paginator
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from campaigns.models import Campaign, Update, UpdatePicture
from campaigns.models.update import UpdateQuerySet
from campaigns.text import markdown, placeholders
from campaigns.text.placeholders import NOBODY, Values

LATEST = 3
PER_PAGE = 10
MOST_IN_FEED = 20


@dataclass(frozen=True, kw_only=True)
class Addition:
    at: datetime
    html: SafeString


@dataclass(frozen=True, kw_only=True)
class Post:
    pk: int
    title: str
    html: SafeString
    lang: str
    published_at: datetime
    pictures: list[UpdatePicture]
    additions: list[Addition]
    for_buyers: bool

    @classmethod
    def of(cls, update: Update, values: Values = NOBODY) -> Self:
        """In the reader's language, if it was written in it."""
        title, body, lang = update.words(get_language() or "")
        return cls(
            pk=update.pk,
            title=placeholders.fill(title, values),
            html=placeholders.fill_html(markdown.render(body), values),
            lang=lang,
            published_at=update.published_at or update.created_at,
            pictures=list(update.pictures.all()),
            additions=[
                Addition(at=added.at, html=markdown.render(added.text))
                for added in update.amendments.all()
            ],
            for_buyers=not update.is_public,
        )

    @property
    def anchor(self) -> str:
        return anchor(self.pk)

    @property
    def updated_at(self) -> datetime:
        return max([self.published_at, *(added.at for added in self.additions)])


def anchor(pk: int) -> str:
    return f"update-{pk}"


def _to_nobody(update: Update) -> Values:
    return NOBODY


def posts(
    updates: Iterable[Update],
    campaign: Campaign,
    values_in: Callable[[Update], Values] = _to_nobody,
) -> list[Post]:
    found = []
    for update in updates:
        update.campaign = campaign
        found.append(Post.of(update, values_in(update)))
    return found


@dataclass(frozen=True)
class Latest:
    """The newest, and whether there are more."""

    posts: list[Post]
    has_more: bool


def latest(campaign: Campaign) -> Latest:
    found = list(_public(campaign)[: LATEST + 1])
    return Latest(posts(found[:LATEST], campaign), has_more=len(found) > LATEST)


def page(campaign: Campaign, number: str) -> Page[Update]:
    return Paginator(_public(campaign), PER_PAGE).get_page(number)


def for_feed(campaign: Campaign) -> list[Post]:
    return posts(_public(campaign)[:MOST_IN_FEED], campaign)


def _public(campaign: Campaign) -> UpdateQuerySet:
    return Update.objects.public().filter(campaign=campaign).newest_first()
