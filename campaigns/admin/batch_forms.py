"""What may be entered about a batch, each refusal with its reason."""

from contextlib import suppress
from copy import copy
from datetime import date, datetime
from itertools import pairwise
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator
from django.forms import ModelChoiceField
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin.caps import AT_LEAST_ONE, AT_MOST, MoneyCapField, below_taken
from campaigns.admin.forms import ShopModelForm
from campaigns.admin.moments import MomentField, help_text
from campaigns.admin.proposals import next_number
from campaigns.clock import database_now
from campaigns.errors import Gap
from campaigns.models import Allotment, Batch, Campaign
from campaigns.models.address_lock import SHORTEST_NOTICE
from campaigns.readiness import GAPS

# Until a campaign is chosen.
UNKNOWN = "IDR"
IN_ORDER = (
    "closes_at",
    "production_starts_on",
    "production_ends_on",
    "ships_from",
    "ships_until",
)
# The addresses of its pages carry no more than four digits.
GREATEST_NUMBER = MaxValueValidator(9999)
# Where a lack of room is told: at the first of these that the form may change.
OF_AN_EXTENSION = (
    *("extension_days", "minimum_rule", "minimum_units", "closes_at"),
    *("production_starts_on", "production_ends_on", "ships_from", "ships_until"),
)


