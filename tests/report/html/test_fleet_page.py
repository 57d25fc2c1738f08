"""The fleet as an HTML page: what stands in its text, without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from inventory.verdicts import Verdict
from orchestrator.domain.standing import HostNow
from orchestrator.report.host_rows import BESIDE
from orchestrator.report.html.fleet import MARKER, ROWS, fleet_html, runs, strip_words
from tests.report import pages, standings
from tests.report.samples import NOON, scan
from tests.report.standings import role, standing

EMPTY = {"meta", "br", "input", "rect"}


class Page(HTMLParser):
    """The elements with their attributes, and the text outside of style and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.raw: dict[str, str] = {}
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
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        kind = self.open[-1] if self.open else ""
        if kind in {"style", "script"}:
            self.raw["data" if dict(self.elements[-1][1]).get("id") == "data" else kind] = data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All text as one line."""
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture(scope="module")
def sample() -> Page:
    """Read the page of a fleet in which something of everything happened."""
    scans = [(scan(12), pages.counts(58, blocked=15, waived=1, unknown=2))]
    warning = "fleet.yaml:40: the waiver for drifted ended on 2026-02-28 and counts no more: change 17"
    return Page(fleet_html(pages.page(standings.hosts_now(), scans, warnings=(warning,))))


def test_every_host_that_is_not_well_is_named_without_a_script(sample: Page) -> None:
    """Groups name all their hosts, and tell what to do; expired waivers are said in an alarm of their own."""
    for number in range(14):
        assert f"berlin-web{number:02}" in sample.text
    assert "Need attention: 15 hosts" in sample.text
    assert "waived: change 4711" in sample.text
    assert "the waiver for drifted ended on 2026-02-28" in sample.text
    assert (
        sum(pairs.get("class") == "warning" for _, pairs in sample.elements) == 2
    )  # that, and the page's own age
    assert "as of 9 d ago, OLD: beyond 7 d" in sample.text


def test_the_page_permits_its_own_style_and_script_and_nothing_else(sample: Page) -> None:
    """The policy names both by digest; no element refers to anything outside,
    and no attribute runs or styles.
    """
    digests = {
        kind: base64.b64encode(hashlib.sha256(sample.raw[kind].encode()).digest()).decode()
        for kind in ("style", "script")
    }
    (policy,) = [pairs["content"] for _, pairs in sample.elements if "http-equiv" in pairs]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests['style']}'; script-src "
        f"'sha256-{digests['script']}'; require-trusted-types-for 'script'; trusted-types 'none'; base-uri "
        "'none'; form-action 'none'"
    )
    attributes = {name for _, pairs in sample.elements for name in pairs}
    assert not attributes & {"style", "src", "srcset", "action", "formaction"}
    assert not [name for name in attributes if name.startswith("on")]
    links = [pairs.get("href") or "" for _, pairs in sample.elements if "href" in pairs]
    assert all(link.startswith("#") for link in links)
    assert sample.open == []


def test_what_hosts_say_is_text_in_the_page_and_in_its_data() -> None:
    """Markup in any field comes out as the characters it is, hidden characters are seen,
    and the data is whole JSON.
    """
    text = fleet_html(pages.hostile())
    found = Page(text)
    assert "img" not in {tag for tag, _ in found.elements}
    assert [pairs for tag, pairs in found.elements if tag == "script"] == [
        {"type": "application/json", "id": "data"},
        {},
    ]
    assert "".join(found.words).count(pages.SEEN) > 25
    assert not {"\u202e", "\x1b", "\u2028", "\ud800"} & set(text)
    data = json.loads(found.raw["data"])
    assert [pages.SEEN, f"{pages.SEEN}.example"] in [host[:2] for host in data["hosts"]]
    assert "<" not in found.raw["data"]


def test_each_host_is_one_line_of_data() -> None:
    """A host has a mark for every role and port; what hosts share stands once."""
    data = json.loads(Page(fleet_html(pages.page(standings.hosts_now()))).raw["data"])
    hosts = {host[0]: host for host in data["hosts"]}
    assert len(data["alike"]) == 6
    assert hosts["berlin-web00"] == [
        "berlin-web00",
        "berlin-web00.corp.example",
        hosts["berlin-web01"][2],
        "2026-03-01 12:00",
        "oxxxxxxxxoxxxxxx" + "xxxxxxxxxoxxxxxx",
    ]
    assert hosts["db8"][4] == " " * 32


def test_hosts_come_worst_first_and_well_ones_last() -> None:
    """What needs attention, then what was never read, then waived ones, then the ones where all is well."""
    table = pages.page(standings.hosts_now()).table
    assert [row.like.state for row in table.rows] == [
        *["attention"] * 15,
        "unknown",
        "waived",
        *["ok"] * 41,
    ]


def test_a_large_fleet_says_how_much_needs_its_script() -> None:
    """Only the worst hosts stand in the page itself, and it says how many there are beside them."""
    found = Page(fleet_html(pages.page(standings.now(standing(f"web{n}")) for n in range(ROWS + 1234))))
    assert sum(pairs.get("role") == "rowheader" for _, pairs in found.elements) == ROWS
    assert "The 250 worst of 1,484 hosts are shown. The other 1,234 need JavaScript" in found.text


def test_ports_that_no_profile_lists_cannot_widen_the_table() -> None:
    """Of pins outside the list the most used have a column; the others are told as pins all the same."""
    odd = [standings.now(standing(f"web{n}", role(pin=40000 + n), role("backup"))) for n in range(50)]
    odd.append(standings.now(standing("twin", role(pin=40049), role("backup"))))
    table = pages.page(odd).table
    assert len(table.ports) == 16 + BESIDE
    assert 40049 in table.ports
    assert table.rows[30].like.pins[0]
    assert "40030" in {row.like.pins[0].pin for row in table.rows if row.like.pins[0]}


def test_hosts_with_the_same_ports_are_one_pattern() -> None:
    """Patterns are counted, the most frequent first; one whose hosts differ in verdict says so."""
    first, *_ = pages.page(standings.hosts_now()).table.patterns()
    assert (len(first.hosts), first.label, first.mixed) == (41, "ok", False)
    well = standing("web1")
    other = replace(well, host="web2", judgement=replace(well.judgement, verdict=Verdict.DISCONNECTED))
    (both,) = pages.page([standings.now(well), standings.now(other)]).table.patterns()
    assert (both.hosts, both.label, both.mixed) == (("web2", "web1"), "disconnected", True)


def test_a_pin_stands_alone_in_a_run_of_marks() -> None:
    """Marks that are alike are one stretch, the pin's apart; words say the same."""
    ports = {2147: "", 443: "", 80: "", 25: ""}
    assert list(runs("oooo", ports, "443")) == [("o", "o", False), ("o", "o", True), ("o", "oo", False)]
    assert list(runs("oxx.", ports, "missing")) == [("o", "o", False), ("x", "xx", False), (".", ".", False)]
    assert strip_words("oxx.", ports) == "open 2147; closed 443, 80; not tried 25"
    assert strip_words("xxxx", ports) == "closed all"


def test_a_fleet_of_no_host_is_a_page_too() -> None:
    """An inventory none of whose hosts was scanned gives an empty page, whose head is ours."""
    text = fleet_html(pages.page([]))
    assert "The fleet now: 0 hosts" in text
    assert MARKER in text[:4096]


def test_a_lonely_gateway_is_told_and_an_old_reading_marked() -> None:
    """The one host at a gateway that no other uses is named; what is older than asked for says OLD."""
    alone = standing("odd", gateways={"primary": ("198.51.100.9",)}, at=NOON - timedelta(days=9))
    found = Page(
        fleet_html(
            pages.page(
                [*(standings.now(standing(f"w{n}")) for n in range(3)), HostNow(latest=alone, known=alone)]
            )
        )
    )
    assert "odd alone uses it" in found.text
    assert "2026-02-20 12:00 OLD" in found.text
