from django.urls import path

from payments import webhooks
from payments.sandbox import views as sandbox_views

app_name = "gateways"
urlpatterns = [
    path("webhooks/<slug:gateway>/", webhooks.webhook, name="webhook"),
    # A redirect to the address with a slash would lose the notification.
    path("webhooks/<slug:gateway>", webhooks.webhook),
    path("sandbox/<reference>/", sandbox_views.hosted_page, name="sandbox"),
]
