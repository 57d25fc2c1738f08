"""The write script on a real engine while something else happens there: other writers, deaths, hang-ups.

The plans here are long, hundreds of values, so that what happens on the first one happens before the last. On
a busy machine the other process may come too late all the same. Then it is tried again, once the answer was
seen to be a legal one for who comes too late: nothing that is thrown away is thrown away unread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from orchestrator.domain.repin.plan import PlannedHost
from orchestrator.remote.contract.repin import repin_parameters
from orchestrator.remote.contract.repin_answer import Held, RepinAnswer, RepinResult
from tests import winhosts as kit
from tests.remote.repin_host import (
    RELEASE,
    TEXT,
    WAIT_HELD,
    background,
    decoded,
    holder,
    machine,
    outside,
    write,
)
from tests.remote.repins import AHEAD, OPERATION, as_seen, both, pins, planned
from tests.remote.scenarios import KEY

NAMES = [f"pin {number:03}" for number in range(250)]
MORE = [f"pin {number:04}" for number in range(1000)]
TRIES = 20

# Watches one value until it holds a number, does one thing, and may wait once more to do a second one.
_WATCH = r"""
param([string]$Key, [string[]]$Watched, [int[]]$Numbers, [string[]]$Deeds, [string[]]$Names, [int[]]$Data)
$ErrorActionPreference = 'Stop'
$ready = [Activator]::CreateInstance([Threading.EventWaitHandle], [object[]]@([bool]$false, [Threading.EventResetMode]::ManualReset, [string]'Global\fleetcheck-test-watching'))
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$opened = $root.OpenSubKey($Key, $true)
[void]$opened.GetValue($Watched[0])
$until = [DateTime]::UtcNow.AddSeconds(30)
$warm = $root.CreateSubKey('SOFTWARE\Fleetcheck Scenario\Warm')
$warm.SetValue('x', 1, 'DWord'); $warm.DeleteValue('x'); $warm.Close()
$root.DeleteSubKey('SOFTWARE\Fleetcheck Scenario\Warm')
if ($Deeds[0] -eq 'kill') {
    while ($null -eq $opened.GetValue('process')) { if ([DateTime]::UtcNow -gt $until) { throw 'nobody to kill' } }
    $victim = [Diagnostics.Process]::GetProcessById([int]$opened.GetValue('process'))
    [void]$victim.Handle
}
[void]$ready.Set()
for ($i = 0; $i -lt $Deeds.Length; $i++) {
    $wanted = $Numbers[$i]
    $name = $Watched[$i]
    while ($opened.GetValue($name) -ne $wanted) {
        if ([DateTime]::UtcNow -gt $until) { if ($i -gt 0) { return } else { throw 'it never came' } }
    }
    $until = [DateTime]::UtcNow.AddSeconds(3)
    if ($Deeds[$i] -eq 'set') { $opened.SetValue($Names[$i], $Data[$i], 'DWord') }
    elseif ($Deeds[$i] -eq 'delete') { $opened.DeleteValue($Names[$i]) }
    elseif ($Deeds[$i] -eq 'drop') { $root.DeleteSubKey($Key) }
    elseif ($Deeds[$i] -eq 'kill') { $victim.Kill() }
}
"""  # noqa: E501

_WAIT_WATCHING = r"""
$global:ready = [Activator]::CreateInstance([Threading.EventWaitHandle], [object[]]@([bool]$false, [Threading.EventResetMode]::ManualReset, [string]'Global\fleetcheck-test-watching'))
if (-not $global:ready.WaitOne(20000)) { throw 'nobody watches' }
"""  # noqa: E501

_WAIT_BEGUN = rf"""
$opened = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey('{KEY}')
$until = [DateTime]::UtcNow.AddSeconds(30)
while ($opened.GetValue('{NAMES[0]}') -ne 443) {{ if ([DateTime]::UtcNow -gt $until) {{ throw 'it never came' }} }}
"""  # noqa: E501

_TELL_PROCESS = rf"""
$opened = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64').OpenSubKey('{KEY}', $true)
$opened.SetValue('process', [Diagnostics.Process]::GetCurrentProcess().Id, 'DWord')
"""

Deed = tuple[str, int, str, str, int]
"""Which value to watch, until it holds which number; then what to do, with which value, to which number."""


def many(host: kit.Winhost, names: Sequence[str] = NAMES) -> PlannedHost:
    """Arrange hundreds of pins and plan them all."""
    host.clear()
    host.arrange(64, KEY, [(name, "DWORD", 2147) for name in names])
    me = machine(host)
    targets = tuple((64, name, "DWORD", "2147", "443") for name in names)
    return planned(targets, computer=me.computer, machine_id=me.machine_id)


@contextlib.contextmanager
def watched(host: kit.Winhost, *deeds: Deed) -> Iterator[Future[kit.Answer]]:
    """Let another process do something as soon as it sees the writing begin."""
    columns = list(zip(*deeds, strict=True))
    names = ("Watched", "Numbers", "Deeds", "Names", "Data")
    parameters = {name: list(column) for name, column in zip(names, columns, strict=True)}
    with background(host, _WATCH, {"Key": KEY} | parameters) as done:
        yield done
        assert done.result(60).noise == ()


def raced(host: kit.Winhost, in_time: Callable[[RepinAnswer], bool], *deeds: Deed) -> RepinAnswer:
    """Write many values while another process does these deeds;
    return the first answer that they came in time for.
    """
    for _ in range(TRIES):
        change = many(host)
        with watched(host, *deeds):
            answer = write(host, change, before=_WAIT_WATCHING)
        if in_time(answer):
            return answer
        came_too_late(host, answer, *deeds)
    raise AssertionError(f"the other process came too late {TRIES} times")


def came_too_late(host: kit.Winhost, answer: RepinAnswer, *deeds: Deed) -> None:
    """Hold an answer, and what the key holds after all deeds,
    to what there is when the first or the second came late.
    """
    if answer.result is RepinResult.WRITTEN:
        assert all(target.wrote for target in answer.targets)
        assert {target.after for target in answer.targets} == {Held(kind="DWORD", data="443")}
        left = done_to(
            dict.fromkeys(NAMES, 443), deeds[0]
        )  # the second waits for a value that was never put back
        assert outside(host) == (None if left is None else rows(left))
        return
    assert answer.result is RepinResult.MIXED
    left = done_to(dict.fromkeys(NAMES, 2147), deeds[0])
    assert left is not None
    assert [target.after and target.after.data for target in answer.targets] == [str(left[n]) for n in NAMES]
    held = [rows(left)]  # the second gives up after 3 s: so long may a busy machine take to put values back
    for deed in deeds[1:]:
        left = done_to(left, deed)
        assert left is not None
        held.append(rows(left))
    assert outside(host) in held


def done_to(values: dict[str, int], deed: Deed) -> dict[str, int] | None:
    """Return what a deed makes of a key's numbers; None where it takes the key away."""
    _, _, what, name, number = deed
    if what == "drop":
        return None
    kept = {each: held for each, held in values.items() if each != name}
    return kept | {name: number} if what == "set" else kept


