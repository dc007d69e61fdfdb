"""Where a Chromium of the system is; none is ever downloaded."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Path of the browser to drive: CHROME_PATH, or the first one installed."""
    chosen = os.environ.get("CHROME_PATH")
    for name in [chosen] if chosen else NAMES:
        if path := shutil.which(name):
            return path
    return None
