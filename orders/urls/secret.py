from django.urls import path

from orders import decision_views, views

app_name = "order"
urlpatterns = [
    path("", views.status, name="status"),
    path("cancellation/", views.cancellation, name="cancellation"),
    path("decision/<int:decision_id>/", decision_views.decision, name="decision"),
]
