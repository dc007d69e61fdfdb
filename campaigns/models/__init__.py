from campaigns.models.allotment import Allotment
from campaigns.models.batch import Batch
from campaigns.models.batch_event import BatchEvent
from campaigns.models.campaign import Campaign, Picture, Variant
from campaigns.models.seller import Membership, Seller, ShippingOption

__all__ = [
    "Allotment",
    "Batch",
    "BatchEvent",
    "Campaign",
    "Membership",
    "Picture",
    "Seller",
    "ShippingOption",
    "Variant",
]
