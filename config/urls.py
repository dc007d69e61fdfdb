"""Public pages carry their language in the path; secret pages and machines do not."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from config import mailers
from config.mail_gallery import views as gallery_views

MAIL_GALLERY = (
    [path("styleguide/mails/", include(gallery_views))] if settings.DEBUG else []
)
urlpatterns = [
    path("admin/password/", include("config.passwords")),
    path("admin/", admin.site.urls),
    *mailers.urls(),
    path("", include("payments.urls.machines")),
    path("o/<token>/", include("payments.urls.secret")),
    path("o/<token>/", include("orders.urls.secret")),
    path("waitlist/<token>/", include("payments.urls.waitlist")),
    path("waitlist/<token>/", include("orders.urls.waitlist")),
    path("subscription/<token>/", include("orders.urls.subscription")),
    path("unsubscribe/<token>/", include("orders.urls.unsubscribe")),
    path("", include("campaigns.urls.machines")),
    *MAIL_GALLERY,
    *i18n_patterns(
        path("", include("payments.urls.public")),
        path("", include("orders.urls.public")),
        path("", include("campaigns.urls.public")),
    ),
]
