from django.urls import path

from orders import order_calendar, views
from orders.addresses import page as address_page
from orders.decisions import views as decision_views
from orders.news import views as news_views
from orders.reminders import page as reminders_page

app_name = "order"
urlpatterns = [
    path("", views.status, name="status"),
    path("address/", address_page.address, name="address"),
    path(
        "address/confirmation/",
        address_page.confirmation,
        name="address-confirmation",
    ),
    path("reminders/", reminders_page.page, name="reminders"),
    path("schedule.ics", order_calendar.schedule, name="schedule"),
    path("news/", news_views.news, name="news"),
    path("cancellation/", views.cancellation, name="cancellation"),
    path("decision/<int:decision_id>/", decision_views.decision, name="decision"),
]
