from django.urls import path

from payments import receipt_views, views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("extension/", views.extension, name="extension"),
    path("receipt/", receipt_views.receipt, name="receipt"),
    path("receipt.pdf", receipt_views.receipt_pdf, name="receipt_pdf"),
    path("pay/return/", views.returned, name="return"),
]
