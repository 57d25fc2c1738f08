"""Why OpenSSL refused a chain of certificates, and whose it is to mend. Pure.

The numbers are OpenSSL's X509_V_ERR_* (x509_vfy.h). OpenSSL names no certificate with them, so the one that
is meant is looked for among those that the host sent and those of the `ca:` file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from orchestrator.domain.cause import Cause
from orchestrator.domain.primitives.text import clean
from orchestrator.remote.net.certificate import common_names, quoted, server_names, uses
from orchestrator.remote.session import Endpoint

_MOST = 3  # authorities of a `ca:` file that are named
_WEAK = frozenset({"md5", "sha1"})
_NOT_YET = 9
_NO_NAME_HERE = 64  # an address, not a name


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with a chain. `advice` says who mends it and how; "" where the cause's own words fit."""

    cause: Cause
    why: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A refused chain: OpenSSL's number and words, what the host sent (leaf first), what the `ca:` file
    holds.

    `pin` is the inventory's line that accepts the leaf whatever is wrong with it.
    """

    code: int
    said: str
    sent: Sequence[x509.Certificate]
    held: Sequence[x509.Certificate]
    endpoint: Endpoint
    pin: str

    @property
    def leaf(self) -> x509.Certificate:
        """The host's own certificate."""
        return self.sent[0]

    @property
    def path(self) -> Sequence[x509.Certificate]:
        """The leaf, its issuer, the issuer's issuer, as far as host and `ca:` file together hold them."""
        found, rest = [self.leaf], [*self.sent[1:], *self.held]
        while (top := found[-1]).subject != top.issuer:
            above = next((one for one in rest if _signs(one, top) and one not in found), None)
            if above is None:
                break
            found.append(above)
        return found

    def of(self, certificate: x509.Certificate) -> str:
        """Say whose certificate it is, to begin a sentence with."""
        return "it" if certificate == self.leaf else f"the CA's, {quoted(certificate.subject)},"


def _signs(above: x509.Certificate, below: x509.Certificate) -> bool:
    """Whether one is by the other's key; by its name alone where the signature is of a kind that is not read
    any more.
    """
    try:
        below.verify_directly_issued_by(above)
    except (InvalidSignature, TypeError, ValueError):
        return False
    except UnsupportedAlgorithm:
        return True
    return True


def judge(
    code: int, said: str, sent: Sequence[bytes], held: Sequence[bytes], where: Endpoint, pin: str
) -> Refusal:
    """Say what is wrong and who mends it. `sent` and `held` are DER; whatever cannot be read, the code
    decides alone.

    `said` are OpenSSL's own words.
    """
    row = _ROWS.get(code)
    try:
        chain, authorities = ([x509.load_der_x509_certificate(one) for one in some] for some in (sent, held))
        if row is not None and chain:
            return row(Case(code=code, said=said, sent=chain, held=authorities, endpoint=where, pin=pin))
    except Exception:  # noqa: BLE001, S110  # whatever a hostile certificate makes of the parser
        pass
    return Refusal(_CAUSES.get(code, Cause.TLS_BAD_CERTIFICATE), said, _unnamed(code, where, pin))


def _unnamed(code: int, where: Endpoint, pin: str) -> str:
    if _CAUSES.get(code) is not Cause.TLS_UNKNOWN_CA or where.ca is None:
        return ""
    return f"Compare who issued the certificate with what {where.ca} holds. {_or_pin(pin)}"


def _or_pin(pin: str) -> str:
    return f"Or, once the fingerprint was compared on the host, pin it: {pin}"


