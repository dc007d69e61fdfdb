"""The staff's side of orders. Each module registers its own pages with the admin."""

from orders.admin import (
    messages,
    order,
    questions,
    subscribers,
    updates,
    waitlist,
)

__all__ = ["messages", "order", "questions", "subscribers", "updates", "waitlist"]
