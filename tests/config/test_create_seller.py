from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from campaigns.models import Membership, Seller

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]

ARGUMENTS = ("tanah", "Tanah Liat", "--email=halo@tanah.example", "--owner=dewi")


def create(*arguments):
    out = StringIO()
    call_command("create_seller", *(arguments or ARGUMENTS), stdout=out)
    return out.getvalue()


def test_a_new_owner_can_sign_in_with_the_printed_password(client):
    password = create().split()[-1]

    assert Seller.objects.get().name == "Tanah Liat"
    assert Membership.objects.get().role == Membership.Role.OWNER
    assert User.objects.get(username="dewi", is_staff=True, is_superuser=False)
    assert client.login(username="dewi", password=password)


def test_options_reach_the_seller():
    create(*ARGUMENTS, "--time-zone=Asia/Makassar", "--city=Ubud", "--color=#804020")

    seller = Seller.objects.get()
    assert seller.time_zone == "Asia/Makassar"
    assert (seller.city, seller.theme_color) == ("Ubud", "#804020")


def test_a_known_user_becomes_owner_and_keeps_the_password():
    User.objects.create_user("dewi", password="hers")

    printed = create()

    dewi = User.objects.get()
    assert dewi.is_staff
    assert dewi.check_password("hers")
    assert printed.endswith("dewi signs in at /admin/ as before.\n")


def test_a_second_time_says_that_it_exists():
    create()

    with pytest.raises(CommandError, match="exists already") as refusal:
        create()

    assert refusal.value.returncode == 1
    assert (Seller.objects.count(), User.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("argument", "named"),
    [
        ("--email=nowhere", "--email"),
        ("--owner=d e w i", "--owner"),
        ("--time-zone=Mars/Base", "--time-zone"),
        ("--color=red", "--color"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(argument, named):
    with pytest.raises(CommandError, match=named):
        create(*ARGUMENTS, argument)

    assert not Seller.objects.exists()
    assert not User.objects.exists()
