"""Bank statements: import, look at what fits, confirm what was ticked."""

from collections import Counter
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.admin.base import badge_column
from campaigns.admin.transitions import Transition, staff
from campaigns.errors import CampaignError
from campaigns.money import format_money
from payments.admin.base import MoneyAdmin
from payments.admin.statement_steps import DECIDE, STEPS
from payments.models import BankAccount, StatementLine
from payments.statements import booking as statement_booking
from payments.statements import form as statement_form
from payments.statements import matching as statement_matching
from payments.statements.files import UnknownColumns, UnreadableStatement
from payments.statements.form import StatementForm
from payments.statements.importing import Verdict, import_statement
from payments.statements.words import OUTCOMES, REASONS

ON_A_PAGE = 100
# Faults told one by one: messages are kept in the session, and a file has many rows.
MOST_TOLD = 20
TONES = {"new": "warn", "matched": "ok", "suspense": "bad"}
IMPORT = "payments.add_statementline"
PREFIX = "line-"


@admin.register(StatementLine)
class StatementLineAdmin(MoneyAdmin):
    seller_path = "account__seller"
    change_list_template = "admin/payments/statementline/change_list.html"
    transitions: ClassVar[list[Transition]] = [*STEPS]
    list_display = (
        "booked_on",
        "account",
        "amount_in",
        "description",
        badge_column("state", gettext_lazy("state"), TONES),
        "note",
    )
    list_filter = ("state", "account")
    list_select_related = ("account",)
    search_fields = ("description", "note")
    fields = (
        "account",
        "booked_on",
        "amount_in",
        "description",
        "state",
        "note",
        "imported_at",
        "decided_at",
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        pages = (("import", self.import_view), ("review", self.review_view))
        own = [
            path(
                f"{name}/",
                self.admin_site.admin_view(view),
                name=f"payments_statementline_{name}",
            )
            for name, view in pages
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def amount_in(self, line: StatementLine) -> str:
        return format_money(line.amount, line.account.currency)

    def accounts(self, request: HttpRequest) -> QuerySet[BankAccount]:
        """Of the sellers for whom this person may import."""
        if not self.allows(request.user, IMPORT):
            raise PermissionDenied
        rows: QuerySet[BankAccount] = self.related_rows(request, BankAccount, "add")
        return rows.select_related("seller")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        accounts = self.accounts(request)
        if request.method != "POST":
            return self._import_page(
                request, StatementForm(None, None, accounts=accounts)
            )
        form = StatementForm(request.POST, request.FILES, accounts=accounts)
        if not form.is_valid():
            return self._import_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        return self._import(request, form)

    def _import(self, request: HttpRequest, form: StatementForm) -> HttpResponse:
        account = form.cleaned_data["account"]
        refused = HTTPStatus.UNPROCESSABLE_ENTITY
        try:
            verdicts = import_statement(account, form.statement, columns=form.columns())
        except UnreadableStatement as refusal:
            form.add_error(None, str(refusal))
            return self._import_page(request, form, refused)
        except UnknownColumns as unknown:
            choices = statement_form.choices(unknown.names, unknown.found)
            return self._import_page(request, form, refused, columns=choices)
        _tell(request, verdicts)
        return redirect(_review_url(account))

    def _import_page(
        self,
        request: HttpRequest,
        form: StatementForm,
        status: HTTPStatus = HTTPStatus.OK,
        **more: Any,
    ) -> HttpResponse:
        context = {"title": _("Import a bank statement"), "form": form, **more}
        return self._page(request, "import", context, status)

    def review_view(self, request: HttpRequest) -> HttpResponse:
        accounts = self.accounts(request)
        account = _chosen(accounts, request.GET.get("account", ""))
        if request.method == "POST":
            self._confirm(request, account)
            return redirect(_review_url(account))
        return self._page(request, "review", self._review(account, request))

    def _review(self, account: BankAccount, request: HttpRequest) -> dict[str, Any]:
        lines = account.lines.open().select_related("account")
        page = Paginator(lines, ON_A_PAGE).get_page(request.GET.get("page"))
        found = statement_matching.suggestions(account, list(page))
        return {
            "title": _("Lines to assign: %(account)s") % {"account": account},
            "account": account,
            "page_obj": page,
            "rows": [self._row(line, found.get(line.pk)) for line in page],
            "may_decide": self.allows(request.user, DECIDE, page[0] if page else None),
        }

    def _row(
        self, line: StatementLine, found: statement_matching.Suggestion | None
    ) -> dict[str, Any]:
        return {
            "line": line,
            "amount": format_money(line.amount, line.account.currency),
            "found": found,
            "reason": REASONS[found.reason] if found else "",
            "url": self.row_url("change", line),
            "expected": format_money(found.payment.amount, found.payment.currency)
            if found
            else "",
        }

    def _confirm(self, request: HttpRequest, account: BankAccount) -> None:
        """What was ticked, each in a transaction of its own."""
        outcomes: Counter[bool] = Counter()
        for line, payment in _ticked(request):
            if not account.lines.filter(pk=line).exists():
                raise Http404
            self._may_decide_or_refuse(request, line)
            outcomes[self._confirm_one(request, line, payment)] += 1
        _tell_confirmed(request, outcomes[True], outcomes[False])

    def _may_decide_or_refuse(self, request: HttpRequest, line: int) -> None:
        if not self.allows(request.user, DECIDE, self.get_object(request, str(line))):
            raise PermissionDenied

    def _confirm_one(self, request: HttpRequest, line: int, payment: int) -> bool:
        try:
            statement_booking.confirm(line, payment, actor=staff(request))
        except CampaignError:
            return False
        return True

    def _page(
        self,
        request: HttpRequest,
        name: str,
        context: dict[str, Any],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HttpResponse:
        frame = self.admin_site.each_context(request) | {"opts": self.opts}
        template = f"admin/payments/statementline/{name}.html"
        return TemplateResponse(request, template, frame | context, status=status)


def _ticked(request: HttpRequest) -> list[tuple[int, int]]:
    """Line and payment, as `line-12=34`."""
    pairs = [
        (name.removeprefix(PREFIX), str(value))
        for name, value in request.POST.items()
        if name.startswith(PREFIX)
    ]
    if not all(_is_id(line) and _is_id(payment) for line, payment in pairs):
        raise Http404
    return [(int(line), int(payment)) for line, payment in pairs]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _chosen(accounts: QuerySet[BankAccount], asked: str) -> BankAccount:
    account = accounts.filter(pk=int(asked)).first() if _is_id(asked) else None
    if account is None and not asked:
        account = accounts.first()
    if account is None:
        raise Http404
    return account


def _review_url(account: BankAccount) -> str:
    return f"{reverse('admin:payments_statementline_review')}?account={account.pk}"


def _tell(request: HttpRequest, verdicts: list[Verdict]) -> None:
    counts = Counter(verdict.outcome for verdict in verdicts)
    told = [f"{word}: {counts[outcome]}" for outcome, word in OUTCOMES.items()]
    messages.success(request, " · ".join(told))
    faults = [verdict.movement for verdict in verdicts if verdict.movement.fault]
    for movement in faults[:MOST_TOLD]:
        line = _("line %(first)s") % {"first": movement.line}
        messages.warning(request, f"{line}: {movement.fault}")
    if len(faults) > MOST_TOLD:
        messages.warning(request, "…")


def _tell_confirmed(request: HttpRequest, done: int, refused: int) -> None:
    if done:
        text = ngettext("%(count)s line booked.", "%(count)s lines booked.", done)
        messages.success(request, text % {"count": done})
    if refused:
        text = ngettext(
            "%(count)s line was decided meanwhile; nothing was booked for it.",
            "%(count)s lines were decided meanwhile; nothing was booked for them.",
            refused,
        )
        messages.warning(request, text % {"count": refused})
    if not done and not refused:
        messages.warning(request, _("Nothing was ticked."))
