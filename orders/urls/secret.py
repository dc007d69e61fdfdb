from django.urls import path

from orders import decision_page, order_calendar, views

app_name = "order"
urlpatterns = [
    path("", views.status, name="status"),
    path("schedule.ics", order_calendar.schedule, name="schedule"),
    path("cancellation/", views.cancellation, name="cancellation"),
    path("decision/<int:decision_id>/", decision_page.decision, name="decision"),
]
