import threading

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from campaigns.invariants import Invariant
from campaigns.models import Batch
from config.invariants import all_invariants
from config.proving import findings
from tests.drafts import make_offer

DEADLINE = 10  # seconds


def batches_taken():
    """A line for each; broken in any shop."""
    for pk, taken in Batch.objects.values_list("pk", "taken"):
        yield f"batch {pk}: {taken}"


def found(*checks, at_once=2, most=20):
    invariants = [Invariant(1, check.__name__, check) for check in checks]
    return [rows for _one, rows in findings(invariants, at_once=at_once, most=most)]


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_is_found_beside_by_as_many_as_are_asked_for():
    batch = make_offer()
    meeting = threading.Barrier(2)

    def meet():
        meeting.wait(DEADLINE)
        return batches_taken()

    assert found(meet, meet) == [[f"batch {batch.pk}: 0"]] * 2


@pytest.mark.django_db(transaction=True)
def test_control_one_at_a_time_never_meets_another():
    meeting = threading.Barrier(2)

    with pytest.raises(threading.BrokenBarrierError):
        found(lambda: meeting.wait(1), at_once=1)


@pytest.mark.django_db
def test_what_a_transaction_has_not_committed_is_found_in_it():
    batch = make_offer()

    assert found(batches_taken) == [[f"batch {batch.pk}: 0"]]


@pytest.mark.django_db(transaction=True)
def test_they_come_in_their_order_with_no_more_rows_than_wanted():
    make_offer()

    def three():
        yield from ("one", "two", "three")

    def none():
        yield from ()

    assert found(three, none, batches_taken, most=2)[:2] == [["one", "two"], []]


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_left_open():
    theirs = []

    def keeps_its_connection():
        connection.ensure_connection()
        theirs.append(connection.connection)
        return ()

    assert found(keeps_its_connection) == [[]]

    assert theirs != [connection.connection]
    with pytest.raises(Exception, match="closed"):
        theirs[0].execute("SELECT 1")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_they_may_take_longer_than_a_page():
    def limit():
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            yield from cursor.fetchone()

    assert found(limit) == [["0"]]
    assert list(limit()) == ["15s"]


@pytest.mark.django_db(transaction=True)
def test_one_that_fails_is_no_proof():
    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        found(fails)


@pytest.mark.django_db(transaction=True)
def test_the_command_checks_all_of_a_committed_shop(capsys):
    batch = make_offer()
    Batch.objects.update(taken=2)

    with pytest.raises(SystemExit):
        call_command("check_invariants", jobs=2)

    printed = capsys.readouterr().out.splitlines()
    assert f"     batch {batch.pk}: taken 2, allotments 0" in printed
    marks = [line[0] for line in printed]
    assert marks.count("✓") + marks.count("✗") == len(all_invariants())


def test_the_command_refuses_no_job_at_all():
    with pytest.raises(CommandError, match="from 1 on"):
        call_command("check_invariants", jobs=0)
