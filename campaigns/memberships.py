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
    """Worked out once per request and permission; an admin page asks a dozen times."""
    if not hasattr(user, "_granting"):
        user._granting = {}
    granting: dict[str, frozenset[int]] = user._granting
    if permission not in granting:
        granting[permission] = _sellers_granting(user, permission)
    return granting[permission]


def _sellers_granting(user: Any, permission: str) -> frozenset[int]:
    return frozenset(
        membership.seller_id
        for membership in memberships_of(user)
        if user.has_perm(permission, membership.seller)
    )
