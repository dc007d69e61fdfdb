from django.urls import path

from orders.waitlist import views as waitlist_views

app_name = "waitlist"
urlpatterns = [
    path("departure/", waitlist_views.departure, name="departure"),
    path("quantity/", waitlist_views.quantity, name="quantity"),
]
