"""Several sweeps at one moment charge a saved card once."""

from functools import partial

import pytest

from payments import attempts, gateways
from payments.cards import charging
from payments.dues import balance_of
from payments.models import SavedMethod
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import TOTAL, sums_of
from tests.stripe_orders import (
    CONSENT,
    hear,
    make_balance_due,
    place_by_stripe,
    with_deposit,
)

pytestmark = pytest.mark.django_db(transaction=True)

SWEEPS = 4


def order_with_card(stripe):
    payment = place_by_stripe(consent=CONSENT, **with_deposit())
    stripe.pay(payment.gateway_reference)
    hear(stripe)
    make_balance_due(payment.order)
    return payment.order


def test_sweeps_at_one_moment_charge_the_card_once(stripe):
    order = order_with_card(stripe)

    outcomes = race([charging.charge_due] * SWEEPS)

    assert outcomes == {"ok": SWEEPS}
    assert len(stripe.records("payment_intents")) == 2
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert_invariants()


def charge_unguarded(order_id):
    """Look, then charge: what the shop would do without the claim on the row."""
    saved = SavedMethod.objects.select_related("order").get(order=order_id)
    payment = attempts.unsaved(saved.order, "stripe", balance_of(saved.order).due)
    gateways.get("stripe").charge_saved(
        gateways.payment_in(payment),
        customer=saved.customer_reference,
        method=saved.method_reference,
    )


def test_without_the_claim_the_card_is_charged_by_each(stripe):
    order = order_with_card(stripe)

    race([partial(charge_unguarded, order.pk)] * SWEEPS)

    assert len(stripe.records("payment_intents")) == 1 + SWEEPS
