"""The form that takes a question."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Question
from campaigns.text.typed_text import plain
from orders import tallies
from orders.forms import PlainEmailField
from orders.origins import Origin


class PlainTextField(forms.CharField):
    """Text as people see it; its length is counted as they see it too."""

    widget = forms.Textarea(attrs={"rows": 5})

    def to_python(self, value: Any) -> str:
        return plain(str(super().to_python(value) or ""))


class QuestionForm(forms.Form):
    text = PlainTextField(
        label=_("Your question"),
        help_text=_(
            "Everybody may read it with the answer: no names or order numbers."
        ),
        validators=[
            MaxLengthValidator(
                Question.LONGEST_TEXT, _("At most %(limit_value)s letters.")
            )
        ],
        error_messages={"required": _("Write your question.")},
    )
    email = PlainEmailField(
        help_text=_("For the link that confirms it, and for the answer. Not shown."),
    )

    def question(
        self, campaign: Campaign, *, locale: str, origin: Origin | None
    ) -> Question:
        """What is asked, not saved."""
        email = self.cleaned_data["email"]
        [identity] = tallies.identities(email=email, phone="")
        seen = origin or Origin()
        return Question(
            campaign=campaign,
            text=self.cleaned_data["text"],
            email=email,
            identity=identity,
            locale=locale,
            origin=seen.address,
            network=seen.network,
        )
