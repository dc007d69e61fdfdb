"""What a mailer with an API tells of mails it could not bring: heard at /anymail/…"""

from typing import Any

from anymail.signals import EventType, tracking

from orders.mail.bounces import note_bounce

# Neither opened, clicked or delayed ones, nor complaints: those mails arrived.
FINAL = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}


def hear(event: Any, **_kwargs: Any) -> None:
    if event.event_type in FINAL:
        reason = event.mta_response or event.description or event.reject_reason
        note_bounce(
            event.message_id or "", to=event.recipient or "", reason=reason or ""
        )


def listen() -> None:
    tracking.connect(hear, dispatch_uid="config.bounces")
