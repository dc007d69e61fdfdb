from campaigns.models.allotment import Allotment
from campaigns.models.batch import Batch, BatchEvent
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
