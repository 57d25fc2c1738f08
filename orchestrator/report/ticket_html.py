"""A plan as one HTML page to be attached to a change ticket: it loads nothing, runs nothing, and escapes everything."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from orchestrator.domain.text import clean
from orchestrator.report.ticket import Ticket, role_words
from orchestrator.report.ticket_screen import warnings
from orchestrator.report.words import moment, plural


def ticket_html(ticket: Ticket, now: datetime) -> str:
    """Write the page. Everything that is put into it is cleaned, then escaped. `now` is aware."""
    style = _file("ticket.css")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_seen, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("ticket.html.j2")).render(
        ticket=ticket,
        plan=ticket.plan,
        warnings=list(warnings(ticket, now)),
        style=Markup(style),  # noqa: S704  # a file of ours, with nothing put into it
        style_digest=f"sha256-{digest}",
        moment=moment,
        plural=plural,
        role_words=role_words,
    )


def _seen(value: Any) -> Any:
    """Clean what is about to be written; the escaping comes after it."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _file(name: str) -> str:
    return files("orchestrator.report").joinpath("templates", name).read_text("utf-8")
