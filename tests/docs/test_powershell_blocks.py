"""The PowerShell that pages show, held against a real engine: its parser, and words that Windows takes."""

from __future__ import annotations

import re

import pytest

from tests import winhosts as kit
from tests.docs.pages import PAGES, Block, blocks

pytestmark = pytest.mark.winhost

SHOWN = [block for page in PAGES for block in blocks(page) if block.language == "powershell"]
PARSE = """
param($Text)
$errors = $null
[void][System.Management.Automation.Language.Parser]::ParseInput($Text, [ref]$null, [ref]$errors)
($errors | ForEach-Object { "line $($_.Extent.StartLineNumber): $($_.Message)" }) -join "`n"
"""
RIGHTS = "param($Words) ([Security.AccessControl.RegistryRights]$Words).ToString()"


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: f"{block.page}:{block.line}")
def test_powershell_takes_what_a_page_shows(winhosts: list[kit.Winhost], block: Block) -> None:
    """The engine's own parser finds nothing to complain about."""
    assert winhosts[0].run(PARSE, {"Text": block.text}).output in ((), ("",))


def test_a_block_that_is_wrong_is_seen(winhosts: list[kit.Winhost]) -> None:
    """The check can fail."""
    assert "line 1: " in winhosts[0].run(PARSE, {"Text": "Get-Acl -Path (\n"}).text


def test_the_rights_on_the_key_are_words_that_windows_knows(winhosts: list[kit.Winhost]) -> None:
    """Reading for scans; reading and setting values, and no more, for the re-pin."""
    words = re.findall(r"'([^']*)', 'Allow'", PAGES["docs/winrm.md"])
    found = [winhosts[0].run(RIGHTS, {"Words": each}).text for each in words]
    assert found == ["ReadKey", "SetValue, ReadKey"]
