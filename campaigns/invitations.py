"""New people of a seller, and the links by which staff choose a password."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.models import Membership, Seller

SECONDS_PER_DAY = 24 * 60 * 60


class StaffPasswordForm(PasswordResetForm):
    """Also for those who never chose a password: an invitation may have lapsed."""

    def get_users(self, email: str) -> "QuerySet[User]":
        return User.objects.filter(email__iexact=email, is_active=True, is_staff=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        address = urlsplit(settings.BASE_URL)
        kwargs["domain_override"] = address.netloc
        kwargs["use_https"] = address.scheme == "https"
        kwargs["extra_email_context"] = {
            **(kwargs.get("extra_email_context") or {}),
            "days": settings.PASSWORD_RESET_TIMEOUT // SECONDS_PER_DAY,
        }
        super().save(*args, **kwargs)


def invite(seller: Seller, *, email: str, role: str) -> None:
    """Make a member and mail the way in. Again, it mails again and keeps the role."""
    with transaction.atomic():
        user = _user_of(email)
        Membership.objects.get_or_create(
            seller=seller, user=user, defaults={"role": role}
        )
    form = StaffPasswordForm({"email": user.email})
    form.full_clean()
    form.save(
        subject_template_name="registration/invitation_subject.txt",
        email_template_name="registration/invitation.txt",
        extra_email_context={"seller": seller},
    )


def _user_of(email: str) -> User:
    is_known = Q(email__iexact=email) | Q(username__iexact=email)
    known = User.objects.filter(is_known).order_by("-is_active", "pk")
    user = known.first() or User.objects.create_user(email.lower(), email=email)
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    return user
