from django.urls import path

from campaigns import feeds, news_views, views

app_name = "campaigns"
urlpatterns = [
    path("", views.home, name="home"),
    path("s/<slug:slug>/", views.seller, name="seller"),
    path("c/<slug:slug>/", views.campaign, name="campaign"),
    path("c/<slug:slug>/schedule.ics", views.schedule, name="schedule"),
    path("c/<slug:slug>/updates/", news_views.updates, name="updates"),
    path("c/<slug:slug>/updates.atom", feeds.atom, name="updates_atom"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
]
