import pytest
from django.apps import apps
from django.db.models import QuerySet

from tests.factories import make_confirmed_order
from tests.flush import empty_filled_tables

pytestmark = pytest.mark.django_db(transaction=True)

MODELS = apps.get_models(include_auto_created=True)


def filled():
    """Past managers that hide rows."""
    return {model._meta.label for model in MODELS if QuerySet(model).exists()}


def test_after_a_test_only_content_types_and_permissions_are_left():
    make_confirmed_order()
    assert {"orders.Order", "payments.LedgerEntry"} < filled()

    empty_filled_tables()

    assert filled() == {"auth.Permission", "contenttypes.ContentType"}
