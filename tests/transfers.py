"""Orders that are paid by transfer, the way buyers and sellers do it."""

import io
import itertools
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from campaigns.actors import SYSTEM
from campaigns.models import Batch, Seller
from orders.models import Order
from payments.checkout.placing import place
from payments.models import BankAccount, Payment, TransferProof
from payments.transfers import proofs
from payments.transfers.proof_files import checked
from payments.transfers.proofs import Claim
from tests.drafts import make_draft, make_offer, new_key

_numbers = itertools.count(1)


def make_account(seller: Seller, **overrides: Any) -> BankAccount:
    n = next(_numbers)
    values = {"bank": "BCA", "number": f"8800{n:06}", "holder": "Nila Studio"}
    return BankAccount.objects.create(seller=seller, **values | overrides)


def make_transfer_offer(**overrides: Any) -> Batch:
    """An open batch whose seller has an account."""
    batch = make_offer(**overrides)
    make_account(batch.campaign.seller, currency=batch.campaign.currency)
    return batch


def place_transfer(batch: Batch | None = None, **options: Any) -> Order:
    """A pending order whose buyer chose to transfer."""
    draft = make_draft(batch or make_transfer_offer(), **options)
    order = place(draft, gateway="bank_transfer", submit_key=new_key())
    return Order.objects.get(pk=order.pk)


def transfer_of(order: Order) -> Payment:
    return order.payments.filter(bank_account__isnull=False).latest("pk")


def screenshot(shade: int = 0, **options: Any) -> SimpleUploadedFile:
    """A picture; another shade is another file."""
    buffer = io.BytesIO()
    Image.new("RGB", (540, 960), (shade, 80, 120)).save(buffer, "PNG")
    name = options.get("name", "bukti.png")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="image/png")


def send_proof(order: Order, *, shade: int | None = None) -> TransferProof:
    """The buyer claims to have transferred all of it today."""
    shade = next(_numbers) % 256 if shade is None else shade
    claim = Claim(amount=transfer_of(order).amount, on=timezone.localdate())
    return proofs.submit(order.pk, file=checked(screenshot(shade)), claim=claim)


def accept(proof: TransferProof, amount: Decimal | int | None = None) -> Order:
    payment = Payment.objects.get(pk=proof.payment_id)
    received = payment.amount if amount is None else Decimal(amount)
    seen = payment.amount_received
    return proofs.accept(proof.pk, amount=received, seen_received=seen, actor=SYSTEM)