def _no_issuer(case: Case) -> Refusal:
    path, ca = case.path, case.endpoint.ca
    top = path[-1]
    wanted = quoted(top.issuer)
    if top == case.leaf and top.subject == top.issuer:
        return _self_signed(case)
    if ca is None:
        return Refusal(Cause.TLS_UNKNOWN_CA, f"{case.said}: this machine does not know {wanted}")
    if any(one.subject == top.issuer for one in case.held):
        why = f"{ca} holds a certificate of {wanted}, but not the one that signed"
        advice = (
            f"On this side: the CA was renewed, or another has its name. Add its present certificate to {ca}."
        )
    elif top.subject == top.issuer:
        why = f"the chain ends at {wanted}, which {ca} does not hold (it holds {_holds(case)})"
        advice = f"On this side: add the certificate of {wanted} to {ca}, if that is your CA."
    else:
        why = f"the host sends no certificate of {wanted}, and {ca} has none (it holds {_holds(case)})"
        advice = (
            f"On this side: add the certificate of {wanted} to {ca}, if that is your CA. Or on the host: "
            "install it there (`certutil -addstore CA FILE`), so that the listener sends it."
        )
    return Refusal(Cause.TLS_UNKNOWN_CA, why, f"{advice} {_or_pin(case.pin)}")


def _self_signed(case: Case) -> Refusal:
    ca = case.endpoint.ca
    other = f", and {ca} holds another (it holds {_holds(case)})" if ca else ""
    advice = (
        f"Once the fingerprint was compared on the host, pin it: {case.pin}. Or on the host: give the "
        "listener a certificate of your CA."
    )
    return Refusal(Cause.TLS_UNKNOWN_CA, f"nobody but the host itself signed it{other}", advice)


def _holds(case: Case) -> str:
    names = list(dict.fromkeys(quoted(one.subject) for one in case.held))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}" if names else "no authority's certificate"


def _dates(case: Case) -> Refusal:
    now, ca = datetime.now(UTC), case.endpoint.ca
    bad = [one for one in case.path if not one.not_valid_before_utc <= now <= one.not_valid_after_utc]
    culprit = bad[0] if bad else case.leaf
    early = case.code == _NOT_YET
    when = (
        f"is valid only from {culprit.not_valid_before_utc:%Y-%m-%d}"
        if early
        else f"ended {culprit.not_valid_after_utc:%Y-%m-%d}"
    )
    why = f"{case.of(culprit)} {when}"
    if culprit == case.leaf:
        return Refusal(Cause.TLS_EXPIRED, why)
    if ca is not None and culprit in case.held and culprit not in case.sent:
        mend = f"On this side: put the CA's present certificate into {ca}, and compare this machine's clock."
    else:
        mend = "On the host: install the CA's present certificate in the place of the one that it sends."
    return Refusal(Cause.TLS_EXPIRED, why, f"{mend} {_or_pin(case.pin)}")


def _name(case: Case) -> Refusal:
    address, names = clean(case.endpoint.address, limit=80), server_names(case.leaf)
    kind = "an IP address" if case.code == _NO_NAME_HERE else "a DNS name"
    if not names:
        why = (
            f"it has no alternative name (SAN), and its subject ({quoted(case.leaf.subject)}) does not "
            f"name {address}"
        )
    elif address in names:
        why = f"it names {address} as a DNS name, and an address counts only as an IP address"
    elif f"{address}." in names:
        why = f"it names {address} with a dot at its end, which no client takes for that name"
    else:
        why = f"{address} is not among its names"
    mend = f"On the host: give the listener a certificate with {address} as {kind} among its names."
    if fits := next(iter(common_names(case.leaf)), ""):
        mend = (
            f"On this side: set `address:` to a name that it has ({fits}), if that leads to this host. {mend}"
        )
    return Refusal(Cause.TLS_WRONG_NAME, why, f"{mend} {_or_pin(case.pin)}")


def _weak(case: Case) -> Refusal:
    culprit = next((one for one in case.path if _is_weak(case.code, one)), case.leaf)
    what = _signed_with(culprit) if case.code == _DIGEST else f"has a key that is too small: {_key(culprit)}"
    why = f"{case.of(culprit)} {what}"
    who = "On the host: give the listener" if culprit == case.leaf else "At the CA: it needs"
    mend = f"{who} a certificate that is signed with SHA-256 and has an RSA key of 2,048 bits or more."
    return Refusal(Cause.TLS_TOO_OLD, why, f"{mend} {_or_pin(case.pin)}")


