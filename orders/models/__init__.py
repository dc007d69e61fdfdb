from orders.models.decision import Decision
from orders.models.event import OrderEvent
from orders.models.line import OrderLine
from orders.models.message import Message
from orders.models.order import Order
from orders.models.sending import MailPace, MailSender, MailTrouble
from orders.models.subscriber import Subscriber
from orders.models.tally import BuyerTally
from orders.models.waitlist import WaitlistEntry

__all__ = [
    "BuyerTally",
    "Decision",
    "MailPace",
    "MailSender",
    "MailTrouble",
    "Message",
    "Order",
    "OrderEvent",
    "OrderLine",
    "Subscriber",
    "WaitlistEntry",
]
