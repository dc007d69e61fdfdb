"""Where a buyer wants money back that no gateway can return: kept encrypted."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from orders.models import Order
from payments.encryption import EncryptedTextField


class PayoutAccount(models.Model):
    order = models.OneToOneField(
        Order,
        models.PROTECT,
        related_name="payout_account",
        verbose_name=_("order"),
    )
    bank = EncryptedTextField(_("bank or e-wallet"))
    number = EncryptedTextField(_("account number"))
    holder = EncryptedTextField(_("account holder"))
    created_at = models.DateTimeField(db_default=Clock())
    changed_at = models.DateTimeField(_("changed"), null=True)

    class Meta:
        verbose_name = _("payout account")
        verbose_name_plural = _("payout accounts")

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """Enough to recognize one's own account by, and of no use to others."""
        return f"{self.bank} •••{self.number[-4:]}"
