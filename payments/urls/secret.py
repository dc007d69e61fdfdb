from django.urls import path

from payments import views
from payments.cards import page as saved_card_page
from payments.payouts import page as payout_page
from payments.receipts import views as receipt_views
from payments.transfers import proof_views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("proof/", proof_views.proof, name="proof"),
    path("extension/", views.extension, name="extension"),
    path("saved-card/", saved_card_page.withdrawal, name="saved-card"),
    path("receipt/", receipt_views.receipt, name="receipt"),
    path("receipt.pdf", receipt_views.receipt_pdf, name="receipt_pdf"),
    path("pay/return/", views.returned, name="return"),
    path("refund/", payout_page.refund, name="refund"),
]
