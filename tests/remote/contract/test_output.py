"""One document among what a pipeline writes: noise is passed over, text beside it is told,
two answers are none.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.demo.behaviour import Behaviour, Noise, Say, Step
from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.domain.reading import Reading
from orchestrator.remote.ask import PRINTS
from orchestrator.remote.contract.output import beside, document_among
from orchestrator.remote.faults.fault import Fault
from tests.remote.wired import ask, fleet_of, run, simulated, transport

BOTH_WIRES = True

DOCUMENT = json.dumps({"v": 1, "script": "probe", "language": "FullLanguage"})
EMPTY = {
    "an empty message": b"",
    "nil": b"<Nil/>",
    "an empty text": b"<S></S>",
    "a blank text": b"<S> _x000A_</S>",
    "an empty object": b'<Obj RefId="0"/>',
    "an empty list": b'<Obj RefId="0"><TN RefId="0"><T>System.Object[]</T></TN><LST/></Obj>',
}
SPOKEN = {
    b"<S>Welcome to SRV01</S>": '"Welcome to SRV01"',
    b"<S>a_x001B_[2Jb</S>": r'"a\x1b[2Jb"',
    b"<I32>5</I32>": "5",
    b"<B>true</B>": "rue",
    b'<Obj RefId="0"><TN RefId="0"><T>X</T></TN><ToString>PS C:\\</ToString></Obj>': "PS C:",
}


def probed(tmp_path: Path, *acts: Noise | Say) -> Reading | Fault:
    """Probe a simulated host that writes so."""

    async def go() -> Reading | Fault:
        acted = [Behaviour(name="noise", cause=None, step=Step.RUN, act=act) for act in acts]
        async with fleet_of(tmp_path, simulated("web1", *acted)) as (_, [host]), transport() as made:
            found = await ask(made, host)
            return found if isinstance(found, Fault) else found[0]

    return run(go())


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_object_is_no_answer(tmp_path: Path, name: str) -> None:
    """`$null` and what else is empty, before the answer or after it: the reading is there."""
    noise = Noise(before=(EMPTY[name],) * 2, after=(EMPTY[name],))
    assert isinstance(probed(tmp_path, noise), Reading)


@pytest.mark.parametrize("said", SPOKEN)
def test_what_is_written_beside_the_answer_is_quoted(tmp_path: Path, said: bytes) -> None:
    """A greeting makes the answer unusable, and the user reads the greeting, made harmless,
    and where it comes from.
    """
    for noise in (Noise(before=(b"", said)), Noise(after=(said,))):
        fault = probed(tmp_path, noise)
        assert isinstance(fault, Fault)
        assert (fault.cause, fault.phase, fault.advice) == (Cause.GARBLED, Phase.DECODE, PRINTS)
        assert fault.detail.startswith('the answer cannot be used: the host printed "')
        assert SPOKEN[said] in fault.detail
        assert fault.detail.endswith('" beside the answer')
        assert fault.detail.isprintable()


def test_two_documents_are_no_answer(tmp_path: Path) -> None:
    """Nobody can tell which of two answers is the probe's."""
    fault = probed(tmp_path, Noise(before=(f"<S>{DOCUMENT}</S>".encode(),)))
    assert isinstance(fault, Fault)
    assert fault.cause == Cause.GARBLED
    assert fault.detail == "the answer cannot be used: the host gave 2 answers"


def test_text_in_the_answer_s_place_is_quoted(tmp_path: Path) -> None:
    """A host that prints and never answers is told by what it prints."""
    fault = probed(tmp_path, Say("Welcome to SRV01\n"))
    assert isinstance(fault, Fault)
    assert (fault.cause, fault.advice) == (Cause.GARBLED, PRINTS)
    assert fault.detail.endswith('the host printed "Welcome to SRV01" in the answer\'s place')


def test_halves_are_no_document() -> None:
    """A document in two objects is not put together: neither is whole."""
    halves = (DOCUMENT[:20], DOCUMENT[20:])
    assert document_among(halves, "probe") == ("", halves)
    assert beside("", halves, "probe").endswith("and 1 more in the answer's place")


def test_another_script_s_document_is_other_text() -> None:
    """Only a document that names the script that was sent can be its answer."""
    other = DOCUMENT.replace("probe", "repin")
    assert document_among([other, DOCUMENT, ""], "probe") == (DOCUMENT, (other,))


def test_a_broken_document_alone_is_left_to_its_decoder() -> None:
    """Where one object is left that begins like a document, its decoder says at which place it is broken."""
    assert document_among(["", DOCUMENT[:-1]], "probe") == (DOCUMENT[:-1], ())


@given(st.lists(st.one_of(st.text(max_size=30), st.just(DOCUMENT), st.just("[" * 100))))
def test_whatever_is_written_exactly_one_document_alone_counts(written: list[str]) -> None:
    """The document is found wherever it stands, nothing is lost, and nothing else passes for it."""
    document, rest = document_among(written, "probe")
    assert sorted([document, *rest] if document else rest) == sorted(text for text in written if text.strip())
    assert document in {"", DOCUMENT} or rest == ()
    if rest:
        assert beside(document, rest, "probe").isprintable()
