"""Who runs the shop, and can be written to."""

from django.contrib.auth.models import User


def operators() -> list[User]:
    able = User.objects.filter(is_superuser=True, is_active=True)
    return list(able.exclude(email="").order_by("pk"))
