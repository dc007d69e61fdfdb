"""The seller's side of what is offered. `base` is what every app's admin builds on."""

from campaigns.admin import batch, campaign, people, seller

__all__ = ["batch", "campaign", "people", "seller"]
