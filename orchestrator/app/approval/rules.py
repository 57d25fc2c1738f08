"""How many people have to sign a plan on this machine, and who may: files that only the machine's
administrator can write.

No option, environment variable or user's configuration leads elsewhere: whoever may run fleetcheck could else
ask for less than the administrator does.
"""

from __future__ import annotations

import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path

from inventory.files.regular import NotRegularError, open_regular
from orchestrator.app.approval.errors import ApprovalError
from orchestrator.domain.approval.signatures import MOST
from orchestrator.domain.primitives.text import clean

_LONGEST = 64 * 1024  # bytes of approvals.toml
_KEYS = ("signatures", "undo")
_SHOWN = 60  # characters of what was found there


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with the rules, and the number of the one user whose files count there."""

    folder: Path
    owner: int


SYSTEM = Place(Path("/etc/fleetcheck"), 0)
"""Where the rules are, whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How many signatures a plan and the plan of an undo need; 0: none.

    `signers` are the keys that count, None where nobody named any; `revoked` those that count no more.
    `where` names the file that demands something.
    """

    signatures: int = 0
    undo: int = 0
    signers: Path | None = None
    revoked: Path | None = None
    where: str = ""


def rules(place: Place) -> Rules:
    """Read the rules. Raises ApprovalError where others could have written them, or they make no sense."""
    asked, signers, revoked = (
        _own(place.folder / name, place) for name in ("approvals.toml", "allowed_signers", "revoked_keys")
    )
    if asked is None and signers is None:
        return Rules()
    _check_folder(place)
    counts = {} if asked is None else _counts(place.folder / "approvals.toml", asked)
    return Rules(
        signatures=counts.get("signatures", 0),
        undo=counts.get("undo", min(1, counts.get("signatures", 0))),
        signers=None if signers is None else place.folder / "allowed_signers",
        revoked=None if revoked is None else place.folder / "revoked_keys",
        where=str(place.folder / "approvals.toml"),
    )


def _own(path: Path, place: Place) -> bytes | None:
    """Read a file of the administrator's, None where there is none."""
    try:
        with os.fdopen(open_regular(path), "rb") as stream:
            _check(path, os.fstat(stream.fileno()), place)
            return stream.read(_LONGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except NotRegularError as error:
        raise ApprovalError(f"{path}: is {error.kind}, expected a file of its own") from None
    except OSError as error:
        raise ApprovalError(
            f"{path}: {error.strerror or error}, so nobody knows whether approvals are demanded"
        ) from None


def _check_folder(place: Place) -> None:
    _check(place.folder, place.folder.lstat(), place)


def _check(path: Path, found: os.stat_result, place: Place) -> None:
    """Refuse what others than the administrator could have changed."""
    who = "root" if place.owner == 0 else f"user {place.owner}"
    if found.st_uid != place.owner:
        raise ApprovalError(
            f"{path}: belongs to user {found.st_uid}, expected {who}: its owner decides who has to sign. "
            f"As root: chown {place.owner} {path}"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = stat.S_IMODE(found.st_mode)
        raise ApprovalError(
            f"{path}: others than {who} can write it (mode {mode:04o}). As root: chmod go-w {path}"
        )


def _counts(path: Path, data: bytes) -> dict[str, int]:
    if len(data) > _LONGEST:
        raise ApprovalError(
            f"{path}: more than {_LONGEST // 1024} KiB; expected `signatures = 2` and little more"
        )
    try:
        found = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # more than its own error, for a number of many digits
        said = clean(str(error), limit=_SHOWN)
        raise ApprovalError(f"{path}: no TOML: {said}; expected `signatures = 2`") from None
    for key, value in found.items():
        if key not in _KEYS:
            name = clean(key, limit=_SHOWN)
            raise ApprovalError(f"{path}: unknown key {name!r}; there are {' and '.join(_KEYS)}")
        if type(value) is not int or not 0 <= value <= MOST:
            raise ApprovalError(f"{path}: {key} = {_shown(value)}: expected a number from 0 to {MOST}")
    if "signatures" not in found:
        raise ApprovalError(f"{path}: no `signatures`; expected `signatures = 2`")
    return found


def _shown(value: object) -> str:
    try:
        return clean(repr(value), limit=_SHOWN)
    except (ValueError, RecursionError):  # too many digits, or too deep, to be written out
        return f"a value of type {type(value).__name__}"
