"""For which sellers somebody works."""

from typing import Any

from campaigns.models import Membership


def memberships_of(user: Any) -> list[Membership]:
    """Read once per request, as Django does with permissions."""
    if user.pk is None:
        return []
    if not hasattr(user, "_memberships"):
        rows = Membership.objects.filter(user=user.pk).select_related("seller")
        user._memberships = list(rows.order_by("pk"))
    memberships: list[Membership] = user._memberships
    return memberships


def sellers_granting(user: Any, permission: str) -> set[int]:
    return {
        membership.seller_id
        for membership in memberships_of(user)
        if user.has_perm(permission, membership.seller)
    }
