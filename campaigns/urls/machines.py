from django.conf import settings
from django.urls import path

from campaigns import machines, styleguide

app_name = "machines"
urlpatterns = [
    path("s/<slug:slug>/theme.css", machines.theme, name="theme"),
    path("media/<path:name>", machines.media, name="media"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("robots.txt", machines.robots, name="robots"),
]
if settings.DEBUG:
    urlpatterns += [path("styleguide/", styleguide.styleguide, name="styleguide")]
