"""Questions visitors of the demo find answered, and one that waits for its seller."""

from campaigns.clock import Clock
from campaigns.models import Campaign, Question
from orders.models import Message
from orders.questions import lifecycle as question_lifecycle
from orders.questions.emails import settled_key


def ask(campaign: Campaign, text: str, answer: str = "") -> None:
    """Confirmed; nobody is mailed, for nobody asked."""
    question = Question.objects.create(
        campaign=campaign,
        text=text,
        email="pembeli@example.com",
        state=Question.State.WAITING,
        confirmed_at=Clock(),
    )
    question.refresh_from_db()
    if answer:
        question_lifecycle.answer(question, text=answer, user=None)
        told = Message.objects.filter(dedupe_key=settled_key(question))
        told.update(state=Message.State.SENT, attempts=1, sent_at=Clock())
