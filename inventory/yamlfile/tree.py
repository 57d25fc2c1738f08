"""YAML text as plain values that remember their lines.

Built from libyaml's events, which cost a quarter of its nodes; one pass, nested no deeper than DEPTH, so that
no input can exhaust the stack. Duplicate keys, tags, merge keys and more than one document are mistakes
(another program's `Dialect` may read the first three); aliases are bounded by what they unfold to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

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
    loader = _Loader(text)
    try:
        return _Builder(loader.get_event, file, problems, tags=tags, dialect=dialect).document()
    except yaml.YAMLError as exc:
        raise InventoryError([*problems, Problem(file, *explain(exc, text, DEPTH))]) from None
    finally:
        loader.dispose()


def _with_merged(own: Map, merged: list[Map]) -> Map:
    """Return a mapping with what merge keys bring, the later over the earlier and its own over all."""
    whole = Map(own.line)
    for part in (*merged, own):
        for key, value in part.items():
            whole.put(key, value, part.lines[key])
    return whole


class _Builder:
    """Puts the tree together, event by event: what nests in a value is read before the value is returned."""

    def __init__(
        self,
        next_event: Callable[[], Any],
        file: str,
        problems: list[Problem],
        *,
        tags: bool,
        dialect: Dialect | None = None,
    ) -> None:
        """`next_event` gives the next of libyaml's events, None after the last."""
        self.next_event = next_event
        self.file = file
        self.tags = tags
        self.dialect = dialect
        self.unquoted: Callable[[str], Any] = dialect.scalar if dialect else plain
        self.problems = problems
        self.depth = 0  # containers that are open
        self.top: str | None = None  # the key of the outermost one that the others are below
        self.anchors: dict[str, tuple[Any, int]] = {}  # with what each unfolds to; -1: it is still open
        self.count = 0
        self.unfolded = 0

    def document(self) -> Any:
        """Return the value of the one document."""
        root, documents = None, 0
        while (event := self.next_event()) is not None:
            if type(event) is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._stop(event, "a second document begins here (`---`); one file holds one document")
            elif isinstance(event, NodeEvent):
                root = self._value(event)
        return root

    def _value(self, event: Any) -> Any:
        """Return the value that begins with an event."""
        if type(event) is not ScalarEvent:
            return self._alias(event) if type(event) is AliasEvent else self._container(event)
        value = event.value
        if event.tag is not None:
            value = self._of_tag(event.tag, value)
            self._tagged(event)
        elif event.implicit[0]:
            value = self.unquoted(value)
        self.count += 1
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        return value

    def _container(self, event: Any) -> Map | Seq:
        if self.depth >= DEPTH:
            self._stop(event, f"nested more than {DEPTH} levels deep")
        if event.tag is not None:
            self._tagged(event)
        if event.anchor:
            self.anchors[event.anchor] = (None, -1)
        before = self.count
        self.count += 1
        self.depth += 1
        line = event.start_mark.line + 1
        made = self._map(line) if type(event) is MappingStartEvent else self._seq(line)
        self.depth -= 1
        if event.anchor:
            self.anchors[event.anchor] = (made, self.count - before)
        return made

    def _seq(self, line: int) -> Seq:
        made = Seq(line)
        while type(event := self.next_event()) is not SequenceEndEvent:
            made.put(self._value(event), event.start_mark.line + 1)
        return made

    def _map(self, line: int) -> Map:
        made, merged = Map(line), list[Map]()
        while type(event := self.next_event()) is not MappingEndEvent:
            at = event.start_mark.line + 1
            if type(event) is not ScalarEvent:
                self._stop(event, _NO_KEY[type(event)])
            key = event.value
            twice = key in made.lines
            if twice or key == "<<" or event.tag is not None or event.anchor is not None:  # as few keys are
                self._odd_key(key, at, event, made)
            if self.depth == 1:
                self.top = key
            event = self.next_event()
            value = self._value(event)
            if key == "<<":
                merged += self._merged(value, event)
            elif not twice or self.dialect:  # else the first of the two wins; the second is a problem already
                made.put(key, value, at)
        return _with_merged(made, merged) if merged else made

    def _odd_key(self, key: str, line: int, event: Any, beside: Map) -> None:
        if event.tag is not None and not self.dialect:
            self._say(line, "a tag on a key means nothing here; leave it out")
        if key == "<<":
            if not self.dialect:
                self._say(
                    line, "merge keys (`<<`) are not read; put what hosts share in a group, or in `defaults`"
                )
        elif key in beside.lines:
            self._twice(key, line, beside.lines[key])
        if event.anchor:
            self.anchors[event.anchor] = (key, 1)

    def _twice(self, key: str, line: int, first: int) -> None:
        name = "this key" if self._secret() else f"`{visible(key[:60])}`"
        words = f"{name} stands here for the second time; the first is in line {first}"
        if self.dialect:
            self.dialect.twice(line, words)
        else:
            self._say(line, words)

    def _secret(self) -> bool:
        """Whether a key may be a secret: below `credentials`, or at the top of what may be another file."""
        return self.depth == 1 or self.top == "credentials"

    def _alias(self, event: Any) -> Any:
        value, weight = self.anchors.get(event.anchor, (None, 0))
        if weight == 0:
            self._say(
                event.start_mark.line + 1,
                "an alias (`*`) to an anchor (`&`) that no line before defines; a text with a `*` needs "
                "quotes",
            )
        elif weight < 0:
            self._stop(event, "an alias to what it is itself a part of")
        self.unfolded += weight
        self.count += weight
        if self.unfolded > UNFOLDED:
            self._stop(event, f"the aliases of this file unfold to more than {UNFOLDED:,} values")
        return value

    def _merged(self, value: Any, event: Any) -> list[Map]:
        """Return what a merge key brings; of several mappings in a list the first counts most."""
        if not self.dialect:
            return []  # said already
        parts = value[::-1] if isinstance(value, Seq) else [value]
        if all(isinstance(part, Map) for part in parts):
            return parts
        self._say(
            event.start_mark.line + 1,
            f"`<<` takes a mapping or a list of mappings, and not {shown(value)}",
        )
        return []

    def _of_tag(self, tag: str, value: str) -> Any:
        """Return what a scalar with a tag stands for."""
        if not self.dialect:
            return None
        if tag in ("!", f"{_CORE}str"):
            return value
        return self.dialect.scalar(value) if tag.startswith(_CORE) else Tagged(tag, value)

    def _tagged(self, event: Any) -> None:
        if not self.tags and not self.dialect:
            line = event.start_mark.line + 1
            self._say(line, "tags (`!...`) are not read; a text that begins with `!` needs quotes")

    def _say(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def _stop(self, event: Any, message: str) -> NoReturn:
        self._say(event.start_mark.line + 1, message)
        raise InventoryError(self.problems)


_NO_KEY: Mapping[type, str] = {
    AliasEvent: "an alias cannot be a key",
    **dict.fromkeys(
        (MappingStartEvent, SequenceStartEvent),
        "a list or mapping cannot be a key; a key is a word followed by a colon",
    ),
}
"""Why an event cannot begin a key."""
