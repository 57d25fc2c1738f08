"""What travels between hub and sites: sealed, checked before it is read, and holding no secret."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dispatch.errors import SealError
from orchestrator.dispatch.keys import public_text, read_public, ticket_secret
from orchestrator.dispatch.seal import Kind, opened, same, seal, ticket
from orchestrator.dispatch.wire import (
    batch_text,
    read_batch,
    read_cancelled,
    read_hello,
    read_report,
    report_text,
)
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Failed, Phase, Trace
from orchestrator.domain.sites.unit import Proof, Report, UnitDone, UnitHeld, Why
from tests.fleet.dispatch.sites import batch_of, report_of
from tests.fleet.fakes import host, hosts
from tests.fleet.travel import NEW_YEAR, travel

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
SECRET = ticket_secret(KEY)


def _batch(**changes: Any) -> Any:
    async def make() -> Any:
        there = [replace(one, site="berlin", gateways={"primary": "203.0.113.10"}) for one in hosts(2)]
        return batch_of(there, **changes)

    return travel(make())


def _proof(host_name: str, facts: str) -> str:
    return ticket(SECRET, "berlin", host_name, facts)


def _is_ours(_report: Report, host_name: str, facts: str, proof: object) -> bool:
    return same(ticket(SECRET, "berlin", host_name, facts), proof)


def test_a_sealed_message_is_what_its_sender_wrote() -> None:
    """Text and kind come back for the sender's public key, however it was carried."""
    message = seal(Kind.BATCH, '{"a": 1}', KEY)
    assert opened(Kind.BATCH, message, read_public(public_text(KEY))) == '{"a": 1}'


def test_an_altered_message_is_refused_before_it_is_read() -> None:
    """One character more, another kind, another key, no message at all: nothing of it is looked at."""
    message = seal(Kind.REPORT, "[1]", KEY)
    outer = json.loads(message)
    for bad, kind, key in (
        (json.dumps(outer | {"text": "[2]"}), Kind.REPORT, KEY),
        (message, Kind.BATCH, KEY),
        (message, Kind.REPORT, OTHER),
        (json.dumps({"text": "[1]"}), Kind.REPORT, KEY),
        ("no json", Kind.REPORT, KEY),
        (None, Kind.REPORT, KEY),
        ("x" * 5_000_000, Kind.REPORT, KEY),
    ):
        with pytest.raises(SealError):
            opened(kind, bad, key.public_key())


def test_a_batch_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    """Hosts with all that a probe needs; a CA as content, in a file of the site's own."""
    ca = tmp_path / "ca.pem"
    ca.write_text("-----BEGIN CERTIFICATE-----\n")
    one, two = _batch().hosts
    batch = _batch(hosts=(replace(one, ca=ca, tags=("secret-plan",)), two))
    text = batch_text(batch, hub="hub", ticket=_proof, ca={ca: ca.read_text()})
    sent = read_batch(text, lambda pem: tmp_path / f"theirs-{len(pem)}.pem")
    assert sent.batch == replace(batch, hosts=(replace(one, ca=tmp_path / "theirs-28.pem"), two))
    assert "secret-plan" not in text
    assert str(tmp_path) not in text


def test_a_unit_names_its_credential_and_nothing_more_of_it() -> None:
    """What a credential means stands at the site: a batch has its name, no user, no reference, no key."""
    facts = json.loads(batch_text(_batch(), hub="hub", ticket=_proof))["units"][0]["facts"]
    assert facts["credential"] == "ops"
    assert not {"via", "via_credential", "username", "password", "path", "ca"} & facts.keys()


def test_facts_that_were_changed_behind_their_digest_are_refused(tmp_path: Path) -> None:
    """A batch whose host was exchanged for another address is no batch."""
    raw = json.loads(batch_text(_batch(), hub="hub", ticket=_proof))
    raw["units"][0]["facts"]["address"] = "elsewhere"
    with pytest.raises(SealError, match="not those of its digest"):
        read_batch(json.dumps(raw), lambda _: tmp_path)


