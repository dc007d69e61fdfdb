"""A mail that was taken and came back: the provider says so, and the seller sees it."""

from orders.mail.answers import LONGEST_ANSWER
from orders.models import Message

State = Message.State
BOUNCED = "bounced"


def note_bounce(provider_id: str, *, to: str, reason: str) -> bool:
    """Marks the one sent mail that is meant; False when there is none.

    Repeated, late or made-up notices change nothing.
    """
    if not provider_id:
        return False
    sent = Message.objects.filter(
        provider_id=provider_id, to__iexact=to, state=State.SENT
    )
    answer = f"{BOUNCED}: {reason}"[:LONGEST_ANSWER]
    return bool(sent.update(state=State.FAILED, smtp_answer=answer))
