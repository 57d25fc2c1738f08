"""XML as elements with their lines; an entity of the document's own is refused, and so is depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

DEPTH = 64  # levels of nesting
ELEMENTS = 1_000_000


class XmlError(ValueError):
    """A document that cannot be read; `line` is where, the words say why."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


@dataclass(slots=True)
class Element:
    """An element: its name without a prefix, its attributes, its own text, and what is inside."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next(self.all(name), None)

    def said(self, name: str) -> str:
        """Return what the first child of a name says; nothing where there is none."""
        found = self.first(name)
        return found.text.strip() if found else ""

    def get(self, name: str) -> str:
        """Return an attribute without blanks around it; nothing where there is none."""
        return self.attributes.get(name, "").strip()


def read_xml(data: bytes) -> Element:
    """Return the root of a document. Raises XmlError."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: reader.start(
        name, attributes, parser.CurrentLineNumber
    )
    parser.EndElementHandler = lambda _name: reader.end()
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = lambda *_: reader.refuse(parser.CurrentLineNumber)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as exc:
        raise XmlError(exc.lineno, f"not XML: {expat.ErrorString(exc.code)}") from None
    except (ValueError, LookupError) as exc:  # an encoding that is none
        if isinstance(exc, XmlError):
            raise
        raise XmlError(1, f"not XML: {exc}") from None
    return reader.top.children[0]


class _Reader:
    """Puts the elements together."""

    def __init__(self) -> None:
        self.top = Element("", 0, {})
        self._open = [self.top]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str], line: int) -> None:
        self._count += 1
        if len(self._open) > DEPTH:
            raise XmlError(line, f"XML deeper than {DEPTH} levels")
        if self._count > ELEMENTS:
            raise XmlError(line, f"more than {ELEMENTS:,} elements")
        element = Element(name.rpartition(":")[2], line, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self) -> None:
        self._open.pop()

    def text(self, part: str) -> None:
        self._open[-1].text += part

    def refuse(self, line: int) -> None:
        raise XmlError(line, "entities of the document's own are not read; save it without a DTD")
