"""Stripe's notifications: the signature on raw bytes, and where each one points."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

import stripe
from django.conf import settings

from payments.errors import BadSignature
from payments.gateways.base import Inbound
from payments.gateways.stripe_calls import Record, is_live
from payments.gateways.stripe_records import id_of, metadata_of, reference_of

HEADER: Final = "Stripe-Signature"
TOLERANCE_SECONDS: Final = 300
# Anything else an account tells of is not about a payment.
SUBJECTS = {
    "checkout.session",
    "payment_intent",
    "charge",
    "refund",
    "dispute",
    "radar.early_fraud_warning",
}


def read(headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
    """Raises BadSignature for what Stripe did not send to this shop, in this mode."""
    _verify(headers.get(HEADER, ""), raw)
    event = _parsed(raw)
    subject = event["data"]["object"]
    if bool(event.get("livemode", subject.get("livemode"))) != is_live():
        raise BadSignature("the event is of another mode than the key")
    if subject.get("object") not in SUBJECTS:
        return []
    return [_inbound(event, subject, raw)]


def _verify(signature: str, raw: bytes) -> None:
    """By any of our secrets: there are two while one replaces the other."""
    if not signature.isascii():
        # The library compares text, and breaks on such a header instead of refusing it.
        raise BadSignature("stripe")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(
                raw, signature, secret, TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise BadSignature("stripe")


def _parsed(raw: bytes) -> Record:
    """Thin events carry no object to look for, and are refused."""
    try:
        event = json.loads(raw)
    except ValueError as error:
        raise BadSignature("not JSON") from error
    data = event.get("data") if isinstance(event, dict) else None
    subject = data.get("object") if isinstance(data, dict) else None
    if not isinstance(event, dict) or not isinstance(subject, dict):
        # Also a thin event of API version 2.
        raise BadSignature("not a snapshot event")
    return event


def _inbound(event: Record, subject: Record, raw: bytes) -> Inbound:
    metadata = metadata_of(subject)
    is_intent = subject["object"] == "payment_intent"
    intent = subject["id"] if is_intent else id_of(subject.get("payment_intent"))
    return Inbound(
        # One without an id is known by its bytes.
        dedupe_key=str(event.get("id") or hashlib.sha256(raw).hexdigest())[:128],
        type=str(event.get("type", "")),
        reference=id_of(subject),
        transaction_reference=intent,
        # A refund of ours names its payment; its own reference is the refund's.
        our_reference=str(metadata.get("payment") or reference_of(subject)),
    )
