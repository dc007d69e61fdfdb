"""The seller's side of what is offered. `base` is what every app's admin builds on."""

from campaigns.admin import batch, campaign, seller

__all__ = ["batch", "campaign", "seller"]
