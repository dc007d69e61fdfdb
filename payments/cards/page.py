"""The button by which a buyer takes back the consent to charge the card."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from orders.models import Order
from orders.pages import order_page, see_other
from payments.cards import charging


@require_POST
@order_page
def withdrawal(request: HttpRequest, order: Order) -> HttpResponse:
    charging.withdraw(order.pk)
    return see_other(order.get_absolute_url())
