"""Real PowerShell hosts for tests: starting them, running a script there, arranging registry and ports around
them.

The kit is found by `FLEETCHECK_WINHOST`; its README says what differs from Windows. Everything stays on
loopback.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

USER, PASSWORD = "fleet", "Passw0rd!"
ROOT = r"SOFTWARE\Fleetcheck Scenario"  # what `clear` deletes
_CLAIM_PORT = 59_473
SHORT_LIVED = {"DOTNET_TieredPGO": "0", "DOTNET_TC_CallCountingDelayMs": "7FFFFFFF"}
"""An engine that lives for a few tests compiles nothing a second time, better: that took two fifths of its
CPU.
"""
_STARTS = 3  # a busy machine: Wine asks its server before that listens, and the kit gives up

_ARRANGE = r"""
param([int]$View, [string]$Key, [string[]]$Names, [string[]]$Kinds, [string[]]$Data, [int]$Deny, [string]$Root)
$ErrorActionPreference = 'Stop'
function Bytes([string]$hex) {
    $bytes = [Activator]::CreateInstance([Collections.ArrayList])
    for ($i = 0; $i -lt $hex.Length; $i += 2) { [void]$bytes.Add([Convert]::ToByte($hex.Substring($i, 2), 16)) }
    return , [byte[]]$bytes.ToArray([byte])
}
function Text([string]$hex) {
    $text = ''
    for ($i = 0; $i -lt $hex.Length; $i += 4) { $text += [char][Convert]::ToUInt16($hex.Substring($i, 4), 16) }
    return $text
}
if ($Root) {
    foreach ($number in 64, 32) {
        $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', [Microsoft.Win32.RegistryView]"Registry$number")
        foreach ($name in $Names) {
            $locked = $base.OpenSubKey($name, 'ReadWriteSubTree', 'ChangePermissions')
            if ($null -eq $locked) { continue }
            $rules = [Activator]::CreateInstance([Security.AccessControl.RegistrySecurity])
            $rules.SetSecurityDescriptorSddlForm('D:(A;CI;KA;;;WD)', 'Access')
            $locked.SetAccessControl($rules)
            $locked.Close()
        }
        $base.DeleteSubKeyTree($Root, $false)
    }
    return
}
$base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', [Microsoft.Win32.RegistryView]"Registry$View")
$made = $base.CreateSubKey($Key)
for ($n = 0; $n -lt $Names.Length; $n++) {
    $name = Text $Names[$n]
    if ($Kinds[$n] -eq 'DWORD') { $made.SetValue($name, [int]$Data[$n], 'DWord') }
    elseif ($Kinds[$n] -eq 'QWORD') { $made.SetValue($name, [long]$Data[$n], 'QWord') }
    elseif ($Kinds[$n] -eq 'SZ') { $made.SetValue($name, (Text $Data[$n]), 'String') }
    elseif ($Kinds[$n] -eq 'EXPAND_SZ') { $made.SetValue($name, (Text $Data[$n]), 'ExpandString') }
    elseif ($Kinds[$n] -eq 'BINARY') { $made.SetValue($name, (Bytes $Data[$n]), 'Binary') }
    elseif ($Kinds[$n] -eq 'NONE') { $made.SetValue($name, (Bytes $Data[$n]), 'None') }
    else {
        $list = [Activator]::CreateInstance([Collections.ArrayList])
        foreach ($one in $Data[$n].Split([char]',')) { if ($one) { [void]$list.Add((Text $one.Substring(1))) } }
        $made.SetValue($name, [string[]]$list.ToArray([string]), 'MultiString')
    }
}
$made.Close()
if ($Deny) {
    $opened = $base.OpenSubKey($Key, 'ReadWriteSubTree', 'FullControl')
    $rules = $opened.GetAccessControl()
    $who = [Activator]::CreateInstance([Security.Principal.SecurityIdentifier], [object[]]@('S-1-1-0'))
    $rules.AddAccessRule([Activator]::CreateInstance([Security.AccessControl.RegistryAccessRule], [object[]]@([Security.Principal.IdentityReference]$who, [Security.AccessControl.RegistryRights]::QueryValues, [Security.AccessControl.AccessControlType]::Deny)))
    $opened.SetAccessControl($rules)
    $opened.Close()
}
"""  # noqa: E501


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a script left behind: every object of its output, and what its other streams hold."""

    output: tuple[Any, ...]
    noise: tuple[str, ...]

    @property
    def text(self) -> str:
        """The one string that a script of ours writes."""
        (only,) = self.output
        assert isinstance(only, str)
        return only


