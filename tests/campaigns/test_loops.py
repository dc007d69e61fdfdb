"""A loop ends when it is asked to, whatever it is doing at that moment."""

import os
import signal
import sys
import threading

import pytest

from campaigns.loops import until_stopped

pytestmark = [pytest.mark.django_db, pytest.mark.once]


class Stuck(Exception):
    """The watchdog's word."""


@pytest.fixture
def signals():
    """The handlers of the test run are back afterwards; who hangs is woken up."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGALRM, _raise_stuck)
    signal.alarm(20)
    yield
    signal.alarm(0)
    for number, handler in before.items():
        signal.signal(number, handler)


def _raise_stuck(*_arguments):
    raise Stuck


def stop_at_every_line(frame, event, _argument):
    """As a tracer: a stop comes in between each two lines from here on."""
    if event == "line":
        os.kill(os.getpid(), signal.SIGTERM)
    return stop_at_every_line


def traced_from(frame):
    """Of the frames that run already, only those a tracer is put into are traced."""
    sys.settrace(stop_at_every_line)
    frame.f_trace = stop_at_every_line


def test_a_stop_in_the_middle_of_the_pause_ends_it(signals):
    rounds = []

    def work():
        rounds.append(1)
        traced_from(sys._getframe(1))

    try:
        until_stopped(work, pause=60)
    finally:
        sys.settrace(None)

    assert rounds == [1]


def test_control_an_event_waits_for_its_own_lock(signals):
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_arguments: stopped.set())
    signal.alarm(2)

    sys.settrace(stop_at_every_line)
    try:
        with pytest.raises(Stuck):
            stopped.wait(60)
    finally:
        sys.settrace(None)