class AllotmentForm(ShopModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bound(self, "capacity", AT_MOST)
        if "sale" in self.fields and self.instance.sale != Allotment.Sale.WAITLIST:
            # Turned by the list itself, while somebody waits.
            field = cast("forms.ChoiceField", self.fields["sale"])
            by_hand = {Allotment.Sale.OPEN, Allotment.Sale.STOPPED}
            field.choices = [c for c in Allotment.Sale.choices if c[0] in by_hand]

    def clean(self) -> dict[str, Any] | None:
        capacity = self.cleaned_data.get("capacity")
        if capacity is not None and capacity < self.instance.taken:
            self.add_error("capacity", below_taken(self.instance.taken))
        return self.cleaned_data


class BatchForm(ShopModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "number" in self.fields:
            self.fields["number"].required = False
            if not self.initial.get("number"):
                self.fields["number"].help_text = _("Left empty, it is the next one.")
        _bound(self, "number", GREATEST_NUMBER)
        _bound(self, "capacity", AT_LEAST_ONE, AT_MOST)
        _bound(self, "order_capacity", AT_LEAST_ONE, AT_MOST)
        if "goods_capacity" in self.fields:
            label = self.fields["goods_capacity"].label
            field = MoneyCapField(currency=self._currency(), label=label)
            self.fields["goods_capacity"] = field

    def _currency(self) -> str:
        """Of the batch's campaign; of a new batch, of the one that was chosen."""
        if self.instance.campaign_id:
            return str(self.instance.campaign.currency)
        choice = cast("ModelChoiceField[Any]", self.fields["campaign"])
        with suppress(forms.ValidationError):
            chosen = self.data.get("campaign") or self.initial.get("campaign")
            campaign = choice.to_python(chosen)
            return str(campaign.currency) if campaign else UNKNOWN
        return UNKNOWN

    def clean_number(self) -> int:
        number: int | None = self.cleaned_data["number"]
        if self.instance.pk:
            return self._free(number or self.instance.number, self.instance.campaign)
        campaign = self.cleaned_data.get("campaign")
        if campaign is None:
            return number or 1
        return self._free(number or next_number(campaign), campaign)

    def _free(self, number: int, campaign: Campaign) -> int:
        others = campaign.batches.exclude(pk=self.instance.pk)
        if others.filter(number=number).exists():
            words = _("This campaign has a batch %(number)s already.")
            raise forms.ValidationError(words, params={"number": number})
        return number

    def clean(self) -> dict[str, Any] | None:
        self._check_caps()
        self._check_minimum()
        self._check_opening_times()
        self._check_order_of_dates()
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Days are counted on once the columns' own rules let them pass."""
        super()._post_clean()
        self._check_extension()

    def _value(self, name: str) -> Any:
        """As entered, or as stored where the form may not change it."""
        return self.cleaned_data.get(name, getattr(self.instance, name))

    def _check_caps(self) -> None:
        for cap, (column, counter) in Batch.CAPS.items():
            limit = self.cleaned_data.get(column)
            taken = getattr(self.instance, counter)
            if limit is not None and limit < taken:
                self.add_error(column, below_taken(taken, cap, self._currency()))

    def _check_minimum(self) -> None:
        minimum, capacity = self._value("minimum_units"), self._value("capacity")
        if minimum and capacity and minimum > capacity:
            reason = _(
                "The minimum of %(minimum)s is above the capacity of %(capacity)s."
            )
            self._refuse(
                ("minimum_units", "capacity"),
                reason % {"minimum": minimum, "capacity": capacity},
            )

    def _check_opening_times(self) -> None:
        opens, closes = self._value("opens_at"), self._value("closes_at")
        if self.instance.stage == Batch.Stage.OPEN:
            self._require_selling_time()
        if opens and self._moves_what_has_passed():
            self.add_error("opens_at", _("It has opened. To stop the sale, close it."))
        elif opens and closes and closes <= opens:
            self._refuse(("closes_at", "opens_at"), _("It must close after it opens."))
        elif self._moves_cut_off() and closes and closes <= database_now():
            reason = _("An open batch can only close at a moment in the future.")
            self.add_error("closes_at", reason)

    def _require_selling_time(self) -> None:
        """Only a draft may do without."""
        for name, gap in (("opens_at", Gap.OPENING), ("closes_at", Gap.CLOSING)):
            if name in self.cleaned_data and self.cleaned_data[name] is None:
                self.add_error(name, GAPS[gap])

    def _moves_what_has_passed(self) -> bool:
        """An opening that buyers saw pass, and perhaps ordered after."""
        is_open = self.instance.stage == Batch.Stage.OPEN
        opened_at = self.instance.opens_at
        is_passed = opened_at is not None and opened_at <= database_now()
        return is_open and is_passed and "opens_at" in self.changed_data

    def _moves_cut_off(self) -> bool:
        is_open = self.instance.stage == Batch.Stage.OPEN
        return is_open and "closes_at" in self.changed_data

    def _check_order_of_dates(self) -> None:
        known = [(name, self._value(name)) for name in IN_ORDER]
        days = [(name, _day(value)) for name, value in known if value]
        for (earlier, first), (later, second) in pairwise(days):
            is_entered = {earlier, later} & set(self.changed_data)
            if is_entered and second < first:
                reason = _("%(later)s is before “%(earlier)s”.") % {
                    "later": capfirst(_label(later)),
                    "earlier": _label(earlier),
                }
                self._refuse((later, earlier), reason)

    def _check_extension(self) -> None:
        """A closing that may move once must leave the days for it."""
        is_entered = set(OF_AN_EXTENSION) & set(self.changed_data)
        if is_entered and not self.errors and not self._entered().has_room_to_extend():
            self._refuse(OF_AN_EXTENSION, str(GAPS[Gap.ROOM_TO_EXTEND]))

    def _entered(self) -> Batch:
        """The batch as it would be, for rules that need all of it."""
        batch: Batch = copy(self.instance)
        for name, value in self.cleaned_data.items():
            setattr(batch, name, value)
        return batch

    def _refuse(self, names: tuple[str, ...], reason: str) -> None:
        """Show the reason at the first of these fields that can be changed here."""
        shown = [name for name in names if name in self.fields]
        self.add_error(shown[0] if shown else None, reason)


class LaterClosingForm(forms.Form):
    closes_at = MomentField(
        label=gettext_lazy("New closing time"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["closes_at"].help_text = help_text()


class AddressLockForm(forms.Form):
    lock_at = MomentField(
        label=gettext_lazy("Addresses lock"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )

    def __init__(self, data: Any, *, zone: str) -> None:
        super().__init__(data)
        self.zone = zone
        with timezone.override(zone):
            self.fields["lock_at"].help_text = help_text()

    def full_clean(self) -> None:
        """At the seller's place, wherever the staff is."""
        with timezone.override(self.zone):
            super().full_clean()

    def clean_lock_at(self) -> datetime:
        moment: datetime = self.cleaned_data["lock_at"]
        if moment < database_now() + SHORTEST_NOTICE:
            raise forms.ValidationError(GAPS[Gap.NOTICE])
        return moment


def _bound(form: ShopModelForm, name: str, *validators: Any) -> None:
    if name in form.fields:
        form.fields[name].validators += validators


def _label(name: str) -> str:
    return str(Batch._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _day(value: date) -> date:
    return timezone.localdate(value) if isinstance(value, datetime) else value
