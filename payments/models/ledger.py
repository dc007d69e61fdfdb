"""The books: one row is one balanced transfer between two accounts, never changed."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.append_only import AppendOnly
from campaigns.clock import Clock
from orders.models import Order
from payments.models.bank import StatementLine
from payments.models.dispute import Dispute
from payments.models.payment import Payment
from payments.models.refund import Refund


class LedgerEntry(AppendOnly):
    """Money leaves `debit` for `credit`.

    Accounts: `gateway:<name>`, `bank`, `customer:<number>`, `fees`, `disputes`,
    `suspense`.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Payment taken back")
        REFUND = "refund", _("Refund")
        REFUND_FAILED = "refund_failed", _("Refund came back")
        FEE = "fee", _("Fee of the gateway")
        SUSPENSE = "suspense", _("Money that fits nothing yet")
        ASSIGNED = "assigned", _("Taken out of suspense")
        RETURNED = "returned", _("Sent back out of suspense")
        DISPUTE = "dispute", _("Withdrawn by a dispute")
        DISPUTE_WON = "dispute_won", _("Returned by a dispute")

    kind = models.CharField(_("kind"), max_length=13, choices=Kind)
    debit = models.CharField(_("from account"), max_length=40)
    credit = models.CharField(_("to account"), max_length=40)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    order = models.ForeignKey(
        Order,
        models.PROTECT,
        null=True,
        related_name="ledger_entries",
        verbose_name=_("order"),
    )
    payment = models.ForeignKey(
        Payment,
        models.PROTECT,
        null=True,
        related_name="ledger_entries",
        verbose_name=_("payment"),
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, related_name="ledger_entries"
    )
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, related_name="ledger_entries"
    )
    statement_line = models.ForeignKey(
        StatementLine, models.PROTECT, null=True, related_name="ledger_entries"
    )
    sequence = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField(_("booked"), db_default=Clock())

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "payment", "sequence"],
                condition=Q(refund__isnull=True, dispute__isnull=True),
                name="payment_movement_is_booked_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "dispute", "sequence"],
                condition=Q(dispute__isnull=False),
                name="dispute_movement_is_booked_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "statement_line"],
                condition=Q(statement_line__isnull=False),
                name="statement_line_is_booked_once",
            ),
            models.CheckConstraint(
                condition=Q(payment__isnull=False) | Q(statement_line__isnull=False),
                name="ledger_names_its_source",
            ),
            models.UniqueConstraint(
                fields=["kind", "refund", "sequence"],
                condition=Q(refund__isnull=False),
                name="refund_movement_is_booked_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="ledger_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="ledger_moves_between_accounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debit} → {self.credit} {self.amount} {self.currency}"
