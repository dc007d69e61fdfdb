"""One connection to the mail server, kept open over many mails."""

import logging
import select
from contextlib import suppress
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection

logger = logging.getLogger(__name__)


class Line:
    def __init__(self) -> None:
        self._backend: Any = None

    @property
    def is_open(self) -> bool:
        return self._backend is not None

    def open(self) -> None:
        """Raises what the server, or the way to it, says instead."""
        if self._backend is not None and _was_hung_up(self._backend):
            self.close()
        if self._backend is None:
            self._backend = _opened()

    def send(self, mail: EmailMultiAlternatives) -> str:
        """Over the open line; returns what a mailer with an API calls the mail."""
        mail.connection = self._backend
        self._backend.send_messages([mail])
        status = getattr(mail, "anymail_status", None)
        return str(getattr(status, "message_id", None) or "")

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is None:
            return
        try:
            backend.close()
        except Exception as reason:  # noqa: BLE001  it is gone either way
            logger.info("mail server: %s", reason)


def _opened() -> Any:
    backend = get_connection()
    try:
        backend.open()
    except Exception:
        # Connected, and turned away: smtplib would leave the socket open.
        with suppress(Exception):
            backend.close()
        raise
    return backend


def _was_hung_up(backend: Any) -> bool:
    """Servers close a line that was idle or has carried enough: asked before a mail is
    risked on it. A line at rest has nothing to say but farewell."""
    connection = getattr(backend, "connection", None)
    sock = getattr(connection, "sock", None)
    if sock is None:
        return hasattr(backend, "use_tls")
    readable, _writable, _failed = select.select([sock], [], [], 0)
    return bool(readable)
