"""What a transcript says of a SOAP message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.remote.trace.soap import action, lines


def test_the_action_is_found_under_any_prefix() -> None:
    """As this program writes it, and as hosts do."""
    create = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
    for written in (
        f'<a:Action s:mustUnderstand="true">{create}</a:Action>',
        f"<wsa:Action>\n {create} </wsa:Action>",
        f"<Action>{create}</Action>",
    ):
        assert action(f"<s:Envelope><s:Header>{written}</s:Header></s:Envelope>".encode()) == create


def test_what_has_no_action_has_none() -> None:
    """A page, nothing, or an action that is no text."""
    for message in (b"", b"<html></html>", b"<a:Action><b/></a:Action>", b"<a:Action" + b" " * 9000):
        assert action(message) is None


@given(st.binary(max_size=400))
def test_nothing_that_a_host_says_breaks_it(message: bytes) -> None:
    """An action or none; lines without anything that a terminal obeys."""
    action(message)
    assert all(line.isprintable() for line in lines(message.decode("utf-8", "replace")))


def test_a_body_is_broken_between_tags() -> None:
    """One tag a line is what somebody can read."""
    assert lines("<a><b>1</b>\r\n<c/></a>") == ["<a>", "<b>1</b>", "<c/>", "</a>"]
