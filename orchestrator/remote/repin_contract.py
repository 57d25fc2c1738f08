"""What goes to `repin.ps1` and what it answers. Version 1.

Parameters (lists run parallel, one entry a target, in the order in which they are written):

    Operation   str        the journal row's id
    Key         str        registry key below HKEY_LOCAL_MACHINE, whole: no `*`
    Views       list[int]  64 or 32
    Names       list[str]  value names
    Kinds       list[str]  DWORD | QWORD | SZ | EXPAND_SZ: the kind that the value has, and keeps
    Expected    list[str]  exact data before: decimal digits (unsigned) of DWORD and QWORD, else the text, unexpanded
    New         list[str]  exact data after, in the same form
    Computer    str        the planned machine's name; compared without regard to case
    MachineId   str        the planned machine's MachineGuid; compared without regard to case
    Deadline    str        UTC on the host's own clock, "yyyy-MM-ddTHH:mm:ss.fffffffZ": nothing is written after it

The answer is one JSON document, ASCII:

    {"v": 1, "script": "repin", "language": "FullLanguage", "operation": "...",
     "result": "written" | "already" | "conflict" | "wrong-host" | "expired" | "denied" | "busy" | "restored" | "mixed"
               | "failed",
     "error": null | "Type 0x8007...", "abandoned": false, "clock": ISO 8601 Z,
     "computer": "...", "machine_id": "...", "window_us": 12 | null,
     "targets": [{"before": {"k": kind, "d": data} | null, "after": {"k", "d"} | null, "wrote": false}]}

How the script goes, step by step (the simulated fleet does the same):

 1. Language mode, as the probe: ConstrainedLanguage answers `{"v", "script", "language"}` and nothing else.
 2. The machine is the planned one, else `wrong-host`. Then the deadline on the host's clock, else `expired`.
 3. The mutex `Global\\fleetcheck-repin` is taken, waiting until the deadline at the longest: not had, or access denied:
    `busy`. An abandoned one is ours: go on, `abandoned` true. The deadline is looked at again: `expired`.
 4. Every target is opened for reading and read into `before` (null: the key or value is missing; a missing one is
    never created). All equal to `New` in kind and data: `already`. Not all equal to `Expected`: `conflict`. No right to
    read: `denied`. Data compare ordinally as text.
 5. Keys are opened for writing, all of them before the first write: no right: `denied`.
 6. Target after target: one whose data is new already is left; the others are read once more and, equal to `Expected`,
    set in their kind (else: stop, as for a failure). `window_us` is the longest time between such a compare and the end
    of its set, in microseconds. Then the key is flushed, and all are read back into `after`.
 7. All new: `written`. After a failure between two writes, or a read-back that is not new: what we wrote and is still
    ours is put back in reverse order, and all are read again: all as `Expected`: `restored`; else `mixed`; with nothing
    written yet: `conflict` where a value had changed, else `denied` or `failed` by the error.
 8. The mutex is given back, whatever happened. `failed` is an error before anything was written.
"""

from __future__ import annotations
