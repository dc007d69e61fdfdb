"""What no running shop would notice: locks, container files, documented settings."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.celery import app

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("config", "campaigns", "orders", "payments", "fulfillment")
LOCKS = ("base", "test", "dev")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*])?==(\S+)", re.MULTILINE)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall(text(f"requirements/{lock}.txt")))


def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
    return parsed


def documented_variables() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", text(".env.example"), re.MULTILINE))


def variables_of_settings() -> set[str]:
    """First argument of every env.<kind>(...) and env(...) in the shop's own code."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and node.args
    ]
    return {
        call.args[0].value
        for call in calls
        if re.match(r"env(\.\w+)?$", ast.unparse(call.func))
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def variables_of_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+)", text("docker-compose.yml")))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_package_index(lock):
    assert "://" not in text(f"requirements/{lock}.txt")
    assert not re.search(r"^-", text(f"requirements/{lock}.txt"), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock):
    entries = re.split(r"\n(?=\S)", text(f"requirements/{lock}.txt"))
    pinned = [entry for entry in entries if PIN.match(entry)]

    assert pinned
    assert [entry for entry in pinned if "--hash=sha256:" not in entry] == []


def test_the_larger_lock_includes_the_smaller():
    assert pins("base").items() <= pins("test").items()
    assert pins("test").items() <= pins("dev").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_direct_dependency_has_a_lower_bound_and_is_locked(lock):
    lines = text(f"requirements/{lock}.in").splitlines()
    direct = [line for line in lines if line and line[0] not in "#-"]

    assert [line for line in direct if ">=" not in line] == []
    assert {re.split(r"[\[>]", line)[0] for line in direct} <= pins(lock).keys()


def test_every_variable_the_shop_reads_is_documented():
    assert variables_of_settings() - documented_variables() == set()


def test_every_documented_variable_is_read_by_something():
    read = variables_of_settings() | variables_of_compose()
    unread = documented_variables() - read

    # A mailer with an API has settings of its own; config.mailers passes all on.
    assert {name for name in unread if not name.startswith("ANYMAIL_")} == set()


def test_every_variable_of_the_compose_file_is_documented():
    assert variables_of_compose() - documented_variables() == set()


def test_compose_gives_the_shop_only_variables_it_reads():
    given = compose()["services"]["web"]["environment"].keys()

    assert given - variables_of_settings() == set()


def test_every_process_of_the_shop_runs_the_same_image_and_environment():
    services = compose()["services"]
    shop = [services[name] for name in ("migrate", "web", "worker", "sender", "beat")]

    assert {service["image"] for service in shop} == {"kloter"}
    assert all(s["environment"] == shop[0]["environment"] for s in shop)


def test_what_the_containers_start_exists():
    commands = [s.get("command", []) for s in compose()["services"].values()]

    assert ["python", "manage.py", "migrate", "--noinput"] in commands
    assert sum("--app=config" in command for command in commands) == 3
    assert (ROOT / "config" / "celery.py").is_file()
    assert (ROOT / "config" / "wsgi.py").is_file()
    assert (ROOT / "scripts" / "healthcheck.py").is_file()


def test_every_queue_has_one_service_and_mails_step_back():
    services = compose()["services"].values()
    queues = re.findall(r"--queues=(\w+)", text("docker-compose.yml"))

    assert sorted(queues) == sorted(queue.name for queue in app.conf.task_queues)
    (sender,) = [s for s in services if "--queues=mails" in s.get("command", [])]
    assert sender["command"][:2] == ["nice", "-n10"]
    assert sender["cpu_shares"] < 1024


def test_only_one_service_beats():
    services = compose()["services"].values()

    assert sum("beat" in service.get("command", []) for service in services) == 1


def test_the_image_leaves_secrets_and_data_outside():
    ignored = text(".dockerignore").splitlines()

    assert {".env", ".git", "var"} <= set(ignored)


def test_compiled_translations_are_not_ignored():
    assert "*.mo" not in text(".gitignore")
