"""People who sign in. Only a superuser sees them all; a seller invites its own."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.admin.base import ShopFormSet, ShopInline
from campaigns.admin.scope import SUPERUSER_ONLY, ScopedRows, SellerPath
from campaigns.admin.transitions import Transition
from campaigns.invitations import invite
from campaigns.models import Membership, Seller

if TYPE_CHECKING:
    AnyUserAdmin = UserAdmin[User]
else:
    AnyUserAdmin = UserAdmin

# What somebody may do follows from their memberships (config/roles.py).
admin.site.unregister((User, Group))


@admin.register(User)
class PersonAdmin(ScopedRows, AnyUserAdmin):
    seller_path: ClassVar[SellerPath | None] = SUPERUSER_ONLY
    list_filter = ("is_staff", "is_superuser", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )


class MembersFormSet(ShopFormSet):
    def clean(self) -> None:
        super().clean()
        owners = [
            form
            for form in self.initial_forms
            if form.cleaned_data.get("role") == Membership.Role.OWNER
            and form not in self.deleted_forms
        ]
        if self.initial_forms and not owners and not self.extra_forms:
            raise ValidationError(gettext("Somebody has to stay its owner."))


class MembershipInline(ShopInline):
    model = Membership
    formset = MembersFormSet

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user" if request.user.is_superuser else "person", "role")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> tuple[str, ...]:
        return ("person",)

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        """Others invite: they are not shown who else signs in here."""
        return request.user.is_superuser

    @admin.display(description=_("person"))
    def person(self, membership: Membership) -> str:
        return membership.address


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("e-mail"), max_length=150)
    role = forms.ChoiceField(
        label=_("role"),
        choices=Membership.Role.choices,
        initial=Membership.Role.MANAGER,
    )


class Invite(Transition):
    name = "invite"
    label = _("Invite somebody")
    done = _("Invitation sent")
    permission = "campaigns.add_membership"
    form_class = InvitationForm

    def is_offered(self, row: Seller) -> bool:
        return True

    def perform(self, row: Seller, *, actor: Actor, data: dict[str, Any]) -> None:
        invite(row, email=data["email"], role=data["role"])
