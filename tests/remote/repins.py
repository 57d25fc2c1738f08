"""Situations that the write script meets, as data: arranged on a real engine and on the simulated fleet, they
end the same.

Each `Repin` says what the host's registry holds, what is planned, and what else is the case. `golden/repin/NAME.json`
is what `repin.ps1` answered on the real engine after `normalise` ("answer"), and what the registry held when it was
done ("registry": view -> values, `[name, kind, data]` as `as_seen` gives them, or null where the key is absent). A simulated
host that is arranged likewise has to give the same. What races or dies in the middle is in the tests, not here.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestrator.domain.repin.plan import PlannedHost, RoleChange, WriteTarget
from tests.remote.scenarios import KEY, Entry

OPERATION = "4711"
PRIMARY, BACKUP = "PrimaryTunnelPort", "BackupTunnelPort"
AHEAD = datetime(2099, 1, 1, tzinfo=UTC)
PASSED = datetime(2001, 1, 1, tzinfo=UTC)
OTHER_ID = "00000000-0000-0000-0000-000000000000"

Planned = tuple[int, str, str, str, str]
"""View, value name, kind, expected and new data of a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repin:
    """One situation. `views` maps a view to the values that the key holds there; a view that is not in it has
    no key.

    `planned_computer` and `planned_id` stand in the plan instead of the host's own ("%" is the host's own in
    lower case). `denied` is the right that nobody has on the key in the 64-bit view. `busy`: another one
    holds the mutex until after the deadline, which then is some seconds ahead.
    """

    name: str
    about: str
    views: Mapping[int, tuple[Entry, ...]]
    planned: tuple[Planned, ...]
    planned_computer: str | None = None
    planned_id: str | None = None
    deadline: datetime = AHEAD
    denied: str | None = None  # "read" | "write"
    busy: bool = False

    @property
    def looked_at(self) -> tuple[int, ...]:
        """The views whose end is on record: both where the 32-bit one plays a part,
        since a look takes its time.
        """
        return (64, 32) if 32 in {*self.views, *(view for view, *_ in self.planned)} else (64,)

    def change(self, computer: str, machine_id: str) -> PlannedHost:
        """Return the host as a plan would hold it, where it calls itself `computer` and has this machine
        id.
        """
        return planned(
            self.planned,
            computer=(self.planned_computer or computer).replace("%", computer.lower()),
            machine_id=(self.planned_id or machine_id).replace("%", machine_id.upper()),
        )


def planned(
    targets: tuple[Planned, ...], *, computer: str, machine_id: str, host: str = "web1"
) -> PlannedHost:
    """Return a planned host with these targets."""
    return PlannedHost(
        host=host,
        address="127.0.0.1",
        port=5985,
        site=None,
        facts="0" * 64,
        key=KEY,
        computer=computer,
        machine_id=machine_id,
        roles=(RoleChange(role="primary", old=2147, new=443), RoleChange(role="backup", old=2147, new=443)),
        targets=tuple(
            WriteTarget(
                view=view,
                value=value,
                kind=kind,
                expected=expected,
                new=new,
                role="backup" if value == BACKUP else "primary",
            )
            for view, value, kind, expected, new in targets
        ),
        evidence=(),
        why="prefer:443",
    )


def pins(kind: str = "DWORD", primary: int | str = 2147, backup: int | str = 2147) -> tuple[Entry, ...]:
    """Return both roles' values."""
    return ((PRIMARY, kind, primary), (BACKUP, kind, backup))


def both(
    kind: str = "DWORD", view: int = 64, *, expected: str = "2147", new: str = "443"
) -> tuple[Planned, ...]:
    """Plan both roles of a view."""
    return ((view, PRIMARY, kind, expected, new), (view, BACKUP, kind, expected, new))


def repins() -> tuple[Repin, ...]:
    """Return every situation."""
    return (*_written(), *_left_alone(), *_refused())


def _written() -> tuple[Repin, ...]:
    more: tuple[Entry, ...] = (
        ("Gateway", "SZ", "127.0.0.9"),
        ("blob", "BINARY", "00ff"),
        ("list", "MULTI_SZ", ("a", "b")),
        ("other pin", "DWORD", 2147),
    )
    return (
        Repin(
            name="dword",
            about="Two numbers change; every other value under the key stays as it is.",
            views={64: (*pins(), *more)},
            planned=both(),
        ),
        Repin(name="qword", about="64-bit numbers.", views={64: pins("QWORD")}, planned=both("QWORD")),
        Repin(
            name="sz",
            about="Texts stay texts, with the zeros that somebody put in front.",
            views={64: pins("SZ", "02147", "02147")},
            planned=both("SZ", expected="02147", new="443"),
        ),
        Repin(
            name="expand_sz",
            about="Expandable texts stay expandable.",
            views={64: pins("EXPAND_SZ", "2147", "2147")},
            planned=both("EXPAND_SZ"),
        ),
        Repin(
            name="small_view",
            about="The key is only in the 32-bit view: nothing appears in the other one.",
            views={32: pins()},
            planned=both(view=32),
        ),
        Repin(
            name="both_views",
            about="Both views hold equal pins: four values, one operation, each view in its own kind.",
            views={64: pins(), 32: pins("SZ", "2147", "2147")},
            planned=(*both(), *both("SZ", 32)),
        ),
        Repin(
            name="one_role",
            about="A role that keeps its pin is compared and left.",
            views={64: pins(backup=554)},
            planned=((64, PRIMARY, "DWORD", "2147", "443"), (64, BACKUP, "DWORD", "554", "554")),
        ),
        Repin(
            name="names_of_any_case",
            about="Value names, computer names and machine ids have no case.",
            views={64: pins()},
            planned=tuple((view, name.upper(), kind, old, new) for view, name, kind, old, new in both()),
            planned_computer="%",
            planned_id="%",
        ),
        Repin(
            name="foreign_name",
            about="A value's name may be in any script.",
            views={64: (("Prim\u00e4r \u4e2d\U0001f600", "DWORD", 2147),)},
            planned=((64, "Prim\u00e4r \u4e2d\U0001f600", "DWORD", "2147", "443"),),
        ),
    )


