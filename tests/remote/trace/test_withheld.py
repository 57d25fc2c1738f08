"""A logon's tokens stand in no transcript, however a host repeats them."""

from __future__ import annotations

import base64
import random

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.remote.trace.withheld import MARK, Withheld

TOKEN = base64.b64encode(random.Random(7).randbytes(600)).decode()  # noqa: S311  # no secret
BASIC = base64.b64encode("CORP\\svc:p<ss&wörd".encode()).decode()


def knowing(authorization: str) -> Withheld:
    """Make one that was told what a request proved itself with."""
    withheld = Withheld()
    withheld.sent(authorization)
    return withheld


def test_a_token_that_comes_back_is_withheld() -> None:
    """The rest of the text stays."""
    assert knowing(f"Negotiate {TOKEN}").out_of(f"<p>{TOKEN}</p>") == f"<p>{MARK}</p>"


def test_of_basic_the_user_name_and_password_are_withheld_too() -> None:
    """As they are, and as HTML writes them."""
    withheld = knowing(f"Basic {BASIC}")
    for echoed in (BASIC, "CORP\\svc:p<ss&wörd", "p<ss&wörd", "p&lt;ss&amp;wörd"):
        assert withheld.out_of(f"you sent {echoed}.") == f"you sent {MARK}."


def test_a_challenge_is_withheld_and_its_scheme_and_realm_are_not() -> None:
    """`Negotiate` and a realm are words that an administrator has to read."""
    withheld = Withheld()
    withheld.challenged(f'Negotiate {TOKEN}, Basic realm="a realm of some length"')
    said = f'offers Negotiate, Basic realm="a realm of some length": {TOKEN}'
    assert withheld.out_of(said) == said.replace(TOKEN, MARK)


def test_however_many_challenges_a_host_sends_what_we_sent_stays_withheld() -> None:
    """A host that challenges without an end pushes out its own tokens alone, in one header or in many."""
    withheld = knowing(f"Basic {BASIC}")
    withheld.sent(f"Negotiate {TOKEN}")
    many = [base64.b64encode(random.Random(at).randbytes(30)).decode() for at in range(100)]  # noqa: S311
    withheld.challenged(", ".join(f"Negotiate {token}" for token in many[:50]))
    for token in many[50:]:
        withheld.challenged(f"Negotiate {token}")
    for ours in (TOKEN, BASIC, "CORP\\svc:p<ss&wörd", "p<ss&wörd", "p&lt;ss&amp;wörd"):
        assert withheld.out_of(f"you sent {ours}.") == f"you sent {MARK}."


def test_the_last_challenges_of_a_host_are_withheld_however_many_it_sent() -> None:
    """What is remembered of a host has an end, and its latest tokens are in it."""
    withheld = Withheld()
    many = [base64.b64encode(random.Random(at).randbytes(30)).decode() for at in range(100)]  # noqa: S311
    for token in many:
        withheld.challenged(f"Negotiate {token}")
    assert [withheld.out_of(token) for token in (many[0], many[-1])] == [many[0], MARK]


@given(
    before=st.text(alphabet="- \n", max_size=40),
    start=st.integers(0, len(TOKEN) - 24),
    size=st.integers(24, 200),
    after=st.text(alphabet="- \n", max_size=40),
)
def test_a_part_of_a_token_is_withheld(before: str, start: int, size: int, after: str) -> None:
    """A host that has cut a token off, at either end, leaves no 24 characters of it."""
    part = TOKEN[start : start + size]
    assert knowing(f"Negotiate {TOKEN}").out_of(before + part + after) == before + MARK + after


@given(st.text())
def test_other_text_stays_as_it_is(text: str) -> None:
    """Nothing is withheld where nothing of a token is."""
    assert knowing(f"Negotiate {TOKEN}").out_of(text) == text


def test_zeros_in_base64_are_no_token() -> None:
    """What a PowerShell fragment and an NTLM message have in common is what zeros look like."""
    withheld = knowing("Negotiate TlRMTVNTUAABAAAAN4II4gAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==")
    fragment = "AAAAAAAAAAAAAAAAAAAAAAMAAADzAgAAAA"
    assert withheld.out_of(fragment) == fragment