_DIGEST = 68
_SHORT = 2048


def _is_weak(code: int, certificate: x509.Certificate) -> bool:
    if code == _DIGEST:
        used = certificate.signature_hash_algorithm
        return used is not None and used.name in _WEAK and certificate.subject != certificate.issuer
    key = certificate.public_key()
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < _SHORT


def _signed_with(certificate: x509.Certificate) -> str:
    used = certificate.signature_hash_algorithm
    return (
        "is signed with "
        f"{'an unknown digest' if used is None else used.name.upper().replace('SHA1', 'SHA-1')}"
    )


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return f"{'RSA' if isinstance(key, rsa.RSAPublicKey) else 'EC'}, {key.key_size} bits"
    return "another kind"


def _purpose(case: Case) -> Refusal:
    allowed = [(one, uses(one)) for one in case.path]
    culprit, found = next(((one, found) for one, found in allowed if found), (case.leaf, ()))
    why = (
        f"{case.of(culprit)} is for {', '.join(found)}, not for servers"
        if found
        else f"{case.said}: it is not for servers"
    )
    who = "On the host: give the listener" if culprit == case.leaf else "At the CA: the host needs"
    mend = f"{who} a certificate for server authentication (1.3.6.1.5.5.7.3.1)."
    return Refusal(Cause.TLS_BAD_CERTIFICATE, why, f"{mend} {_or_pin(case.pin)}")


def _constrained(case: Case) -> Refusal:
    culprit, limits = next(
        ((one, limits) for one in case.path[1:] if (limits := _constraints(one))), (case.path[-1], case.said)
    )
    why = f"its names are not those that its CA, {quoted(culprit.subject)}, may sign for: {limits}"
    mend = "On the host: give the listener a certificate of a CA that may sign for its names."
    return Refusal(Cause.TLS_BAD_CERTIFICATE, why, f"{mend} {_or_pin(case.pin)}")


def _constraints(certificate: x509.Certificate) -> str:
    try:
        found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return ""
    parts = (("only", found.permitted_subtrees), ("never", found.excluded_subtrees))
    return "; ".join(
        f"{word} {', '.join(clean(str(name.value), limit=80) for name in names[:_MOST])}"
        for word, names in parts
        if names
    )


def _no_authority(case: Case) -> Refusal:
    why = f"{quoted(case.leaf.issuer)} may not sign certificates for hosts ({case.said})"
    mend = "At the CA: its own certificate has to say that it is one (basic constraints, key usage)."
    return Refusal(Cause.TLS_BAD_CERTIFICATE, why, f"{mend} {_or_pin(case.pin)}")


_ROWS: Mapping[int, Callable[[Case], Refusal]] = MappingProxyType(
    {
        **dict.fromkeys((2, 7, 18, 19, 20, 21, 27, 28, 30, 31, 33), _no_issuer),
        **dict.fromkeys((9, 10), _dates),
        **dict.fromkeys((62, 64), _name),
        **dict.fromkeys((66, 67, 68), _weak),
        26: _purpose,
        **dict.fromkeys((47, 48), _constrained),
        **dict.fromkeys((24, 25, 32, 37, 79, 80, 81, 82), _no_authority),
    }
)
_CAUSES: Mapping[int, Cause] = MappingProxyType(
    {
        **dict.fromkeys((2, 7, 18, 19, 20, 21, 27, 28, 30, 31, 33), Cause.TLS_UNKNOWN_CA),
        **dict.fromkeys((9, 10), Cause.TLS_EXPIRED),
        **dict.fromkeys((62, 64), Cause.TLS_WRONG_NAME),
        **dict.fromkeys((66, 67, 68), Cause.TLS_TOO_OLD),
    }
)
