"""A brand and the person who owns it, for a shop that starts for real."""

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)
from django.db import transaction

from campaigns.models import Membership, Seller

PASSWORD_BYTES = 12


class Command(BaseCommand):
    help = "Create a seller and its owner, who signs in at /admin/."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="its address: /s/SLUG/")
        parser.add_argument("name", help="as buyers read it")
        parser.add_argument("--email", required=True, help="where buyers write to")
        parser.add_argument("--owner", required=True, metavar="USERNAME")
        parser.add_argument("--time-zone", default="Asia/Jakarta")
        parser.add_argument("--city", default="")
        parser.add_argument("--color", default="#2A3FA0", metavar="#RRGGBB")

    @no_translations
    def handle(self, *, slug: str, owner: str, **options: Any) -> None:
        if Seller.objects.filter(slug=slug).exists():
            raise CommandError(f"The seller {slug!r} exists already; nothing changed.")
        seller = Seller(
            slug=slug,
            name=options["name"],
            email=options["email"],
            city=options["city"],
            time_zone=options["time_zone"],
            theme_color=options["color"],
        )
        try:
            password = create(seller, owner)
        except ValidationError as error:
            raise CommandError("\n".join(in_words(error))) from error
        self.stdout.write(f"Created the seller {seller} at /s/{slug}/.")
        if password:
            self.stdout.write(f"{owner} signs in at /admin/ with: {password}")
        else:
            self.stdout.write(f"{owner} signs in at /admin/ as before.")


@transaction.atomic
def create(seller: Seller, username: str) -> str:
    """Save the seller with its owner; the password if the user is new, else nothing."""
    seller.full_clean()
    seller.save()
    user = User.objects.filter(username=username).first()
    password = "" if user else secrets.token_urlsafe(PASSWORD_BYTES)
    if user is None:
        user = User(username=username, email=seller.email)
        user.set_password(password)
        user.full_clean()
    if not user.is_staff:
        user.is_staff = True
        user.save()
    Membership.objects.create(seller=seller, user=user, role=Membership.Role.OWNER)
    return password


def in_words(error: ValidationError) -> list[str]:
    """One line per fault, with the name of the option it is about."""
    options = {"theme_color": "--color", "time_zone": "--time-zone", "email": "--email"}
    options |= {"username": "--owner", "city": "--city"}
    return [
        f"{options.get(field, field)}: {message}"
        for field, messages in error.message_dict.items()
        for message in messages
    ]
