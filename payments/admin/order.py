"""What money adds to the admin's page of an order."""

from orders.admin.order import OrderAdmin
from payments.admin.cash_steps import CashReceived
from payments.admin.chat import chat_order, chat_order_placed
from payments.admin.refund_steps import RefundOrder

OrderAdmin.transitions.extend([CashReceived(), RefundOrder()])
OrderAdmin.pages += [
    ("chat/", chat_order, "chat"),
    ("chat/<int:pk>/", chat_order_placed, "chat_placed"),
]
