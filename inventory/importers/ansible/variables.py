"""What Ansible's variables mean here, by the `winrm` and `psrp` connection plugins of 2.19."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from inventory.importers.ansible.notes import Notes, listed
from inventory.importers.ansible.proxies import PROXIES, proxy_note
from inventory.importers.ansible.templates import Templates
from inventory.importers.ansible.values import SECRET, VAULTED, TemplateError, is_compound, plain_lists
from inventory.importers.draft import UNKNOWN_USER, Draft
from inventory.resolving.hostchecks import PORTS, no_authority
from inventory.schema import shapes
from inventory.windows_names import unlike_user
from inventory.words import shown
from inventory.yamlfile.tree import Map

_OWN: dict[str, dict[str, tuple[str, ...]]] = {
    "psrp": {
        "address": ("ansible_psrp_host",),
        "port": ("ansible_psrp_port",),
        "transport": ("ansible_psrp_protocol",),
        "auth": ("ansible_psrp_auth",),
        "user": ("ansible_psrp_user",),
        "certificate": ("ansible_psrp_certificate_pem",),
        "key": ("ansible_psrp_certificate_key_pem",),
        "ca": ("ansible_psrp_ca_cert", "ansible_psrp_cert_trust_path"),
        "configuration": ("ansible_psrp_configuration_name",),
    },
    "winrm": {
        "address": ("ansible_winrm_host",),
        "port": ("ansible_winrm_port",),
        "transport": ("ansible_winrm_scheme",),
        "auth": ("ansible_winrm_transport",),
        "user": ("ansible_winrm_user",),
        "certificate": ("ansible_winrm_cert_pem",),
        "key": ("ansible_winrm_cert_key_pem",),
        "ca": ("ansible_winrm_ca_trust_path",),
    },
}
_SHARED = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "site": ("site",),
}
_AUTH = {
    "basic": "basic",
    "plaintext": "basic",
    "ssl": "ssl",  # a certificate where one is named, else Basic
    "certificate": "certificate",
    "ntlm": "ntlm",
    "kerberos": "kerberos",
    "negotiate": "negotiate",
}
_SILENT = frozenset({"ansible_connection", "ansible_group_priority", "ansible_shell_type"})
_TRUST = ("cert_validation", "ca_", "cert_trust")
_NEVER = {22: "SSH's port", 3389: "Remote Desktop's"}
_LONGEST = 255
DEFAULTS = {"auth": "negotiate", "ca": None, "configuration": "Microsoft.PowerShell", "site": None}
"""What a host without such a variable gets; `transport` and `port` follow from each other, see `_derive`."""


class LeaveOutError(ValueError):
    """A host that cannot be imported; the words say why, `line` where."""

    def __init__(self, words: str, line: int) -> None:
        super().__init__(words)
        self.line = line


def _names(kind: str | None) -> dict[str, tuple[str, ...]]:
    """Return the variables for each key, the first that says something counts. None: of either kind."""
    kinds = [kind] if kind else list(_OWN)
    keys = dict.fromkeys(key for part in (*(_OWN[each] for each in kinds), _SHARED) for key in part)
    return {
        key: (*(name for each in kinds for name in _OWN[each].get(key, ())), *_SHARED.get(key, ()))
        for key in keys
    }


class Translator:
    """Turns the variables of hosts into settings, notes the rest. `base`: the inventory's folder."""

    def __init__(self, draft: Draft, notes: Notes, base: Path) -> None:
        self._draft = draft
        self._notes = notes
        self._base = base
        self._names = {kind: _names(kind) for kind in ("winrm", "psrp", None)}
        self._authorities: dict[str, str | None] = {}
        self._seen: dict[str | None, dict[str, None]] = {}
        self.used: set[str] = set(_SILENT)

    def settings(self, host: str, variables: Map, kind: str | None) -> Map:
        """Return what a host says, each key with the line of its variable; what follows from it is said, too.
        Raises LeaveOutError where its address is none.
        """
        self._seen.setdefault(kind, {}).update(dict.fromkeys(variables))
        templates = Templates(host, variables, self.used)
        found = Map(variables.line)
        for key, names in self._names[kind].items():
            for name in names:
                value = self._value(host, name, variables, templates)
                if value is not None and self._put(found, key, name, value, variables.lines[name]):
                    break
        if "credential" not in found and any(variables.get(name) for name in self._names[kind]["user"]):
            # somebody is meant, and not whoever has a Kerberos ticket
            found.put("credential", self._draft.credential(UNKNOWN_USER, found.line), 0)
        self._derive(found, kind)
        self._log_on(found)
        self._proxies(host, variables, templates, kind)
        return found

    def _proxies(self, host: str, variables: Map, templates: Templates, kind: str | None) -> None:
        """Note the proxies that Ansible would go by."""
        for name in (name for each in ([kind] if kind else PROXIES) for name in PROXIES[each]):
            if name in variables:
                note = proxy_note(name, self._value(host, name, variables, templates))
                self.used.add(name)
                if note is not None:
                    self._notes.of(note, host)

    def _log_on(self, found: Map) -> None:
        """Choose between a certificate and a password by what is asked for; never Basic without TLS."""
        auth, lines = found.get("auth"), found.lines
        certificate, key = found.pop("certificate", None), found.pop("key", None)
        line = lines.pop("certificate", 0)
        lines.pop("key", None)
        if certificate is not None and auth in (None, "ssl", "certificate"):
            if found["transport"] == "https":
                found.put("auth", "certificate", line)
                certificate = str(self._base.absolute() / Path(certificate).expanduser())
                found.put("credential", self._draft.certificate(certificate, line), line)
                self._notes.say(_one_file(certificate, key), line)
                return
            self._notes.say("a client certificate needs https, and was passed over.", line)
        elif certificate is not None:
            self._notes.say(f"a client certificate stands beside `{auth}`, and was passed over.", line)
        if auth in ("ssl", "certificate"):
            found.put("auth", "basic" if auth == "ssl" else "negotiate", lines["auth"])
            if auth == "certificate":
                self._notes.say(
                    "the logon `certificate` names no certificate; `auth: negotiate` is written instead."
                )
        if found.get("auth") == "basic" and found["transport"] == "http":
            found.put("auth", "negotiate", lines["auth"])
            self._notes.say(
                "Basic over plain http shows the password to the network; `auth: negotiate` is written "
                "instead."
            )

    def _value(self, host: str, name: str, variables: Map, templates: Templates) -> Any:
        """Return a variable's value, None where there is none to be had."""
        value = variables.get(name)
        if value is VAULTED:
            self._notes.of(
                f"`{name}` is encrypted with ansible-vault, and was not taken over: {{names}}.", host
            )
            return None
        try:
            return templates.value(value)
        except TemplateError:
            words = f"`{name}` stays a template, which only Ansible can fill in, for {{names}}."
            if name in self._names[None]["address"]:
                self._draft.doubtful.add(host)
                words = f"{words[:-1]}; where that leaves none, `at which address?` stands behind the host."
            self._notes.of(words, host, variables.lines[name])
            return None

    def _put(self, found: Map, key: str, name: str, value: Any, line: int) -> bool:
        """Put a value; return whether it could be used."""
        if key == "address":
            found.put(key, _address(value, line), line)
            return True
        if is_compound(value) and key != "auth":
            self._notes.say(f"`{name}` is a list or a mapping, and was passed over.", line)
            return False
        put: Callable[[Map, str, str, Any, int], bool] = getattr(self, f"_put_{key}", self._put_text)
        return put(found, key, name, value, line)

    def _put_text(self, found: Map, key: str, name: str, value: Any, line: int) -> bool:
        text = str(value)
        try:
            shapes.line_of_text(text)
        except ValueError as exc:
            if text:
                self._notes.say(f"`{name}` was passed over: {exc}.", line)
            return False
        if len(text) > _LONGEST or isinstance(value, bool):
            words = f"expected a text of at most {_LONGEST} characters"
            self._notes.say(f"`{name}` was passed over: {words}.", line)
            return False
        found.put(key, text, line)
        return True

    def _put_user(self, found: Map, _key: str, name: str, value: Any, line: int) -> bool:
        if not self._put_text(found, "credential", name, value, line):
            return False
        if why := unlike_user(user := found["credential"]):
            self._notes.say(f"`{name}` comes to {shown(user)}, in Ansible too, which {why}.", line)
        found.put("credential", self._draft.credential(user, line), line)
        return True

    def _put_port(self, found: Map, key: str, name: str, value: Any, line: int) -> bool:
        text = str(value).strip().removesuffix(".0")
        port = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0  # noqa: PLR2004 - 65535
        if isinstance(value, bool) or not 1 <= port <= 65535:  # noqa: PLR2004 - the last port
            self._notes.say(f"`{name}` is no port from 1 to 65535, and was passed over.", line)
            return False
        if port in _NEVER:
            self._notes.say(f"`{name}` comes to {port}, in Ansible too, which is {_NEVER[port]}.", line)
        found.put(key, port, line)
        return True

    def _put_transport(self, found: Map, key: str, name: str, value: Any, line: int) -> bool:
        if str(value).lower() not in PORTS:
            self._notes.say(f"`{name}` is neither `http` nor `https`, and was passed over.", line)
            return False
        found.put(key, str(value).lower(), line)
        return True

    def _put_auth(self, found: Map, key: str, _name: str, value: Any, line: int) -> bool:
        words = plain_lists(value)
        known = [_AUTH[word] for word in words if word in _AUTH]
        if known:
            found.put(key, known[0], line)
        else:
            said = shown(",".join(words))
            self._notes.say(f"the logon {said} is not known here; `auth: negotiate` is tried instead.", line)
        return True

    def _put_ca(self, found: Map, key: str, name: str, value: Any, line: int) -> bool:
        """Take a CA file that is there; for another the note has the line to add."""
        if str(value) in ("", "legacy_requests"):  # the latter is pywinrm's word for its default
            return False
        path = str(self._base.absolute() / Path(str(value)).expanduser())
        if path not in self._authorities:
            reason = no_authority(Path(path))
            self._authorities[path] = f"is {reason}" if reason and reason.startswith("not ") else reason
        if reason := self._authorities[path]:
            words = f"`{name}` is not written, because that file {reason}. The line to add once it can be"
            self._notes.say(f"{words} used: `ca: {value}`.", line)
            return True
        return self._put_text(found, key, name, path, line)

    def _derive(self, found: Map, kind: str | None) -> None:
        """Say what Ansible takes from other variables: http by its port, a port."""
        if "transport" not in found:
            scheme = "http" if found.get("port") == PORTS["http"] else "https"
            found.put("transport", scheme, found.lines.get("port", 0))
        elif kind == "winrm" and found["transport"] == "http" and "port" not in found:
            line = found.lines["transport"]
            found.put("port", PORTS["https"], line)
            self._notes.say("`http` and no port: Ansible's winrm takes 5986 all the same.", line)

    def mention(self) -> None:
        """Note the variables that were not taken over, of all hosts together."""
        sentences: dict[tuple[str, str], dict[str, None]] = {}
        for kind, seen in self._seen.items():
            known = {name for names in self._names[kind].values() for name in names}
            for name in seen:
                if name not in known and name not in self.used:
                    sentences.setdefault(_why(name, kind), {})[name] = None
        for (one, many), names in sentences.items():
            self._notes.say(f"{listed(list(names))} {one if len(names) == 1 else many}.")


