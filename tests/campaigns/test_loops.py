"""A loop ends when it is asked to, whatever it is doing at that moment."""

import os
import signal
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from campaigns.loops import until_stopped

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LONGER_THAN_THE_TEST = 60  # seconds


class Stuck(Exception):
    """The watchdog's word."""


@pytest.fixture
def signals():
    """The handlers of the test run are back afterwards; who hangs is woken up."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    # A stop that comes too soon fails its test, and does not end the run.
    signal.signal(signal.SIGTERM, lambda *_arguments: None)
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


class StopPastTheLastStep:
    """A SIGTERM that finds the main thread waiting, and does not break its wait off.

    Taken by this thread, it is what one is that comes after the main thread looked for
    signals and before it waits: noted, and its handler not run until the wait is over.
    """

    def __init__(self):
        self.about_to_wait = threading.Event()
        self.thread = threading.Thread(target=self._send)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_exception):
        self.thread.join()

    def _send(self):
        self.about_to_wait.wait()
        _wait_until_it_stands_still(threading.main_thread())
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


def _wait_until_it_stands_still(thread):
    """Asleep at one step: every system call here would let it go on."""
    stood, seen = 0, None
    while stood < 200:
        frame = sys._current_frames()[thread.ident]
        now = (id(frame), frame.f_lasti)
        stood, seen = (stood + 1 if now == seen and _is_asleep(thread) else 0), now
        os.sched_yield()


def _is_asleep(thread):
    stat = Path(f"/proc/self/task/{thread.native_id}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "S"


def test_a_stop_in_the_middle_of_the_pause_ends_it(signals):
    rounds = []

    def work():
        rounds.append(1)
        traced_from(sys._getframe(1))

    try:
        until_stopped(work, pause=LONGER_THAN_THE_TEST)
    finally:
        sys.settrace(None)

    assert rounds == [1]


def test_a_stop_just_before_the_wait_ends_it(signals):
    rounds = []

    with StopPastTheLastStep() as stop:

        def work():
            rounds.append(1)
            stop.about_to_wait.set()

        until_stopped(work, pause=LONGER_THAN_THE_TEST)

    assert rounds == [1]


def test_control_a_queue_does_not_hear_a_stop_just_before_its_wait(signals):
    stops = SimpleQueue()
    signal.signal(signal.SIGTERM, lambda number, _frame: stops.put(number))

    with StopPastTheLastStep() as stop:
        stop.about_to_wait.set()
        with pytest.raises(Empty):
            stops.get(timeout=3)

    assert stops.get(timeout=0) == signal.SIGTERM


def test_control_an_event_waits_for_its_own_lock(signals):
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_arguments: stopped.set())
    signal.alarm(2)

    sys.settrace(stop_at_every_line)
    try:
        with pytest.raises(Stuck):
            stopped.wait(LONGER_THAN_THE_TEST)
    finally:
        sys.settrace(None)
