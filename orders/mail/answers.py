"""What it means that a mail could not be handed over: to the mail, and to others."""

import smtplib
import ssl
import sys
from enum import Enum, auto
from http import HTTPStatus

from django.core.exceptions import ImproperlyConfigured

# Of the optional package for mailers with an API (docs/sending-mail.md): where it is at
# work, it is imported. Nobody else waits for it.
API_ERRORS = "anymail.exceptions"
LONGEST_ANSWER = 500
CLOSING = 421
TOO_BIG = 552
LOG_IN_FIRST = (530, 534, 535)
KEY_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Verdict(Enum):
    """REFUSED and LATER are about this mail, the others about every mail."""

    REFUSED = auto()
    LATER = auto()
    AWAY = auto()
    HANGS = auto()
    LOCKED_OUT = auto()

    @property
    def concerns_all(self) -> bool:
        return self in (Verdict.AWAY, Verdict.HANGS, Verdict.LOCKED_OUT)


def verdict(error: Exception) -> Verdict:
    api = sys.modules.get(API_ERRORS)
    if api and isinstance(error, api.AnymailError):
        return _of_api(
            error, is_refused=isinstance(error, api.AnymailRecipientsRefused)
        )
    if isinstance(error, smtplib.SMTPException):
        return _of_smtp(error)
    # Before ValueError, which a refused certificate is too.
    if isinstance(error, (ssl.SSLCertVerificationError, ImproperlyConfigured)):
        return Verdict.LOCKED_OUT
    if isinstance(error, TimeoutError):
        return Verdict.HANGS
    if isinstance(error, OSError):
        return Verdict.AWAY
    # A header or an address that no server would take.
    return Verdict.REFUSED if isinstance(error, ValueError) else Verdict.LATER


def words(error: Exception) -> str:
    """The server's own, as far as it said any."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            answers = [
                f"{code} {_read(raw)}" for code, raw in error.recipients.values()
            ]
            said = "; ".join(answers)
        case smtplib.SMTPResponseException():
            said = f"{error.smtp_code} {_read(error.smtp_error)}"
        case _:
            said = f"{type(error).__name__}: {error}"
    return said.replace("\x00", "")[:LONGEST_ANSWER]


def _read(raw: bytes | str) -> str:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw


def _of_smtp(error: smtplib.SMTPException) -> Verdict:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _least([code for code, _reason in error.recipients.values()])
        case smtplib.SMTPNotSupportedError():
            return Verdict.LOCKED_OUT
        case smtplib.SMTPDataError():
            return _of_code(error.smtp_code)
        case smtplib.SMTPSenderRefused(smtp_code=code) if code == TOO_BIG:
            return Verdict.REFUSED
        case smtplib.SMTPSenderRefused() if _is_for_now(error.smtp_code):
            return _of_code(error.smtp_code)
        case smtplib.SMTPResponseException():
            # A password, a greeting: whatever is said there is said to all.
            return Verdict.AWAY if _is_for_now(error.smtp_code) else Verdict.LOCKED_OUT
    return _of_silence(error)


def _of_silence(error: Exception) -> Verdict:
    """A timeout within is told by its words alone."""
    return Verdict.HANGS if "timed out" in str(error) else Verdict.AWAY


def _least(codes: list[int]) -> Verdict:
    """Of several recipients, the answer that leaves most hope."""
    return max((_of_code(code) for code in codes), key=lambda found: found.value)


def _of_code(code: int) -> Verdict:
    if code == CLOSING:
        return Verdict.AWAY
    if code in LOG_IN_FIRST:
        return Verdict.LOCKED_OUT
    return Verdict.LATER if _is_for_now(code) else Verdict.REFUSED


def _is_for_now(code: int) -> bool:
    return not 500 <= code < 600


def _of_api(error: Exception, *, is_refused: bool) -> Verdict:
    """An API says by HTTP what a mail server says by its codes."""
    if is_refused:
        return Verdict.REFUSED
    if isinstance(error, ImproperlyConfigured):
        return Verdict.LOCKED_OUT
    status = getattr(error, "status_code", None)
    if status is None:
        # No answer came, or none was asked for: what it cannot write, it never will.
        unwritable = isinstance(error, (ValueError, TypeError))
        return Verdict.REFUSED if unwritable else _of_silence(error)
    if status in KEY_REFUSED:
        return Verdict.LOCKED_OUT
    passes = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    return Verdict.AWAY if passes else Verdict.REFUSED
