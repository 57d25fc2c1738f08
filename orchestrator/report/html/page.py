"""What our HTML pages have in common: one file that loads nothing, in which everything is cleaned,
then escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from inventory.words import plural
from orchestrator.domain.primitives.text import clean
from orchestrator.report.words import moment

# What ends a script element, or starts a comment in it, stands in the data as an escape that means the same.
_ESCAPES = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&"})


def html_page(template: str, *, styles: Sequence[str], script: str | None = None, **values: Any) -> str:
    """Fill a template that extends `page.html.j2`. `styles` and `script` name files beside it.

    The page's policy permits this style sheet and this script by their digests, and nothing else.
    """
    style = "".join(map(_file, styles))
    code = "" if script is None else _file(script)
    environment = Environment(
        loader=FunctionLoader(_file),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        values,
        style=Markup(style),  # noqa: S704  # a file of ours, with nothing put into it
        style_digest=_digest(style),
        script=Markup(code),  # noqa: S704  # as the style
        script_digest=_digest(code),
        moment=moment,
        plural=plural,
    )


def data_block(content: Any) -> Markup:
    """Write values as JSON for an inert script element: ASCII, and nothing in it that HTML could read.

    Not cleaned.
    """
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704  # no markup is left in it


def _seen(value: Any) -> Any:
    """Clean what is about to be written; the escaping comes after it."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


def _file(name: str) -> str:
    return files("orchestrator.report").joinpath("templates", name).read_text("utf-8")
