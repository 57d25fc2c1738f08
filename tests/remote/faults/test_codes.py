"""Codes in every spelling lead to their cause; what nobody knows is told as unknown, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.classify import classify
from orchestrator.remote.faults.codes import KEEP_ALIVE, KERBEROS, parse_code
from orchestrator.remote.faults.fault import Again, Fault
from orchestrator.remote.faults.make import Seen
from orchestrator.remote.faults.table import ROWS
from orchestrator.remote.faults.trouble import Garbled, KerberosTrouble, SoapFault
from orchestrator.remote.psrp.soap import read_fault
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
    8: (Cause.HOST_ILL, Again.LATER),
    112: (Cause.HOST_ILL, Again.LATER),
    1450: (Cause.HOST_ILL, Again.LATER),
    1455: (Cause.HOST_ILL, Again.LATER),
    0xC0000017: (Cause.HOST_ILL, Again.LATER),
    0xC000009A: (Cause.HOST_ILL, Again.LATER),
    0x80338003: (Cause.HOST_ILL, Again.LATER),
    0x80338083: (Cause.HOST_ILL, Again.LATER),
    1330: (Cause.LOGON_FAILED, Again.NEVER),
    1331: (Cause.LOGON_FAILED, Again.NEVER),
    1789: (Cause.LOGON_FAILED, Again.NEVER),
    1793: (Cause.LOGON_FAILED, Again.NEVER),
    1907: (Cause.LOGON_FAILED, Again.NEVER),
    1909: (Cause.LOGON_FAILED, Again.NEVER),
    0xC000006D: (Cause.LOGON_FAILED, Again.NEVER),
    0x8009030C: (Cause.LOGON_FAILED, Again.NEVER),
    0x80338036: (Cause.LOGON_FAILED, Again.NEVER),
    1385: (Cause.ACCESS_DENIED, Again.NEVER),
    0xC0000022: (Cause.ACCESS_DENIED, Again.NEVER),
    1398: (Cause.KERBEROS_CLOCK, Again.NEVER),
    0x80090324: (Cause.KERBEROS_CLOCK, Again.NEVER),
    0x80090322: (Cause.KERBEROS_WRONG_KEY, Again.NEVER),
    0xC0000418: (Cause.NTLM_DISABLED, Again.NEVER),
    1723: (Cause.SERVICE_UNAVAILABLE, Again.BACKOFF),
    0x80338014: (Cause.SERVICE_UNAVAILABLE, Again.BACKOFF),
    1223: (Cause.ABORTED, Again.BACKOFF),
    0x803381DE: (Cause.SESSION_LOST, Again.BACKOFF),
    0x803381C4: (Cause.SESSION_LOST, Again.BACKOFF),
    0x803381DD: (Cause.SHELLS_FORBIDDEN, Again.NEVER),
    0x803381C3: (Cause.RUN_AS_FAILED, Again.NEVER),
    0x803381FD: (Cause.RUN_AS_FAILED, Again.NEVER),
    0x80338049: (Cause.ENVELOPE_TOO_LARGE, Again.ONCE),
    0x80338000: (Cause.NO_CONFIGURATION, Again.NEVER),
    0x80338013: (Cause.NOT_WINRM, Again.NEVER),
    0x80338199: (Cause.REDIRECT, Again.NEVER),
}

# What the words have to say of an account, by code.
REASONS = {
    1326: "user name or password is wrong",
    1311: "no domain controller",
    1327: "a restriction of the account",
    1328: "not log on at this hour",
    1329: "not log on from or to this machine",
    1330: "the password has expired",
    1331: "the account is disabled",
    1385: "not log on over the network",
    1789: "trust with its domain is broken",
    1793: "the account has expired",
    1907: "the password has to be changed",
    1909: "the account is locked out",
    0xC0000064: "does not know that user",
    0xC000006A: "user name or password is wrong",
    0xC0000071: "the password has expired",
    0xC0000072: "the account is disabled",
    0xC0000193: "the account has expired",
    0xC0000224: "the password has to be changed",
    0xC0000234: "the account is locked out",
    0x80090311: "no domain controller",
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
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}" Machine="h">'  # noqa: E501
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
    """What is not in the table is `unclassified`, with the number in hex and the host's words made
    harmless.
    """
    fault = told(envelope("2150900000", text="&#x202e;red"))
    assert (fault.cause, fault.again) == (Cause.UNCLASSIFIED, Again.NEVER)
    assert "0x80342120" in fault.detail
    assert "\u202e" not in fault.detail


@pytest.mark.parametrize("code", REASONS, ids=hex)
def test_an_account_s_trouble_is_told_by_its_reason(code: int) -> None:
    """Locked, expired, disabled and wrong are four things to mend: where a code tells them apart,
    so do the words.
    """
    fault = told(envelope(str(code)))
    assert REASONS[code] in fault.detail
    assert "look the same" not in fault.advice
    assert fault.advice.isprintable()
    assert not set("{}") & set(fault.detail + fault.advice)


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (envelope("2150900000"), "Look it up with `winrm helpmsg 0x80342120` on any Windows, and"),
        (envelope("4711"), "Look it up with `winrm helpmsg 0x1267` on any Windows, and"),
        (envelope("-1"), "Look it up with `winrm helpmsg 0xFFFFFFFF` on any Windows, and"),
        (
            envelope(None, subcode="w:NobodyKnows"),
            "Look into the host's event log (Windows Remote Management), and",
        ),
    ],
)
def test_an_unknown_code_is_looked_up_by_its_own_number(body: bytes, advice: str) -> None:
    """The command in the advice can be typed as it stands; where no code came there is none to look up."""
    fault = told(body)
    assert (fault.cause, fault.advice.startswith(advice)) == (Cause.UNCLASSIFIED, True), fault.advice


def test_an_unknown_code_of_kerberos_is_no_windows_code() -> None:
    """libkrb5's numbers are looked up where they are listed."""
    advice = classify(KerberosTrouble(2529638999, "x"), SEEN).advice
    assert advice.startswith("Look -1765328297 up in libkrb5's list")


def test_no_cause_advises_to_look_up_the_word_code() -> None:
    """A placeholder in a command is nothing that can be typed."""
    assert not [cause for cause, row in ROWS.items() if " CODE" in row.advice]


def test_an_hresult_of_an_ntstatus_is_that_status() -> None:
    """0xD000006D is 0xC000006D, a refused logon."""
    assert parse_code("0xD000006D") == parse_code("-805306259") == 0xC000006D


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
