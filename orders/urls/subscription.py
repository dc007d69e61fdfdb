from django.urls import path

from orders.subscriptions import views as subscription_views

app_name = "subscription"
urlpatterns = [path("", subscription_views.subscription, name="page")]
