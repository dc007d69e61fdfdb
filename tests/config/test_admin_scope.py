"""Whoever works for one seller meets nothing of another one, anywhere in the admin.

The cases come from the registry: a new ModelAdmin is in them without being named.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client
from django.urls import path, reverse

from campaigns.admin.scope import ScopedInlineRows, ScopedRows
from campaigns.models import Batch, Campaign, Variant
from config.checks.installation import admin_is_scoped
from config.staff_site import ScopedAdminSite
from orders.models import Order
from tests.config.admin_world import (
    MARK,
    MODELS,
    REGISTRY,
    ROLES,
    SHARED,
    World,
    clean,
    dump,
    name_of,
    note,
    our_models,
    pages_of,
    text_of,
)
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]

REFUSED = (403, 404, 405)
# Finds the mark without being one, where a page repeats what it was asked for.
PART = MARK[:-2].lower()
IDS = [model._meta.label for model in MODELS]
each_model = pytest.mark.parametrize("model", MODELS, ids=IDS)


# --- the matrix sees everything there is


def unscoped(registry: Any) -> list[str]:
    """Admins and inlines that are not built on the scope."""
    found: list[type] = [type(model_admin) for model_admin in registry.values()]
    found += [
        inline for model_admin in registry.values() for inline in model_admin.inlines
    ]
    return [
        options.__name__
        for options in found
        if not issubclass(options, ScopedRows | ScopedInlineRows)
        or getattr(options, "seller_path", "") is None
    ]


def test_every_admin_says_whose_rows_it_shows():
    assert admin_is_scoped() == []
    assert unscoped(REGISTRY) == []


class DummyInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Variant


class DummyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    inlines = (DummyInline,)


dummy_site = ScopedAdminSite()
dummy_site.register(Campaign, DummyAdmin)
urlpatterns = [path("admin/", dummy_site.urls)]


def test_an_unscoped_admin_is_caught(world, settings):
    settings.ROOT_URLCONF = __name__

    listed = world.client().get("/admin/campaigns/campaign/")

    assert unscoped(dummy_site._registry) == ["DummyAdmin", "DummyInline"]
    assert not clean(listed)


def test_world_has_a_row_of_every_registered_model_for_both(world):
    missing = [
        model._meta.label
        for model in MODELS
        if model._meta.label not in SHARED
        and not (world.of_a(model) and world.of_b(model))
    ]

    assert missing == []


def test_mark_is_seen_by_its_own_staff(world):
    client = Client()
    client.force_login(world.a_staff)

    for model in (Campaign, Order, Batch):
        assert not clean(client.get(reverse(f"admin:{name_of(model)}_changelist")))


def test_matrix_includes_the_pages_beside_the_forms():
    pages = {page.split("/")[-2] for page in pages_of(Campaign, 7)}

    assert {"preview", "copy", "publish", "archive"} <= pages
    assert "numbers" in {page.split("/")[-2] for page in pages_of(Batch, 7)}


# --- another seller's rows


@each_model
def test_pages_of_another_sellers_rows_do_not_exist(world, model):
    before = dump()

    for role in ROLES:
        client = world.client(role)
        for page in [
            page for key in world.of_a(model) for page in pages_of(model, key)
        ]:
            for response in (client.get(page), client.post(page, {"post": "yes"})):
                assert response.status_code in REFUSED, page
                assert clean(response), page

    assert dump() == before


def tried(page: str, shown: str, model: type[models.Model], world: World) -> set[str]:
    """What may be asked of a page: popups, searches, filters, and what it links to."""
    if page == reverse(f"admin:{name_of(model)}_add"):
        return {"?_popup=1", "?_to_field=id&_popup=1"}
    queries = {"?_popup=1", "?_to_field=id&_popup=1", "?_facets=1", "?e=1"}
    queries |= {f"?q={PART}", f"?q={PART}&_popup=1"}
    if page == reverse(f"admin:{name_of(model)}_changelist"):
        queries |= set(_filters(model, world))
    links = sorted(map(unescape, re.findall(r'href="(\?[^"#]+)"', shown)))
    # Another value of a filter, or another order, is the same question once more.
    return queries | set({_names(link): link for link in links}.values())


def _names(query: str) -> frozenset[str]:
    return frozenset(parse_qs(query[1:], keep_blank_values=True))


def _filters(model: type[models.Model], world: World) -> Iterator[str]:
    for field in model._meta.get_fields():
        if field.is_relation and field.related_model in world.first:
            for key in world.of_a(field.related_model)[:1]:
                yield f"?{field.name}__id__exact={key}"


# Rows are a seller's, not a role's: the others need not try all that owners do.
ENOUGH = {f"?q={PART}", "?_facets=1"}


@each_model
@pytest.mark.parametrize("role", ROLES)
def test_lists_searches_and_filters_show_own_rows_only(world, model, role):
    client = world.client(role)

    for page in pages_of(model, None):
        first = client.get(page)
        assert clean(first), page
        for query in tried(page, text_of(first), model, world):
            if role != "owner" and query not in ENOUGH:
                continue
            assert clean(client.get(page + query)), page + query


def test_autocomplete_offers_own_rows_only(world):
    for role in ROLES:
        client = world.client(role)
        for query in _autocompletions():
            assert clean(client.get(reverse("admin:autocomplete"), query)), query


def _autocompletions() -> Iterator[dict[str, str]]:
    for model in our_models():
        for field in model._meta.fields:
            if field.is_relation:
                yield {
                    "app_label": model._meta.app_label,
                    "model_name": str(model._meta.model_name),
                    "field_name": field.name,
                    "term": PART,
                }


@pytest.mark.parametrize("role", ROLES)
def test_start_pages_name_own_rows_only(world, role):
    client = world.client(role)
    labels = {model._meta.app_label for model in MODELS}

    for page in ("index", *labels):
        args = [] if page == "index" else [page]
        name = "index" if page == "index" else "app_list"
        assert clean(client.get(reverse(f"admin:{name}", args=args))), page


def test_recent_actions_are_of_rows_one_still_sees(world):
    for row in (world.a, world.a.campaigns.get(), world.b):
        note(world.staff["owner"], row)

    entries = world.client().get(reverse("admin:index")).context["log_entries"]

    assert [entry.object_id for entry in entries] == [str(world.b.pk)]


@each_model
def test_nobody_is_led_to_another_sellers_public_or_secret_page(world, model):
    kind = ContentType.objects.get_for_model(model).pk

    for key in world.of_a(model):
        page = reverse("admin:view_on_site", args=[kind, key])
        response = world.client().get(page)
        assert response.status_code in REFUSED
        assert clean(response)


@each_model
@pytest.mark.parametrize("role", ROLES)
def test_pages_of_own_rows_name_own_rows_only(world, model, role):
    client = world.client(role)

    for key in world.of_b(model):
        for page in pages_of(model, key):
            assert clean(client.get(page)), page


# --- own pages with another seller's rows posted to them


def own_forms(model: type[models.Model], world: World) -> Iterator[tuple[str, Any]]:
    """Pages with a form that B may send."""
    client = world.client()
    name = name_of(model)
    pages = [reverse(f"admin:{name}_add")]
    pages += [reverse(f"admin:{name}_change", args=[key]) for key in world.of_b(model)]
    for page in pages:
        response = client.get(page)
        assert clean(response), page
        if response.status_code == 200:
            yield page, response


def choices_in(response: Any) -> Iterator[tuple[str, type[models.Model]]]:
    """Names of the fields that choose a row, and of what model."""
    sets = response.context["inline_admin_formsets"]
    all_forms = [response.context["adminform"].form]
    all_forms += [form for found in sets for form in found.formset.forms]
    for form in all_forms:
        for name, field in form.fields.items():
            if isinstance(field, forms.ModelChoiceField) and not field.disabled:
                yield form.add_prefix(name), _model_of(field)


def filled(shown: dict[str, Any], name: str) -> dict[str, Any]:
    """The other fields of an inline's row, so that the row counts as entered."""
    row = name.rpartition("-")[0]
    others = {field for field in shown if row and field.startswith(f"{row}-")}
    return {field: shown[field] or "7" for field in others if "DELETE" not in field}


