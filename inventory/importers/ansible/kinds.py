"""Which hosts of an Ansible inventory are reached over WinRM, and by which of the two plugins."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.errors import InventoryError
from inventory.importers.ansible.model import Ansible
from inventory.importers.ansible.templates import Templates
from inventory.importers.ansible.values import VAULTED, TemplateError
from inventory.words import folded
from inventory.yamlfile.tree import Map

_PREFIXES = ("ansible.builtin.", "ansible.legacy.")
_WINRM = ("winrm", "psrp")
_UNKNOWN = "?"
_LOCALHOST = ("localhost", "127.0.0.1", "::1", "localhost.localdomain")

_OTHER = "Left out, because Ansible does not reach them over WinRM: {names}."
_SSH = (
    "Left out, because nothing says `ansible_connection` of them, which is ssh, while it says winrm or "
    "psrp of others: {names}."
)
_TEMPLATE = "Left out, because only Ansible can tell how they are reached (`ansible_connection`): {names}."
_THIS = "Left out, because it is the machine that Ansible runs on: {names}."
NOTHING_SAID = (
    "No host says `ansible_connection: winrm` or `psrp`; all that say nothing were taken as hosts with WinRM."
)


def choose(variables: Mapping[str, Map], source: Ansible) -> dict[str, str | None]:
    """Return the hosts to keep, with `winrm`, `psrp`, or None where neither is said of any. The others are
    noted.

    Raises InventoryError where none is left.
    """
    kinds = {name: _kind(name, own) for name, own in variables.items()}
    said = any(kind in _WINRM for kind in kinds.values())
    kept: dict[str, str | None] = {}
    for name, kind in kinds.items():
        here = name in _LOCALHOST and not _meant(name, source)
        if not here and (kind in _WINRM or (kind is None and not said)):
            kept[name] = kind
        else:
            reason = _THIS if here and kind in (*_WINRM, None) else _reason(kind)
            source.notes.of(reason, name, source.hosts[name].line)
    if not kept:
        message = f"no host that is reached over WinRM; `ansible_connection` says so of {folded(list(kinds))}"
        raise InventoryError([source.places.problem(0, message)])
    if not said:
        source.notes.say(NOTHING_SAID)
    return kept


def _reason(kind: str | None) -> str:
    if kind == _UNKNOWN:
        return _TEMPLATE
    return _SSH if kind is None else _OTHER


def _meant(name: str, source: Ansible) -> bool:
    """Whether a host that is called localhost says itself that it is reached over WinRM,
    as forwarded ports are.
    """
    host = source.hosts[name]
    return any(
        key.startswith(("ansible_connection", "ansible_host", "ansible_winrm_", "ansible_psrp_"))
        for key in (*host.variables, *host.beside)
    )


def _kind(host: str, variables: Map) -> str | None:
    """Return the name of the connection plugin; None where nothing is said."""
    value = variables.get("ansible_connection")
    if value is VAULTED:
        return _UNKNOWN
    try:
        value = Templates(host, variables, set()).value(value)
    except TemplateError:
        return _UNKNOWN
    if value is None or value == "":
        return None
    name = str(value).strip()
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name
