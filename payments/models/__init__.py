from payments.models.bank import BankAccount, StatementLine
from payments.models.dispute import Dispute
from payments.models.event import GatewayEvent
from payments.models.ledger import LedgerEntry
from payments.models.method import SavedMethod
from payments.models.payment import Payment
from payments.models.payout import PayoutAccount
from payments.models.proof import TransferProof
from payments.models.reconciliation import Discrepancy, ReconciliationRun
from payments.models.refund import Refund
from payments.models.run import RefundRun
from payments.models.sandbox import SandboxPayment

__all__ = [
    "BankAccount",
    "Discrepancy",
    "Dispute",
    "GatewayEvent",
    "LedgerEntry",
    "Payment",
    "PayoutAccount",
    "ReconciliationRun",
    "Refund",
    "RefundRun",
    "SandboxPayment",
    "SavedMethod",
    "StatementLine",
    "TransferProof",
]
