"""What a host sends as PSRP is put together within limits, before pypsrp reads any of it."""

from __future__ import annotations

import contextlib
import struct
import uuid
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.remote.faults.trouble import Garbled, Trouble
from orchestrator.remote.net.http import MAX_ANSWER
from orchestrator.remote.over_pypsrp.imports import MessageType, Serializer
from orchestrator.remote.over_pypsrp.shell import _Fragmenter
from orchestrator.remote.psrp.fragments import MAX_OBJECTS

START, END = 1, 2


def fragment(data: bytes, *, number: int = 1, part: int = 0, bits: int = START | END) -> bytes:
    """Write a fragment as MS-PSRP 2.2.4 says."""
    return struct.pack(">QQBI", number, part, bits, len(data)) + data


def message(kind: int, document: bytes) -> bytes:
    """Write a message: destination, kind, two ids, the document."""
    return struct.pack("<II", 1, kind) + uuid.uuid4().bytes_le * 2 + b"\xef\xbb\xbf" + document


def fragmenter() -> tuple[_Fragmenter, SimpleNamespace]:
    """Make one, with a pool that only keeps the version and what was heard."""
    pool = SimpleNamespace(version="", heard=False)
    return _Fragmenter(100_000, Serializer(), pool), pool  # type: ignore[arg-type]  # all that it touches


OUTPUT = message(MessageType.PIPELINE_OUTPUT, b"<S>hello</S>")


def test_a_message_in_pieces_is_put_together() -> None:
    """Fragments that come in several answers make one message."""
    made, _ = fragmenter()
    assert made.defragment(fragment(OUTPUT[:10], bits=START)) == []
    assert made.defragment(fragment(OUTPUT[10:30], part=1, bits=0)) == []
    (found,) = made.defragment(fragment(OUTPUT[30:], part=2, bits=END))
    assert found.data.data == "hello"


def test_two_messages_in_one_answer_are_two() -> None:
    """Several fragments of one answer are all read."""
    made, _ = fragmenter()
    both = made.defragment(fragment(OUTPUT, number=1) + fragment(OUTPUT, number=2))
    assert [found.data.data for found in both] == ["hello", "hello"]


def test_what_nobody_reads_is_not_read() -> None:
    """Progress, host calls and unknown kinds are left out, however broken they are."""
    made, _ = fragmenter()
    kinds = (MessageType.PROGRESS_RECORD, MessageType.PIPELINE_HOST_CALL, MessageType.WARNING_RECORD, 12345)
    assert [made.defragment(fragment(message(kind, b"<<<"), number=kind)) for kind in kinds] == [[]] * 4


def test_the_version_of_powershell_is_found() -> None:
    """The pool's private data say which PowerShell answers."""
    made, pool = fragmenter()
    document = (
        b'<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1"><DCT><En><S N="Key">PSVersionTable</S>'
        b'<Obj N="Value" RefId="2"><DCT><En><S N="Key">PSVersion</S><Version N="Value">5.1.1</Version></En></DCT>'  # noqa: E501
        b"</Obj></En></DCT></Obj></MS></Obj>"
    )
    assert made.defragment(fragment(message(MessageType.APPLICATION_PRIVATE_DATA, document))) == []
    assert pool.version == "5.1.1"


@pytest.mark.parametrize(
    "data",
    [
        b"short",
        fragment(OUTPUT)[:-1],
        struct.pack(">QQBI", 1, 0, 3, 2**32 - 1),
        fragment(OUTPUT, part=1),
        fragment(OUTPUT, bits=END),
        fragment(OUTPUT[:9], bits=START) + fragment(OUTPUT[9:], part=2, bits=END),
        fragment(OUTPUT[:9], bits=START) * 2,
        fragment(b"x" * 39),
        b"".join(fragment(b"x", number=number, bits=START) for number in range(MAX_OBJECTS + 1)),
        fragment(b"x" * MAX_ANSWER, bits=START) + fragment(b"x", part=1, bits=0),
        fragment(message(MessageType.PIPELINE_OUTPUT, b"<a>" * 99 + b"</a>" * 99)),
        fragment(message(MessageType.ERROR_RECORD, b"<!DOCTYPE a><a/>")),
    ],
    ids=[
        *(
            "header",
            "cut",
            "length",
            "no start",
            "no first",
            "gap",
            "twice",
            "message",
            "too many",
            "too large",
        ),
        *("deep", "dtd"),
    ],
)
def test_what_does_not_fit_together_is_garbled(data: bytes) -> None:
    """Headers that lie, gaps, repetitions, and more than the limits are refused with words."""
    made, _ = fragmenter()
    with pytest.raises(Garbled):
        made.defragment(data)


def test_many_empty_fragments_cost_no_time_that_matters() -> None:
    """A megabyte of empty fragments is refused at the second one."""
    made, _ = fragmenter()
    with pytest.raises(Garbled):
        made.defragment(fragment(b"", bits=0) * 50_000)


@given(st.binary(max_size=200))
def test_no_bytes_bring_up_anything_else(data: bytes) -> None:
    """Whatever a host sends, it is messages or trouble."""
    made, _ = fragmenter()
    with contextlib.suppress(Trouble):
        made.defragment(data)
