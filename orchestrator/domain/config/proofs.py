"""The kinds of value that another room has the grammar of; it is imported where such a value is read."""

from __future__ import annotations

import re

from orchestrator.domain.config.key import FolderCheck
from orchestrator.domain.config.kinds import Kind, Value, paths, text

_ELSEWHERE = re.compile(r"\s*[/\\]{2}|.*://", re.DOTALL)  # a share, or a URI of whatever scheme


def batch() -> Kind:
    """Take the sizes of waves."""

    def proof(value: str) -> None:
        from orchestrator.domain.repin.waves import parse_batch

        parse_batch(value)

    return text("sizes such as 1,5%,25%", proof)


def size() -> Kind:
    """Take a number of hosts, or a percentage."""

    def proof(value: str) -> None:
        from orchestrator.domain.repin.waves import parse_size

        parse_size(value, "")

    return text("a number of hosts (12) or a percentage (5%), at least 1", proof)


def policy() -> Kind:
    """Take a policy of a re-pin."""

    def proof(value: str) -> None:
        from orchestrator.domain.repin.policy import PORT, PolicyError, parse_policy

        if parse_policy(value).word == PORT:
            raise PolicyError("a port is for the command line alone: `repin plan --port`")

    return text("a policy, as `repin plan --help` lists them", proof)


def database() -> Kind:
    """Take the path of a file, or a URL; whether it is one is for the store to say."""

    def check(value: object) -> str:
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            raise ValueError
        return value

    return Kind("the path of a file, or postgresql://user@server/name", check)


def inventory() -> Kind:
    """Take the path of an inventory, or a list of them; `-` is for `-i` alone."""

    def check(value: object) -> tuple[str, ...]:
        found = tuple(paths(value))
        if "-" in found:
            raise ValueError
        return found

    return Kind("the path of a file, or a list of them", check)


def local_file() -> FolderCheck:
    """Take paths of this machine's files alone: whoever wrote a cloned folder's file names no server.

    A server would be logged on to with the user's password, and given what they store.
    """

    def fits(value: Value) -> bool:
        found = value if isinstance(value, tuple) else (str(value),)
        return not any(_ELSEWHERE.match(path) for path in found)

    return FolderCheck("the path of a file on this machine", fits)
