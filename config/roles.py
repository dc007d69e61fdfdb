"""What each role may do, in all apps. Nothing else grants staff a right."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from django.contrib.auth.backends import ModelBackend

from campaigns.memberships import memberships_of
from campaigns.models import Membership

Role = Membership.Role

# Brands are founded and closed by the one who runs the installation.
FOUNDING = ("campaigns.add_seller", "campaigns.delete_seller")
GRANTED: dict[str, tuple[str, ...]] = {
    Role.OWNER: ("campaigns.*", "orders.*", "payments.*", "fulfillment.*"),
    Role.MANAGER: ("campaigns.*", "orders.*", "payments.view_*", "fulfillment.*"),
    Role.PACKER: (
        "campaigns.view_batch",
        "campaigns.view_allotment",
        "orders.view_order",
        "orders.view_orderline",
        "fulfillment.*",
    ),
}
WITHHELD: dict[str, tuple[str, ...]] = {
    Role.OWNER: FOUNDING,
    Role.MANAGER: (
        *FOUNDING,
        "campaigns.change_seller",
        "campaigns.*_membership",
    ),
    Role.PACKER: (),
}


class RoleBackend(ModelBackend):
    """Signing in is Django's; what follows comes from memberships, not from groups."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """On one seller, or on any of theirs."""
        if not (user_obj.is_active and user_obj.is_staff):
            return False
        return any(
            grants(membership.role, perm)
            for membership in memberships_of(user_obj)
            if obj is None or membership.seller == obj
        )


def grants(role: str, permission: str) -> bool:
    granted, withheld = GRANTED.get(role, ()), WITHHELD.get(role, ())
    return _fits(permission, granted) and not _fits(permission, withheld)


def _fits(permission: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(permission, pattern) for pattern in patterns)
