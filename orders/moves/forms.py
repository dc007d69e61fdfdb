"""What staff enter to offer another batch."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates, room, room_wording
from campaigns.admin.forms import check_readable
from campaigns.admin.moments import MomentField, help_text
from campaigns.clock import database_now
from campaigns.models import Batch

if TYPE_CHECKING:
    BatchChoice = forms.ModelChoiceField[Batch]
else:
    BatchChoice = forms.ModelChoiceField

PROPOSED = timedelta(days=3)


class TargetField(BatchChoice):
    def label_from_instance(self, batch: Batch) -> str:
        words = _("%(batch)s: %(left)s, ships %(window)s")
        window = dates.window_short(batch.ships_from, batch.ships_until)
        found = room.in_batch(batch)
        return words % {
            "batch": batch,
            "left": room_wording.units_left(found.left, found.cap),
            "window": window,
        }


class OfferForm(forms.Form):
    """`targets` are the batches that can be chosen."""

    answer_by = MomentField(
        label=gettext_lazy("Answer by"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        validators=[check_readable],
        help_text=gettext_lazy("The buyer reads it in the mail and on the page."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )

    field_order = ("target", "answer_by", "reason")

    def __init__(self, data: Any, *, targets: "QuerySet[Batch]") -> None:
        rows = targets.select_related("campaign")
        super().__init__(data, initial={"answer_by": _proposal(rows)})
        self.fields["target"] = TargetField(
            rows, label=_("Other batch"), empty_label=None
        )
        self.fields["answer_by"].help_text = help_text()
        self.order_fields(self.field_order)

    def clean_answer_by(self) -> datetime:
        moment: datetime = self.cleaned_data["answer_by"]
        if moment <= database_now():
            raise forms.ValidationError(_("Choose a moment in the future."))
        return moment

    def clean(self) -> dict[str, Any] | None:
        target = self.cleaned_data.get("target")
        answer_by = self.cleaned_data.get("answer_by")
        if target and answer_by and target.closes_at and answer_by > target.closes_at:
            words = _("Choose a moment before the other batch closes: %(moment)s.")
            reason = words % {"moment": dates.moment_short(target.closes_at)}
            self.add_error("answer_by", reason)
        return self.cleaned_data


def _proposal(targets: "QuerySet[Batch]") -> datetime:
    """Some days to think, but not beyond the first close."""
    closings = [batch.closes_at for batch in targets if batch.closes_at]
    return min([timezone.now() + PROPOSED, *closings]).replace(second=0, microsecond=0)
