"""What an owner, a manager and a packer may see and do, each for their own seller."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client
from django.urls import reverse

from campaigns.models import Batch, Campaign, Membership
from campaigns.money import format_money
from orders.models import Order
from tests.config.admin_world import (
    MODELS,
    ROLES,
    World,
    hire,
    name_of,
    our_models,
    pages_of,
    rows_of,
    text_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]

TOO_SMALL_TO_TELL_APART = 1000


# --- those who pack see goods, no money


def amounts_of_b(world: World) -> set[str]:
    """Every amount of B as a page could tell it."""
    found: set[str] = {"98765432", "98.765.432", "98,765,432"}
    for model in our_models():
        fields = [f for f in model._meta.fields if isinstance(f, models.DecimalField)]
        for row in rows_of(model).filter(pk__in=world.of_b(model)):
            for field in fields:
                found |= _told(getattr(row, field.name))
    return found


def _told(amount: Any) -> set[str]:
    if not amount or amount < TOO_SMALL_TO_TELL_APART:
        return set()
    grouped = format_money(amount, "IDR").rpartition("\xa0")[2]
    return {grouped, grouped.replace(".", ","), str(amount), str(int(amount))}


def money_names() -> set[str]:
    return {
        field.name
        for model in our_models()
        for field in model._meta.fields
        if isinstance(field, models.DecimalField)
    } | {"goods_capacity", "goods_taken", "payment_panel"}


def tells_money(world: World, page: str) -> list[str]:
    names = "|".join(map(re.escape, sorted(money_names())))
    marked = re.findall(rf'(?:column|field)-(?:{names})\b|name="(?:{names})"', page)
    return marked + [amount for amount in amounts_of_b(world) if amount in page]


def pages_for_packing(world: World, client: Client) -> Iterator[tuple[str, str]]:
    pages = [reverse("admin:index")]
    for model in MODELS:
        pages += pages_of(model, None)
        pages += [page for key in world.of_b(model) for page in pages_of(model, key)]
    for page in pages:
        response = client.get(page)
        if response.status_code == 200:
            yield page, text_of(response)


def test_packers_meet_no_amount_anywhere(world):
    seen = []

    for page, text in pages_for_packing(world, world.client("packer")):
        assert tells_money(world, text) == [], page
        seen.append(page)

    order = reverse("admin:orders_order_change", args=[world.of_b(Order)[0]])
    numbers = reverse("admin:campaigns_batch_numbers", args=[world.of_b(Batch)[0]])
    assert {order, numbers} <= set(seen)
    assert reverse("admin:orders_order_changelist") in seen


def test_the_same_pages_tell_owners_amounts(world):
    order = reverse("admin:orders_order_change", args=[world.of_b(Order)[0]])
    batch = reverse("admin:campaigns_batch_change", args=[world.of_b(Batch)[0]])

    for page in (order, batch, reverse("admin:orders_order_changelist")):
        assert tells_money(world, text_of(world.client().get(page)))


def test_packers_cannot_ask_for_amounts(world):
    order = rows_of(Order).get(pk=world.of_b(Order)[0])
    page = reverse("admin:orders_order_changelist")

    for lookup in ("total", "total__gt", "amount_paid__lte"):
        answer = world.client("packer").get(f"{page}?{lookup}={order.total}")
        assert answer.status_code == 400
        assert world.client().get(f"{page}?{lookup}={order.total}").status_code == 200


def test_packers_are_not_led_to_the_buyers_page(world):
    order = world.of_b(Order)[0]
    kind = ContentType.objects.get_for_model(Order).pk
    link = reverse("admin:view_on_site", args=[kind, order])
    page = reverse("admin:orders_order_change", args=[order])

    answers = {role: world.client(role).get(link).status_code for role in ROLES}

    assert answers == {"owner": 302, "manager": 302, "packer": 404}
    assert link in text_of(world.client().get(page))
    assert link not in text_of(world.client("packer").get(page))


# --- roles


ALLOWED = {
    "campaigns.change_batch": "owner manager",
    "campaigns.view_batch": "owner manager packer",
    "campaigns.change_seller": "owner",
    "campaigns.add_seller": "",
    "campaigns.delete_seller": "",
    "campaigns.view_membership": "owner",
    "campaigns.see_money": "owner manager",
    "orders.change_order": "owner manager",
    "orders.view_message": "owner manager",
    "orders.view_order": "owner manager packer",
    "payments.view_payment": "owner manager",
    "payments.change_payment": "owner",
    "fulfillment.change_shipment": "owner manager packer",
    "auth.view_user": "",
}


def test_roles_allow_what_their_table_says(world):
    for permission, roles in ALLOWED.items():
        held = [role for role in ROLES if world.staff[role].has_perm(permission)]
        assert " ".join(held) == roles, permission


def test_role_counts_for_its_own_seller_only(world):
    user = hire(world.b, "packer")
    Membership.objects.create(seller=world.a, user=user, role="owner")
    client = Client()
    client.force_login(user)

    def status(model: type[models.Model], key: int) -> int:
        page = reverse(f"admin:{name_of(model)}_change", args=[key])
        return int(client.get(page).status_code)

    assert status(Campaign, world.of_a(Campaign)[0]) == 200
    assert status(Campaign, world.of_b(Campaign)[0]) == 404
    assert status(Order, world.of_b(Order)[0]) == 200
    listed = text_of(client.get(reverse("admin:orders_order_changelist")))
    assert tells_money(world, listed) == []
    assert user.has_perm("campaigns.change_batch", world.a)
    assert not user.has_perm("campaigns.change_batch", world.b)


def test_manager_sees_neither_members_nor_may_invite(world):
    page = reverse("admin:campaigns_seller_change", args=[world.b.pk])
    invitation = reverse("admin:campaigns_seller_invite", args=[world.b.pk])

    told = text_of(world.client("manager").get(page))
    sent = world.client("manager").post(invitation, {"email": "x@example.com"})

    assert "membership_set" not in told
    assert sent.status_code == 403


def test_those_who_left_see_nothing(world):
    client = world.client()
    Membership.objects.filter(user=world.staff["owner"]).delete()

    assert client.get(reverse("admin:index")).status_code == 200
    for model in MODELS:
        page = reverse(f"admin:{name_of(model)}_changelist")
        assert client.get(page).status_code == 403


def test_superuser_sees_rows_of_both(world):
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))

    for model in MODELS:
        page = reverse(f"admin:{name_of(model)}_changelist")
        shown = client.get(page).context["cl"].result_count
        assert shown == rows_of(model).count()
