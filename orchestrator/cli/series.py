"""The series of Prometheus files: labels that tell them apart, and what several files of one folder have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from orchestrator.cli.errors import UsageError

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_LONGEST = 255  # characters of a value
_BYTES = 1024 * 1024  # of a file beside ours; 10,000 sites are 2 MB, and by then the first megabyte has told
_FILES = 200


def labels_of(texts: Iterable[str]) -> dict[str, str]:
    """Read every `--label`. Raises UsageError for what is no label, or one that a metric has already."""
    from orchestrator.report.export_prometheus import OWN_LABELS

    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not _LABEL.fullmatch(name) or name.startswith("__"):
            raise UsageError(
                f"--label {text!r}: expected NAME=VALUE, such as fleet=emea; a name is a-z, A-Z, 0-9 and _"
            )
        if name in OWN_LABELS:
            raise UsageError(
                f"--label {text!r}: the metrics have a label `{name}` of their own; take another name"
            )
        if name in found:
            raise UsageError(f"--label {text!r}: another --label gives `{name}` already")
        if not value.strip() or not value.isprintable() or len(value) > _LONGEST:
            raise UsageError(
                f"--label {text!r}: expected a value in one line, of {_LONGEST} characters at most"
            )
        found[name] = value
    return found


def shared_series(path: Path) -> tuple[str, ...]:
    """Say which files beside a Prometheus file that was written hold series of it, a sentence each.

    node_exporter reads every `*.prom` of a folder. Of two samples of one series it keeps one, or refuses all.
    """
    if path.suffix != ".prom" or not path.is_file():
        return ()
    own = _series(path)
    sentences = []
    for other in sorted(path.parent.glob("*.prom"))[:_FILES]:
        if other.name == path.name or not other.is_file():
            continue
        if same := len(own & _series(other)):
            sentences.append(
                f"{path} and {other} hold {same} of the same series, and node_exporter keeps one of each at most: name the "
                "fleets apart by `fleet:` in the inventory, or by --label fleet=NAME"
            )
    return tuple(sentences)


def _series(path: Path) -> frozenset[str]:
    """Return the names and labels of our samples in a file; nothing of one that cannot be read."""
    try:
        with path.open("rb") as file:
            lines = file.read(_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(line.rpartition(" ")[0] for line in lines if line.startswith("fleetcheck_"))
