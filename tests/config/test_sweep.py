import os
import signal
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from config import sweep, tasks
from config.celery import app

pytestmark = pytest.mark.django_db


def break_down() -> int:
    raise RuntimeError("no such luck")


@pytest.fixture
def broken(monkeypatch):
    steps = (("before", lambda: 1), ("broken", break_down), ("after", lambda: 2))
    monkeypatch.setattr(sweep, "STEPS", steps)


def test_batches_close_before_money_is_applied_and_mail_leaves_last():
    names = [name for name, _step in sweep.STEPS]

    assert names[0] == "batches closed"
    assert names.index("gateway events") < names.index("mails")
    assert len(names) == len(set(names))


def test_a_round_with_nothing_to_do_counts_zeros():
    assert set(sweep.run().values()) == {0}


def test_one_broken_step_stops_no_other(broken, caplog):
    assert sweep.run() == {"before": 1, "broken": None, "after": 2}
    assert "no such luck" in caplog.text


def test_the_command_tells_the_counts():
    out = StringIO()

    call_command("sweep", stdout=out)

    assert out.getvalue().splitlines()[0] == "batches closed: 0"


def test_the_command_fails_when_a_step_failed(broken, caplog):
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("sweep", stdout=out)

    assert out.getvalue().splitlines() == ["before: 1", "broken: FAILED", "after: 2"]


def test_the_task_does_the_same_round(broken, caplog):
    tasks.sweep()

    assert "sweep: broken failed" in caplog.text


def test_beat_sweeps_every_minute():
    entry = app.conf.beat_schedule["sweep"]

    assert (entry["task"], entry["schedule"]) == (tasks.sweep.name, 60)


@pytest.mark.once
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_ends_when_asked_to(number, tmp_path):
    command = [sys.executable, "manage.py", "sweep", "--loop", "60"]
    its_own = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    with subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=os.environ | its_own,
        stderr=subprocess.PIPE,
        text=True,
    ) as loop:
        # The first round complains of an empty database, and the loop goes on.
        assert loop.stderr is not None
        for line in loop.stderr:
            if "mails failed" in line:
                break
        loop.send_signal(number)

        assert loop.wait(timeout=20) == 0
