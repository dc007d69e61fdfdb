from django.urls import path

from payments import sandbox_views, webhooks

app_name = "gateways"
urlpatterns = [
    path("webhooks/<slug:gateway>/", webhooks.webhook, name="webhook"),
    path("sandbox/<reference>/", sandbox_views.hosted_page, name="sandbox"),
]
