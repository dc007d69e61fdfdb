"""A question about a campaign: asked, confirmed by mail, answered once in public.

The questions are rows of the campaigns app; here they meet mails and the limits that
count mailboxes and internet addresses. A mailbox that asked enough already gets the
same answer as any other, and no mail: nobody learns who asked, and nobody's mailbox is
filled by a stranger.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction

from campaigns.clock import database_now
from campaigns.errors import CampaignError
from campaigns.models import Question
from campaigns.wakeup import wake_up
from orders.mail import rows as mail_rows
from orders.questions import emails as question_emails

# Open questions at a time.
PER_MAILBOX = 3
PER_ADDRESS = 64
PER_NETWORK = 200
# Unconfirmed in a day: more than any campaign is asked, fewer than would bury it.
PER_CAMPAIGN = 500
DAY = timedelta(days=1)
LINK_AGAIN_AFTER_SECONDS = 600


class TooManyQuestions(CampaignError):
    """So many wait already: of one connection, or about one campaign."""


def ask(question: Question) -> None:
    """Store it unconfirmed and mail the link; the same words again are one question.

    Raises TooManyQuestions; nothing is written or sent then.
    """
    twin = _twin_of(question)
    if twin is None:
        _refuse_floods(question)
        if _of_mailbox(question) >= PER_MAILBOX:
            return
    with transaction.atomic():
        if twin is None:
            question.save()
        _send_link(twin or question)
        wake_up()


def _twin_of(question: Question) -> Question | None:
    same = Question.objects.open().filter(
        campaign=question.campaign_id, identity=question.identity, text=question.text
    )
    return same.order_by("pk").first()


def _refuse_floods(question: Question) -> None:
    """Counted without a lock: who asks at the same moment is not seen."""
    unconfirmed = Question.objects.filter(state=Question.State.UNCONFIRMED)
    lately = unconfirmed.filter(asked_at__gte=database_now() - DAY)
    limits: tuple[tuple[int, dict[str, Any]], ...] = (
        (PER_ADDRESS, {"origin": question.origin}),
        (PER_NETWORK, {"network": question.network}),
        (PER_CAMPAIGN, {"campaign": question.campaign_id}),
    )
    for limit, same in limits:
        is_known = all(same.values())
        if is_known and lately.filter(**same).count() >= limit:
            raise TooManyQuestions


def _of_mailbox(question: Question) -> int:
    return Question.objects.open().filter(identity=question.identity).count()


def _send_link(question: Question) -> None:
    is_flooded = mail_rows.has_enough(question_emails.CONFIRM, question.identity)
    if question.state == Question.State.UNCONFIRMED and not is_flooded:
        turn = int(database_now().timestamp()) // LINK_AGAIN_AFTER_SECONDS
        question_emails.question_confirm(question, turn=turn)


def answer(question: Question, *, text: str, user: Any) -> None:
    """Publish the answer and mail it; raises InvalidTransition unless it waits."""
    with transaction.atomic():
        question.answer_with(text, user=user)
        question_emails.question_answered(question)
        wake_up()


def decline(question: Question, *, user: Any) -> None:
    """Not published. Its asker hears so: silence would be the worse answer."""
    with transaction.atomic():
        question.decline(user=user)
        question_emails.question_declined(question)
        wake_up()


def forget_unconfirmed() -> int:
    """Nobody confirmed them within a week; how many are gone."""
    gone, _by_model = Question.objects.forgotten().delete()
    return gone