def _left_alone() -> tuple[Repin, ...]:
    return (
        Repin(
            name="already",
            about="Somebody was here before.",
            views={64: pins(primary=443, backup=443)},
            planned=both(),
        ),
        Repin(
            name="half_done",
            about="One value is new already: that is not what was planned.",
            views={64: pins(primary=443)},
            planned=both(),
        ),
        Repin(
            name="changed",
            about="A value is neither old nor new.",
            views={64: pins(backup=80)},
            planned=both(),
        ),
        Repin(
            name="changed_kind",
            about="The data is the same and the kind is not.",
            views={64: pins("SZ", "2147", "2147")},
            planned=both(),
        ),
        Repin(
            name="changed_invisibly",
            about="A soft hyphen, which a comparison by culture would not see.",
            views={64: pins("SZ", "2147", "2147\u00ad")},
            planned=both("SZ"),
        ),
        Repin(
            name="changed_to_nul",
            about="A NUL at the end, which a comparison by culture would not see either.",
            views={64: pins("SZ", "2147", "21\u000047")},
            planned=both("SZ"),
        ),
        Repin(
            name="same_number",
            about="Another spelling of the same number is another text.",
            views={64: pins("SZ", "02147", "2147")},
            planned=both("SZ"),
        ),
        Repin(
            name="odd_kinds",
            about="Values turned into something that is no port: shown, as far as it is short.",
            views={64: ((PRIMARY, "MULTI_SZ", ("2147", "\u00e5")), (BACKUP, "BINARY", "00ff10"))},
            planned=both(),
        ),
        Repin(
            name="too_long",
            about="Values turned into something long: the answer does not carry it.",
            views={64: ((PRIMARY, "SZ", "2147" * 200), (BACKUP, "MULTI_SZ", ("2147" * 200,)))},
            planned=both("SZ"),
        ),
        Repin(
            name="missing_value",
            about="A value is gone: it is not created.",
            views={64: pins()[:1]},
            planned=both(),
        ),
        Repin(
            name="missing_key",
            about="The key is gone from every view: it is not created.",
            views={},
            planned=both(),
        ),
        Repin(
            name="missing_view",
            about="One of two views lost its key: the other one is left as it is.",
            views={64: pins()},
            planned=(*both(), *both(view=32)),
        ),
    )


def _refused() -> tuple[Repin, ...]:
    return (
        Repin(
            name="other_machine",
            about="Another machine with the same name and the same pins.",
            views={64: pins()},
            planned=both(),
            planned_id=OTHER_ID,
        ),
        Repin(
            name="other_name",
            about="The machine was renamed since.",
            views={64: pins()},
            planned=both(),
            planned_computer="FORMER",
        ),
        Repin(name="expired", about="It came too late.", views={64: pins()}, planned=both(), deadline=PASSED),
        Repin(
            name="denied_writing",
            about="Nobody may write in one of two views: neither is written.",
            views={64: pins(), 32: pins()},
            planned=(*both(view=32), *both()),
            denied="write",
        ),
        Repin(
            name="denied_reading",
            about="Nobody may read the key.",
            views={64: pins()},
            planned=both(),
            denied="read",
        ),
        Repin(
            name="busy",
            about="Another writer has the mutex until the deadline has passed.",
            views={64: pins()},
            planned=both(),
            busy=True,
        ),
    )


def normalise(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without what differs between two hosts: names, ids, times,
    and how an error is called.
    """
    made = dict(document)
    made["clock"] = "clock"
    for key in ("computer", "machine_id", "error"):
        made[key] = made[key] and key
    made["window_us"] = made["window_us"] if made["window_us"] is None else 0
    return made


def as_seen(values: Iterable[Entry] | None) -> list[list[Any]] | None:
    """Return a key's values as a golden file has them: sorted by name, numbers as digits,
    a text up to its first NUL.
    """
    if values is None:
        return None
    return [[name, kind, _plain(kind, data)] for name, kind, data in sorted(values)]


def _plain(kind: str, data: Any) -> Any:
    if kind in ("SZ", "EXPAND_SZ"):
        return data.partition("\0")[0]  # as far as `reg export` shows it
    return list(data) if isinstance(data, tuple) else str(data)