def test_a_report_comes_back_with_every_outcome() -> None:
    """Results, proofs and hosts that were not begun."""
    sent = read_batch(batch_text(_batch(), hub="hub", ticket=_proof), Path)
    trace = Trace(started=NEW_YEAR, ended=NEW_YEAR, tries=2)
    failed = Failed(
        host="h1", phase=Phase.AUTH, cause=Cause.LOGON_FAILED, detail="\u202e\ud800", advice="", trace=trace
    )
    units = (UnitDone(host="h1", outcome=failed, proof=Proof.REJECTED), UnitHeld(host="h2", why=Why.ACCOUNT))
    report = report_of(sent.batch, units=units, ended=True)
    assert read_report(report_text(report, sent), _is_ours) == report


def test_a_result_for_a_host_that_the_site_was_not_asked_for_is_refused() -> None:
    """Without the hub's own ticket for this site, host and facts nothing is believed."""
    sent = read_batch(batch_text(_batch(), hub="hub", ticket=_proof), Path)
    report = report_of(sent.batch, units=(UnitHeld(host="h1", why=Why.ACCOUNT),))
    raw = json.loads(report_text(report, sent))
    for change in ({"host": "h2"}, {"ticket": "0" * 40}, {"ticket": None}, {"digest": "0" * 64}):
        forged = raw | {"units": [raw["units"][0] | change]}
        with pytest.raises(SealError, match="was not asked for"):
            read_report(json.dumps(forged), _is_ours)


def test_a_result_that_speaks_of_another_host_is_refused() -> None:
    """The outcome's own host has to be the unit's."""
    sent = read_batch(batch_text(_batch(), hub="hub", ticket=_proof), Path)
    failed = Failed(
        host="h2",
        phase=Phase.RUN,
        cause="x",
        detail="",
        advice="",
        trace=Trace(started=NEW_YEAR, ended=NEW_YEAR),
    )
    report = report_of(sent.batch, units=(UnitDone(host="h1", outcome=failed),))
    with pytest.raises(SealError, match="another host"):
        read_report(report_text(report, sent), _is_ours)


def test_another_protocol_is_told_as_that() -> None:
    """A message of a newer or older fleetcheck says which side is to be brought up."""
    raw = json.loads(batch_text(_batch(), hub="hub", ticket=_proof))
    with pytest.raises(SealError, match="fleetcheck is newer; update this machine's"):
        read_batch(json.dumps(raw | {"v": 2}), Path)
    with pytest.raises(SealError, match="fleetcheck is older; update the other side's"):
        read_batch(json.dumps(raw | {"v": 0}), Path)


def test_a_hello_that_a_newer_version_makes_otherwise_is_told_as_that() -> None:
    """Its fields are not known here: which side to update is, and no type of Python's is named."""
    with pytest.raises(SealError, match="fleetcheck is newer; update this machine's"):
        read_hello(json.dumps({"v": 2, "hello": {"name": "berlin"}}))
    with pytest.raises(SealError, match="a hello that cannot be read"):
        read_hello(json.dumps({"v": 1, "hello": {"name": "berlin"}}))


_KEYS = ("v", "report", "units", "host", "hello", "batch", "cancelled")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["v", "report", "units", "host", "hello", "batch"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(_JSON)
@settings(max_examples=300)
def test_no_text_breaks_a_reader(found: object) -> None:
    """Whatever a site's key has sealed, reading it ends with words or a value."""
    text = json.dumps(found)
    for read in (
        lambda: read_batch(text, Path),
        lambda: read_report(text, _is_ours),
        lambda: read_hello(text),
        lambda: read_cancelled(text),
    ):
        with contextlib.suppress(SealError):
            read()


def test_hosts_share_what_they_share() -> None:
    """Fifty hosts of one profile carry it once: a batch stays small."""
    there = tuple(host(f"h{number}", site="berlin") for number in range(50))
    assert len(batch_text(_batch(hosts=there), hub="hub", ticket=_proof)) < 50 * 600
