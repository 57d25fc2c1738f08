"""Who asks, by which command, and where results are kept: what every use case is called with."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from orchestrator.domain.config.settings import Settings
from orchestrator.domain.primitives.inventories import paths_of

if TYPE_CHECKING:
    from orchestrator.domain.record import ScanRecord
    from orchestrator.report.hints import Hints
    from orchestrator.store.reader import Reader
    from orchestrator.store.scan_reader import ScanReader
    from orchestrator.store.writer import Writer


_WAVES = frozenset({"repin.batch", "repin.pause", "repin.max_failed"})
PATIENCE = 5.0  # seconds for which a busy database is waited for without a word


def silent(_words: str) -> None:
    """Say nothing."""


def nobody(question: str) -> NoReturn:
    """Raise SecretError: there is nobody to answer `question`."""
    from inventory.errors import SecretError

    del question
    raise SecretError(
        "a password is to be asked for, and there is no terminal: use `from: env` or `from: file`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of fleetcheck.

    `command` is the command line as it may be stored, `user` the person's name. `database` is a path or
    URL, None for the default; `inventory` the paths that `-i` named: suggested commands repeat both.
    `settings` is what the configuration says where neither was named. `stdin` is what `-` in a selection
    reads (None: not to be had), `ask` gives the answer to a question for a secret, or raises SecretError.
    `wait` is how long a database that another command writes to is waited for, in seconds; `tell` says so
    where that is longer than usual.
    """

    command: str
    user: str
    database: str | None = None
    inventory: tuple[Path, ...] = ()
    settings: Settings = field(default_factory=Settings)
    stdin: TextIO | None = None
    ask: Callable[[str], str] = nobody
    wait: float = PATIENCE
    tell: Callable[[str], None] = silent

    @property
    def url(self) -> str:
        """The database's URL. Raises PlaceError, DriverMissingError."""
        from orchestrator.store.place import database_url

        configured = self.settings.values.get("db")
        if self.database is None and configured is not None:
            return database_url(str(configured.value), {}, folder=Path(configured.origin.folder))
        return database_url(self.database, os.environ)

    @property
    def place(self) -> str:
        """The database's name for people, without its password. Raises as `url`."""
        from orchestrator.store.place import parse

        return parse(self.url).shown

    @property
    def hints(self) -> Hints:
        """What suggested commands have to repeat of this one."""
        from orchestrator.report.hints import Hints

        return Hints(
            database=f" --db {shlex.quote(without_secrets(self.database))}" if self.database else "",
            inventory="".join(f" -i {shlex.quote(str(path))}" for path in self.inventory),
            waves_set=bool(_WAVES & self.settings.values.keys()),
        )

    def hints_of(self, scan: ScanRecord) -> Hints:
        """Return what a command about a stored scan has to repeat.

        ` -i` where the inventory at hand is not the scan's.
        """
        from orchestrator.app.config.inventory import paths_at_hand

        paths = tuple(map(Path, paths_of(scan.inventory)))
        meant = () if paths == paths_at_hand(self.settings) else paths
        return replace(self.hints, inventory="".join(f" -i {shlex.quote(str(path))}" for path in meant))

    def reader(self) -> Reader:
        """Open the database to read. Raises as `url`, and StoreError."""
        from orchestrator.store.reader import Reader

        return Reader.open(self.url)

    def scan_reader(self) -> ScanReader:
        """Do as `reader`, for who asks about scans alone: the re-pin's part is not loaded."""
        from orchestrator.store.scan_reader import ScanReader

        return ScanReader.open(self.url)

    def writer(self) -> Writer:
        """Open the database to write, as soon as no other command does. Raises as `url`, and StoreError."""
        from orchestrator.report.words import duration
        from orchestrator.store.errors import LockTakenError
        from orchestrator.store.writer import Writer

        def opened(wait: float) -> Writer:
            return Writer.open(self.url, command=self.command, user=self.user, wait=wait)

        left = self.wait - PATIENCE
        try:
            return opened(min(self.wait, PATIENCE))
        except LockTakenError as busy:
            if left <= 0:
                raise
            self.tell(f"database {busy.place}: in use by {busy.owner}; waiting up to {duration(left)} for it")
        try:
            return opened(left)
        except LockTakenError as busy:
            raise LockTakenError(busy.place, busy.owner, waited=self.wait, age=busy.age) from None


def without_secrets(word: str) -> str:
    """Return a word of a command line as it may be stored and shown: a database's password as `***`."""
    from orchestrator.store.place import as_typed

    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + equals + as_typed(value)
