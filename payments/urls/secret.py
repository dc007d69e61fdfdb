from django.urls import path

from payments import proof_views, views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("proof/", proof_views.proof, name="proof"),
    path("extension/", views.extension, name="extension"),
    path("pay/return/", views.returned, name="return"),
]
