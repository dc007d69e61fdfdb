"""The shop's pages with those that only DEBUG has."""

from django.urls import include, path

from config import urls as shop
from config.mail_gallery import views as gallery_views

urlpatterns = [
    path("styleguide/mails/", include(gallery_views)),
    *shop.urlpatterns,
]
