"""The composer: what a seller writes, refused where it would mislead its readers."""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Script
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin.forms import ShopModelForm
from campaigns.models import Campaign, Update
from campaigns.text import markdown, placeholders
from campaigns.text.typed_text import is_unreadable
from orders.updates.audience import PROPOSED, STATES

LONGEST: Final = 20_000
WORDS = ("title", "body", "other_title", "other_body")


class StatesField(forms.MultipleChoiceField):
    """The column holds a list; its order means nothing."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(STATES.items()), **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(initial or []) != set(data or [])


class UpdateForm(ShopModelForm):
    class Media:
        js = (Script("js/composer.js", defer=True),)

    statuses = StatesField(
        label=gettext_lazy("Orders that are"), required=False, initial=list(PROPOSED)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("body", "other_body"):
            if name in self.fields:
                self.fields[name].help_text = help_text()

    def clean(self) -> dict[str, Any]:
        entered: dict[str, Any] = super().clean() or self.cleaned_data
        for name in WORDS:
            if name in entered:
                self._check_words(name, entered[name])
        self._check_language(entered)
        self._check_audience(entered)
        return entered

    def _check_words(self, name: str, text: str) -> None:
        try:
            self.cleaned_data[name] = checked(text)
        except ValidationError as refusal:
            self.add_error(name, refusal)
        if "title" in name:
            self.cleaned_data[name] = " ".join(text.split())

    def _check_language(self, entered: dict[str, Any]) -> None:
        pair = ("other_title", "other_body")
        written = [name for name in pair if entered.get(name)]
        if len(written) == 1:
            [missing] = set(pair) - set(written)
            self.add_error(missing, _("In the other language write both, or neither."))

    def _check_audience(self, entered: dict[str, Any]) -> None:
        if "campaign" in self.fields or self.instance.campaign_id:
            self._check_belonging(entered)
        is_promotion = entered.get("kind") == Update.Kind.PROMOTION
        if is_promotion and entered.get("audience") == Update.Audience.BUYERS:
            words = _("A promotion goes to who asked for promotions, not to buyers.")
            self.add_error("audience", words)
        if not is_promotion and "statuses" in entered and not entered["statuses"]:
            self.add_error("statuses", _("Choose at least one state."))

    def _check_belonging(self, entered: dict[str, Any]) -> None:
        campaign: Campaign | None = entered.get("campaign")
        own = campaign.pk if campaign else self.instance.campaign_id
        for name in ("batch", "variant"):
            chosen = entered.get(name)
            if chosen and own and chosen.campaign_id != own:
                self.add_error(name, _("It belongs to another campaign."))


class AmendmentForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Addition"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60}),
        help_text=gettext_lazy(
            "It is shown below the update with its time. Nobody gets a mail."
        ),
    )

    def clean_text(self) -> str:
        text = checked(self.cleaned_data["text"])
        if placeholders.WRITTEN.search(text):
            raise ValidationError(_("Everybody reads the same here: no placeholders."))
        return text


def checked(text: str) -> str:
    """The text, or a ValidationError that says what is wrong with it."""
    if is_unreadable(text):
        raise ValidationError(
            _("There is an invisible control character in it. Type the text anew.")
        )
    if len(text) > LONGEST:
        words = _("That is too long: %(now)s of %(most)s characters.")
        raise ValidationError(words % {"now": len(text), "most": LONGEST})
    if text.count("[") > markdown.MAX_BRACKETS:
        raise ValidationError(_("There are too many links in it."))
    if unknown := placeholders.unknown_in(text):
        words = _("Not a placeholder: %(written)s. Use one of %(known)s.")
        known = ", ".join(f"{{{name}}}" for name in placeholders.KNOWN)
        raise ValidationError(words % {"written": unknown[0], "known": known})
    return text


def help_text() -> SafeString:
    """The placeholders, each with what it becomes; a script turns them into buttons."""
    words = _(
        "Markdown. Placeholders become each reader’s own: {name|friend} says “friend”"
        " where nothing is known, as on the public page."
    )
    known = format_html_join(
        "",
        "<li><code>{}</code> <span>{}</span></li>",
        ((f"{{{name}}}", said) for name, said in placeholders.KNOWN.items()),
    )
    return format_html('{}<ul class="placeholders">{}</ul>', words, known)
