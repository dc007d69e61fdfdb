from django.urls import path

from orders import decision_page, news_views, order_calendar, views

app_name = "order"
urlpatterns = [
    path("", views.status, name="status"),
    path("schedule.ics", order_calendar.schedule, name="schedule"),
    path("news/", news_views.news, name="news"),
    path("cancellation/", views.cancellation, name="cancellation"),
    path("decision/<int:decision_id>/", decision_page.decision, name="decision"),
]
