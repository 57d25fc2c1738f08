"""The parts of the pages that are made from the code's own tables.

`python -m tests.docs.reference` writes them anew. Each stands between `<!-- generated: NAME -->` and `<!--
end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from inventory.schema import credentials
from inventory.schema import inventory as schema
from inventory.schema import profile as profile_schema
from inventory.schema.fields import Strict
from inventory.schema.reference import about_key
from inventory.secrets.registry import SOURCES
from inventory.verdicts import Verdict
from orchestrator.domain.cause import Cause
from orchestrator.domain.config.keys import KEYS
from orchestrator.domain.primitives.exit_codes import MEANINGS
from orchestrator.remote.faults.table import ROWS
from orchestrator.store.database.view_list import VIEWS
from tests.docs.verdict_table import WHEN, actions

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_PART = re.compile(r"(<!-- generated: (?P<name>[^>]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)

_FOLDER = "`./fleetcheck.toml`"

Rows = Iterable[Sequence[str]]


def table(heading: Sequence[str], rows: Rows) -> str:
    """Write a Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def schema_of(name: str) -> type[Strict]:
    """Return a schema's class by its name."""
    entries = {source.entry.__name__: source.entry for source in SOURCES.values()}
    found: type[Strict] = (
        entries.get(name)
        or getattr(schema, name, None)
        or getattr(credentials, name, None)
        or getattr(profile_schema, name)
    )
    return found


def keys(name: str, *, own: bool = False) -> str:
    """List a schema's keys: what each is, what it takes, what holds without it, an example. `own`:
    not the inherited ones.
    """
    model = schema_of(name)
    inherited = schema.Settings.model_fields if own else {}
    rows = []
    for field, info in model.model_fields.items():
        key = info.alias or field
        if key == "from" or field in inherited:
            continue
        about = about_key(name, key)
        assert about is not None, f"inventory/schema/reference.py says nothing of {name}.{key}"
        rows.append((f"`{key}`", about.what, info.description or "", about.absent, f"`{about.example}`"))
    return table(("key", "what it is", "takes", "absent", "example"), rows)


def sources() -> str:
    """List the keys of every place that a secret can come from."""
    rows = []
    for source in SOURCES.values():
        for field, info in source.entry.model_fields.items():
            if field == "from_":
                continue
            about = source.about[field]
            rows.append(
                (
                    f"`{source.name}`",
                    f"`{field}`",
                    about.what,
                    info.description or "",
                    about.absent,
                    f"`{about.example}`",
                )
            )
    return table(("from", "key", "what it is", "takes", "absent", "example"), rows)


def verdicts() -> str:
    """List the verdicts, worst first."""
    rows = ((f"`{verdict}`", WHEN[verdict], "; or: ".join(actions(verdict)) or "-") for verdict in Verdict)
    return table(("verdict", "when", "what to do"), rows)


def exit_codes() -> str:
    """List the exit codes."""
    return table(("code", "meaning"), ((str(code), meaning) for code, meaning in MEANINGS.items()))


def causes() -> str:
    """List why a host could not be probed."""
    blanks = {
        "host": "HOST", "address": "ADDRESS", "port": "PORT", "configuration": "CONFIGURATION", "transport": "TRANSPORT",  # noqa: E501
        "via": "VIA", "ssh": "ssh USER@JUMP", "known": "JUMP", "script": "SHA-256", "pin": 'tls_pin: "sha256:..."',  # noqa: E501
        "credential": "credential CREDENTIAL",
        "look": "Look it up with `winrm helpmsg 0x...` (its own number) on any Windows",
    }  # fmt: skip
    rows = (
        (
            f"`{cause}`",
            ROWS[cause].meaning.replace("{configuration}", "CONFIGURATION"),
            ROWS[cause].advice.format_map(blanks).replace("\n", " "),
        )
        for cause in Cause
        if cause in ROWS
    )
    return table(("cause", "what it means", "what to do"), rows)


def configuration() -> str:
    """List the keys of a configuration file: what each is and takes, its default, who may set it."""
    rows = (
        (
            f"`{key.name}`",
            key.what,
            key.kind.takes,
            key.default,
            f"all; {_FOLDER}: {key.folder_check.takes}"
            if key.folder_check
            else "all"
            if key.folder
            else "user's, machine's",
            f"`{key.option}`"
            + (f" of {', '.join(f'`{words}`' for words in key.commands)}" if key.commands else ""),
            f"`{key.example}`",
        )
        for key in KEYS.values()
    )
    return table(("key", "what it is", "takes", "default", "in", "stands in for", "example"), rows)


def view(name: str) -> str:
    """List a view's columns."""
    (found,) = (each for each in VIEWS if each.name == name)
    rows = ((f"`{column.name}`", column.kind, column.meaning) for column in found.columns)
    return table(("column", "kind", "what it is"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "verdicts": verdicts,
    "exit codes": exit_codes,
    "configuration": configuration,
    "causes": causes,
    "secrets": sources,
    **{f"view {each.name}": partial(view, each.name) for each in VIEWS},
    "keys Document": partial(keys, "Document"),
    "keys Settings": partial(keys, "Settings"),
    "keys HostEntry": partial(keys, "HostEntry", own=True),
    "keys Group": partial(keys, "Group", own=True),
    "keys CredentialEntry": partial(keys, "CredentialEntry"),
    "keys KeytabEntry": partial(keys, "KeytabEntry"),
    "keys CertificateEntry": partial(keys, "CertificateEntry"),
    "keys WaiverEntry": partial(keys, "WaiverEntry"),
    "keys ProfileDocument": partial(keys, "ProfileDocument"),
    "keys RoleEntry": partial(keys, "RoleEntry"),
    "keys ListedPortEntry": partial(keys, "ListedPortEntry"),
}


def made(page: str) -> str:
    """Return a page with its generated parts as the code says them now."""
    return _PART.sub(lambda part: f"{part[1]}{PARTS[part['name']]()}{part[4]}", page)


def named(page: str) -> list[str]:
    """Name the generated parts of a page."""
    return [part["name"] for part in _PART.finditer(page)]


if __name__ == "__main__":
    for path in PAGES:
        before = path.read_text("utf-8")
        if (after := made(before)) != before:
            path.write_text(after, "utf-8")
            print(path.relative_to(ROOT))  # noqa: T201 -- a tool for a terminal
