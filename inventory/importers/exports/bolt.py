r"""Bolt's inventory, versions 1 and 2: groups of targets, each with a `config` that the nearest one wins of.

Facts of Bolt's documentation: a target is a URI or a mapping with `uri`, `name`, `config`; without a
transport it is reached by ssh; winrm speaks https on 5986 unless it says `ssl: false`, then http on 5985.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from inventory.importers.exports.found import host
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry, put
from inventory.words import shown
from inventory.yamlfile.tree import Map, Seq

_TARGETS = ("targets", "nodes")
_PLUGIN = "_plugin"


def is_bolt(tree: Any) -> bool:
    """Whether a document is an inventory of Bolt's: its groups are a list of mappings, or it has targets."""
    if not isinstance(tree, Map) or "hosts" in tree:
        return False
    groups = tree.get("groups")
    listed = isinstance(groups, Seq) and all(isinstance(each, Map) for each in groups)
    return listed or (groups is None and any(isinstance(tree.get(key), Seq) for key in _TARGETS))


def read_bolt(tree: Map, notes: Notes) -> Iterator[Entry]:
    """Yield the targets that are reached over WinRM; every other one is a note."""
    yield from _group(tree, (), {}, notes)


def _group(body: Map, around: tuple[str, ...], config: dict[str, Any], notes: Notes) -> Iterator[Entry]:
    config = _merged(config, body.get("config"), body.line, notes)
    for key in _TARGETS:
        targets = body.get(key)
        if isinstance(targets, Seq):
            for target, line in zip(targets, targets.lines, strict=True):
                yield from _target(target, line, around, config, notes)
        elif targets is not None:
            _only_bolt(f"`{key}`", body.lines[key], notes)
    groups = body.get("groups")
    for group in groups if isinstance(groups, Seq) else ():
        if isinstance(group, Map):
            name = str(group.get("name") or "").replace(",", " ")
            yield from _group(group, (*around, name), config, notes)


def _target(
    target: Any, line: int, around: tuple[str, ...], config: dict[str, Any], notes: Notes
) -> Iterator[Entry]:
    if not isinstance(target, Map):
        whole = Map(line)
        whole.put("uri", str(target), line)
        target = whole
    if _PLUGIN in target:
        _only_bolt(f"a target by the plugin {shown(target[_PLUGIN])}", line, notes)
        return
    config = _merged(config, target.get("config"), line, notes)
    uri, name = str(target.get("uri") or ""), str(target.get("name") or "")
    scheme, address, port, user = _uri(uri or name)
    transport = scheme or str(config.get("transport") or "ssh")
    if transport != "winrm":
        notes.leave_out(line, f"{shown(name or address)} is reached by {transport}, and not over WinRM")
        return
    winrm = config.get("winrm")
    winrm = winrm if isinstance(winrm, dict) else {}
    address = str(winrm.get("host") or address)
    entry = host(line, name or address, address, notes, user=user or _user(winrm, line, notes), groups=around)
    if entry is not None:
        _settings(entry, winrm, port, notes)
        yield entry


def _settings(entry: Entry, winrm: dict[str, Any], port: str, notes: Notes) -> None:
    if winrm.get("ssl") is False:
        entry.settings["transport"] = "http"
    if port := port or str(winrm.get("port") or ""):
        put(entry, "port", port, notes)
    if winrm.get("realm"):
        entry.settings["auth"] = "kerberos"
    elif winrm.get("basic-auth-only") is True and "transport" not in entry.settings:
        entry.settings["auth"] = "basic"
    for key, words in (
        ("ssl-verify", "certificates are always verified here: name the CA in `ca`, or the one in `tls_pin`"),
        ("cacert", "a CA file was not taken over; the line to add is `ca: FILE`"),
        ("password", "passwords were not taken over: secrets do not belong in an inventory"),
    ):
        if winrm.get(key) not in (None, True):
            notes.say(entry.line, words)


def _user(winrm: dict[str, Any], line: int, notes: Notes) -> str:
    user = winrm.get("user")
    if isinstance(user, dict):
        _only_bolt("`user`", line, notes)
        return ""
    return str(user or "")


def _only_bolt(what: str, line: int, notes: Notes) -> None:
    words = "is worked out by Bolt; `bolt inventory show --detail --format json` prints what it comes to"
    notes.say(line, f"{what} {words}")


def _merged(outer: dict[str, Any], inner: Any, line: int, notes: Notes) -> dict[str, Any]:
    """Return a config with a nearer one over it, the options of a transport each by itself."""
    if inner is None:
        return outer
    if not isinstance(inner, dict) or _PLUGIN in inner:
        _only_bolt("`config`", line, notes)
        return outer
    whole = dict(outer)
    for key, value in inner.items():
        held = whole.get(key)
        whole[key] = {**held, **value} if isinstance(held, dict) and isinstance(value, dict) else value
    return whole


def _uri(text: str) -> tuple[str, str, str, str]:
    """Return scheme, host, port and user of `winrm://user:password@host:5986`; the password is dropped."""
    if "://" in text:
        scheme, rest = text.split("://", 1)
    else:
        scheme, rest = "", text
    try:
        parts = urlsplit(f"//{rest}")
        return scheme, parts.hostname or rest, str(parts.port or ""), unquote(parts.username or "")
    except ValueError:
        return scheme, rest, "", ""
