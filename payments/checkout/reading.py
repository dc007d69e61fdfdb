"""What a request to the checkout asks for: a batch, and a basket that may be had."""

from django.http import Http404, HttpRequest, QueryDict

from campaigns.models import Batch, Campaign
from campaigns.prepared import Prepared, given
from orders import limit_words
from payments.checkout.basket import Basket, read_basket

BATCH_BY_NUMBER = Prepared(
    lambda: Batch.objects.at(given("slug")).with_clock().filter(number=given("number"))
)


def data_of(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def batch_of(slug: str, number: str) -> Batch:
    """The batch named in the address, else the one offered now; Http404 otherwise."""
    if not number:
        return _offered(slug)
    if not (number.isascii() and number.isdigit() and len(number) <= 4):
        raise Http404
    try:
        return BATCH_BY_NUMBER.get(slug=slug, number=int(number))
    except Batch.DoesNotExist:
        raise Http404 from None


def _offered(slug: str) -> Batch:
    batches = Batch.objects.at(slug).with_clock().order_by("number")
    batch = batches.accepting().first() or batches.last()
    if batch is None:
        raise Http404
    return batch


def basket_of(data: QueryDict, campaign: Campaign) -> Basket:
    """What one order can never have is said before an address is typed."""
    basket = read_basket(data)
    limit = campaign.buyer_limit
    if limit is not None and sum(basket.quantities.values()) > limit:
        field = f"quantity-{next(iter(basket.quantities))}"
        basket.errors.append((field, limit_words.reached(limit)))
    return basket
