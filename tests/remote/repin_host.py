"""Bringing a real host into a situation of `repins`, running the write script there,
and looking at it from outside.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.remote.contract.repin import decode_repin, repin_parameters
from orchestrator.remote.contract.repin_answer import RepinAnswer
from orchestrator.remote.contract.repin_decode import decode
from orchestrator.remote.session import Script
from tests import winhosts as kit
from tests.remote.repins import AHEAD, OPERATION, Repin, as_seen, normalise
from tests.remote.scenarios import KEY

TEXT = Script.load("repin").text

_WHO = r"""
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
[Environment]::MachineName + '|' + $root.OpenSubKey('SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
"""

_DENY = r"""
param([string]$Key, [string]$Rights)
$ErrorActionPreference = 'Stop'
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$opened = $root.OpenSubKey($Key, 'ReadWriteSubTree', 'ReadPermissions, ChangePermissions')
$rules = [Activator]::CreateInstance([Security.AccessControl.RegistrySecurity])
$denied = @{ read = '(D;;0x1;;;WD)'; write = '(D;;0x2;;;WD)'; none = '' }[$Rights]
$rules.SetSecurityDescriptorSddlForm('D:' + $denied + '(A;CI;KA;;;WD)', 'Access')
$opened.SetAccessControl($rules)
"""

_EVENT = r"""
function Event([string]$name) {
    return [Activator]::CreateInstance([Threading.EventWaitHandle], [object[]]@([bool]$false, [Threading.EventResetMode]::ManualReset, [string]$name))
}
"""  # noqa: E501

# Takes the mutex, says so, and gives it back when somebody asks for it; or dies then with it in its hands.
_HOLD = (
    "param([int]$Dies)"
    + _EVENT
    + r"""
$mutex = [Activator]::CreateInstance([Threading.Mutex], [object[]]@([bool]$false, [string]'Global\fleetcheck-repin'))
$held = Event 'Global\fleetcheck-test-held'
$release = Event 'Global\fleetcheck-test-release'
[void]$mutex.WaitOne()
[void]$held.Set()
[void]$release.WaitOne(60000)
if ($Dies) { [Diagnostics.Process]::GetCurrentProcess().Kill() }
$mutex.ReleaseMutex()
"""  # noqa: E501
)

# Waits until the mutex is held. Keeps a handle on it, so that it is abandoned, and not gone, when its holder
# dies.
WAIT_HELD = (
    _EVENT
    + r"""
$global:keep = [Activator]::CreateInstance([Threading.Mutex], [object[]]@([bool]$false, [string]'Global\fleetcheck-repin'))
$held = Event 'Global\fleetcheck-test-held'
if (-not $held.WaitOne(20000)) { throw 'nobody holds the mutex' }
$held.Close()
"""  # noqa: E501
)

RELEASE = _EVENT + r"[void](Event 'Global\fleetcheck-test-release').Set()"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a host calls itself."""

    computer: str
    machine_id: str


@lru_cache
def machine(host: kit.Winhost) -> Machine:
    """Ask a host who it is."""
    return Machine(*host.run(_WHO, {}).text.split("|"))


def write(
    host: kit.Winhost, change: PlannedHost, *, deadline: datetime = AHEAD, before: str = "", text: str = TEXT
) -> RepinAnswer:
    """Run the write script over plain pypsrp; exactly one text has to come, and no noise."""
    parameters = repin_parameters(change, operation=OPERATION, deadline=deadline)
    answer = host.run(text, parameters, before=before)
    return decoded(answer, change)


def decoded(answer: kit.Answer, change: PlannedHost) -> RepinAnswer:
    """Read an answer; its size does not count, since a test may plan more than anybody else."""
    assert answer.noise == ()
    return decode(answer.text, change, operation=OPERATION, limit=10**7)


def outside(host: kit.Winhost, view: int = 64, key: str = KEY) -> list[list[Any]] | None:
    """Read a key with the kit, behind the engine's back: sorted `[name, kind, data]`,
    None where there is no key.
    """
    values = kit.registry().get_values(host.prefix, rf"HKLM\{key}", view=view)
    if values is None:
        return None
    return as_seen((name, kind, _whole(data)) for name, (kind, data) in values.items())


def _whole(data: Any) -> Any:
    """Take off what the kit leaves at the end of a key's last text, and bring the rest into our form."""
    if isinstance(data, bytes):
        return data.hex()
    if isinstance(data, list):
        return tuple(data)
    return data.partition('"\r\n')[0] if isinstance(data, str) else data


def deny(host: kit.Winhost, rights: str) -> None:
    """Take "read" or "write" on the key's 64-bit view from everybody, or give it back with "none"."""
    answer = host.run(_DENY, {"Key": KEY, "Rights": rights})
    assert answer.noise == ()


@contextlib.contextmanager
def holder(host: kit.Winhost, *, dies: bool = False) -> Iterator[None]:
    """Let another process of the host hold the mutex until `RELEASE` runs, or die with it then."""
    with background(host, _HOLD, {"Dies": int(dies)}) as done:
        yield
        with contextlib.suppress(Exception):  # it was killed, as asked
            done.result(60)


@contextlib.contextmanager
def background(host: kit.Winhost, text: str, parameters: Mapping[str, Any]) -> Iterator[Future[kit.Answer]]:
    """Run a script of a test's own on the host at the same time."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(host.run, text, parameters)


def perform(host: kit.Winhost, scene: Repin) -> dict[str, Any]:
    """Arrange a situation, run the write script, and return what a golden file holds."""
    host.clear()
    for view, values in scene.views.items():
        host.arrange(view, KEY, values)
    if scene.denied:
        deny(host, scene.denied)
    me = machine(host)
    change = scene.change(me.computer, me.machine_id)
    try:
        answer = _answer(host, scene, change)
    finally:
        if scene.denied:
            deny(host, "none")
    decode_repin(answer, change, operation=OPERATION)
    return {
        "answer": normalise(json.loads(answer)),
        "registry": {str(view): outside(host, view) for view in scene.looked_at},
    }


def _answer(host: kit.Winhost, scene: Repin, change: PlannedHost) -> str:
    deadline = scene.deadline
    with contextlib.ExitStack() as stack:
        if scene.busy:
            stack.enter_context(holder(host))
            stack.callback(host.run, RELEASE, {})
            host.run(WAIT_HELD, {})
            deadline = datetime.now(UTC) + timedelta(seconds=4)
        answer = host.run(TEXT, repin_parameters(change, operation=OPERATION, deadline=deadline))
    assert answer.noise == ()
    return answer.text
