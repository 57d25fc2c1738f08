"""Codes in every spelling lead to their cause; what nobody knows is told as unknown, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.classify import Seen, classify
from orchestrator.remote.fault_codes import KEEP_ALIVE, KERBEROS, parse_code
from orchestrator.remote.faults import Again, Fault
from orchestrator.remote.soap import read_fault
from orchestrator.remote.trouble import Garbled, KerberosTrouble, SoapFault
from tests.remote.wired import plain

SEEN = Seen(endpoint=plain(5985), phase=Phase.OPEN, seconds=1.5, script="ab" * 32)

# Written down again from the design's page and Windows' headers, not read from the table under test.
CODES = {
    0x80338126: (Cause.NO_ANSWER, Again.BACKOFF),
    0x80338012: (Cause.CONNECTION_REFUSED, Again.BACKOFF),
    0x80338169: (Cause.PUBLIC_NETWORK, Again.NEVER),
    0x80338113: (Cause.NO_LISTENER, Again.NEVER),
    0x80338112: (Cause.SERVICE_UNAVAILABLE, Again.BACKOFF),
    0x803381A5: (Cause.TOO_MANY_SHELLS, Again.LATER),
    0x803381A6: (Cause.TOO_MANY_SHELLS, Again.LATER),
    0x803381A7: (Cause.QUOTA, Again.LATER),
    0x803381A8: (Cause.QUOTA, Again.LATER),
    0x803381AB: (Cause.QUOTA, Again.LATER),
    **dict.fromkeys(range(0x803381E4, 0x803381EB), (Cause.QUOTA, Again.LATER)),
    0x8033805B: (Cause.SESSION_LOST, Again.BACKOFF),
    0x803381AC: (Cause.SHELLS_FORBIDDEN, Again.NEVER),
    0x803381E3: (Cause.SHELLS_FORBIDDEN, Again.NEVER),
    0x8033803B: (Cause.NO_CONFIGURATION, Again.NEVER),
    0x80338002: (Cause.NO_CONFIGURATION, Again.NEVER),
    0x803381DF: (Cause.RUN_AS_FAILED, Again.NEVER),
    0x80338048: (Cause.ENVELOPE_TOO_LARGE, Again.ONCE),
    0x80338026: (Cause.ENVELOPE_TOO_LARGE, Again.ONCE),
    0x803381B9: (Cause.NAME_NOT_RESOLVED, Again.ONCE),
    0x803381BB: (Cause.KERBEROS_NEEDS_NAME, Again.NEVER),
    0x8033810B: (Cause.KERBEROS_NEEDS_NAME, Again.NEVER),
    0x803380E2: (Cause.LOGON_NOT_OFFERED, Again.NEVER),
    0x803380E4: (Cause.LOGON_NOT_OFFERED, Again.NEVER),
    0x803380E5: (Cause.LOGON_NOT_OFFERED, Again.NEVER),
    0x8033810C: (Cause.LOGON_NOT_OFFERED, Again.NEVER),
    0x8033810E: (Cause.LOGON_NOT_OFFERED, Again.NEVER),
    5: (Cause.ACCESS_DENIED, Again.NEVER),
    1326: (Cause.LOGON_FAILED, Again.NEVER),
    1311: (Cause.LOGON_FAILED, Again.NEVER),
    1312: (Cause.LOGON_FAILED, Again.NEVER),
    995: (Cause.ABORTED, Again.BACKOFF),
    1115: (Cause.HOST_ILL, Again.LATER),
    14: (Cause.HOST_ILL, Again.LATER),
    1018: (Cause.HOST_ILL, Again.LATER),
}


def spellings(code: int) -> dict[str, str]:
    """Write a code as hosts write it."""
    return {
        "unsigned": str(code),
        "signed": str(code - 2**32 if code >= 2**31 else code),
        "hex": f"0x{code:08X}",
    }


def envelope(code: str | None, *, subcode: str = "w:InternalError", text: str = "no") -> bytes:
    """Build the body of a WSMan fault; without a code there is no detail."""
    detail = (
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}" Machine="h">'
        f"<f:Message>{text}</f:Message></f:WSManFault>"
        if code is not None
        else ""
    )
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code>'
        f"<s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f"<s:Reason><s:Text>{text}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault></s:Body></s:Envelope>"
    ).encode()


def told(body: bytes) -> Fault:
    """Read a fault's body and classify it."""
    trouble = read_fault(body)
    assert trouble is not None
    return classify(trouble, SEEN)