@dataclass(frozen=True, slots=True, kw_only=True)
class Winhost:
    """One real host on loopback. `prefix` is where its registry lives."""

    name: str
    address: str
    port: int
    https_port: int
    prefix: str
    ca: str

    def run(self, text: str, parameters: Mapping[str, Any], *, before: str = "") -> Answer:
        """Run a script in a shell of its own over NTLM with sealing, by pypsrp alone;
        `before` runs there first.
        """
        wsman = WSMan(
            self.address,
            port=self.port,
            username=USER,
            password=PASSWORD,
            ssl=False,
            auth="ntlm",
            encryption="always",
            no_proxy=True,
        )
        with wsman, RunspacePool(wsman) as pool:
            if before:
                PowerShell(pool).add_script(before).invoke()
            shell = PowerShell(pool).add_script(text).add_parameters(dict(parameters))
            output = shell.invoke()
            streams = shell.streams
            noise = [
                str(record)
                for stream in ("error", "warning", "verbose", "debug", "information", "progress")
                for record in getattr(streams, stream)
            ]
        return Answer(output=tuple(output), noise=tuple(noise))

    def arrange(
        self, view: int, key: str, values: Sequence[tuple[str, str, Any]], *, deny: bool = False
    ) -> None:
        """Create a key below HKLM with values of any kind;
        `deny` takes the right to read them from everybody.
        """
        parameters = {
            "View": view,
            "Key": key,
            "Names": [_utf16(name) for name, _, _ in values],
            "Kinds": [kind for _, kind, _ in values],
            "Data": [_wire(kind, data) for _, kind, data in values],
            "Deny": int(deny),
            "Root": "",
        }
        answer = self.run(_ARRANGE, parameters)
        assert not answer.noise, answer.noise

    def clear(self, denied: Sequence[str] = ()) -> None:
        """Delete everything below ROOT in both views; `denied` are keys that were arranged with `deny`."""
        parameters = {
            "View": 0,
            "Key": "",
            "Names": list(denied),
            "Kinds": [],
            "Data": [],
            "Deny": 0,
            "Root": ROOT,
        }
        answer = self.run(_ARRANGE, parameters)
        assert not answer.noise, answer.noise


def _utf16(text: str) -> str:
    return text.encode("utf-16-be", "surrogatepass").hex()


def _wire(kind: str, data: Any) -> str:
    if kind in ("SZ", "EXPAND_SZ"):
        return _utf16(data)
    if kind == "MULTI_SZ":
        return ",".join("t" + _utf16(text) for text in data)
    if kind in ("DWORD", "QWORD"):
        half = 1 << (31 if kind == "DWORD" else 63)
        return str(data - 2 * half if data >= half else data)
    return str(data)


def kit() -> Path | None:
    """Return the kit's folder, where there is one."""
    folder = os.environ.get("FLEETCHECK_WINHOST")
    return Path(folder) if folder else None


def registry() -> Any:
    """Import the kit's module that reads and writes a host's registry from outside."""
    folder = str(kit())
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module("winhost.registry")


@contextlib.contextmanager
def start(
    net: str,
    *,
    first: int = 1,
    hosts: int = 1,
    culture: str = "",
    engine: str = "wine",
    warm: int | None = None,
    more: Sequence[str] = (),
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[list[Winhost]]:
    """Start real hosts at `net`.`first` and following; they are gone with all they made when the block ends.

    `warm` is how many idle engines a host keeps; 0: a new process for each shell. `more` options of the
    kit's, and variables of the environment.
    """
    argv = [sys.executable, "-m", "winhost", "--hosts", str(hosts), "--first", f"{net}.{first}"]
    argv += ["--user", f"{USER}:{PASSWORD}", "--engine", engine, *(["--culture", culture] if culture else [])]
    argv += [*([] if warm is None else ["--warm", str(warm)]), *more]
    env = {**os.environ, **SHORT_LIVED, "PYTHONPATH": str(kit()), **environ}
    for _ in range(_STARTS):
        with (
            one_at_a_time() as started,
            subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                started()
                if line:
                    found = json.loads(line)
                    yield [Winhost(**host, ca=found["ca"]) for host in found["hosts"]]
                    return
            finally:
                process.terminate()
                process.wait(30)
    raise AssertionError("winhost did not start")


@contextlib.contextmanager
def one_at_a_time() -> Iterator[Callable[[], None]]:
    """Wait until no other process of this user's starts hosts; yield what says that these have started.

    The first start on a machine makes what all others copy, in 20 s; side by side each would make it.
    """
    import fcntl  # not on every system, and neither is Wine

    path = Path(tempfile.gettempdir()) / f"fleetcheck-winhost-{os.getuid()}.lock"
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield held.close


@contextlib.contextmanager
def claim_net() -> Iterator[str]:
    """Yield a loopback /24 (as "127.77.9") that no other test process has while the block lasts."""
    start_at = os.getpid()
    for step in range(64 * 250):
        number = (start_at + step * 7) % (64 * 250)
        net = f"127.{64 + number // 250}.{1 + number % 250}"
        with contextlib.closing(socket.socket()) as held:
            try:
                held.bind((f"{net}.254", _CLAIM_PORT))
            except OSError:
                continue
            yield net
            return
    raise RuntimeError("no loopback network is free")


@contextlib.contextmanager
def network(
    *,
    opened: Sequence[tuple[str, int]] = (),
    silent: Sequence[tuple[str, int]] = (),
    live: Sequence[tuple[str, int]] = (),
) -> Iterator[None]:
    """Let ports of loopback addresses accept, or never answer, and hold connections open;
    all others refuse.
    """
    with contextlib.ExitStack() as stack:
        for place in opened:
            stack.enter_context(socket.create_server(place, backlog=128))
        for place in silent:
            stack.enter_context(socket.create_server(place, backlog=0))
            # A backlog that is full: the next SYN gets no answer. The caller hangs up, but stays in the
            # queue, and half closed it is in no state that the probe reports.
            socket.create_connection(place, 5).close()
        for place in live:
            stack.enter_context(socket.create_connection(place, 5))
        yield
