from payments.models.event import GatewayEvent
from payments.models.ledger import LedgerEntry
from payments.models.payment import Payment, Refund
from payments.models.sandbox import SandboxPayment

__all__ = ["GatewayEvent", "LedgerEntry", "Payment", "Refund", "SandboxPayment"]
