"""YAML text as plain values that remember their lines.

Built from libyaml's events, which cost a quarter of its nodes; one pass, no recursion, so that no input can exhaust
the stack. Duplicate keys, tags, merge keys and more than one document are mistakes; aliases are bounded by what they
unfold to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from inventory.errors import InventoryError, Problem
from inventory.scalars import plain
from inventory.words import visible

DEPTH = 64  # levels of nesting
UNFOLDED = 1_000_000  # values that aliases may stand for, in all

_Loader: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # PyYAML can be built without libyaml: slow, but right


class Map(dict[str, Any]):
    """A mapping; `lines` gives the line of each key, `line` the mapping's own."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, key: str, value: Any, line: int) -> None:
        """Set a key and its line."""
        self[key] = value
        self.lines[key] = line


class Seq(list[Any]):
    """A list; `lines` gives the line of each item, `line` the list's own."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []

    def put(self, value: Any, line: int) -> None:
        """Append an item and its line."""
        self.append(value)
        self.lines.append(line)


def parse(text: str, file: str, problems: list[Problem], *, tags: bool = False) -> Any:
    """Return the document's value: Map, Seq or scalar; None for an empty file. Keys are always texts, as written.

    Mistakes that leave the rest readable (a key given twice: the first counts) are added to `problems`. `tags`:
    values with a tag of their own (`!vault`) are read as None instead of being a mistake.
    Raises InventoryError, `problems` included, where the text cannot be read any further.
    """
    builder = _Builder(file, problems, tags=tags)
    loader = _Loader(text)
    try:
        next_event, taking = loader.get_event, builder.taking
        while (event := next_event()) is not None:
            if take := taking.get(type(event)):
                take(event)
    except yaml.YAMLError as exc:
        raise InventoryError([*problems, Problem(file, *_explain(exc, text))]) from None
    finally:
        loader.dispose()
    return builder.root


_TIPS = {
    "unknown escape": "; between double quotes a backslash is written twice, without quotes once (CORP\\name)",
    "cannot start any token": "; indent with blanks, and put a text that begins with a special character in quotes",
    "mapping values are not allowed": "; a text with a colon and a blank in it needs quotes",
    "did not find expected key": "; look at the indentation and the quotes of the lines before",
    "could not find expected ':'": "; a key is followed by a colon and a blank",
}


def _explain(exc: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Return line and words for a syntax error. Never quotes the file: it might be the line with a secret."""
    if isinstance(exc, yaml.reader.ReaderError):
        before = text.encode("utf-8", "replace")[: exc.position]
        return before.count(b"\n") + 1, f"a character that YAML does not allow (U+{_code(exc.character):04X})"
    mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
    what = str(getattr(exc, "problem", None) or "cannot be read")
    if "nesting depth" in what:  # newer libyaml counts too, and looks further ahead than we are
        return (mark.line + 1 if mark else 0), f"nested more than {DEPTH} levels deep"
    tip = next((tip for part, tip in _TIPS.items() if part in what), "")
    return (mark.line + 1 if mark else 0), f"not YAML: {what}{tip}"


def _code(character: Any) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")


class _Builder:
    """Puts the tree together, event by event. One frame a nesting level: container, pending key, its line, anchor."""

    def __init__(self, file: str, problems: list[Problem], *, tags: bool) -> None:
        self.file = file
        self.tags = tags
        self.problems = problems
        self.root: Any = None
        self.documents = 0
        self.stack: list[Map | Seq] = []
        self.keys: list[tuple[str, int] | None] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.open: list[
            tuple[str, int] | None
        ] = []  # anchor of each open container, and the count when it began
        self.count = 0
        self.unfolded = 0

        self.taking: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: lambda event: self._begin(event, Map),
            yaml.SequenceStartEvent: lambda event: self._begin(event, Seq),
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop(event, "a second document begins here (`---`); one file holds one document")

    def _scalar(self, event: Any) -> None:
        line = event.start_mark.line + 1
        value = event.value
        if self.stack and self.keys[-1] is None and type(self.stack[-1]) is Map:
            self._key(value, line, event)
            return
        if event.tag is not None:
            value = None
            self._tagged(line)
        elif event.implicit[0]:
            value = plain(value)
        self.count += 1
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._add(value, line)

    def _key(self, key: str, line: int, event: Any) -> None:
        frame = self.stack[-1]
        if event.tag is not None:
            self._say(line, "a tag on a key means nothing here; leave it out")
        if key == "<<":
            self._say(
                line, "merge keys (`<<`) are not read; put what hosts share in a group, or in `defaults`"
            )
        elif isinstance(frame, Map) and key in frame.lines:
            name = "this key" if self._secret() else f"`{visible(key[:60])}`"
            self._say(
                line, f"{name} stands here for the second time; the first is in line {frame.lines[key]}"
            )
        if event.anchor:
            self.anchors[event.anchor] = (key, 1)
        self.keys[-1] = (key, line)

    def _secret(self) -> bool:
        """Whether a key may be a secret: below `credentials`, or at the top of what may be another file."""
        top = self.keys[0] if len(self.keys) > 1 else None
        return len(self.keys) == 1 or (top is not None and top[0] == "credentials")

    def _begin(self, event: Any, make: type[Map | Seq]) -> None:
        line = event.start_mark.line + 1
        if self.stack and self.keys[-1] is None and type(self.stack[-1]) is Map:
            self._stop(event, "a list or mapping cannot be a key; a key is a word followed by a colon")
        if len(self.stack) >= DEPTH:
            self._stop(event, f"nested more than {DEPTH} levels deep")
        if event.tag is not None:
            self._tagged(line)
        self.open.append((event.anchor, self.count) if event.anchor else None)
        if event.anchor:
            self.anchors[event.anchor] = (None, -1)
        self.count += 1
        self.stack.append(make(line))
        self.keys.append(None)

    def _end(self, _event: Any) -> None:
        value = self.stack.pop()
        self.keys.pop()
        opened = self.open.pop()
        if opened:
            self.anchors[opened[0]] = (value, self.count - opened[1])
        self._add(value, value.line)

    def _alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if self.stack and self.keys[-1] is None and type(self.stack[-1]) is Map:
            self._stop(event, "an alias cannot be a key")
        value, weight = self.anchors.get(event.anchor, (None, 0))
        if weight == 0:
            self._say(
                line,
                "an alias (`*`) to an anchor (`&`) that no line before defines; a text with a `*` needs quotes",
            )
        elif weight < 0:
            self._stop(event, "an alias to what it is itself a part of")
        self.unfolded += weight
        self.count += weight
        if self.unfolded > UNFOLDED:
            self._stop(event, f"the aliases of this file unfold to more than {UNFOLDED:,} values")
        self._add(value, line)

    def _add(self, value: Any, line: int) -> None:
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        if isinstance(frame, Seq):
            frame.append(value)
            frame.lines.append(line)
        elif (key := self.keys[-1]) is not None:
            self.keys[-1] = None
            if key[0] == "<<":
                return  # said already
            frame.setdefault(key[0], value)  # the first of two wins; the second is already a problem
            frame.lines.setdefault(*key)

    def _tagged(self, line: int) -> None:
        if not self.tags:
            self._say(line, "tags (`!...`) are not read; a text that begins with `!` needs quotes")

    def _say(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def _stop(self, event: Any, message: str) -> None:
        self._say(event.start_mark.line + 1, message)
        raise InventoryError(self.problems)
