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


def sellers_granting(user: Any, permission: str) -> frozenset[int]:
    """Asked once per request and permission: a page of the admin asks a dozen times."""
    if not hasattr(user, "_granting"):
        user._granting = {}
    if permission not in user._granting:
        user._granting[permission] = frozenset(
            membership.seller_id
            for membership in memberships_of(user)
            if user.has_perm(permission, membership.seller)
        )
    granting: frozenset[int] = user._granting[permission]
    return granting
