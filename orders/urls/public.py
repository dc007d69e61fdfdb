from django.urls import path

from orders import views
from orders.questions import views as question_views
from orders.subscriptions import views as subscription_views
from orders.waitlist import views as waitlist_views

app_name = "orders"
urlpatterns = [
    path("find/", views.find, name="find"),
    path("c/<slug:slug>/waitlist/", waitlist_views.join, name="waitlist"),
    path("c/<slug:slug>/questions/", question_views.ask, name="questions"),
    path("c/<slug:slug>/questions/<token>/", question_views.confirm, name="question"),
    path("c/<slug:slug>/reminder/", subscription_views.reminder, name="reminder"),
]
