from django.urls import path

from campaigns import views

app_name = "campaigns"
urlpatterns = [
    path("", views.home, name="home"),
    path("s/<slug:slug>/", views.seller, name="seller"),
    path("c/<slug:slug>/", views.campaign, name="campaign"),
    path("c/<slug:slug>/schedule.ics", views.schedule, name="schedule"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
]
