"""How far a refund run is: the same numbers in its command and on its page."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.urls import reverse

from orders.models import Order
from payments.errors import Declined
from payments.gateways.sandbox import SandboxGateway
from payments.management.commands.refund_batch import Bar
from payments.models import RefundRun
from payments.refunds import runs as refund_runs
from payments.refunds import sending as refund_sending
from payments.refunds import worker as refund_worker
from tests.drafts import payment_of
from tests.payments.test_refund_runs import a_canceled_batch, refund_batch

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def page_of(run, staff):
    url = reverse("admin:payments_refundrun_change", args=[run.pk])
    return staff.get(url).content.decode()


def drawn(run):
    stream = Stream()
    bar = Bar(run, stream)
    bar.draw()
    bar.draw()
    return stream.getvalue()


class Stream(io.StringIO):
    """As a command's own stream takes it."""

    def write(self, text, ending="\n"):
        return super().write(text + ending)


def a_run_under_way():
    """Two refunds of three are sent."""
    run = refund_runs.begin(a_canceled_batch(paid=3, unpaid=0))
    for order in Order.objects.all():
        refund_worker.cancellation.cancel_with_batch(order.pk)
    refund_sending.request_all_owed()
    for refund in run.refunds.order_by("pk")[:2]:
        refund_sending.attempt(refund)
    return run


def refuse_one(monkeypatch, payment):
    book = SandboxGateway.refund

    def refund(gateway, request):
        if request.payment_reference == payment.reference:
            raise Declined("account closed")
        return book(gateway, request)

    monkeypatch.setattr(SandboxGateway, "refund", refund)


def test_command_and_page_tell_the_same_progress(staff):
    run = a_run_under_way()

    page = page_of(run, staff)

    assert drawn(run) == f"\r{'█' * 20}{'░' * 10} 2 of 3 payments"
    assert 'data-live data-summary="2 of 3 payments handled"' in page
    assert "js/live.js" in page
    assert "Refresh" in page


def test_before_anything_is_sent_the_bar_is_empty():
    run = refund_runs.begin(a_canceled_batch())

    assert drawn(run) == f"\r{'░' * 30} 0 of 0 payments"


def test_a_run_with_failures_ends_as_partly_failed_and_leads_to_them(
    staff, monkeypatch
):
    batch = a_canceled_batch(paid=4, unpaid=0)
    refuse_one(monkeypatch, payment_of(Order.objects.earliest("pk")))
    with pytest.raises(CommandError, match="1 refunds failed at their gateway"):
        refund_batch(batch)
    run = RefundRun.objects.get()

    page = page_of(run, staff)

    assert "Partly failed" in page
    assert f"run__id__exact={run.pk}&amp;state__exact=failed" in page
    assert "Refresh" not in page


def test_a_run_without_failures_is_just_done(staff):
    refund_batch(a_canceled_batch())

    page = page_of(RefundRun.objects.get(), staff)

    assert "Partly failed" not in page
    assert "3 of 3 payments handled" in page
