"""What stands between the braces of a template, by the nodes that jinja2's parser makes of it. Nothing is
rendered or compiled: each kind of node that is known here has its own line, and every other is refused.

The module imports jinja2, so it is imported where a template is met.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes

from inventory.importers.ansible.values import SECRET, Literal, TemplateError, checked, is_template
from inventory.yamlfile.tree import Map, Seq

LONGEST = 4096  # characters of a template, and that a text in it may come to
STEPS = 200  # nodes looked at for one value, those of the variables that it needs among them
_MISSING = object()
_OF_THE_HOST = object()  # `hostvars[inventory_hostname]`
_WRITABLE = 1 << 64  # no setting here is a larger number
_TEXTS: dict[str, Callable[..., str]] = {"lower": str.lower, "upper": str.upper, "trim": str.strip}
_jinja2 = Environment(keep_trailing_newline=True, trim_blocks=True, autoescape=True)  # it only parses


@lru_cache(maxsize=256)  # one text is the template of a whole group, and is asked for host by host
def parts(text: str) -> tuple[nodes.Node, ...]:
    """Return the texts and expressions that a template is put together from; none where it is more than that,
    or cannot be read.
    """
    try:
        body = _jinja2.parse(_doubled(text)).body
    except (TemplateSyntaxError, RecursionError):
        return ()
    if not all(isinstance(output, nodes.Output) for output in body):
        return ()
    return tuple(part for output in body for part in output.iter_child_nodes())


def _doubled(text: str) -> str:
    r"""Double the backslashes of quoted texts between braces: to Ansible `\n` is two characters there."""
    if "\\" not in text:
        return text
    tokens = [(kind, raw) for _, kind, raw in _jinja2.lex(text)]
    if any(kind == "string" and re.search(r"\\['\"]", raw) for kind, raw in tokens):
        raise TemplateSyntaxError("a quoted text with a quote in it", 1)
    return "".join(raw.replace("\\", "\\\\") if kind == "string" else raw for kind, raw in tokens)


class Expressions:
    """Fills in one value. `variable` returns what a host says of a name, KeyError where it says nothing."""

    def __init__(self, variable: Callable[[str], Any]) -> None:
        self._variable = variable
        self._left = STEPS

    def filled(self, value: Any) -> Any:
        """Return a value, filled in where it is a template. Raises TemplateError."""
        value = checked(value)
        if not isinstance(value, (str, int, float, Map, Seq)):
            raise TemplateError
        if isinstance(value, str) and len(value) > LONGEST:
            raise TemplateError
        if not is_template(value):
            return value
        made = [self._value(part) for part in parts(str(value))]
        if len(made) == 1 and made[0] is not _MISSING:
            return made[0]
        if not made or not all(isinstance(part, (str, int, float)) for part in made):
            raise TemplateError
        return _bounded("".join(map(str, made)))

    def _value(self, node: nodes.Node | None) -> Any:  # noqa: C901, PLR0911  # one line for each kind of node
        self._left -= 1
        if self._left < 0:
            raise TemplateError
        match node:
            case nodes.TemplateData(data=str(text)) | nodes.Const(value=str(text)):
                return Literal(text)
            case nodes.Const(value=bool() | int() | float() as number) if abs(number) < _WRITABLE:
                return number
            case nodes.Name(name=name):
                return self._named(name)
            case nodes.Getitem(node=nodes.Name(name="hostvars"), arg=nodes.Name(name="inventory_hostname")):
                return _OF_THE_HOST
            case nodes.Getattr(node=inner, attr=key):
                return self._item(self._value(inner), key)
            case nodes.Getitem(node=inner, arg=key):
                return self._item(self._value(inner), self._value(key))
            case nodes.Concat(nodes=joined):
                return _bounded("".join(_plain(self._value(part)) for part in joined))
            case nodes.Add(left=left, right=right):
                return _bounded(_text(self._value(left)) + _text(self._value(right)))
            case nodes.Filter(kwargs=[], dyn_args=None, dyn_kwargs=None):
                return self._filter(node.name, self._value(node.node), list(map(self._value, node.args)))
            case nodes.Call(node=nodes.Getattr() as method, kwargs=[], dyn_args=None, dyn_kwargs=None):
                arguments = list(map(self._value, node.args))
                return _method(method.attr, _text(self._value(method.node)), arguments)
        raise TemplateError

    def _named(self, name: str) -> Any:
        try:
            found = self._variable(name)
        except KeyError:
            return _MISSING
        return self.filled(found)

    def _filter(self, name: str, value: Any, arguments: list[Any]) -> Any:
        match name, arguments:
            case "default" | "d", [other]:
                return other if value is _MISSING else value
            case "default" | "d", [other, bool(empty_too)]:
                return other if value is _MISSING or (empty_too and not value) else value
            case "replace", [str(old), str(new)]:
                return _bounded(_text(value).replace(old, new))
            case "first" | "last", [] if isinstance(value, list) and value:
                return self.filled(value[0 if name == "first" else -1])
            case _, [] if name in _TEXTS:
                return _bounded(_TEXTS[name](_text(value)))
        raise TemplateError

    def _item(self, value: Any, key: Any) -> Any:
        """Return a part of a mapping or a list; what is not there is missing, and so is all in it."""
        if value is _MISSING:
            return _MISSING
        if value is _OF_THE_HOST:
            return self._named(_text(key))
        if isinstance(value, Map) and isinstance(key, str) and key.isidentifier() and key not in dir(dict):
            if SECRET.search(key):
                raise TemplateError
            return self.filled(value[key]) if key in value else _MISSING
        if isinstance(value, list) and type(key) is int and key >= 0:
            return self.filled(value[key]) if key < len(value) else _MISSING
        raise TemplateError


def _method(name: str, text: str, arguments: list[Any]) -> Any:
    match name, arguments:
        case "split", [str(by)] if by:
            return [Literal(part) for part in text.split(by)]
        case "lower" | "upper", []:
            return _bounded(_TEXTS[name](text))
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


def _bounded(text: str) -> Literal:
    """Return a text that was made. Raises TemplateError where it is longer than any setting."""
    if len(text) > LONGEST:
        raise TemplateError
    return Literal(text)
