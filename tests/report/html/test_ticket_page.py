"""A plan as an HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from orchestrator.report.html.ticket import ticket_html
from orchestrator.report.repin.ticket import ticket
from tests.report import plans

EVIL = "<script>alert(1)</script>\"'&\u202e"
EMPTY = {"meta", "br"}


class Page(HTMLParser):
    """What a browser would see: the elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that elements end in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.words.append(data)


def page(**changes: object) -> Page:
    """Write a plan's page and read it back."""
    return Page(ticket_html(ticket(plans.plan(**changes), file="plan.json"), plans.NOW))


def test_the_page_names_every_host_value_and_reason() -> None:
    """Nothing of the plan is folded away in the page: it is what the change board decides on."""
    text = " ".join(page().words)
    for host in plans.plan().hosts:
        assert host.host in text
        assert host.machine_id in text
    for left in plans.plan().left_out:
        assert left.host in text
    assert r"HKLM\SOFTWARE\LiveVault Corporation\LiveVault.net\LVRT\Static Route\BackupTunnelPort" in text
    assert "scan 11" in text


def test_the_page_loads_and_runs_nothing() -> None:
    """No script, link, image or frame; the policy permits one style sheet, by its digest."""
    found = page()
    assert {tag for tag, _ in found.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td"),
        *("ul", "li", "code", "br", "small"),
    }
    assert found.open == []
    attributes = {name for _, pairs in found.elements for name in pairs}
    assert attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "rowspan"}
    (policy,) = [pairs["content"] for _, pairs in found.elements if "http-equiv" in pairs]
    style = re.search(r"<style>(.*?)</style>", ticket_html(ticket(plans.plan()), plans.NOW), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_words_from_anywhere_are_text() -> None:
    """Markup in any name, reason or value comes out as the characters it is,
    and hidden characters are seen.
    """
    host = plans.plan().hosts[0]
    host = replace(
        host,
        host=EVIL,
        address=EVIL,
        site=EVIL,
        computer=EVIL,
        machine_id=EVIL,
        key=EVIL,
        why=EVIL,
        risks=(EVIL,),
        targets=tuple(replace(each, value=EVIL, expected=EVIL) for each in host.targets),
    )
    fields = dict.fromkeys(("policy", "selection", "inventory", "user", "version", "force_closed"), EVIL)
    found = page(hosts=(host,), left_out=(plans.LeftOut(host=EVIL, reason=EVIL),), **fields)
    assert "script" not in {tag for tag, _ in found.elements}
    text = "".join(found.words)
    assert text.count("<script>alert(1)</script>\"'&\\u202e") >= 15
    assert "\u202e" not in text


def test_an_expired_plan_says_so_on_its_page() -> None:
    """What the screen says first, the page says first."""
    old = page(expires=plans.NOW, undoes="7")
    text = " ".join(old.words)
    assert "expired" in text
    assert "takes back run" in text
