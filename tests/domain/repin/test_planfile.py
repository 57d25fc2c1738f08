"""The plan's file: canonical, and refused when one bit of it changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.primitives.digest import sha256
from orchestrator.domain.repin.plan import WaivedHost
from orchestrator.domain.repin.planfile import PlanError, digest, dumps, loads
from tests.domain.repin.builders import whole_plan

PLAN = whole_plan()
TEXT = dumps(PLAN).encode()


def test_a_plan_is_read_as_it_was_written() -> None:
    """Nothing is lost on the way through the file."""
    assert loads(TEXT, "plan.json") == PLAN


def test_a_plan_has_one_digest() -> None:
    """The digest in the file is the plan's."""
    assert json.loads(TEXT)["sha256"] == digest(PLAN)


@settings(max_examples=500)
@given(at=st.integers(0, len(TEXT) * 8 - 1))
def test_a_plan_edited_by_one_bit_is_refused(at: int) -> None:
    """Any single bit flipped anywhere in the file makes it no plan."""
    edited = bytearray(TEXT)
    edited[at // 8] ^= 1 << at % 8
    with pytest.raises(PlanError):
        loads(bytes(edited), "plan.json")


def _paths(content: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the way to every scalar of a document."""
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    below = [found for key, value in items for found in _paths(value, (*path, key))]
    return below or [path]


@pytest.mark.parametrize("path", _paths(json.loads(TEXT)["plan"]), ids=str)
def test_a_plan_with_one_field_edited_is_refused(path: tuple[object, ...]) -> None:
    """Every field counts: whichever is edited by hand, the digest no longer fits."""
    document = json.loads(TEXT)
    place = document["plan"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "edited"
    text = json.dumps(document, ensure_ascii=True, sort_keys=True, indent=1) + "\n"
    with pytest.raises(PlanError, match="its digest does not fit its content"):
        loads(text.encode(), "plan.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [("new", "0"), ("new", "65536"), ("new", "4_43"), ("kind", "BINARY"), ("view", 16)],
)
def test_a_target_that_no_planner_wrote_is_refused_even_with_a_fitting_digest(
    field: str, value: object
) -> None:
    """A forged digest does not make a port out of something else."""
    document = json.loads(TEXT)
    document["plan"]["hosts"][0]["targets"][0][field] = value
    document["sha256"] = sha256(document["plan"])
    text = json.dumps(document, ensure_ascii=True, sort_keys=True, indent=1) + "\n"
    with pytest.raises(PlanError, match="no port in a known kind"):
        loads(text.encode(), "plan.json")


def _rewritten(document: dict[str, Any]) -> bytes:
    """Write a plan's document with a sum that fits, as whoever forges one does."""
    document["sha256"] = sha256(document["plan"])
    return json.dumps(document, ensure_ascii=True, sort_keys=True, indent=1).encode() + b"\n"


def test_a_value_of_a_role_that_the_plan_does_not_name_is_refused() -> None:
    """Nobody would be shown that it is written; and no port is not the text `None`."""
    document = json.loads(TEXT)
    host = document["plan"]["hosts"][0]
    host["roles"] = [role for role in host["roles"] if role["role"] == "primary"]
    for target in host["targets"]:
        if target["role"] == "backup":
            target.update(kind="SZ", new="None")
    with pytest.raises(PlanError, match=r"web1 is not what it would write|no port in a known kind"):
        loads(_rewritten(document), "plan.json")


@pytest.mark.parametrize("roles", ["stays", "other", "twice"])
def test_what_is_told_of_a_host_is_what_would_be_written(roles: str) -> None:
    """Who signs is shown the changes by role: a plan that says `stays`, another old port, or a role twice,
    and writes something else is refused.
    """
    document = json.loads(TEXT)
    told = document["plan"]["hosts"][0]["roles"]
    if roles == "twice":
        told.insert(0, dict(told[0], old=443))
    else:
        told[0]["old"] = told[0]["new"] if roles == "stays" else 80
    with pytest.raises(PlanError, match="what it says of web1 is not what it would write"):
        loads(_rewritten(document), "plan.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("user",), None),
        (("script",), 5),
        (("credential",), ["ops"]),
        (("hosts", 0, "why"), {}),
        (("hosts", 0, "port"), True),
        (("hosts", 0, "site"), 5),
        (("hosts", 0, "risks"), [1]),
        (("hosts", 0, "roles", 0, "old"), "2147"),
        (("hosts", 0, "targets", 0, "value"), None),
        (("hosts", 0, "targets", 0, "expected"), 2147),
        (("hosts", 0, "evidence", 0, "scan"), []),
    ],
    ids=str,
)
def test_a_field_of_another_type_is_refused_even_with_a_fitting_digest(
    path: tuple[Any, ...], value: object
) -> None:
    """What reads, groups or writes it later would stumble over it."""
    document = json.loads(TEXT)
    place = document["plan"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(PlanError, match="not a whole plan"):
        loads(_rewritten(document), "plan.json")


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"fleetcheck": 1}'])
def test_what_is_no_plan_is_refused_in_words(text: bytes) -> None:
    """A file of something else is named, with the command that makes a plan."""
    with pytest.raises(PlanError, match=r"plan\.json: no plan of fleetcheck\. `fleetcheck repin plan -o"):
        loads(text, "plan.json")


def test_a_plan_that_was_cut_off_is_told_as_damaged() -> None:
    """What begins as a plan does was one."""
    with pytest.raises(PlanError, match=r"plan\.json: no plan: it was edited or damaged"):
        loads(TEXT[:200], "plan.json")


def test_a_plan_of_a_newer_version_says_so() -> None:
    """An older fleetcheck does not guess what a newer one meant."""
    document = json.loads(TEXT)
    document["fleetcheck"]["v"] = 3
    with pytest.raises(PlanError, match="a plan of version 3; this fleetcheck reads versions 1 to 2"):
        loads(json.dumps(document).encode(), "plan.json")


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "NaN", "9" * 4_000], ids=["big", "small", "none", "long"]
)
def test_a_number_that_no_plan_has_is_told_in_words(number: str) -> None:
    """Where a version belongs, and within the plan; not all its digits are repeated."""
    expires = json.dumps(json.loads(TEXT)["plan"]["expires"])
    for place, found in (('"v": 2', f'"v": {number}'), (f'"expires": {expires}', f'"expires": {number}')):
        assert place.encode() in TEXT
        with pytest.raises(PlanError) as caught:
            loads(TEXT.replace(place.encode(), found.encode()), "plan.json")
        assert len(str(caught.value)) < 200