def _one_file(certificate: str, key: str | None) -> str:
    """Say that certificate and key belong into one file here."""
    held = f"`{certificate}` has to hold the certificate and its key"
    if key in (None, certificate):
        return f"{held}, readable by you alone (chmod 600)."
    return f"{held}, readable by you alone: put `{key}` into the same file, or name another in `path`."


def _why(name: str, kind: str | None) -> tuple[str, str]:
    """Say why a variable is not taken over, of one and of several."""
    if SECRET.search(name):
        rest = "not taken over: secrets do not belong in an inventory"
        return f"was {rest}", f"were {rest}"
    other = "psrp" if kind == "winrm" else "winrm"
    if kind and any(name in names for names in _OWN[other].values()):
        return f"counts for `{other}` hosts alone", f"count for `{other}` hosts alone"
    meant = " (see `ca` and `tls_pin`)" if any(part in name for part in _TRUST) else ""
    return f"has no meaning here{meant}", f"have no meaning here{meant}"


def _address(value: Any, line: int) -> str:
    """Return an address, an IPv6 one without its brackets. Raises LeaveOutError."""
    text = "" if isinstance(value, bool) or is_compound(value) else str(value or "").strip()
    if text.startswith("[") and text.endswith("]") and shapes.is_ip(text[1:-1]):
        text = text[1:-1]
    try:
        return shapes.address(text)
    except ValueError as exc:
        raise LeaveOutError(f"its address cannot be used: {exc}", line) from None
