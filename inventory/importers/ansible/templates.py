"""Fill in the templates that need no Ansible: `{{ inventory_hostname | lower }}.corp`, `{{ net.ip }}`.

Variables of the same host, parts of them (`net['ip']`, `inventory_hostname.split('.')[0]`), texts put
together (`~`, `+`), and the commonest filters; by Jinja's rules of what binds first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from inventory.importers.ansible.values import Literal, is_compound, is_template
from inventory.yamlfile.tree import Map, Seq

DEPTH = 8  # variables within variables
LONGEST = 4096  # characters that a value may come to
SECRET = re.compile(r"pass|secret|token|private_key|pwd", re.IGNORECASE)
_PLACE = re.compile(r"\{\{((?:'[^']*'|\"[^\"]*\"|[^'\"{}])*)\}\}")
_TOKEN = re.compile(
    r"""\s*(?:([A-Za-z_]\w*)|('[^'\\]*'|"[^"\\]*")|([1-9][0-9]{0,8}|0)(?!\w)|([~+|.,()\[\]]))""", re.ASCII
)
_OF_A_RUN = re.compile(r"ansible_|group|inventory_|play|role|hostvars|vars|omit|environment")  # Ansible's own
_FILTERS: dict[str, Callable[..., str]] = {"lower": str.lower, "upper": str.upper, "trim": str.strip}
_NESTING = 32  # brackets within brackets
_MISSING = object()


class TemplateError(ValueError):
    """A template needs more than plain variables of the same host."""


class Templates:
    """Fills in for one host. `used` collects the names of variables that were needed."""

    def __init__(self, host: str, variables: Map, used: set[str]) -> None:
        self._variables = variables
        self._magic = {"inventory_hostname": host, "inventory_hostname_short": host.partition(".")[0]}
        self._used = used

    def value(self, value: Any, depth: int = DEPTH) -> Any:
        """Return a value with nothing left to fill in. Raises TemplateError."""
        if not is_template(value):
            return value
        if not depth:
            raise TemplateError
        if whole := _PLACE.fullmatch(value):
            return self._place(whole, depth - 1)
        filled = _PLACE.sub(lambda found: self._text(found, depth - 1), value)
        if is_template(_PLACE.sub("", value)) or len(filled) > LONGEST:
            raise TemplateError
        return Literal(filled)

    def _place(self, found: re.Match[str], depth: int) -> Any:
        """Return what stands between braces."""
        value = _Expression(found[1], lambda name: self._variable(name, depth)).value()
        if is_template(value):  # an item of a variable that is a list or a mapping
            return self.value(value, depth)
        if value is _MISSING or is_compound(value) or (isinstance(value, str) and len(value) > LONGEST):
            raise TemplateError
        return value

    def _text(self, found: re.Match[str], depth: int) -> str:
        value = self._place(found, depth)
        if value is None or is_compound(value):
            raise TemplateError
        return str(value)

    def _variable(self, name: str, depth: int) -> Any:
        """Return a variable's value, _MISSING for none; one that may hold a secret is filled in nowhere."""
        if name in self._magic:
            return self._magic[name]
        if SECRET.search(name):
            raise TemplateError
        if name not in self._variables:
            if _OF_A_RUN.match(name):
                raise TemplateError
            return _MISSING
        value = self._variables[name]
        if not isinstance(value, (str, int, float, Map, Seq)):
            raise TemplateError
        self._used.add(name)
        return self.value(value, depth)


