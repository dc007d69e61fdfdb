from django.urls import path

from payments import saved_card_page, views

app_name = "payment"
urlpatterns = [
    path("pay/", views.pay, name="pay"),
    path("extension/", views.extension, name="extension"),
    path("saved-card/", saved_card_page.withdrawal, name="saved-card"),
    path("pay/return/", views.returned, name="return"),
]
