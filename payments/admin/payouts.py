"""The admin's list of refunds to be paid by hand: pay, tick, or bring the list back."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.admin.money_sight import HidesMoney
from campaigns.admin.transitions import staff
from campaigns.memberships import sellers_granting
from payments.models import Refund
from payments.payouts import listing as payout_listing
from payments.payouts.listing import Outcome, Paid, UnreadableList, Verdict

if TYPE_CHECKING:

    class Options(HidesMoney, admin.ModelAdmin[Refund]):
        belonging_to: Callable[[frozenset[int]], Any]
else:
    Options = object

SEE_ACCOUNTS = "payments.view_payoutaccount"
ROWS = 50
MOST_BYTES = 1024 * 1024
VERDICTS = {
    Outcome.PAID: ("ok", gettext_lazy("noted as paid back")),
    Outcome.PAID_BEFORE: ("", gettext_lazy("was noted before")),
    Outcome.NO_REFERENCE: ("warn", gettext_lazy("left out: it has no reference")),
    Outcome.REFERENCE_TOO_LONG: ("bad", gettext_lazy("the reference is too long")),
    Outcome.UNKNOWN: ("bad", gettext_lazy("no refund of yours has this number")),
    Outcome.NOT_BY_HAND: ("bad", gettext_lazy("is not to be paid by hand any more")),
    Outcome.OTHER_AMOUNT: ("bad", gettext_lazy("is over another amount")),
    Outcome.REFERENCE_USED: ("bad", gettext_lazy("this reference was used before")),
}


class PaidListForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("The list as CSV, with the column reference filled in"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_file(self) -> list[Paid]:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB."))
        try:
            return payout_listing.read(file.read())
        except UnreadableList as error:
            raise forms.ValidationError(
                _(
                    "This is no list of refunds: it must be CSV in UTF-8 with the"
                    " columns refund and reference, and 5,000 rows at most."
                )
            ) from error


class ListsPayouts(Options):
    change_list_template = "admin/payments/refund/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "": require_http_methods(["GET", "HEAD", "POST"])(self.payouts_view),
            "csv": require_http_methods(["GET", "HEAD"])(self.payouts_csv),
            "import": require_POST(self.payouts_import),
        }
        own = [
            path(
                f"payouts/{name}/" if name else "payouts/",
                self.admin_site.admin_view(view),
                name="_".join(filter(None, ["payments_refund_payouts", name])),
            )
            for name, view in pages.items()
        ]
        return own + super().get_urls()

    def payouts_view(self, request: HttpRequest) -> HttpResponse:
        self._require_sight(request)
        if request.method != "POST":
            return self._payouts(request, PaidListForm())
        ticked = [
            Paid(refund=name, reference=request.POST.get(f"reference-{name}", ""))
            for name in request.POST.getlist("refund")
        ]
        return self._mark(request, ticked)

    def payouts_import(self, request: HttpRequest) -> HttpResponse:
        self._require_sight(request)
        form = PaidListForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._payouts(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return self._mark(request, form.cleaned_data["file"])

    def payouts_csv(self, request: HttpRequest) -> HttpResponseBase:
        self._require_sight(request)
        name = f"refunds-to-pay-{timezone.localdate().isoformat()}.csv"
        return StreamingHttpResponse(
            payout_listing.csv_of(self._to_pay(request)),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
            content_type="text/csv; charset=utf-8",
        )

    def _mark(self, request: HttpRequest, rows: list[Paid]) -> HttpResponse:
        change = self.permission("change")
        if not self.allows(request.user, change):
            raise PermissionDenied
        mine = self._of_sellers(request, change).select_related("payment")
        cut = [
            Paid(
                refund=row.refund,
                reference=row.reference.replace("\0", "").strip(),
                amount=row.amount,
                currency=row.currency,
            )
            for row in rows
        ]
        verdicts = payout_listing.mark_paid(cut, among=mine, actor=staff(request))
        is_refused = any(verdict.outcome.is_refusal for verdict in verdicts)
        status = HTTPStatus.CONFLICT if is_refused else HTTPStatus.OK
        return self._payouts(request, PaidListForm(), verdicts, status=status)

    def _payouts(
        self,
        request: HttpRequest,
        form: PaidListForm,
        verdicts: list[Verdict] | None = None,
        *,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HttpResponse:
        rows = Paginator(self._to_pay(request), ROWS)
        context = self.admin_site.each_context(request) | {
            "title": _("Refunds to be paid by hand"),
            "opts": self.opts,
            "page": rows.get_page(request.GET.get("page")),
            "form": form,
            "verdicts": [_told(verdict) for verdict in verdicts or ()],
            "may_change": self.allows(request.user, self.permission("change")),
        }
        template = "admin/payments/refund/payouts.html"
        return TemplateResponse(request, template, context, status=status)

    def _require_sight(self, request: HttpRequest) -> None:
        """Account numbers are for those who pay or answer for it, not for packers."""
        sees = self.has_view_permission(request) and self.sees_money(request)
        if not (sees and self.allows(request.user, SEE_ACCOUNTS)):
            raise PermissionDenied

    def _to_pay(self, request: HttpRequest) -> Any:
        rows = self._of_sellers(request, SEE_ACCOUNTS).payable_by_hand()
        return rows.order_by("pk").select_related("payment__order", "payout_account")

    def _of_sellers(self, request: HttpRequest, permission: str) -> Any:
        rows: Any = self.get_queryset(request)
        if request.user.is_superuser:
            return rows
        sellers = sellers_granting(request.user, permission)
        return rows.filter(self.belonging_to(sellers))


def _told(verdict: Verdict) -> dict[str, Any]:
    tone, words = VERDICTS[verdict.outcome]
    return {"refund": verdict.refund, "tone": tone, "words": words}
