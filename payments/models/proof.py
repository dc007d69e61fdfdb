"""A buyer's claim to have transferred: a file to look at, never money."""

import secrets
from typing import Self

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from payments.models.payment import Payment


def proof_path(_proof: models.Model, filename: str) -> str:
    """A name nobody can guess; the sender's file name is not kept."""
    suffix = filename.rpartition(".")[2]
    return f"proofs/{secrets.token_hex(16)}.{suffix}"


def private_storage() -> Storage:
    return storages["private"]


class TransferProofQuerySet(models.QuerySet["TransferProof"]):
    def undecided(self) -> Self:
        return self.filter(decision="")

    def with_twins(self) -> Self:
        """Marks those whose very file was sent for another order too."""
        same = TransferProof.objects.filter(sha256=OuterRef("sha256"))
        elsewhere = same.exclude(payment__order=OuterRef("payment__order"))
        return self.annotate(has_twin=Exists(elsewhere))


class TransferProof(models.Model):
    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("Money received")
        REJECTED = "rejected", _("Rejected")

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="proofs", verbose_name=_("payment")
    )
    file = models.FileField(
        _("file"),
        upload_to=proof_path,
        storage=private_storage,
        max_length=200,
    )
    content_type = models.CharField(max_length=40)
    # Of the bytes as sent: the same picture for two orders is shown to the seller.
    sha256 = models.CharField(max_length=64, db_index=True)
    claimed_amount = models.DecimalField(
        _("amount transferred"), max_digits=14, decimal_places=2, null=True
    )
    claimed_on = models.DateField(_("transferred on"), null=True)
    sender = models.CharField(_("account holder"), max_length=80, blank=True)
    uploaded_at = models.DateTimeField(_("sent"), db_default=Clock())
    decision = models.CharField(
        _("decision"), max_length=8, choices=Decision, blank=True
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = TransferProofQuerySet.as_manager()

    class Meta:
        verbose_name = _("proof of transfer")
        verbose_name_plural = _("proofs of transfer")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__in=["", "accepted", "rejected"]),
                name="proof_decision_is_known",
            ),
            models.CheckConstraint(
                condition=Q(decision="") | Q(decided_at__isnull=False),
                name="decided_proof_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment} {self.uploaded_at:%Y-%m-%d}"

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def suffix(self) -> str:
        return str(self.file.name).rpartition(".")[2]