@pytest.mark.parametrize("spelling", ["unsigned", "signed", "hex"])
@pytest.mark.parametrize("code", CODES, ids=hex)
def test_a_code_has_its_cause_in_every_spelling(code: int, spelling: str) -> None:
    """Whether a host writes a code unsigned, signed or in hex, the user is told the same cause and rule."""
    fault = told(envelope(spellings(code)[spelling]))
    assert (fault.cause, fault.again, fault.code) == (*CODES[code], code)


def test_a_code_decides_before_its_subcode() -> None:
    """A known code wins over a subcode that says something else."""
    assert told(envelope("995", subcode="w:AccessDenied")).cause == Cause.ABORTED


def test_the_message_decides_nothing() -> None:
    """The host's words are quoted, in whatever language; only the code counts."""
    fault = told(envelope("1018", text="Zugriff verweigert. Access is denied."))
    assert (fault.cause, "Zugriff verweigert" in fault.detail) == (Cause.HOST_ILL, True)


@pytest.mark.parametrize(
    ("subcode", "cause"),
    [
        ("w:AccessDenied", Cause.ACCESS_DENIED),
        ("w:QuotaLimit", Cause.QUOTA),
        ("w:InvalidSelectors", Cause.SESSION_LOST),
        ("a:DestinationUnreachable", Cause.NO_CONFIGURATION),
        ("w:EncodingLimit", Cause.ENVELOPE_TOO_LARGE),
        ("a:EndpointUnavailable", Cause.SERVICE_UNAVAILABLE),
        ("w:NobodyKnows", Cause.UNCLASSIFIED),
    ],
)
def test_without_a_code_the_subcode_decides(subcode: str, cause: Cause) -> None:
    """A service that sends no code is still understood by its SOAP subcode."""
    assert told(envelope(None, subcode=subcode)).cause == cause


def test_an_unknown_code_is_told_in_hex() -> None:
    """What is not in the table is `unclassified`, with the number in hex and the host's words made harmless."""
    fault = told(envelope("2150900000", text="&#x202e;red"))
    assert (fault.cause, fault.again) == (Cause.UNCLASSIFIED, Again.NEVER)
    assert "0x80342120" in fault.detail
    assert "\u202e" not in fault.detail


def test_an_hresult_of_win32_is_its_win32_code() -> None:
    """0x80070005 is 5, access denied."""
    assert parse_code("0x80070005") == 5
    assert parse_code("-2147024891") == 5


def test_the_keep_alive_is_no_fault_of_the_table() -> None:
    """The code that says "still running" is 2150858793 in every spelling."""
    assert [parse_code(text) for text in ("2150858793", "-2144108503", "0x80338029")] == [KEEP_ALIVE] * 3


@given(st.text(max_size=40))
def test_no_text_makes_the_reading_of_codes_fail(text: str) -> None:
    """Whatever stands where a code should, it is a number of 32 bits or none."""
    code = parse_code(text)
    assert code is None or 0 <= code < 2**32


@pytest.mark.parametrize(
    ("signed", "cause"),
    [
        (-1765328377, Cause.KERBEROS_NO_SPN),
        (-1765328347, Cause.KERBEROS_CLOCK),
        (-1765328352, Cause.KERBEROS_TICKET),
        (-1765328189, Cause.KERBEROS_TICKET),
        (-1765328228, Cause.KERBEROS_NO_KDC),
        (-1765328230, Cause.KERBEROS_NO_KDC),
        (-1765328360, Cause.LOGON_FAILED),
        (-1, Cause.UNCLASSIFIED),
    ],
)
def test_kerberos_codes_have_their_causes(signed: int, cause: Cause) -> None:
    """MIT Kerberos' numbers from krb5.h lead to their rows."""
    assert classify(KerberosTrouble(signed & 0xFFFFFFFF, "x"), SEEN).cause == cause
    assert (signed & 0xFFFFFFFF in KERBEROS) == (cause is not Cause.UNCLASSIFIED)


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"nothing", b"\xff\xfe", b"<s:Envelope/>"])
def test_a_body_without_soap_is_no_fault(body: bytes) -> None:
    """Another server's error page is told as that, not as WSMan's."""
    assert read_fault(body) is None


def test_a_soap_body_that_is_broken_is_garbled() -> None:
    """Half a fault is garbled, with the place."""
    with pytest.raises(Garbled):
        read_fault(envelope("5")[:-20])


def test_a_fault_names_its_machine_and_innermost_subcode() -> None:
    """The fault's fields are read as they stand."""
    trouble = read_fault(envelope("5", subcode="w:AccessDenied"))
    assert isinstance(trouble, SoapFault)
    assert (trouble.code, trouble.subcode, trouble.machine) == (5, "AccessDenied", "h")
