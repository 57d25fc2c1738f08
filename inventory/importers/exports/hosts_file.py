"""A hosts file (`/etc/hosts`): an address, a name, and other names of the same machine; or names, each with
its address behind it, as people write them down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inventory.importers.exports.found import host
from inventory.importers.table.notes import Notes
from inventory.importers.table.settings import Entry
from inventory.schema import shapes

_OF_THIS_MACHINE = re.compile(r"localhost|ip6-|broadcasthost", re.IGNORECASE)


def is_hosts_file(text: str) -> bool:
    """Whether every line that says something is an IP address and then names, or a name and an IP address."""
    lines = [words for words in map(_words, text.splitlines()) if words]
    return bool(lines) and all(_is_line(words) or _is_pair(words) for words in lines)


def _is_pair(words: list[str]) -> bool:
    return len(words) == 2 and shapes.is_ip(words[1]) and "=" not in words[0]  # noqa: PLR2004 - a pair


def _is_line(words: list[str]) -> bool:
    return len(words) > 1 and shapes.is_ip(words[0].partition("%")[0]) and "=" not in "".join(words)


def read_hosts_file(text: str, notes: Notes) -> Iterator[Entry]:
    """Yield a host a line, by the first name; what every such file says of its own machine is passed over."""
    for line, words in enumerate(map(_words, text.splitlines()), 1):
        if not words:
            continue
        if not shapes.is_ip(words[0].partition("%")[0]):
            words.reverse()
        if _OF_THIS_MACHINE.match(words[1]) or shapes.is_ip(words[0]) is False:
            notes.say(line, "passed over, because it names the machine of the file itself", words[1])
            continue
        if words[2:]:
            notes.say(line, "of several names the first was taken; the others are", " ".join(words[2:]))
        found = host(line, words[1], words[0], notes)
        if found is not None:
            yield found


def _words(line: str) -> list[str]:
    return line.partition("#")[0].split()
