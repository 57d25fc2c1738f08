"""What `repin.ps1` does on a host of the model, step by step as `orchestrator.remote.contract.repin` says it.
Pure.

A run is a generator: it announces each moment before it goes on, hears the error that its next doing ends in
(or None), and returns the document's text. Whoever drives it may change the machine in between, or never go
on: then the host was killed there. That is why there is no `finally` in here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inventory.windows_names import fold
from orchestrator.demo.machine.answer import host_clock, render
from orchestrator.demo.machine.model import Entry, Key, KeyState, Machine
from orchestrator.demo.machine.plot import At, Moment
from orchestrator.demo.machine.repin_parameters import Asked, ScriptError, Target
from orchestrator.demo.machine.writes import Write

SLICE = 0.2  # seconds that the script waits for the mutex before it looks at the clock again
WINDOW = 40  # microseconds: what a real engine needs between the last compare and the end of the set
_MOST_DATA = 512  # characters of JSON that a value's data may have in an answer
_KEY_DELETED = "System.IO.IOException 0x000003fa"

Steps = Generator[At, str | None, str]
_Doing = Generator[At, str | None, None]
_Deciding = Generator[At, str | None, bool]
_Ending = Generator[At, str | None, str]
Clock = Callable[[], datetime]
"""The host's own UTC clock."""


def repin(machine: Machine, given: Mapping[str, object], clock: Clock) -> Steps:
    """Run the write script; the first step raises BadParameters where the script could not be called like
    that.
    """
    if machine.language != "FullLanguage":
        return render({"v": 1, "script": "repin", "language": machine.language})
    asked = Asked.read(given)
    try:
        run = _Run(machine, asked, asked.targets(), clock)
    except ScriptError as error:
        return render({"v": 1, "script": "repin", "language": machine.language, "error": str(error)})
    try:
        result = yield from run.result()
    except ScriptError as error:
        run.error, result = str(error), "failed"
    run.give_mutex_back()
    yield At(Moment.ANSWER)
    return render(run.document(result))


@dataclass(slots=True)
class _Planned:
    """A target on its way through a run."""

    target: Target
    before: Entry | None = None
    after: Entry | None = None
    begun: bool = False
    wrote: bool = False


