from django.urls import path

from payments import views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("extension/", views.extension, name="extension"),
    path("pay/return/", views.returned, name="return"),
]
