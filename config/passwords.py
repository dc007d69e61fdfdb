"""A forgotten or first password: a signed link by mail, good once and for some days."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import views
from django.urls import path

from campaigns.invitations import StaffPasswordForm
from campaigns.throttle import throttled

MAILS_PER_HOUR = 10


class InAdminLook:
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**admin.site.each_context(self.request), **context}  # type: ignore[attr-defined]


class Reset(InAdminLook, views.PasswordResetView):
    form_class = StaffPasswordForm
    subject_template_name = "registration/password_reset_subject.txt"
    email_template_name = "registration/password_reset_mail.txt"


class ResetDone(InAdminLook, views.PasswordResetDoneView):
    pass


class Choose(InAdminLook, views.PasswordResetConfirmView):
    pass


class Chosen(InAdminLook, views.PasswordResetCompleteView):
    pass


reset: Any = Reset.as_view()
reset = throttled("password-reset", limit=MAILS_PER_HOUR, seconds=3600)(reset)

urlpatterns = [
    path("", reset, name="admin_password_reset"),
    path("sent/", ResetDone.as_view(), name="password_reset_done"),
    path("<uidb64>/<token>/", Choose.as_view(), name="password_reset_confirm"),
    path("chosen/", Chosen.as_view(), name="password_reset_complete"),
]
