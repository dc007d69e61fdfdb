from django.urls import path

from orders.subscriptions import unsubscribe_views

app_name = "unsubscribe"
urlpatterns = [
    path("", unsubscribe_views.unsubscribe, name="page"),
    path("undo/", unsubscribe_views.resume, name="undo"),
]
