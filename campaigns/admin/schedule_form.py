"""What is entered to announce another shipping window, and why it is refused."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.admin.moments import MomentField, help_text
from campaigns.models import Batch
from campaigns.schedule import LONGEST_REASON, NotAnnounceable, Reason, Window

WORDS = {
    Reason.STAGE: gettext_lazy("The batch is over, or not open yet."),
    Reason.TAKES_ORDERS: gettext_lazy(
        "It takes orders, and nobody can order what has no date. Close it first."
    ),
    Reason.MAY_REOPEN: gettext_lazy(
        "It may reopen while its minimum is counted, and then it needs a date. Wait"
        " until that is decided."
    ),
    Reason.SAME: gettext_lazy("This is what buyers are promised already."),
    Reason.BACKWARDS: gettext_lazy("The last day is before the first."),
    Reason.PAST: gettext_lazy("Choose days from %(limit)s on."),
    Reason.TOO_FAR: gettext_lazy("Choose days before %(limit)s."),
    Reason.BEFORE_PRODUCTION: gettext_lazy(
        "Put the dates in order: close, production, shipping."
    ),
    Reason.ANSWER_TOO_SOON: gettext_lazy(
        "Give buyers two days to answer, until %(limit)s at least."
    ),
    Reason.ANSWER_TOO_LATE: gettext_lazy("Let buyers answer by %(limit)s."),
    Reason.NO_REASON: gettext_lazy("Write a reason; buyers read it."),
    Reason.REASON_TOO_LONG: gettext_lazy("Write a shorter reason."),
    Reason.REASON_UNREADABLE: gettext_lazy(
        "The reason has characters that cannot be seen. Type it anew."
    ),
}


def in_words(refusal: NotAnnounceable) -> str:
    words = str(WORDS[refusal.reason])
    return words % {"limit": _told(refusal)} if refusal.limit else words


def _told(refusal: NotAnnounceable) -> str:
    limit = refusal.limit
    if limit is None:
        return ""
    is_moment = refusal.reason in (Reason.ANSWER_TOO_SOON, Reason.ANSWER_TOO_LATE)
    return dates.moment_short(limit) if is_moment else dates.day(limit)  # type: ignore[arg-type]


class DayField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=picker, required=False, **options)


class ScheduleForm(forms.Form):
    """Both days, or that none is known."""

    ships_from = DayField(label=gettext_lazy("First day of shipping"))
    ships_until = DayField(label=gettext_lazy("Last day of shipping"))
    unknown = forms.BooleanField(
        label=gettext_lazy("No date is known yet"), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("The buyer reads it in the mail and on the page."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
    answer_by = MomentField(
        label=gettext_lazy("Answer by"),
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )

    def __init__(self, data: Any, *, batch: Batch) -> None:
        now = {"ships_from": batch.ships_from, "ships_until": batch.ships_until}
        super().__init__(data, initial=now)
        usual = _("Empty: in a week, but before the promised window ends.")
        self.fields["answer_by"].help_text = f"{usual} {help_text()}"

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self.cleaned_data["window"] = self._window()
        return self.cleaned_data

    def _window(self) -> Window | None:
        days = (self.cleaned_data["ships_from"], self.cleaned_data["ships_until"])
        if self.cleaned_data["unknown"]:
            return None
        if None in days:
            raise forms.ValidationError(
                _("Enter both days, or say that no date is known yet.")
            )
        return Window(*days)
