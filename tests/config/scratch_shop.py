"""A clone of the shop with a `.env` of its own, and what `manage.py` says in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings

REST = ("campaigns", "orders", "payments", "fulfillment", "static", "templates")


def scratch_shop(folder: Path, env_file: str | bytes) -> Path:
    """`config` is copied, since the file lies beside it; all else is the shop's own."""
    base = settings.BASE_DIR
    shutil.copytree(base / "config", folder / "config")
    shutil.copy(base / "manage.py", folder)
    for name in REST:
        (folder / name).symlink_to(base / name)
    written = env_file if isinstance(env_file, bytes) else env_file.encode()
    (folder / ".env").write_bytes(written)
    return folder


def manage(
    folder: Path, *command: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """With these variables only, beside those of the file."""
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def check_of(folder: Path, env_file: str | bytes) -> str:
    """What `manage.py check` finds wrong, empty if nothing."""
    outcome = manage(scratch_shop(folder, env_file), "check")
    found = outcome.stderr
    assert (outcome.returncode == 0) == ("SystemCheckError" not in found), found
    return "" if "no issues" in outcome.stdout else found
