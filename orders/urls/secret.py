from django.urls import path

from orders import views

app_name = "order"
urlpatterns = [
    path("", views.status, name="status"),
    path("cancellation/", views.cancellation, name="cancellation"),
]
