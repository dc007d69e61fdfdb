from django.urls import path

from payments.checkout import claim_views

app_name = "claim"
urlpatterns = [path("", claim_views.claim, name="page")]
