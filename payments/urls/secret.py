from django.urls import path

from payments import payout_page, views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("extension/", views.extension, name="extension"),
    path("pay/return/", views.returned, name="return"),
    path("refund/", payout_page.refund, name="refund"),
]
