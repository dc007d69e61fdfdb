"""The shop's addresses and those of a mailer with an API, as if it were configured."""

from django.urls import include, path

from config.urls import urlpatterns as shop

urlpatterns = [path("anymail/", include("anymail.urls")), *shop]