def _model_of(field: Any) -> type[models.Model]:
    parent = getattr(field, "parent_instance", None)
    return type(parent) if parent is not None else field.queryset.model


@each_model
def test_another_sellers_row_cannot_be_chosen(world, model):
    client, before = world.client(), world.rows_of_a(dump())

    for page, response in own_forms(model, world):
        shown = fields_of(response)
        for name, chosen in choices_in(response):
            foreign = {name: world.of_a(chosen)[0]}
            sent = client.post(page, shown | filled(shown, name) | foreign)
            assert clean(sent), (page, name)
            rows = dump()
            assert world.mixed(rows) == [], (page, name)
            assert world.rows_of_a(rows) == before, (page, name)


@each_model
def test_another_sellers_row_is_not_named_when_proposed(world, model):
    page = reverse(f"admin:{name_of(model)}_add")
    names = [field for field in model._meta.fields if field.is_relation]
    proposed = {field.name: world.of_a(field.related_model)[:1] for field in names}

    assert clean(world.client().get(f"{page}?{urlencode(proposed, doseq=True)}"))


@each_model
def test_actions_do_not_reach_another_sellers_rows(world, model):
    before = dump()
    page = reverse(f"admin:{name_of(model)}_changelist")
    known = {*dict(admin.site.actions), *_actions_of(model), "delete_selected"}

    for role in ROLES:
        for action in known:
            chosen = {"action": action, "_selected_action": world.of_a(model)}
            response = world.client(role).post(page, chosen | {"post": "yes"})
            assert clean(response)

    assert dump() == before


def _actions_of(model: type[models.Model]) -> list[str]:
    actions: Any = admin.site.get_model_admin(model).actions or ()
    return [getattr(action, "__name__", action) for action in actions]
