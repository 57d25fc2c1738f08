"""Which headers a transcript shows."""

from __future__ import annotations

import pytest

from orchestrator.remote.trace.headers import schemes, shown


def test_names_are_shown_by_an_allow_list() -> None:
    """A header that is not on the list is counted, and neither its name nor its value is shown."""
    headers = [("Server", "Microsoft-HTTPAPI/2.0"), ("X-Session", "s3cret"), ("Set-Cookie", "id=s3cret")]
    assert list(shown(headers)) == ["Server: Microsoft-HTTPAPI/2.0", "and 2 other headers"]


@pytest.mark.parametrize(
    "name", ["Authorization", "WWW-Authenticate", "Proxy-Authorization", "Proxy-Authenticate", "PROXY-X"]
)
def test_of_a_proof_scheme_and_length_alone_are_shown(name: str) -> None:
    """The token is not in the line, in whatever case the header's name is written."""
    for written in (name, name.lower(), name.upper()):
        (line,) = shown([(written, "Negotiate TlRMTVNTUAADAAAA")])
        assert line.lower() == f"{name.lower()}: negotiate, 26 characters"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Negotiate", "Negotiate"),
        ('negotiate, NTLM, Basic realm="WSMAN"', "Basic, Negotiate, NTLM"),
        ("TlRMTVNTUAADAAAA", "another scheme"),
        ("NegotiateX abc", "another scheme"),
        ("http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual", "client certificate"),
        ("", "another scheme"),
    ],
)
def test_a_scheme_is_named_where_it_is_known(value: str, expected: str) -> None:
    """A word that nobody knows may be a token, and is not repeated."""
    assert schemes(value) == expected


def test_what_a_host_says_is_cleaned_and_cut() -> None:
    """A Server header cannot move a terminal's cursor, and has its length."""
    (line,) = shown([("server", "\x1b[2J" + "x" * 500)])
    assert line.startswith("Server: \\x1b[2Jx")
    assert len(line) == len("Server: ") + 200


def test_a_value_is_freed_of_secrets_before_it_is_cut() -> None:
    """A token that lies across the place of the cut leaves no first half."""
    (line,) = shown([("server", "x" * 195 + "TOKENTOKEN")], lambda text: text.replace("TOKENTOKEN", "-"))
    assert "TOK" not in line