def ends_as(result: RepinResult) -> Callable[[RepinAnswer], bool]:
    """Make a check for answers of one result."""
    return lambda answer: answer.result is result


def rows(values: dict[str, int]) -> list[list[object]] | None:
    """Return how a key with these numbers looks from outside."""
    return as_seen((name, "DWORD", number) for name, number in values.items())


def test_value_changed_in_the_middle_is_not_overwritten(winhosts: list[kit.Winhost]) -> None:
    """When somebody sets a value that was still to come, what was written is put back and theirs stays:
    mixed.
    """
    host = winhosts[0]
    answer = raced(
        host,
        lambda answer: answer.result is RepinResult.MIXED and not answer.targets[-1].wrote,
        (NAMES[0], 443, "set", NAMES[-1], 80),
    )
    assert (answer.result, answer.targets[0].wrote, answer.targets[-1].wrote) == (
        RepinResult.MIXED,
        True,
        False,
    )
    assert outside(host) == rows(dict.fromkeys(NAMES, 2147) | {NAMES[-1]: 80})


def test_value_changed_after_our_set_is_not_taken_back(winhosts: list[kit.Winhost]) -> None:
    """When somebody changes a value that was just written, theirs stays, the others are put back: mixed."""
    host = winhosts[0]
    answer = raced(host, ends_as(RepinResult.MIXED), (NAMES[1], 443, "set", NAMES[1], 80))
    assert answer.result is RepinResult.MIXED
    assert outside(host) == rows(dict.fromkeys(NAMES, 2147) | {NAMES[1]: 80})


def test_everything_put_back_is_restored(winhosts: list[kit.Winhost]) -> None:
    """When the writing stops half-way and every value is as before in the end, the answer is: restored."""
    host = winhosts[0]
    answer = raced(
        host,
        ends_as(RepinResult.RESTORED),
        (NAMES[0], 443, "set", NAMES[-1], 80),
        (NAMES[0], 2147, "set", NAMES[-1], 2147),
    )
    assert answer.result is RepinResult.RESTORED
    assert outside(host) == rows(dict.fromkeys(NAMES, 2147))


def test_value_deleted_in_the_middle_is_not_created(winhosts: list[kit.Winhost]) -> None:
    """When somebody deletes a value that was still to come, it stays deleted, and the others are put back:
    mixed.
    """
    host = winhosts[0]
    answer = raced(host, ends_as(RepinResult.MIXED), (NAMES[0], 443, "delete", NAMES[-1], 0))
    assert (answer.result, answer.targets[-1].after) == (RepinResult.MIXED, None)
    assert outside(host) == rows(dict.fromkeys(NAMES[:-1], 2147))


