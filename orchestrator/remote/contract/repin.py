r"""What goes to `repin.ps1` and what it answers. Version 1.

Parameters (lists run parallel, one entry a target, in the order in which they are written):

    Operation   str        the journal row's id
    Key         str        registry key below HKEY_LOCAL_MACHINE, whole: no `*`
    Views       list[int]  64 or 32
    Names       list[str]  value names
    Kinds       list[str]  DWORD | QWORD | SZ | EXPAND_SZ: the kind that the value has, and keeps
    Expected    list[str]  exact data before: decimal digits (unsigned) of DWORD and QWORD, else the raw text
    New         list[str]  exact data after, in the same form
    Computer    str        the planned machine's name; compared without regard to case
    MachineId   str        the planned machine's MachineGuid; compared without regard to case
    Deadline    str        UTC on the host's own clock, "yyyy-MM-ddTHH:mm:ss.fffffffZ": no write after it

The answer is one JSON document, ASCII:

    {"v": 1, "script": "repin", "language": "FullLanguage", "operation": "...",
     "result": "written" | "already" | "conflict" | "wrong-host" | "expired" | "denied" | "busy" | "restored"
               | "mixed" | "failed",
     "error": null | "Type 0x8007...", "abandoned": false, "clock": ISO 8601 Z,
     "computer": "...", "machine_id": "...", "window_us": 12 | null,
     "targets": [{"before": {"k": kind, "d": data} | null, "after": {"k", "d"} | null, "wrote": false}]}

Data stand as in the parameters; of MULTI_SZ as a list of texts, of the rest as lower-case hex; null where
their JSON would take more than 512 characters. Every key is always there, and `targets` always has a row for
each. A script that failed as a whole answers `{"v", "script", "language", "error"}`: then nobody knows what
it did.

How the script goes, step by step (the simulated fleet does the same):

 1. Language mode, as the probe: ConstrainedLanguage answers `{"v", "script", "language"}` and nothing else.
 2. The machine is the planned one, else `wrong-host`. Then the deadline on the host's clock, else `expired`.
 3. The mutex `Global\fleetcheck-repin` is taken, waiting until the deadline at the longest: not had, or
    access denied: `busy`. An abandoned one is ours: go on, `abandoned` true. The deadline is looked at again:
    `expired`.
 4. Every target is opened for reading and read into `before` (null: the key or value is missing; a missing
    one is never created). All equal to `New` in kind and data: `already`. Not all equal to `Expected`:
    `conflict`. No right to read: `denied`. Data compare ordinally as text.
 5. Keys are opened for writing, all of them before the first write: no right: `denied`; one is gone:
    `conflict`. The deadline is looked at for the last time: `expired`.
 6. Target after target: one whose data is new already is left; the others are read once more and, equal to
    `Expected`, set in their kind (else: stop, as for a failure). `window_us` is the longest time from asking
    for the data in such a reading to the end of its set, in microseconds. Then the keys are flushed, and all
    are read back into `after`.
 7. All new: `written`, or `already` where another one wrote them all meanwhile. After a failure between two
    writes, or a read-back that is not new: what we wrote and is still ours is put back in reverse order, and
    all are read again: all as `Expected`: `restored`; else `mixed`. With nothing written yet: `conflict`
    where a value had changed, else `denied` or `failed` by the error.
 8. The mutex is given back, whatever happened. `failed` is an error before anything was written.

What `orchestrator.domain.repin.journal` calls the ends: `RepinAnswer.state`. `failed` becomes `unknown`, so
that a reading decides: the script is believed about what it wrote only where the values that came with it say
the same.
"""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.remote.contract.repin_answer import RepinAnswer
from orchestrator.remote.session import Parameter

LIMIT = 65_536  # characters of an answer


def repin_parameters(change: PlannedHost, *, operation: str, deadline: datetime) -> dict[str, Parameter]:
    """Return what `repin.ps1` is given for a planned host. `deadline` is aware, by the host's own clock.

    Raises ValueError where no plan of ours can look so: nothing to write, no machine named, a key with a `*`.
    """
    if not (change.targets and change.computer and change.machine_id) or "*" in change.key:
        raise ValueError(f"{change.host}: no machine, no value, or no whole key to write")
    return {
        "Operation": operation,
        "Key": change.key,
        "Views": [target.view for target in change.targets],
        "Names": [target.value for target in change.targets],
        "Kinds": [target.kind for target in change.targets],
        "Expected": [target.expected for target in change.targets],
        "New": [target.new for target in change.targets],
        "Computer": change.computer,
        "MachineId": change.machine_id,
        "Deadline": host_time(deadline),
    }


def host_time(moment: datetime) -> str:
    """Write a time as the script reads it: UTC with seven decimals.

    Raises ValueError where it has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def decode_repin(text: str, change: PlannedHost, *, operation: str) -> RepinAnswer:
    """Turn the write script's answer into a value. `change` and `operation` are what was asked for.

    Raises `Fault` and nothing else: GARBLED in phase decode for anything that is not this contract's
    document, speaks of what was not asked, or contradicts itself; CONSTRAINED_LANGUAGE in phase run.
    """
    from orchestrator.remote.contract.repin_decode import decode

    return decode(text, change, operation=operation, limit=LIMIT)
