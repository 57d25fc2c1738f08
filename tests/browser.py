"""A headless Chromium for pages that are files, where one is installed (Debian: chromium and
chromium-driver).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def installed() -> tuple[str, str] | None:
    """Find the browser and its driver, None where one of them is missing."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextlib.contextmanager
def started(profile: Path, *options: str) -> Iterator[Chrome]:
    """Start one with a new, empty `profile` folder, and end it. What the page logs is in
    `get_log("browser")`.
    """
    found = installed()
    assert found is not None
    wanted = ChromeOptions()
    wanted.binary_location = found[0]
    for option in (*_OPTIONS, f"--user-data-dir={profile}", *options):
        wanted.add_argument(option)
    wanted.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=wanted, service=ChromeService(found[1]))
    try:
        yield driver
    finally:
        driver.quit()


def command(driver: Chrome, name: str, **parameters: Any) -> Any:
    """Ask the browser for something of its own protocol, such as `Page.printToPDF`."""
    return driver.execute_cdp_cmd(name, parameters)
