"""What a transcript makes of PowerShell's fragments."""

from __future__ import annotations

import base64
import struct

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
def test_what_is_no_fragment_stays_as_it_is_or_is_text(data: bytes) -> None:
    """Whatever a host puts there, nothing raises, and the text around it stays."""
    said = readable(body(data))
    assert said.startswith('<rsp:Stream Name="stdout">')
    assert said.endswith("</rsp:Stream>")


@given(st.text())
def test_other_text_stays(text: str) -> None:
    """No Base64, no change."""
    assert readable(text) == text or ">" in text