class _Run:
    """One run: its state, and the contract's steps in order."""

    def __init__(self, machine: Machine, asked: Asked, targets: Iterable[Target], clock: Clock) -> None:
        self.error: str | None = None
        self._machine = machine
        self._asked = asked
        self._planned = [_Planned(target) for target in targets]
        self._clock = clock
        self._keys: dict[int, Key | None] = {}
        self._known = False
        self._abandoned = False
        self._owned = False

    def result(self) -> _Ending:
        """Go through the steps up to the result; raises ScriptError for what nobody foresaw."""
        for planned in self._planned:
            planned.target.check()
        self._known = True
        refusal = yield from self._enter()
        refusal = refusal or (yield from self._look())
        if not refusal and self._is_late():
            refusal = "expired"
        return refusal or (yield from self._write_all())

    def give_mutex_back(self) -> None:
        """Let the next writer in."""
        if self._owned:
            self._machine.mutex.holder = None

    def _is_late(self) -> bool:
        return self._clock() >= self._asked.until()

    def _enter(self) -> _Ending:
        """Make sure of the machine, the time and the mutex; "" where all are as they should be."""
        if not self._is_planned_machine():
            return "wrong-host"
        if self._is_late():
            return "expired"
        yield from self._take_mutex()
        if not self._owned:
            return "busy"
        return "expired" if self._is_late() else ""

    def _is_planned_machine(self) -> bool:
        pairs = (
            (self._machine.machine_id, self._asked.machine_id),
            (self._machine.computer, self._asked.computer),
        )
        return all(wanted and fold(own) == fold(wanted) for own, wanted in pairs)

    def _take_mutex(self) -> _Doing:
        mutex = self._machine.mutex
        if mutex.refused:
            self.error = mutex.refused
            return
        while mutex.holder is not None:
            if self._is_late():
                return
            yield At(Moment.WAIT)
        self._abandoned, mutex.abandoned = mutex.abandoned, False
        mutex.holder = self._asked.operation
        self._owned = True

    def _look(self) -> _Ending:
        """Read what is there and open the keys; "" where all is as expected and may be written."""
        try:
            self._open(write=False)
            for index, planned in enumerate(self._planned):
                yield from _pass(Moment.READ, index)
                planned.before = self._read(planned)
            if self._all("before", new=True):
                return "already"
            if not self._all("before", new=False):
                return "conflict"
            yield from _pass(Moment.OPEN)
            return "" if self._open(write=True) else "conflict"
        except ScriptError as error:
            if not error.denied:
                raise
            self.error = str(error)
            return "denied"

    def _open(self, *, write: bool) -> bool:
        for planned in self._planned:
            view = planned.target.view if self._machine.bits == 64 else 32  # noqa: PLR2004  # one view there
            key = self._machine.registry.key(view, self._asked.key)
            if key is not None and key.state is not KeyState.PRESENT:
                raise ScriptError(key.error)
            if write and key is not None and key.locked:
                raise ScriptError(key.locked)
            if write and key is None:
                return False
            self._keys[planned.target.view] = key
        return True

    def _key(self, planned: _Planned) -> Key | None:
        """Return the key that was opened; raises ScriptError where it has been deleted since."""
        key = self._keys[planned.target.view]
        if key is not None and not any(
            self._machine.registry.key(view, self._asked.key) is key for view in (64, 32)
        ):
            raise ScriptError(_KEY_DELETED)
        return key

    def _read(self, planned: _Planned) -> Entry | None:
        key = self._key(planned)
        entry = None if key is None else key.get(planned.target.name)
        return None if entry is None else replace(entry)

    def _all(self, when: str, *, new: bool) -> bool:
        return all(planned.target.holds(getattr(planned, when), new=new) for planned in self._planned)

    def _write_all(self) -> _Ending:
        denied = changed = whole = False
        try:
            for index, planned in enumerate(self._planned):
                if planned.target.old != planned.target.new and not (
                    yield from self._set_one(index, planned)
                ):
                    changed = True
                    break
            yield from self._read_after()
            whole = self._all("after", new=True)
        except ScriptError as error:
            self.error, denied = str(error), error.denied
        wrote = any(planned.wrote for planned in self._planned)
        if whole:
            return "written" if wrote else "already"
        yield from self._put_back()
        yield from self._read_after()
        as_before = self._all("after", new=False)
        if any(planned.begun for planned in self._planned) and not as_before:
            return "mixed"
        if wrote:
            return "restored"
        if changed or not as_before:
            return "conflict"
        return "denied" if denied else "failed"

    def _set_one(self, index: int, planned: _Planned) -> _Deciding:
        """Compare once more and set; False where the value is neither as expected nor new."""
        yield from _pass(Moment.COMPARE, index)
        now = self._read(planned)
        if not planned.target.holds(now, new=False):
            return planned.target.holds(now, new=True)
        planned.begun = True
        yield from _pass(Moment.SET, index)
        self._set(planned, back=False)
        planned.wrote = True
        yield from _pass(Moment.WAS_SET, index)
        return True

    def _set(self, planned: _Planned, *, back: bool) -> None:
        target, key = planned.target, self._key(planned)
        assert key is not None  # noqa: S101  # opened for writing
        held = key.get(target.name)
        data, before = (target.old_data, target.new_data) if back else (target.new_data, target.old_data)
        key.set(target.name, target.kind, data)
        self._machine.log.writes.append(
            Write(
                view=target.view,
                name=target.name,
                data=data,
                found=None if held is None else held.data,
                operation=self._asked.operation,
                expected=before,
                back=back,
            )
        )

    def _put_back(self) -> _Doing:
        for index in reversed(range(len(self._planned))):
            planned = self._planned[index]
            if not planned.begun:
                continue
            try:
                yield from _pass(Moment.PUT_BACK, index)
                if planned.target.holds(self._read(planned), new=True):
                    self._set(planned, back=True)
            except ScriptError as error:
                self.error = self.error or str(error)

    def _read_after(self) -> _Doing:
        for index, planned in enumerate(self._planned):
            planned.after = None
            try:
                yield from _pass(Moment.READ_BACK, index)
                planned.after = self._read(planned)
            except ScriptError as error:
                self.error = self.error or str(error)

    def document(self, result: str) -> dict[str, Any]:
        """Return the answer."""
        return {
            "v": 1,
            "script": "repin",
            "language": "FullLanguage",
            "operation": self._asked.operation,
            "result": result,
            "error": self.error,
            "abandoned": self._abandoned,
            "clock": host_clock(self._clock()),
            "computer": self._machine.computer if self._known else None,
            "machine_id": self._machine.machine_id if self._known else None,
            "window_us": WINDOW if any(planned.wrote for planned in self._planned) else None,
            "targets": [
                {"before": _held(planned.before), "after": _held(planned.after), "wrote": planned.wrote}
                for planned in self._planned
            ],
        }


def _pass(moment: Moment, target: int | None = None) -> _Doing:
    """Announce a moment; raises ScriptError where what comes next is to end in an error."""
    error = yield At(moment, target)
    if error is not None:
        raise ScriptError(error)


def _held(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    data = str(entry.data) if isinstance(entry.data, int) else entry.data
    return {"k": str(entry.kind), "d": data if len(render(data)) <= _MOST_DATA else None}