MADE_BY_0_1 = Path(__file__).with_name("made_by_0_1")


@pytest.mark.parametrize("name", ["two.json", "killed.json"])
def test_a_file_of_version_1_is_read_byte_for_byte(name: str) -> None:
    """It is written again as 0.1 wrote it, its digest is its own,
    and nothing of version 2 is made up for it.
    """
    data = (MADE_BY_0_1 / name).read_bytes()
    plan = loads(data, name)
    assert dumps(plan).encode() == data
    assert digest(plan) == json.loads(data)["sha256"]
    assert plan.file_version == 1
    assert {type(host.facts) for host in plan.hosts} == {str}
    assert ([host.verdict for host in plan.hosts], plan.waived) == ([None] * len(plan.hosts), ())


OLD = (MADE_BY_0_1 / "two.json").read_bytes()


@settings(max_examples=200)
@given(at=st.integers(0, len(OLD) * 8 - 1))
def test_a_file_of_version_1_edited_by_one_bit_is_refused(at: int) -> None:
    """As one of today is."""
    edited = bytearray(OLD)
    edited[at // 8] ^= 1 << at % 8
    with pytest.raises(PlanError):
        loads(bytes(edited), "two.json")


@pytest.mark.parametrize(
    ("data", "version"), [(OLD, 2), (TEXT, 1)], ids=["version 1 told as 2", "version 2 told as 1"]
)
def test_a_file_that_changed_its_version_is_refused(data: bytes, version: int) -> None:
    """A digest that fits does not make one version into the other."""
    document = json.loads(data)
    document["fleetcheck"]["v"] = version
    text = json.dumps(document, ensure_ascii=True, sort_keys=True, indent=1) + "\n"
    with pytest.raises(PlanError):
        loads(text.encode(), "plan.json")


def test_a_plan_with_waived_hosts_is_read_as_it_was_written() -> None:
    """Reason, waiver, last day and credential come through the file."""
    waived = WaivedHost(host="web1", verdict="blocked", reason="change 4711", until=date(2027, 1, 31))
    plan = whole_plan(include_waived="done", waived=(waived,), credential="writer")
    assert loads(dumps(plan).encode(), "plan.json") == plan


def test_a_place_that_holds_something_odd_is_refused_in_words() -> None:
    """A list where a name belongs, with a digest that fits, is no traceback."""
    document = json.loads(TEXT)
    document["plan"]["hosts"][0]["host"] = []
    document["sha256"] = sha256(document["plan"])
    text = json.dumps(document, ensure_ascii=True, sort_keys=True, indent=1) + "\n"
    with pytest.raises(PlanError, match="not a whole plan"):
        loads(text.encode(), "plan.json")
