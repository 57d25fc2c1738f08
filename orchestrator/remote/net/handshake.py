"""Why a TLS handshake failed: what OpenSSL said of it, and what the host shows to who looks once more.

No I/O.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.cause import Cause
from orchestrator.remote.faults.trouble import Lost, OtherService, Trouble, Untrusted
from orchestrator.remote.net.banners import service
from orchestrator.remote.net.certificate import describe, fingerprint
from orchestrator.remote.session import Endpoint

HANDSHAKE = "the TLS handshake was under way"
AGAIN = "connecting once more"
HEARD = 200  # bytes of what came in the place of TLS
LOOK = 3.0  # seconds that a second handshake may take, which is there for the words alone
_OLD = {"SSLv3", "TLSv1", "TLSv1.1"}

# Names of OpenSSL's reasons as Python's `ssl` gives them (`_ssl` holds the table): names, not texts.
_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "UNKNOWN_PROTOCOL",
    }
)
_TOO_OLD = frozenset(
    {
        "UNSUPPORTED_PROTOCOL",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "NO_PROTOCOLS_AVAILABLE",
        "WRONG_SSL_VERSION",
        "VERSION_TOO_LOW",
        "EE_KEY_TOO_SMALL",
        "CA_KEY_TOO_SMALL",
        "CA_MD_TOO_WEAK",
        "DH_KEY_TOO_SMALL",
        "BAD_ECC_CERT",
        "WRONG_SIGNATURE_TYPE",
        "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
    }
)
_NOTHING_COMMON = "SSLV3_ALERT_HANDSHAKE_FAILURE"
# Alerts to a client that showed no certificate; the first is TLS 1.3's own, and comes after the handshake.
_WANTS_CERTIFICATE = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_NO_CERTIFICATE",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)
_NAME = "TLSV1_UNRECOGNIZED_NAME"
REASONS = _NOT_TLS | _TOO_OLD | _WANTS_CERTIFICATE | {_NOTHING_COMMON, _NAME}


class Look:
    """One handshake that trusts everybody, for the words alone: its context,
    and whether the host asked for a certificate.
    """

    __slots__ = ("_asked", "context")

    def __init__(self) -> None:
        self.context = context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with contextlib.suppress(ssl.SSLError):
            context.set_ciphers("ALL:@SECLEVEL=0")
        asked: list[bool] = []

        def hear(_tls: object, way: str, _version: object, content: int, kind: int, _data: bytes) -> None:
            if (way, content, kind) == ("read", _A_HANDSHAKE, _CERTIFICATE_REQUEST):
                asked.append(True)

        self._asked = asked  # no ring: it would keep its TLS until it is collected
        # Python's own debugging hook, and the only way to see this; without it the host's alert has to do.
        context._msg_callback = hear  # type: ignore[attr-defined]  # noqa: SLF001

    @property
    def asked(self) -> bool:
        """Whether the host asked for a certificate of ours."""
        return bool(self._asked)


_A_HANDSHAKE, _CERTIFICATE_REQUEST = 22, 13  # RFC 8446, B.1 and B.3


@dataclass(frozen=True, slots=True)
class Shown:
    """What a host shows to who trusts everybody: its certificates as DER, leaf first, the TLS version and the
    cipher.

    All are empty where it shows nothing. `demands`: it asked for a certificate, and ended it when there was
    none.
    """

    chain: tuple[bytes, ...] = ()
    version: str = ""
    cipher: str = ""
    demands: bool = False

    @property
    def pin(self) -> str | None:
        """What `tls_pin:` would have to say, None where no certificate was shown."""
        return fingerprint(self.chain[0]) if self.chain else None

    def __str__(self) -> str:
        """Write the host's own certificate in one line."""
        return describe(self.chain[0]) if self.chain else "no certificate was shown"


def shown_by(tls: ssl.SSLSocket | ssl.SSLObject) -> Shown:
    """Return what a host showed in a finished handshake that trusted nothing."""
    leaf = tls.getpeercert(binary_form=True)
    cipher = tls.cipher()
    return Shown(_chain(tls, leaf) if leaf else (), tls.version() or "", cipher[0] if cipher else "")


def _chain(tls: ssl.SSLSocket | ssl.SSLObject, leaf: bytes) -> tuple[bytes, ...]:
    """Return all that the host sent.

    Public from Python 3.13 on; before, the leaf has to do where it is not there.
    """
    ask = getattr(tls, "get_unverified_chain", None) or getattr(tls, "_sslobj", None)
    ask = getattr(ask, "get_unverified_chain", ask)
    try:
        sent = [one if isinstance(one, bytes) else one.public_bytes(_DER) for one in (ask() if ask else ())]
    except (AttributeError, TypeError, ValueError):
        sent = []
    return tuple(sent) or (leaf,)


_DER = 2  # _ssl.ENCODING_DER