class _Expression:
    """One expression, evaluated as it is read: there is nothing in it that an order could change."""

    def __init__(self, text: str, variable: Callable[[str], Any]) -> None:
        self._tokens = _tokens(text)
        self._variable = variable
        self._open = 0

    def value(self) -> Any:
        """Return what the expression comes to. Raises TemplateError."""
        value = self._joined()
        if self._tokens:
            raise TemplateError
        return value

    def _take(self, kind: str, text: str = "") -> str | None:
        """Return the next token's text and go on, where it is of this kind; None where it is another."""
        if self._tokens and self._tokens[-1][0] == kind and text in ("", self._tokens[-1][1]):
            return self._tokens.pop()[1]
        return None

    def _expect(self, kind: str, text: str = "") -> str:
        found = self._take(kind, text)
        if found is None:
            raise TemplateError
        return found

    def _joined(self) -> Any:
        """Return parts put together: `+` binds before `~`, and adds texts alone here."""
        value = self._added()
        while self._take("sign", "~"):
            value = Literal(_plain(value) + _plain(self._added()))
        return value

    def _added(self) -> Any:
        value = self._filtered()
        while self._take("sign", "+"):
            other = self._filtered()
            if not isinstance(value, str) or not isinstance(other, str):
                raise TemplateError
            value = Literal(value + other)
        return value

    def _filtered(self) -> Any:
        value = self._part()
        while self._take("sign", "|"):
            value = self._filter(self._expect("name"), value)
        return value

    def _filter(self, name: str, value: Any) -> Any:
        arguments = self._arguments() if self._take("sign", "(") else []
        if name in ("default", "d") and arguments and arguments[1:] in ([], [True]):
            empty = value is _MISSING or (len(arguments) > 1 and not value)
            return arguments[0] if empty else value
        if name == "replace" and len(arguments) == 2 and all(isinstance(each, str) for each in arguments):  # noqa: PLR2004 - what, and by what
            return Literal(_text(value).replace(*arguments))
        if name in ("first", "last") and not arguments and isinstance(value, list) and value:
            return value[0 if name == "first" else -1]
        if name not in _FILTERS or arguments:
            raise TemplateError
        return Literal(_FILTERS[name](_text(value)))

    def _arguments(self) -> list[Any]:
        found: list[Any] = []
        while not self._take("sign", ")"):
            if found:
                self._expect("sign", ",")
            word = self._take("name", "true") or self._take("name", "True")
            found.append(True if word else self._joined())
        return found

    def _part(self) -> Any:
        """Return a variable, a text, a number or what stands in brackets, or the part of it that is named."""
        if self._take("sign", "("):
            self._open += 1
            if self._open > _NESTING:
                raise TemplateError
            value = self._joined()
            self._expect("sign", ")")
        elif (text := self._take("text")) is not None:
            value = Literal(text[1:-1])
        elif (number := self._take("number")) is not None:
            value = int(number)
        else:
            value = self._named(self._expect("name"))
        return self._inside(value)

    def _named(self, name: str) -> Any:
        """Return a variable; `hostvars[inventory_hostname]` is the host's own, by the name behind it."""
        if name != "hostvars":
            return self._variable(name)
        self._expect("sign", "[")
        self._expect("name", "inventory_hostname")
        self._expect("sign", "]")
        if self._take("sign", "["):
            own = self._expect("text")[1:-1]
            self._expect("sign", "]")
        else:
            self._expect("sign", ".")
            own = self._expect("name")
        return self._variable(own)

    def _inside(self, value: Any) -> Any:
        while True:
            if self._take("sign", "."):
                value = self._member(value, self._expect("name"))
            elif self._take("sign", "["):
                key = self._joined()
                self._expect("sign", "]")
                value = _item(value, key)
            else:
                return value

    def _member(self, value: Any, name: str) -> Any:
        if isinstance(value, str) and name in ("split", "lower", "upper"):
            self._expect("sign", "(")
            arguments = self._arguments()
            if name == "split" and len(arguments) == 1 and isinstance(arguments[0], str) and arguments[0]:
                return [Literal(part) for part in value.split(arguments[0])]
            if name != "split" and not arguments:
                return Literal(_FILTERS[name](value))
            raise TemplateError
        return _item(value, name)


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return kind and text of each token, the last one first. Raises TemplateError."""
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise TemplateError
        kind = ("name", "text", "number", "sign")[(token.lastindex or 1) - 1]
        found.append((kind, token[token.lastindex or 1]))
        at = token.end()
    return found[::-1]


def _item(value: Any, key: Any) -> Any:
    """Return a part of a mapping or a list; what is not there is missing, and so is all in it."""
    if value is _MISSING:
        return _MISSING
    if isinstance(value, Map) and isinstance(key, str) and key.isidentifier() and key not in dir(dict):
        if SECRET.search(key):
            raise TemplateError
        return value.get(key, _MISSING)
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if key < len(value) else _MISSING
    raise TemplateError


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TemplateError
    return value


def _plain(value: Any) -> str:
    """Return what `~` makes of a value. Raises TemplateError for what is not written in one way."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise TemplateError
    return str(value)
