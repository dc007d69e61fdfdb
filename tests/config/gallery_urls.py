"""The shop's pages with those that only DEBUG has."""

from django.urls import include, path

from config import mail_gallery
from config import urls as shop

urlpatterns = [
    path("styleguide/mails/", include(mail_gallery)),
    *shop.urlpatterns,
]
