"""What a buyer chooses among on the checkout page: couriers, and ways to pay."""

from collections.abc import Sequence
from typing import Any, cast

from django.forms import ChoiceField

from campaigns.models import ShippingOption
from payments.checkout import words as checkout_words
from payments.checkout.form import CheckoutForm
from payments.gateways.words import next_step


def couriers(
    form: CheckoutForm, options: Sequence[ShippingOption], *, weight: int
) -> list[dict[str, Any]]:
    """The services that reach the chosen province, each with its price."""
    province, chosen = _value(form, "province"), _value(form, "shipping")
    offered = [o for o in options if not province or o.serves(province)]
    return [
        {
            "option": option,
            "id": f"id_shipping_{n}",
            "sub": checkout_words.reach(option),
            "price": option.price(weight),
            "chosen": str(option.pk) == chosen,
        }
        for n, option in enumerate(offered)
    ]


def ways_to_pay(form: CheckoutForm) -> list[dict[str, Any]]:
    chosen = _value(form, "payment")
    field = cast("ChoiceField", form.fields["payment"])
    choices = cast("list[tuple[str, Any]]", field.choices)
    return [
        {
            "name": name,
            # Not lazy: they are drawn once.
            "text": str(text),
            "sub": str(next_step(name)),
            "id": f"id_payment_{n}",
            "chosen": name == chosen,
        }
        for n, (name, text) in enumerate(choices)
    ]


def _value(form: CheckoutForm, name: str) -> str:
    return str(form[name].value() or "")
