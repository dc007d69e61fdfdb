from orders.models.message import Message
from orders.models.order import Order, OrderEvent, OrderLine
from orders.models.tally import BuyerTally

__all__ = ["BuyerTally", "Message", "Order", "OrderEvent", "OrderLine"]
