"""What must always be true of refunds. Each check names the rows that break it."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, F, Q

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from payments.models import LedgerEntry, Payment, Refund, RefundRun
from payments.refunds.run_progress import has_work

CHUNK = 2000
# A sweep, the longest lease and a minute.
PATIENCE = timedelta(minutes=5)
SENT = (Refund.State.SENDING, Refund.State.UNKNOWN, Refund.State.PENDING)


def refunds_in_other_money() -> Iterable[str]:
    """A refund is booked in its payment's currency, as often as it went there."""
    entries = LedgerEntry.objects.filter(refund__isnull=False)
    for entry in entries.exclude(currency=F("payment__currency")).iterator(CHUNK):
        yield f"ledger {entry.pk}: refund booked in {entry.currency}"


def refunds_not_booked_once() -> Iterable[str]:
    """One row when the money went, and one more when it came back."""
    kinds = LedgerEntry.Kind
    went, came_back = (
        Q(ledger_entries__kind=kinds.REFUND),
        Q(ledger_entries__kind=kinds.REFUND_FAILED),
    )
    booked = Refund.objects.annotate(
        went=Count("ledger_entries", filter=went),
        came_back=Count("ledger_entries", filter=came_back),
    )
    is_paid = Q(state=Refund.State.SUCCEEDED)
    wrong = (is_paid & ~Q(went=F("came_back") + 1)) | (
        ~is_paid & ~Q(went=F("came_back"))
    )
    rows = booked.filter(wrong).order_by().values("pk", "state", "went", "came_back")
    for row in rows.iterator(CHUNK):
        yield (
            f"refund {row['pk']} {row['state']}: "
            f"booked {row['went']} times out, {row['came_back']} back"
        )


def reversed_beyond_what_came() -> Iterable[str]:
    over = Payment.objects.filter(amount_reversed__gt=F("amount_seen"))
    for payment in over.iterator(CHUNK):
        yield f"payment {payment.pk}: more was taken back than ever came"


def sent_without_a_moment() -> Iterable[str]:
    """The row says when the key was first used, or nobody knows when it is too old."""
    unknown = Refund.objects.filter(state__in=SENT, sent_at__isnull=True)
    for refund in unknown.exclude(source=Refund.Source.EXTERNAL).iterator(CHUNK):
        yield f"refund {refund.pk}: {refund.state}, and no moment it was sent at"


def sent_unapproved() -> Iterable[str]:
    sent = Refund.objects.filter(approved_at__isnull=True, sent_at__isnull=False)
    for refund in sent.iterator(CHUNK):
        yield f"refund {refund.pk}: sent without approval"


def keys_used_twice() -> Iterable[str]:
    """One key is one refund at the gateway."""
    keys = Refund.objects.values("idempotency_key").annotate(uses=Count("pk"))
    for row in keys.filter(uses__gt=1).order_by():
        yield f"idempotency key {row['idempotency_key']}: {row['uses']} refunds"


def runs_that_refund_twice() -> Iterable[str]:
    """A constraint, too: this is for a database restored without it."""
    pairs = Refund.objects.filter(run__isnull=False).values("run", "payment")
    for pair in pairs.annotate(n=Count("pk")).filter(n__gt=1).order_by():
        yield f"run {pair['run']}: payment {pair['payment']} refunded {pair['n']} times"


def runs_of_other_batches() -> Iterable[str]:
    strays = Refund.objects.filter(run__isnull=False).exclude(
        payment__order__batch=F("run__batch")
    )
    for refund in strays.iterator(CHUNK):
        yield f"refund {refund.pk}: in a run of another batch"


def runs_that_ended_early() -> Iterable[str]:
    """Done means that everybody was refunded who had paid by then."""
    limit = database_now() - PATIENCE
    done = RefundRun.objects.filter(
        state=RefundRun.State.DONE, finished_at__lt=limit
    ).select_related("batch")
    for run in done.iterator(CHUNK):
        if has_work(run.batch):
            yield f"refund run {run.pk}: done, and its batch still owes money"


def runs_nobody_works_on() -> Iterable[str]:
    limit = database_now() - PATIENCE
    left = RefundRun.objects.nobody_works_on().filter(
        Q(leased_until__lt=limit) | Q(leased_until__isnull=True, started_at__lt=limit)
    )
    for run in left.select_related("batch"):
        if run.refunds.filter(state=Refund.State.REQUESTED).exists():
            yield f"refund run {run.pk}: running, and nobody works on it"


INVARIANTS = (
    Invariant(14, "a refund is in its payment's currency", refunds_in_other_money),
    Invariant(14, "a refund is booked once", refunds_not_booked_once),
    Invariant(14, "no more is taken back than came", reversed_beyond_what_came),
    Invariant(16, "what was sent says when", sent_without_a_moment),
    Invariant(16, "nothing is sent unapproved", sent_unapproved),
    Invariant(16, "a key is one refund", keys_used_twice),
    Invariant(17, "a run refunds a payment once", runs_that_refund_twice),
    Invariant(17, "a run is of one batch", runs_of_other_batches),
    Invariant(17, "a run that is done left nobody out", runs_that_ended_early),
    Invariant(17, "a running run has its worker", runs_nobody_works_on),
)
