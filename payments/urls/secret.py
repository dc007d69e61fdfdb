from django.urls import path

from payments import payout_page, saved_card_page, views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("extension/", views.extension, name="extension"),
    path("saved-card/", saved_card_page.withdrawal, name="saved-card"),
    path("pay/return/", views.returned, name="return"),
    path("refund/", payout_page.refund, name="refund"),
]
