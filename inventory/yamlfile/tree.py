"""YAML text as plain values that remember their lines.

Built from libyaml's events, which cost a quarter of its nodes; one pass, no recursion, so that no input can
exhaust the stack. Duplicate keys, tags, merge keys and more than one document are mistakes (another program's
`Dialect` may read the first three); aliases are bounded by what they unfold to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from inventory.errors import InventoryError, Problem
from inventory.scalars import plain
from inventory.words import shown, visible
from inventory.yamlfile.trouble import explain

DEPTH = 64  # levels of nesting
UNFOLDED = 1_000_000  # values that aliases may stand for, in all

_CORE = "tag:yaml.org,2002:"

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


@dataclass(frozen=True, slots=True)
class Tagged:
    """A scalar with a tag that is not YAML's own, such as `!vault`; `value` is its text."""

    tag: str
    value: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How another program reads its YAML: with merge keys, tags, and the last of two equal keys.

    `scalar` turns an unquoted word into a value; `twice` is told line and words of a key that stands there
    again.
    """

    scalar: Callable[[str], Any]
    twice: Callable[[int, str], None]


def parse(
    text: str, file: str, problems: list[Problem], *, tags: bool = False, dialect: Dialect | None = None
) -> Any:
    """Return the document's value: Map, Seq or scalar; None for an empty file. Keys are always texts, as
    written.

    Mistakes that leave the rest readable (a key given twice: the first counts) are added to `problems`.
    `tags`: values with a tag of their own (`!vault`) are read as None instead of being a mistake; with a
    `dialect` they are `Tagged`. Raises InventoryError, `problems` included, where the text cannot be read any
    further.
    """
    builder = _Builder(file, problems, tags=tags, dialect=dialect)
    loader = _Loader(text)
    try:
        next_event, taking = loader.get_event, builder.taking
        while (event := next_event()) is not None:
            if take := taking.get(type(event)):
                take(event)
    except yaml.YAMLError as exc:
        raise InventoryError([*problems, Problem(file, *explain(exc, text, DEPTH))]) from None
    finally:
        loader.dispose()
        builder.taking.clear()  # its methods: the tree is given back as soon as nobody uses it
    return builder.root


def _with_merged(own: Map, merged: list[Map]) -> Map:
    """Return a mapping with what merge keys bring, the later over the earlier and its own over all."""
    whole = Map(own.line)
    for part in (*merged, own):
        for key, value in part.items():
            whole.put(key, value, part.lines[key])
    return whole


class _Builder:
    """Puts the tree together, event by event.

    One frame a nesting level: container, pending key, its line, anchor.
    """

    def __init__(
        self, file: str, problems: list[Problem], *, tags: bool, dialect: Dialect | None = None
    ) -> None:
        self.file = file
        self.tags = tags
        self.dialect = dialect
        self.merging: dict[int, list[Map]] = {}  # what merge keys bring, by the depth of their mapping
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
        line, value = event.start_mark.line + 1, event.value
        frame = self.stack[-1] if self.stack else None
        if type(frame) is Map and self.keys[-1] is None:
            if event.tag is None and event.anchor is None and value != "<<" and value not in frame.lines:
                self.keys[-1] = (value, line)  # as most keys are
            else:
                self._key(value, line, event)
            return
        if event.tag is not None:
            value = self._of_tag(event.tag, value)
            self._tagged(line)
        elif event.implicit[0]:
            value = self.dialect.scalar(value) if self.dialect else plain(value)
        self.count += 1
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        if type(frame) is Seq:
            frame.append(value)
            frame.lines.append(line)
        else:
            self._add(value, line)

    def _key(self, key: str, line: int, event: Any) -> None:
        frame = self.stack[-1]
        if event.tag is not None and not self.dialect:
            self._say(line, "a tag on a key means nothing here; leave it out")
        if key == "<<":
            if not self.dialect:
                self._say(
                    line, "merge keys (`<<`) are not read; put what hosts share in a group, or in `defaults`"
                )
        elif isinstance(frame, Map) and key in frame.lines:
            self._twice(key, line, frame.lines[key])
        if event.anchor:
            self.anchors[event.anchor] = (key, 1)
        self.keys[-1] = (key, line)

    def _twice(self, key: str, line: int, first: int) -> None:
        name = "this key" if self._secret() else f"`{visible(key[:60])}`"
        words = f"{name} stands here for the second time; the first is in line {first}"
        if self.dialect:
            self.dialect.twice(line, words)
        else:
            self._say(line, words)

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
        merged = self.merging.pop(len(self.stack), None)
        value = self.stack.pop()
        if merged and isinstance(value, Map):
            value = _with_merged(value, merged)
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
                "an alias (`*`) to an anchor (`&`) that no line before defines; a text with a `*` needs "
                "quotes",
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
                self._merge(value, line)
            elif self.dialect:
                frame.put(key[0], value, key[1])
            else:
                frame.setdefault(key[0], value)  # the first of two wins; the second is already a problem
                frame.lines.setdefault(*key)

    def _merge(self, value: Any, line: int) -> None:
        """Keep what a merge key brings; of several mappings in a list the first counts most."""
        if not self.dialect:
            return  # said already
        parts = value[::-1] if isinstance(value, Seq) else [value]
        if all(isinstance(part, Map) for part in parts):
            self.merging.setdefault(len(self.stack), []).extend(parts)
        else:
            self._say(line, f"`<<` takes a mapping or a list of mappings, and not {shown(value)}")

    def _of_tag(self, tag: str, value: str) -> Any:
        """Return what a scalar with a tag stands for."""
        if not self.dialect:
            return None
        if tag in ("!", f"{_CORE}str"):
            return value
        return self.dialect.scalar(value) if tag.startswith(_CORE) else Tagged(tag, value)

    def _tagged(self, line: int) -> None:
        if not self.tags and not self.dialect:
            self._say(line, "tags (`!...`) are not read; a text that begins with `!` needs quotes")

    def _say(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def _stop(self, event: Any, message: str) -> None:
        self._say(event.start_mark.line + 1, message)
        raise InventoryError(self.problems)
