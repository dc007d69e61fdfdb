"""A seller's own account that buyers transfer to, and what its bank says of it."""

from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models import Seller
from campaigns.money import CURRENCY_CHOICES


class BankAccountQuerySet(models.QuerySet["BankAccount"]):
    def offered(self, seller: Seller, currency: str) -> Self:
        """The accounts a buyer may transfer to, the first one first."""
        return self.filter(seller=seller, currency=currency, active=True)


class BankAccount(models.Model):
    seller = models.ForeignKey(
        Seller,
        models.PROTECT,
        related_name="bank_accounts",
        verbose_name=_("seller"),
    )
    currency = models.CharField(
        _("currency"), max_length=3, choices=CURRENCY_CHOICES, default="IDR"
    )
    bank = models.CharField(_("bank"), max_length=60, help_text=_("Example: BCA"))
    number = models.CharField(
        _("account number"),
        max_length=34,
        validators=[
            RegexValidator(
                r"^[A-Z0-9]{4,34}\Z", _("Digits only, or an IBAN without spaces.")
            )
        ],
    )
    holder = models.CharField(_("account holder"), max_length=80)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    # Which column of its bank's export is what, as mapped once (payments.statements).
    columns = models.JSONField(default=dict, blank=True, editable=False)

    objects = BankAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "bank", "number"], name="bank_account_is_named_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.number}"


class StatementLineQuerySet(models.QuerySet["StatementLine"]):
    def open(self) -> Self:
        return self.filter(state=StatementLine.State.NEW)


class StatementLine(models.Model):
    """One movement of a bank's export; importing the file again finds it here."""

    class State(models.TextChoices):
        NEW = "new", _("Not assigned yet")
        MATCHED = "matched", _("Assigned to a payment")
        SUSPENSE = "suspense", _("In suspense")
        RETURNED = "returned", _("Sent back")
        IGNORED = "ignored", _("None of the shop's")

    account = models.ForeignKey(
        BankAccount,
        models.PROTECT,
        related_name="lines",
        verbose_name=_("bank account"),
    )
    # sha256 of the line's own fields and of its place among equal lines of that day.
    fingerprint = models.CharField(max_length=64)
    booked_on = models.DateField(_("booked on"))
    amount = models.DecimalField(
        _("amount"),
        max_digits=14,
        decimal_places=2,
        help_text=_("What left the account is negative."),
    )
    description = models.CharField(_("description"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.NEW)
    note = models.CharField(_("note"), max_length=200, blank=True)
    imported_at = models.DateTimeField(_("imported"), db_default=Clock())
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = StatementLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        ordering = ["-booked_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "fingerprint"],
                name="statement_line_is_imported_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["new", "matched", "suspense", "returned", "ignored"]
                ),
                name="statement_line_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "amount"],
                condition=Q(state="new"),
                name="statement_line_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount} {self.description[:40]}"