def may_be_no_tls(error: ssl.SSLError) -> bool:
    """Whether what answers may speak no TLS at all: OpenSSL's word for that changes with its version."""
    return not isinstance(error, ssl.SSLCertVerificationError) and error.reason not in REASONS - _NOT_TLS


def not_tls(error: ssl.SSLError, endpoint: Endpoint, heard: bytes) -> Trouble | None:
    """Tell what answers in the place of TLS, None where TLS does.

    `heard` is what it said first, b"" where nobody knows.
    """
    if _RECORD.match(heard) or (not heard and error.reason not in _NOT_TLS):
        return None
    if (name := service(heard)) is not None:
        return OtherService(heard, name)
    what = f"{endpoint.address}:{endpoint.port} answers something else ({error.reason or 'no TLS'})"
    if heard.startswith(b"HTTP/"):
        return Untrusted(Cause.NOT_TLS, f"{what}: HTTP in clear")
    advice = _NO_TLS_AT_ALL.format(endpoint.port) if heard else ""
    return Untrusted(
        Cause.NOT_TLS, f"{what}, which begins with {heard[:40]!r}" if heard else what, advice=advice
    )


_RECORD = re.compile(rb"[\x14-\x18]\x03[\x00-\x04]")  # RFC 8446 5.1
_NO_TLS_AT_ALL = "Another service may listen on port {0}: WinRM's ports are 5985 (http) and 5986 (https)."


def untrusted(error: ssl.SSLError, shown: Shown, held: Sequence[bytes], endpoint: Endpoint) -> Untrusted:
    """Tell why a handshake failed, whose it is to mend, and with which certificate: OpenSSL keeps none that
    it refused.

    `held` is what the `ca:` file holds, as DER.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        from orchestrator.remote.net.chain import judge

        line = f'`tls_pin: "{shown.pin}"`' if shown.pin else "`tls_pin:`"
        found = judge(error.verify_code, error.verify_message, shown.chain, held, endpoint, line)
        return Untrusted(found.cause, f"{found.why}; seen: {shown}", shown.pin, advice=found.advice)
    reason = error.reason or str(error)
    if reason in _WANTS_CERTIFICATE or shown.demands:
        return demanded(reason)
    if reason in _TOO_OLD or reason == _NOTHING_COMMON:
        return _too_old(shown, f"{reason}; ")
    if reason == _NAME:
        return Untrusted(Cause.TLS_WRONG_NAME, f"{reason}; seen: {shown}", shown.pin, advice=_NO_SUCH_NAME)
    return Untrusted(Cause.UNCLASSIFIED, f"{reason}; seen: {shown}", shown.pin, advice=_NOT_KNOWN)


_NO_SUCH_NAME = (
    "What answers serves several names and knows none such: set `address:` to the name that it knows, or "
    "reach the host without what stands before it."
)
_NOT_KNOWN = (
    "That is OpenSSL's word for it. On the host, the event log has Schannel's: look at the listener's "
    "certificate, its private key and the TLS versions that are on."
)


def _too_old(shown: Shown, reason: str = "") -> Untrusted:
    offer, advice = "", ""
    if shown.version in _OLD:
        offer, advice = f"offers {shown.version} at most, ", _OLD_VERSION
    elif shown.cipher:
        offer = f"takes {shown.version} with {shown.cipher}, "
    return Untrusted(Cause.TLS_TOO_OLD, f"{reason}{offer}seen: {shown}", shown.pin, advice=advice)


_OLD_VERSION = (
    "On the host: switch TLS 1.2 on, which Windows Server 2008 R2 does by registry keys of SChannel. "
    "Nothing on this side allows an older one."
)


def demanded(reason: str) -> Untrusted:
    """Tell that a host wants a certificate of ours."""
    return Untrusted(Cause.TLS_CLIENT_CERTIFICATE, reason)


def refused_late(error: OSError) -> Untrusted | None:
    """Tell the alert that ends a connection after the handshake from a lost connection, which None stands
    for.

    A TLS 1.3 client has finished its handshake before the server has looked for the client's certificate.
    """
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    return demanded(reason) if reason in _WANTS_CERTIFICATE else None


_SILENT = "it asked for one, and ended the connection when there was none"


def silent(shown: Shown, lost: Lost) -> Untrusted | Lost:
    """Tell why a host ended the connection without a word at the first request over TLS."""
    return demanded(_SILENT) if shown.demands else lost


def hung_up(error: OSError, shown: Shown) -> Untrusted | Lost:
    """Tell why a host ended the handshake without a word:
    old Windows does so where no TLS version is common.
    """
    if shown.demands:
        return demanded(_SILENT)
    if shown.version in _OLD:
        return _too_old(shown)
    return Lost(HANDSHAKE, None if isinstance(error, ssl.SSLError) else error)
