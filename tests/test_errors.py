"""One base for every error that a user is told: what is not of it says here why."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import inventory
import orchestrator
from inventory.errors import FleetcheckError
from orchestrator.domain.primitives.exit_codes import MEANINGS

INSIDE = {
    "inventory.files.capture.TooMuchOutputError": "becomes the error of what the program was run for",
    "inventory.files.capture.TooSlowError": "as TooMuchOutputError",
    "inventory.importers.ansible.values.TemplateError": "becomes a note of the import",
    "inventory.importers.ansible.variables.LeaveOutError": "as TemplateError",
    "inventory.importers.exports.xml_tree.XmlError": "becomes an InventoryError with the document's line",
    "inventory.selection.patterns.PatternError": "becomes a SelectionError with the pattern's place",
    "inventory.files.regular.NotRegularError": (
        "becomes the error of what the file is: an inventory, a secret, a database"
    ),
    "orchestrator.domain.config.sections.SectionError": "becomes mistakes of the file, each with its line",
    "orchestrator.domain.execution.breaker.IllegalBreakerMoveError": (
        "a bug of ours: the breaker was told what cannot follow"
    ),
    "orchestrator.domain.repin.journal.IllegalJournalMoveError": (
        "a bug of ours: a journal row cannot move that way"
    ),
    "orchestrator.domain.repin.decision.NotPlannedError": "becomes a host's reason in the plan",
    "orchestrator.domain.firewall.vertex_cover.TooHardError": (
        "the search gives up, and the greedy choice is taken"
    ),
    "orchestrator.fleet.control.stop.LeftError": "ends the run, which says what the database did not take",
    "orchestrator.fleet.host_logon.HeldError": "ends one host's try, caught where the host is asked",
    "orchestrator.remote.contract.document.OddError": "becomes a Fault in the same room",
    "orchestrator.remote.faults.fault.Fault": "becomes a host's outcome: a host that fails is a value",
    "orchestrator.remote.faults.trouble.Trouble": (
        "becomes a Fault in the same room, as all that are made of it"
    ),
}
"""Errors that never reach a user, each with its reason; what is made of them neither."""


def _modules() -> Iterator[str]:
    for package in (inventory, orchestrator):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".demo" not in found.name and not found.name.endswith("__main__"):
                yield found.name


def _own_errors() -> dict[str, type[Exception]]:
    found: dict[str, type[Exception]] = {}
    for name in _modules():
        for _, kind in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if issubclass(kind, Exception) and kind.__module__ == name:
                found[f"{name}.{kind.__qualname__}"] = kind
    return found


def _inside(kind: type[Exception]) -> bool:
    return any(f"{base.__module__}.{base.__qualname__}" in INSIDE for base in kind.__mro__)


def test_every_error_is_told_as_it_is_or_never_leaves_its_room() -> None:
    """An exception class is a FleetcheckError, or stands in the list of those that a user never meets."""
    neither = [
        name for name, kind in _own_errors().items() if issubclass(kind, FleetcheckError) == _inside(kind)
    ]
    assert neither == []


def test_the_list_of_inner_errors_holds_no_ghost() -> None:
    """A class that has left the code leaves the list, too."""
    assert set(INSIDE) <= set(_own_errors())


@pytest.mark.parametrize("name", sorted(name for name, kind in _own_errors().items() if not _inside(kind)))
def test_an_error_ends_a_command_with_a_code_of_the_table(name: str) -> None:
    """An error's exit code is one that the exit codes' table explains, and not one of success."""
    kind = _own_errors()[name]
    assert issubclass(kind, FleetcheckError)
    assert kind.exit_code in set(MEANINGS) - {0}
