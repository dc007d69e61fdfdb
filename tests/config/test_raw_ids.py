"""A field that takes a number does not turn it into another seller's name."""

import pytest

from campaigns.models import Campaign, Variant
from config.staff_site import ScopedAdminSite
from tests.config.admin_world import REGISTRY

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]


class RawIdAdmin(type(REGISTRY[Variant])):  # type: ignore[misc]
    raw_id_fields = ("campaign",)


raw_site = ScopedAdminSite()
raw_site.register(Variant, RawIdAdmin)
raw_site.register(Campaign, type(REGISTRY[Campaign]))


def test_number_of_another_sellers_row_gets_no_name(world, rf):
    request = rf.get("/")
    request.user = world.staff["owner"]
    field = raw_site.get_model_admin(Variant).get_form(request)().fields["campaign"]
    widget = field.widget

    assert widget.label_and_url_for_value(world.of_a(Campaign)[0]) == ("", "")
    assert widget.label_and_url_for_value("not a number") == ("", "")
    assert widget.label_and_url_for_value(world.of_b(Campaign)[0])[0]
