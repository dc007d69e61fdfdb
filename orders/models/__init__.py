from orders.models.decision import Decision
from orders.models.message import Message
from orders.models.order import Order, OrderEvent, OrderLine
from orders.models.tally import BuyerTally
from orders.models.waitlist import WaitlistEntry

__all__ = [
    "BuyerTally",
    "Decision",
    "Message",
    "Order",
    "OrderEvent",
    "OrderLine",
    "WaitlistEntry",
]
