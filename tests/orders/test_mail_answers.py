"""Each answer is about one mail or about all of them, for now or for ever."""

import smtplib
import ssl

import pytest

from orders.mail.answers import Verdict, verdict, words

pytestmark = pytest.mark.once


def of_recipients(*codes):
    answers = {f"{n}@example.com": (code, b"said so") for n, code in enumerate(codes)}
    return smtplib.SMTPRecipientsRefused(answers)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (of_recipients(550), Verdict.REFUSED),
        (of_recipients(450), Verdict.LATER),
        (of_recipients(421), Verdict.AWAY),
        (of_recipients(530), Verdict.LOCKED_OUT),
        (smtplib.SMTPDataError(554, b"spam"), Verdict.REFUSED),
        (smtplib.SMTPDataError(452, b"full"), Verdict.LATER),
        (smtplib.SMTPSenderRefused(552, b"size", "toko@x"), Verdict.REFUSED),
        (smtplib.SMTPSenderRefused(451, b"later", "toko@x"), Verdict.LATER),
        (smtplib.SMTPSenderRefused(421, b"bye", "toko@x"), Verdict.AWAY),
        (smtplib.SMTPSenderRefused(550, b"no", "toko@x"), Verdict.LOCKED_OUT),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), Verdict.LOCKED_OUT),
        (smtplib.SMTPAuthenticationError(454, b"later"), Verdict.AWAY),
        (smtplib.SMTPConnectError(421, b"busy"), Verdict.AWAY),
        (smtplib.SMTPConnectError(554, b"no"), Verdict.LOCKED_OUT),
        (smtplib.SMTPHeloError(500, b"what"), Verdict.LOCKED_OUT),
        (smtplib.SMTPNotSupportedError("no STARTTLS"), Verdict.LOCKED_OUT),
        (smtplib.SMTPServerDisconnected("closed"), Verdict.AWAY),
        (smtplib.SMTPServerDisconnected("… timed out"), Verdict.HANGS),
        (ssl.SSLCertVerificationError("self-signed"), Verdict.LOCKED_OUT),
        (TimeoutError("timed out"), Verdict.HANGS),
        (ConnectionRefusedError(111, "refused"), Verdict.AWAY),
        (OSError("no route"), Verdict.AWAY),
        (ValueError("bad header"), Verdict.REFUSED),
        (RuntimeError("a mailer of another make"), Verdict.LATER),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_an_answer_means(error, expected):
    assert verdict(error) is expected


def test_the_servers_own_words_are_kept_short_and_readable():
    assert words(of_recipients(550)) == "550 said so"
    assert words(smtplib.SMTPDataError(554, b"spam \xff\x00")) == "554 spam \ufffd"
    assert len(words(ValueError("x" * 9000))) == 500
