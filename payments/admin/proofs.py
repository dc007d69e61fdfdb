"""Proofs of transfer: a queue to work off, each with its picture beside the numbers."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin.base import badge, badge_column
from campaigns.admin.transitions import Transition
from campaigns.money import format_money
from payments.admin.base import MoneyAdmin
from payments.admin.proof_steps import (
    DECIDE,
    Accept,
    AcceptForm,
    Reject,
    RejectForm,
    facts,
)
from payments.models import TransferProof

ON_A_PAGE = 20
TONES = {"": "warn", "accepted": "ok", "rejected": "bad"}
# Whatever the file holds, a browser saves it and runs nothing of it.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


@admin.register(TransferProof)
class TransferProofAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    order_path = ("payment", "order")
    moment_name = "uploaded_at"
    change_list_template = "admin/payments/transferproof/change_list.html"
    transitions: ClassVar[list[Transition]] = [Accept(), Reject()]
    list_display = (
        "moment",
        "order_link",
        "expected",
        "claimed",
        badge_column("decision", gettext_lazy("decision"), TONES),
        "warning",
    )
    list_filter = ("decision",)
    list_select_related = ("payment__order",)
    search_fields = ("payment__order__number", "payment__reference", "sender")
    fields = (
        "moment",
        "order_link",
        "payment",
        "picture",
        "expected",
        "claimed",
        "claimed_on",
        "sender",
        "warning",
        "decision",
        "reason",
        "reviewer",
        "decided_at",
    )
    readonly_fields = fields
    # What waits comes first, the oldest on top.
    ordering = ("decision", "pk")

    def get_queryset(self, request: HttpRequest) -> Any:
        related = ("payment__order__batch__campaign__seller", "payment__bank_account")
        rows: Any = super().get_queryset(request)
        return rows.with_twins().select_related(*related)

    def get_urls(self) -> list[URLPattern]:
        queue = self.admin_site.admin_view(self.queue_view)
        return [
            path("queue/", queue, name="payments_transferproof_queue"),
            self.row_path("file", self.file_view),
            *super().get_urls(),
        ]

    def file_view(self, request: HttpRequest, object_id: str) -> Any:
        """To be saved, by staff of its seller alone."""
        proof = self.get_object(request, object_id)
        name = f"{proof.payment.reference}-{proof.pk}.{proof.suffix}"
        try:
            file = proof.file.open()
        except FileNotFoundError as error:
            # Lost with a disk, or not restored with the database.
            raise Http404 from error
        return FileResponse(
            file,
            as_attachment=True,
            filename=name,
            content_type=proof.content_type,
            headers=HARMLESS,
        )

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        waiting = self.get_queryset(request).undecided().order_by("pk")
        page = Paginator(waiting, ON_A_PAGE).get_page(request.GET.get("page"))
        context = self.admin_site.each_context(request) | {
            "title": _("Proofs of transfer to look at"),
            "opts": self.opts,
            "cards": [self._card(request, proof) for proof in page],
            "page_obj": page,
        }
        template = "admin/payments/transferproof/queue.html"
        return TemplateResponse(request, template, context)

    def _card(self, request: HttpRequest, proof: TransferProof) -> dict[str, Any]:
        return {
            "proof": proof,
            "facts": facts(proof),
            "file_url": self.row_url("file", proof),
            "change_url": self.row_url("change", proof),
            "accept_url": self.row_url(Accept.name, proof),
            "reject_url": self.row_url(Reject.name, proof),
            "accept": AcceptForm(None, proof=proof),
            "reject": RejectForm(),
            "may_decide": self.allows(request.user, DECIDE, proof),
        }

    def transition_view(
        self, request: HttpRequest, object_id: str, *, step: Transition
    ) -> HttpResponse:
        """From the queue, back to the queue."""
        answer = super().transition_view(request, object_id, step=step)
        is_over = answer.status_code == 302 and "queue" in request.POST
        return redirect("admin:payments_transferproof_queue") if is_over else answer

    @admin.display(description=gettext_lazy("expected"))
    def expected(self, proof: TransferProof) -> str:
        return format_money(proof.payment.amount, proof.payment.currency)

    @admin.display(description=gettext_lazy("said by the buyer"))
    def claimed(self, proof: TransferProof) -> str:
        amount, currency = proof.claimed_amount, proof.payment.currency
        return "–" if amount is None else format_money(amount, currency)

    @admin.display(description="")
    def warning(self, proof: Any) -> SafeString | str:
        if not proof.has_twin:
            return "–"
        return badge(_("same file sent for another order"), "bad")

    @admin.display(description=gettext_lazy("file"))
    def picture(self, proof: TransferProof) -> SafeString:
        url = self.row_url("file", proof)
        if not proof.is_picture:
            return format_html('<a href="{}">{}</a>', url, _("Save the PDF"))
        return format_html(
            '<a href="{}"><img class="proof" src="{}" alt="{}"></a>',
            *(url, url, _("Picture the buyer sent")),
        )
