from django.urls import path

from payments import sandbox_views, webhooks

app_name = "gateways"
urlpatterns = [
    path("webhooks/<slug:gateway>/", webhooks.webhook, name="webhook"),
    # A redirect to the address with a slash would lose the notification.
    path("webhooks/<slug:gateway>", webhooks.webhook),
    path("sandbox/<reference>/", sandbox_views.hosted_page, name="sandbox"),
]