def test_key_deleted_in_the_middle_is_not_created(winhosts: list[kit.Winhost]) -> None:
    """When the agent is removed while its pins are written, nothing of its key comes back: mixed,
    with the error.
    """
    host = winhosts[0]
    answer = raced(host, ends_as(RepinResult.MIXED), (NAMES[0], 443, "drop", "", 0))
    assert (answer.result, {target.after for target in answer.targets}) == (RepinResult.MIXED, {None})
    assert answer.error is not None
    assert outside(host) is None


def test_host_killed_between_two_values_is_found_out(winhosts: list[kit.Winhost]) -> None:
    """A host that dies in the middle keeps a mixture; who comes next is told, and writes nothing."""
    host = winhosts[0]
    change = next(change for change in (killed(host) for _ in range(TRIES)) if change is not None)
    left = outside(host)
    answer = write(host, change)
    held = {target.before.data for target in answer.targets if target.before}
    assert (answer.result, held) == (RepinResult.CONFLICT, {"443", "2147"})
    assert outside(host) == left


def killed(host: kit.Winhost) -> PlannedHost | None:
    """Kill the host's process in the middle of a write; None where the killer came when all was written."""
    change = many(host)
    with watched(host, (NAMES[0], 443, "kill", "", 0)):
        try:
            answer = write(host, change, before=_TELL_PROCESS + _WAIT_WATCHING)
        except Exception:  # noqa: BLE001  # whatever pypsrp makes of a shell that is gone
            answer = None
    left = [row for row in outside(host) or () if row[0] != "process"]
    if answer is None and left != rows(dict.fromkeys(NAMES, 443)):
        return change
    assert answer is None or answer.result is RepinResult.WRITTEN
    assert left == rows(dict.fromkeys(NAMES, 443))
    return None


def test_caller_who_stops_in_the_middle_leaves_no_mixture(winhosts: list[kit.Winhost]) -> None:
    """When the pipeline is stopped from outside between two values,
    those already written are put back first.
    """
    host = winhosts[0]
    done = next(output for output in (stopped(host) for _ in range(TRIES)) if output is not None)
    assert (done, outside(host)) == ([], rows(dict.fromkeys(MORE, 2147)))


def stopped(host: kit.Winhost) -> list[object] | None:
    """Stop a write from outside once it has begun; return its output,
    None where the stop came when all was written.
    """
    change = many(host, MORE)
    parameters = repin_parameters(change, operation=OPERATION, deadline=AHEAD)
    wsman = WSMan(
        host.address,
        port=host.port,
        username=kit.USER,
        password=kit.PASSWORD,
        ssl=False,
        auth="ntlm",
        encryption="always",
        no_proxy=True,
    )
    with wsman, RunspacePool(wsman) as pool, watched(host, (MORE[0], 443, "none", "", 0)) as seen:
        PowerShell(pool).add_script(_WAIT_WATCHING).invoke()
        shell = PowerShell(pool).add_script(TEXT).add_parameters(parameters)
        shell.begin_invoke()
        seen.result(60)
        shell.stop()
    if outside(host) != rows(dict.fromkeys(MORE, 443)):
        return list(shell.output)
    if shell.output:  # where the stop came after it
        answer = decoded(kit.Answer(output=tuple(shell.output), noise=()), change)
        assert answer.result is RepinResult.WRITTEN
    return None


def test_writer_that_died_leaves_the_way_free(winhosts: list[kit.Winhost]) -> None:
    """A writer that dies with the lock in its hands keeps nobody else out,
    and the answer says that it happened.
    """
    host = winhosts[0]
    host.clear()
    host.arrange(64, KEY, pins())
    me = machine(host)
    change = planned(both(), computer=me.computer, machine_id=me.machine_id)
    with holder(host, dies=True):
        answer = write(host, change, before=WAIT_HELD + RELEASE)
    assert (answer.result, answer.abandoned) == (RepinResult.WRITTEN, True)


def test_second_writer_waits_for_the_first(winhosts: list[kit.Winhost]) -> None:
    """A writer that comes while another one is at work waits, and then finds what that one wrote:
    conflict.
    """
    host = winhosts[0]
    first = many(host)
    me = machine(host)
    second = planned(
        ((64, NAMES[-1], "DWORD", "2147", "80"),), computer=me.computer, machine_id=me.machine_id
    )
    parameters = repin_parameters(first, operation=OPERATION, deadline=AHEAD)
    with background(host, TEXT, parameters) as done:
        answer = write(host, second, before=_WAIT_BEGUN)
        assert decoded(done.result(60), first).result is RepinResult.WRITTEN
    assert answer.result is RepinResult.CONFLICT
    assert outside(host) == rows(dict.fromkeys(NAMES, 443))
