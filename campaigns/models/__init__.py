from campaigns.models.allotment import Allotment
from campaigns.models.batch import Batch
from campaigns.models.batch_event import BatchEvent
from campaigns.models.campaign import Campaign, Picture, Variant
from campaigns.models.question import Question
from campaigns.models.schedule_change import ScheduleChange
from campaigns.models.seller import Membership, Seller, ShippingOption
from campaigns.models.update import Update, UpdateAmendment, UpdatePicture

__all__ = [
    "Allotment",
    "Batch",
    "BatchEvent",
    "Campaign",
    "Membership",
    "Picture",
    "Question",
    "ScheduleChange",
    "Seller",
    "ShippingOption",
    "Update",
    "UpdateAmendment",
    "UpdatePicture",
    "Variant",
]
