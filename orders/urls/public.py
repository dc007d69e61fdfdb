from django.urls import path

from orders import subscription_views, views, waitlist_views

app_name = "orders"
urlpatterns = [
    path("find/", views.find, name="find"),
    path("c/<slug:slug>/waitlist/", waitlist_views.join, name="waitlist"),
    path("c/<slug:slug>/reminder/", subscription_views.reminder, name="reminder"),
]
