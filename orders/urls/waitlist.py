from django.urls import path

from orders.waitlist import departing
from orders.waitlist import views as waitlist_views

app_name = "waitlist"
urlpatterns = [
    path("departure/", departing.departure, name="departure"),
    path("quantity/", waitlist_views.quantity, name="quantity"),
]
