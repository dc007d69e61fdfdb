from django.urls import path

from payments import views

app_name = "checkout"
urlpatterns = [path("c/<slug:slug>/checkout/", views.checkout, name="checkout")]
