"""The browser that the page is tested and timed in."""

import shutil


def chromium() -> str | None:
    """Where Chromium lies on this machine; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


# Chromium will not run as root inside a sandbox of its own; the page under test is ours and asks for nothing.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]
