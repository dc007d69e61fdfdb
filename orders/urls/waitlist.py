from django.urls import path

from orders import waitlist_views

app_name = "waitlist"
urlpatterns = [path("departure/", waitlist_views.departure, name="departure")]
