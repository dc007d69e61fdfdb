"""Mails about a question. The first one repeats no word of it: anyone may have typed
the address, and the shop carries no stranger's text to a mailbox that did not ask."""

from typing import Any

from django.urls import reverse
from django.utils import translation

from campaigns.models import Question
from campaigns.web_addresses import absolute
from orders.mail import rows as mail_rows
from orders.models import Message

CONFIRM, ANSWERED = "question_confirm", "question_answered"


def question_confirm(question: Question, *, turn: int) -> None:
    url = _address("orders:question", question, token=question.token)
    mailbox = mail_rows.mailbox_key(CONFIRM, question.identity)
    key = f"{mailbox}{question.pk}:{turn}"
    mail_rows.queue(_message(question, CONFIRM, key=key, confirm_url=url))


def question_answered(question: Question) -> None:
    _queue_settled(question, "question_answered")


def question_declined(question: Question) -> None:
    _queue_settled(question, "question_declined")


def settled_key(question: Question) -> str:
    return f"{ANSWERED}:{question.pk}"


def _queue_settled(question: Question, words: str) -> None:
    url = _address("orders:questions", question)
    key = settled_key(question)
    message = _message(question, ANSWERED, key=key, words=words, page_url=url)
    message.priority = Message.Priority.NOTICE
    mail_rows.queue(message)


def _message(
    question: Question, kind: str, *, key: str, words: str = "", **context: Any
) -> Message:
    campaign = question.campaign
    return mail_rows.of_campaign(
        campaign,
        kind,
        key=key,
        locale=question.locale,
        context={"question": question, **context},
        words=words,
        to=question.email,
        reply_to=campaign.seller.email,
    )


def _address(name: str, question: Question, **parts: str) -> str:
    with translation.override(question.locale):
        return absolute(reverse(name, kwargs={"slug": question.campaign.slug} | parts))
