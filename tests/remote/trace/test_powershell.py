"""What a transcript makes of PowerShell's fragments."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.remote.psrp.fragments import fragments
from orchestrator.remote.trace.powershell import readable


def message(kind: int, text: str) -> bytes:
    """Write a PSRP message."""
    return struct.pack("<II16s16s", 2, kind, bytes(16), bytes(16)) + b"\xef\xbb\xbf" + text.encode()


def body(*pieces: bytes) -> str:
    """Write fragments into a stream, as a SOAP body has it."""
    return f'<rsp:Stream Name="stdout">{base64.b64encode(b"".join(pieces)).decode()}</rsp:Stream>'


def test_a_message_is_read_under_its_name() -> None:
    """In the place of its Base64; the ends of a script's lines are ends of lines."""
    whole = fragments(1, message(0x00041004, "<S>one_x000D__x000A_two</S>"), size=4096)
    assert readable(body(*whole)) == (
        '<rsp:Stream Name="stdout">\n-- PIPELINE_OUTPUT, 30 bytes\n<S>one\ntwo</S>\n</rsp:Stream>'
    )


def test_a_message_in_pieces_is_read_piece_by_piece() -> None:
    """Each piece says whether more comes; two messages may share a stream."""
    cut = [*fragments(1, message(0x00021006, "a" * 40), size=80), *fragments(2, message(0x7, "b"), size=80)]
    said = [line for line in readable(body(*cut)).splitlines() if line.startswith("-- ")]
    assert said == [
        "-- CREATE_PIPELINE, 19 bytes, to be continued",
        "-- continued, 24 bytes",
        "-- message 0x00000007, 4 bytes",
    ]


@given(st.binary(max_size=300))
def test_nothing_that_a_host_puts_there_raises(data: bytes) -> None:
    """Whatever it is, the text around it stays."""
    said = readable(body(data))
    assert said.startswith('<rsp:Stream Name="stdout">')
    assert said.endswith("</rsp:Stream>")


WHOLE = b"".join(fragments(1, message(0x00041004, "<S>text</S>"), size=4096))


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
def test_a_fragment_that_is_cut_off_stays_as_it_is(cut: int) -> None:
    """Wherever the host cut it: half a fragment is not told as one."""
    assert readable(body(WHOLE[:-cut])) == body(WHOLE[:-cut])


@given(st.binary(min_size=1, max_size=20))
def test_a_fragment_with_something_behind_it_stays_as_it_is(tail: bytes) -> None:
    """Fewer bytes than a fragment's head are none, and nothing is told of the one before either."""
    assert readable(body(WHOLE + tail)) == body(WHOLE + tail)


@pytest.mark.parametrize(("part", "bits"), [(0, 4), (0, 2), (1, 1), (1, 3)])
def test_a_fragment_whose_bits_are_wrong_stays_as_it_is(part: int, bits: int) -> None:
    """A bit that is none; a first piece that does not begin, a later one that does."""
    data = struct.pack(">QQBI", 1, part, bits, len(WHOLE) - 21) + WHOLE[21:]
    assert readable(body(data)) == body(data)


@given(st.text(max_size=27))
def test_other_text_stays(text: str) -> None:
    """What is too short for a fragment in Base64 is not looked at."""
    assert readable(f">{text}<") == f">{text}<"
