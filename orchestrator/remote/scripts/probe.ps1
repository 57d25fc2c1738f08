# What orchestrator/remote/contract/probe.py says, on the host: reads, connects, answers one JSON document, changes nothing.
# PowerShell 3.0 and .NET 4.5 only; no cmdlet, no module, no file. The numbers in brackets are the contract's steps.
param(
    [string]$Key, [int[]]$Views, [string[]]$Roles, [string[]]$PortValues, [string[]]$AddressValues,
    [string[]]$Gateways, [int[]]$Desired, [int[]]$Ports, [string]$Mode, [string]$Rule,
    [int]$TimeoutMs, [int]$DeadlineMs, [int]$Width, [string[]]$CanaryAddress, [int[]]$CanaryPort
)
# Where the language is constrained no .NET member may be touched: plain strings only.
$language = [string]$ExecutionContext.SessionState.LanguageMode
if ($language -ne 'FullLanguage') { return '{"v":1,"script":"probe","language":"' + $language + '"}' }

$watch = [Diagnostics.Stopwatch]::StartNew()
$ErrorActionPreference = 'Stop'
$OFS = ' '
$invariant = [Globalization.CultureInfo]::InvariantCulture
$byte = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
$ipv4 = '\A' + $byte + '(\.' + $byte + '){3}\z'
$limit = 65536
$parts = [Activator]::CreateInstance([Collections.ArrayList])
$state = @{ deadline = $false; cut = 0; problem = $null; net = $null }

# --- JSON: ASCII only, since one lone surrogate would lose the whole answer on the way ---

function QuoteText([string]$text) {
    if ([regex]::IsMatch($text, '\A[ !#-\[\]-~]*\z')) { return '"' + $text + '"' }
    $out = [Activator]::CreateInstance([Text.StringBuilder])
    foreach ($c in $text.ToCharArray()) {
        $n = [int]$c
        if ($n -lt 32 -or $n -gt 126 -or $n -eq 34 -or $n -eq 92) { [void]$out.Append('\u' + $n.ToString('x4', $invariant)) }
        else { [void]$out.Append($c) }
    }
    return '"' + $out.ToString() + '"'
}

function QuoteOrNull($text) {
    if ($null -eq $text) { return 'null' }
    $text = [string]$text
    if ($text.Length -gt 512) { $text = $text.Substring(0, 512) }
    return (QuoteText $text)
}

function NumberOrNull($number) {
    if ($null -eq $number) { return 'null' }
    return ([long]$number).ToString($invariant)
}

function FlagOrNull($flag) {
    if ($null -eq $flag) { return 'null' }
    if ($flag) { return 'true' }
    return 'false'
}

function JoinList($list) { return [string]::Join(',', [string[]]$list.ToArray()) }

# Messages are localised: an error travels as type, HResult and the socket's own word.
function DescribeError($record) {
    $inner = $record.Exception.GetBaseException()
    $text = $inner.GetType().FullName + ' 0x' + $inner.HResult.ToString('x8', $invariant)
    if ($inner -is [Net.Sockets.SocketException]) { $text = $text + ' ' + [string]$inner.SocketErrorCode }
    return $text
}

function EndPart([string]$name, $began, $problem) {
    [void]$parts.Add('{"n":"' + $name + '","ms":' + (NumberOrNull ($watch.ElapsedMilliseconds - $began)) + ',"e":' + (QuoteOrNull $problem) + '}')
}

function IsSame([string]$a, [string]$b) { return [string]::Equals($a, $b, [StringComparison]::OrdinalIgnoreCase) }

function SortNames($names) {
    $list = [Activator]::CreateInstance([Collections.Generic.List[string]])
    foreach ($name in $names) { $list.Add([string]$name) }
    $list.Sort([StringComparer]::Ordinal)
    return , $list
}

# --- identity: each fact by itself, so that one that cannot be had costs no other ---

function ReadIdentity {
    $id = @{ interfaces = [Activator]::CreateInstance([Collections.ArrayList]) }
    try { $id['computer'] = [Environment]::MachineName } catch { $state['problem'] = DescribeError $_ }
    try {
        $state['net'] = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
        if ($state['net'].DomainName) { $id['fqdn'] = $state['net'].HostName + '.' + $state['net'].DomainName }
    } catch { $state['problem'] = DescribeError $_ }
    try {
        $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
        $about = $root.OpenSubKey('SOFTWARE\Microsoft\Cryptography')
        if ($null -ne $about) { $id['machine'] = $about.GetValue('MachineGuid'); $about.Close() }
        $about = $root.OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion')
        if ($null -ne $about) {
            $id['os'] = $about.GetValue('ProductName')
            $id['version'] = [string]$about.GetValue('CurrentVersion')
            $major = $about.GetValue('CurrentMajorVersionNumber')
            if ($null -ne $major) { $id['version'] = [string]$major + '.' + [string]$about.GetValue('CurrentMinorVersionNumber') }
            $id['version'] = $id['version'] + '.' + [string]$about.GetValue('CurrentBuild')
            $patch = $about.GetValue('UBR')
            if ($null -ne $patch) { $id['version'] = $id['version'] + '.' + [string]$patch }
            $about.Close()
        }
        $root.Close()
    } catch { $state['problem'] = DescribeError $_ }
    try {
        $id['powershell'] = $PSVersionTable['PSVersion'].ToString()
        $id['edition'] = $PSVersionTable['PSEdition']
        $id['clr'] = [Environment]::Version.ToString()
        $id['bits'] = 32
        if ([Environment]::Is64BitOperatingSystem) { $id['bits'] = 64 }
    } catch { $state['problem'] = DescribeError $_ }
    try {
        $now = [DateTime]::UtcNow
        $id['clock'] = $now.ToString('o', $invariant)
        $id['offset'] = [int][TimeZoneInfo]::Local.GetUtcOffset($now).TotalMinutes
        $id['zone'] = [TimeZoneInfo]::Local.Id
    } catch { $state['problem'] = DescribeError $_ }
    try {
        $user = [Activator]::CreateInstance([Security.Principal.WindowsPrincipal], [object[]]@([Security.Principal.WindowsIdentity]::GetCurrent()))
        $id['elevated'] = [bool]$user.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
    } catch { $state['problem'] = DescribeError $_ }
    try {
        foreach ($card in [Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
            if ($card.OperationalStatus -ne 'Up' -or $card.NetworkInterfaceType -eq 'Loopback') { continue }
            $list = [Activator]::CreateInstance([Collections.ArrayList])
            foreach ($unicast in $card.GetIPProperties().UnicastAddresses) {
                if ($list.Count -lt 8) { [void]$list.Add((QuoteText $unicast.Address.ToString())) }
            }
            if ($id['interfaces'].Count -lt 16) { [void]$id['interfaces'].Add('{"n":' + (QuoteOrNull $card.Name) + ',"a":[' + (JoinList $list) + ']}') }
        }
    } catch { $state['problem'] = DescribeError $_ }
    return $id
}

# --- registry [1] ---

function IsDenied($record) {
    $inner = $record.Exception.GetBaseException()
    return ($inner -is [Security.SecurityException] -or $inner -is [UnauthorizedAccessException])
}

# The key with its `*` replaced: sets path, or state and why.
function FindPath($root, $view) {
    $steps = $Key.Split([char[]]'\')
    $star = -1
    for ($i = 0; $i -lt $steps.Length; $i++) { if ($star -lt 0 -and (IsSame $steps[$i] '*')) { $star = $i } }
    if ($star -lt 0) { return }
    $above = [string]::Join('\', $steps, 0, $star)
    $below = [string]::Join('\', $steps, $star + 1, $steps.Length - $star - 1)
    $found = [Activator]::CreateInstance([Collections.ArrayList])
    $denied = $false
    $parent = $root.OpenSubKey($above)
    if ($null -ne $parent) {
        foreach ($name in (SortNames $parent.GetSubKeyNames())) {
            try {
                $one = $parent.OpenSubKey([string]::Join('\', [string[]]@($name, $below)).TrimEnd([char[]]'\'))
                if ($null -ne $one) { [void]$found.Add([string]$name); $one.Close() }
            } catch { if (IsDenied $_) { $denied = $true } else { throw } }
        }
        $parent.Close()
    }
    if ($found.Count -eq 1) { $steps[$star] = $found[0]; $view['path'] = [string]::Join('\', $steps) }
    elseif ($found.Count -gt 1) {
        $view['state'] = 'failed'
        $view['why'] = (NumberOrNull $found.Count) + ' subkeys hold it: ' + [string]::Join(', ', [string[]]$found.ToArray())
    }
    elseif ($denied) { $view['state'] = 'denied'; $view['why'] = 'no right to open a subkey' }
    else { $view['state'] = 'absent' }
}

# Name, kind as the contract writes it, data as .NET gives it. A kind that does not fit its data is UNKNOWN.
function ReadValue($opened, [string]$name) {
    $raw = [string]$opened.GetValueKind($name)
    $data = $opened.GetValue($name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    $kind = 'UNKNOWN'
    if ($data -is [string]) { if ($raw -eq 'String') { $kind = 'SZ' } elseif ($raw -eq 'ExpandString') { $kind = 'EXPAND_SZ' } }
    elseif ($data -is [int]) { if ($raw -eq 'DWord') { $kind = 'DWORD' } }
    elseif ($data -is [long]) { if ($raw -eq 'QWord') { $kind = 'QWORD' } }
    elseif ($data -is [string[]]) { if ($raw -eq 'MultiString') { $kind = 'MULTI_SZ' } }
    elseif ($raw -eq 'Binary') { $kind = 'BINARY' }
    elseif ($raw -eq 'None') { $kind = 'NONE' }
    if ($kind -eq 'UNKNOWN') {
        if ($data -is [int] -or $data -is [long]) { $data = [BitConverter]::GetBytes($data) }
        elseif ($data -isnot [byte[]]) { $data = [byte[]]@() }
    }
    return @{ name = $name; kind = $kind; data = $data; named = (IsNamed $name); json = $null }
}

function IsNamed([string]$name) {
    foreach ($one in $PortValues) { if (IsSame $one $name) { return $true } }
    foreach ($one in $AddressValues) { if ($one.Length -gt 0 -and (IsSame $one $name)) { return $true } }
    return $false
}

function ReadView([int]$number) {
    $view = @{ view = $number; state = ''; path = $Key; why = $null; dropped = 0; values = [Activator]::CreateInstance([Collections.ArrayList]) }
    $which = [Microsoft.Win32.RegistryView]::Registry32
    if ($number -eq 64) { $which = [Microsoft.Win32.RegistryView]::Registry64 }
    try {
        $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, $which)
        FindPath $root $view
        if ($view['state'].Length -eq 0) {
            $opened = $root.OpenSubKey($view['path'])
            if ($null -eq $opened) { $view['state'] = 'absent' }
            else {
                foreach ($name in (SortNames $opened.GetValueNames())) {
                    if ($view['values'].Count -ge 4000 -and -not (IsNamed $name)) { $view['dropped']++ ; continue }
                    [void]$view['values'].Add((ReadValue $opened $name))
                }
                $opened.Close()
                $view['state'] = 'present'
            }
        }
        $root.Close()
    } catch {
        $view['state'] = 'failed'
        if (IsDenied $_) { $view['state'] = 'denied' }
        $view['why'] = DescribeError $_
        $view['dropped'] = 0
        $view['values'].Clear()
    }
    return $view
}

# --- pins and targets [2, 3] ---

function IsText($value) { return ($value['kind'] -eq 'SZ' -or $value['kind'] -eq 'EXPAND_SZ') }

function PortOf($value) {
    $number = 0
    $data = $value['data']
    if ($value['kind'] -eq 'DWORD' -or $value['kind'] -eq 'QWORD') { $number = $data }
    elseif ((IsText $value) -and [regex]::IsMatch($data, '\A[0-9]{1,5}\z')) {
        $number = [int]::Parse($data, [Globalization.NumberStyles]::None, $invariant)
    }
    if ($number -lt 1 -or $number -gt 65535) { return 0 }
    return [int]$number
}

function IsIpv4($value) { return ((IsText $value) -and [regex]::IsMatch($value['data'], $ipv4)) }

function NameHas($value, [string]$role) { return ($value['name'].IndexOf($role, [StringComparison]::OrdinalIgnoreCase) -ge 0) }

function NameHasAnyRole($value) {
    foreach ($role in $Roles) { if (NameHas $value $role) { return $true } }
    return $false
}

# A role below 0: any role.
function HasTarget([int]$role, [string]$name) {
    foreach ($target in $targets) { if (($role -lt 0 -or $target['role'] -eq $role) -and (IsSame $target['name'] $name)) { return $true } }
    return $false
}

function AddTarget([int]$role, [string]$source, $value, [string]$name, [bool]$tried) {
    if (HasTarget $role $name) { return }
    [void]$targets.Add(@{
        role = $role; source = $source; value = $value; name = $name; tried = $tried
        decides = ($tried -and $null -eq $deciding[$role]); why = $null
        addresses = [Activator]::CreateInstance([Collections.ArrayList])
        asked = [Activator]::CreateInstance([Collections.ArrayList])
    })
    if ($tried -and $null -eq $deciding[$role]) { $deciding[$role] = $targets[$targets.Count - 1] }
}

function FindPins {
    for ($r = 0; $r -lt $Roles.Length; $r++) {
        $important[$r] = [Activator]::CreateInstance([Collections.ArrayList])
        foreach ($value in $values) {
            if (-not (IsSame $value['name'] $PortValues[$r])) { continue }
            $port = [int](PortOf $value)
            if ($port -gt 0 -and -not $important[$r].Contains($port)) { [void]$important[$r].Add($port) }
        }
        $pinned[$r] = ($important[$r].Count -gt 0)
        if ($Desired[$r] -gt 0 -and -not $important[$r].Contains($Desired[$r])) { [void]$important[$r].Add($Desired[$r]) }
    }
}

function FindTargets {
    for ($r = 0; $r -lt $Roles.Length; $r++) {
        foreach ($value in $values) {
            if ($AddressValues[$r].Length -gt 0 -and (IsSame $value['name'] $AddressValues[$r]) -and (IsText $value) -and $value['data'].Length -gt 0) {
                AddTarget $r 'registry' $value['name'] $value['data'] $true
            }
        }
        if ($Gateways[$r].Length -gt 0) { AddTarget $r 'inventory' $null $Gateways[$r] $true }
    }
    $looking = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($value in $values) { if (-not $value['named'] -and (IsIpv4 $value)) { [void]$looking.Add($value) } }
    for ($r = 0; $r -lt $Roles.Length; $r++) {
        if ($null -ne $deciding[$r]) { continue }
        $guess = $null
        foreach ($value in $looking) { if ($null -eq $guess -and (NameHas $value $Roles[$r])) { $guess = $value } }
        foreach ($value in $looking) {
            if ($null -eq $guess -and -not (NameHasAnyRole $value) -and -not (HasTarget (-1) $value['data'])) { $guess = $value }
        }
        if ($null -ne $guess) { AddTarget $r 'guess' $guess['name'] $guess['data'] $true }
    }
    $most = $targets.Count + 16
    foreach ($value in $looking) {
        $anyone = -not (NameHasAnyRole $value)
        if ($anyone -and (HasTarget (-1) $value['data'])) { continue }
        for ($r = 0; $r -lt $Roles.Length; $r++) {
            if ($targets.Count -lt $most -and ($anyone -or (NameHas $value $Roles[$r]))) { AddTarget $r 'guess' $value['name'] $value['data'] $false }
        }
    }
}

# --- names [4]: all at once, none longer than the time-out allows ---

# The address as the contract writes it, or null where the text is a name.
function ParseAddress([string]$text) {
    if ([regex]::IsMatch($text, $ipv4)) { return [Net.IPAddress]::Parse($text) }
    $parsed = $null
    if (-not [regex]::IsMatch($text, '\A[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[0-9A-Za-z]+)?\z')) { return $null }
    if (-not [Net.IPAddress]::TryParse($text, [ref]$parsed)) { return $null }
    if ($parsed.IsIPv4MappedToIPv6) { return $parsed.MapToIPv4() }
    return $parsed
}

# Fills addresses, or why: what a socket calls the error.
function ResolveNames($holders) {
    $began = $watch.ElapsedMilliseconds
    foreach ($one in $holders) {
        $address = ParseAddress $one['name']
        $odd = $null
        if ($null -ne $address) { [void]$one['addresses'].Add([Net.IPAddress]$address) }
        elseif ([Net.IPAddress]::TryParse($one['name'], [ref]$odd)) { $one['why'] = 'BadAddress' }
        else {
            try { $one['asking'] = [Net.Dns]::BeginGetHostAddresses($one['name'], $null, $null) }
            catch { $one['why'] = SocketWord $_ }
        }
    }
    foreach ($one in $holders) {
        if ($null -eq $one['asking']) { continue }
        $left = [Math]::Min([long]5000, [long]($DeadlineMs - $began)) - ($watch.ElapsedMilliseconds - $began)
        $one['why'] = 'TimedOut'
        if ($one['asking'].AsyncWaitHandle.WaitOne([int][Math]::Max([long]0, $left))) {
            $one['why'] = $null
            try {
                foreach ($address in [Net.Dns]::EndGetHostAddresses($one['asking'])) {
                    if ($one['addresses'].Count -lt 4) { [void]$one['addresses'].Add($address) }
                }
                if ($one['addresses'].Count -eq 0) { $one['why'] = 'NoData' }
            } catch { $one['why'] = SocketWord $_ }
        }
        elseif ($watch.ElapsedMilliseconds -ge $DeadlineMs) { $one['why'] = 'Deadline'; $state['deadline'] = $true }
    }
}

function SocketWord($record) {
    $inner = $record.Exception.GetBaseException()
    if ($inner -is [Net.Sockets.SocketException]) { return [string]$inner.SocketErrorCode }
    return $inner.GetType().Name
}

# --- live connections [5]: the port is looked at first, since a server can have 50,000 of them ---

function ReadConnections {
    $near = @{}
    $far = [Activator]::CreateInstance([Hashtable], [object[]]@([StringComparer]::Ordinal))
    foreach ($port in $Ports) { $near[$port] = $true }
    foreach ($list in $important.Values) { foreach ($port in $list) { $near[[int]$port] = $true } }
    foreach ($target in $targets) { foreach ($address in $target['addresses']) { $far[$address.ToString()] = $true } }
    if ($far.Count -eq 0) { return }
    foreach ($row in $state['net'].GetActiveTcpConnections()) {
        $remote = $row.RemoteEndPoint
        if (-not $near.ContainsKey($remote.Port)) { continue }
        $address = $remote.Address
        if ($address.IsIPv4MappedToIPv6) { $address = $address.MapToIPv4() }
        if (-not $far.ContainsKey($address.ToString())) { continue }
        $word = [string]$row.State
        $list = $others
        if ($word -eq 'Established') { $list = $live } elseif ($word -ne 'SynSent' -and $word -ne 'CloseWait') { continue }
        if ($list.Count -ge 64) { $state['complete'] = $false; continue }
        $local = $row.LocalEndPoint
        [void]$list.Add('[' + (QuoteText $local.Address.ToString()) + ',' + (NumberOrNull $local.Port) + ',' + (QuoteText $address.ToString()) + ',' + (NumberOrNull $remote.Port) + ',"' + $word + '"]')
    }
}

# --- attempts [6, 8]: every connect is one record; targets only point to it ---

$words = @{
    ConnectionRefused = 'refused'; TimedOut = 'timed_out'; NetworkUnreachable = 'unreachable'; HostUnreachable = 'unreachable'
    NetworkDown = 'unreachable'; HostDown = 'unreachable'; ConnectionReset = 'reset'; NetworkReset = 'reset'; AccessDenied = 'blocked_locally'
}

function NewTry($address, [int]$port, [int]$number) {
    return @{ address = $address; port = $port; number = $number; result = $null; why = $null; ms = $null; began = 0; socket = $null; asking = $null }
}

# All tries of one address and port; the first one waits in $fresh for the next round.
function AskAddress($address, [int]$port) {
    $name = $address.ToString() + '|' + $port.ToString($invariant)
    if ($connects.ContainsKey($name)) { return $connects[$name] }
    $made = @{ retry = $false; tries = [Activator]::CreateInstance([Collections.ArrayList]) }
    if ($connects.Count -ge 600) { $state['problem'] = 'more than 600 connects asked for'; return $made }
    $connects[$name] = $made
    $one = NewTry $address $port 1
    [void]$made['tries'].Add($one)
    [void]$fresh.Add($one)
    return $made
}

function AskPort($target, [int]$port) {
    if (-not $target['asked'].Contains($port)) { [void]$target['asked'].Add($port) }
    foreach ($address in $target['addresses']) {
        $made = AskAddress $address $port
        if ($important[$target['role']].Contains($port)) { $made['retry'] = $true }
    }
}

function TriesOf($address, [int]$port) {
    $made = $connects[$address.ToString() + '|' + $port.ToString($invariant)]
    if ($null -ne $made) { return , $made['tries'] }
    return , @()
}

function IsOpen($target, [int]$port) {
    foreach ($address in $target['addresses']) {
        foreach ($one in (TriesOf $address $port)) { if ($one['result'] -eq 'connected') { return $true } }
    }
    return $false
}

function StartTry($one) {
    $one['began'] = $watch.ElapsedMilliseconds
    try {
        $address = [Net.IPAddress]$one['address']
        $one['socket'] = [Activator]::CreateInstance([Net.Sockets.Socket], [object[]]@($address.AddressFamily, [Net.Sockets.SocketType]::Stream, [Net.Sockets.ProtocolType]::Tcp))
        # A linger of zero: what did connect is gone at once, and leaves the host no TIME_WAIT.
        $one['socket'].LingerState = [Activator]::CreateInstance([Net.Sockets.LingerOption], [object[]]@($true, 0))
        $end = [Activator]::CreateInstance([Net.IPEndPoint], [object[]]@($address, [int]$one['port']))
        $one['began'] = $watch.ElapsedMilliseconds
        $one['asking'] = $one['socket'].BeginConnect([Net.EndPoint]$end, $null, $null)
    } catch { EndTry $one $null $_ }
}

# Stamps a try that completed, failed (a record) or was given up (a result).
function EndTry($one, $result, $record) {
    $one['ms'] = $watch.ElapsedMilliseconds - $one['began']
    if ($null -eq $result -and $null -eq $record) {
        try { $one['socket'].EndConnect($one['asking']); $result = 'connected' } catch { $record = $_ }
    }
    if ($null -ne $record) {
        $one['why'] = SocketWord $record
        $result = $words[$one['why']]
        if ($null -eq $result) { $result = 'error' }
    }
    $one['result'] = $result
    try { if ($null -ne $one['socket']) { $one['socket'].Close() } } catch { $one['socket'] = $null }
}

# Takes what has ended out of $flying; returns the milliseconds until the next one's time is up.
function Harvest($flying) {
    $soonest = $DeadlineMs - $watch.ElapsedMilliseconds
    for ($i = $flying.Count - 1; $i -ge 0; $i--) {
        $one = $flying[$i]
        $left = $TimeoutMs - ($watch.ElapsedMilliseconds - $one['began'])
        if ($one['asking'].IsCompleted) { EndTry $one $null $null } elseif ($left -le 0) { EndTry $one 'timed_out' $null }
        if ($null -ne $one['result']) { $flying.RemoveAt($i) } elseif ($left -lt $soonest) { $soonest = $left }
    }
    return [int][Math]::Max([long]0, [long]$soonest)
}

function RunTries($queue) {
    $flying = [Activator]::CreateInstance([Collections.ArrayList])
    $next = 0
    while ($next -lt $queue.Count -or $flying.Count -gt 0) {
        if ($watch.ElapsedMilliseconds -ge $DeadlineMs) {
            $state['deadline'] = $true
            [void](Harvest $flying)
            foreach ($one in $flying) { EndTry $one 'error' $null; $one['why'] = 'Deadline' }
            return
        }
        if ($next -lt $queue.Count -and $flying.Count -lt $inflight) {
            $one = $queue[$next++]
            StartTry $one
            if ($null -eq $one['result']) { [void]$flying.Add($one) }
            [void](Harvest $flying)
            continue
        }
        $wait = Harvest $flying
        if ($flying.Count -eq 0 -or $wait -eq 0) { continue }
        if ($flying.Count -lt $inflight -and $next -lt $queue.Count) { continue }
        $handles = [Activator]::CreateInstance([Collections.ArrayList])
        foreach ($one in $flying) { [void]$handles.Add($one['asking'].AsyncWaitHandle) }
        [void][Threading.WaitHandle]::WaitAny([Threading.WaitHandle[]]$handles.ToArray(), $wait)
    }
}

# What was asked since the last round, then once more what timed out and matters.
function RunRound {
    $queue = $fresh.ToArray()
    $fresh.Clear()
    RunTries $queue
    $queue = [Activator]::CreateInstance([Collections.ArrayList])
    if ($watch.ElapsedMilliseconds -ge $DeadlineMs) { return }
    foreach ($made in $connects.Values) {
        $one = $made['tries'][0]
        if (-not $made['retry'] -or $made['tries'].Count -gt 1 -or $one['result'] -ne 'timed_out') { continue }
        [void]$made['tries'].Add((NewTry $one['address'] $one['port'] 2))
        [void]$queue.Add($made['tries'][1])
    }
    RunTries $queue
}

function AskImportant {
    foreach ($target in $targets) {
        if ($target['tried']) { foreach ($port in $important[$target['role']]) { AskPort $target $port } }
    }
}

function AskWholeList {
    AskImportant
    foreach ($target in $targets) {
        if ($target['tried']) { foreach ($port in $Ports) { AskPort $target $port } }
    }
    AskCanaries
}

# [7]
function AskCanaries {
    $ports_asked = [Activator]::CreateInstance([Collections.ArrayList])
    $gateways_asked = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($target in $targets) {
        if (-not $target['tried']) { continue }
        foreach ($port in $target['asked']) { if (-not $ports_asked.Contains($port)) { [void]$ports_asked.Add($port) } }
        foreach ($address in $target['addresses']) { if (-not $gateways_asked.Contains($address)) { [void]$gateways_asked.Add($address) } }
    }
    if ($gateways_asked.Count -eq 0) { return }
    foreach ($canary in $nobody) {
        if ($canary['addresses'].Count -gt 0 -and $gateways_asked.Contains($canary['addresses'][0])) { continue }
        foreach ($port in $ports_asked) { AddCanary 'address' $canary['addresses'] $canary['name'] $port }
    }
    foreach ($port in $CanaryPort) {
        if ($ports_asked.Contains($port)) { continue }
        foreach ($address in $gateways_asked) { AddCanary 'port' @($address) '' $port }
    }
}

function AddCanary([string]$kind, $addresses, [string]$name, [int]$port) {
    $made = $null
    foreach ($address in $addresses) {
        $name = $address.ToString()
        $made = AskAddress $address $port
        break
    }
    [void]$canaries.Add(@{ kind = $kind; name = $name; port = $port; made = $made })
}

function InOrder {
    $met = @{}
    foreach ($port in $Ports) {
        foreach ($target in $targets) { if ($target['tried'] -and -not $met[$target['role']]) { AskPort $target $port } }
        RunRound
        $open = 0
        foreach ($r in $deciding.Keys) {
            if (IsOpen $deciding[$r] $port) { $open++; if ($Rule -eq 'per role') { $met[$r] = $true } }
        }
        if ($open -eq $deciding.Count -or $met.Count -eq $deciding.Count) { return }
        if ($watch.ElapsedMilliseconds -ge $DeadlineMs) { return }
    }
    AskCanaries
    RunRound
}

function NeedsWholeList {
    foreach ($r in $deciding.Keys) {
        if (-not $pinned[$r]) { return $true }
        foreach ($port in $important[$r]) { if (-not (IsOpen $deciding[$r] $port)) { return $true } }
    }
    return $false
}

function TryPorts {
    if ($deciding.Count -eq 0 -or $Mode -eq 'connections') { return }
    if ($Mode -eq 'full') { AskWholeList; RunRound; return }
    if ($Mode -ne 'ordered' -and $present -eq 0) { return }
    AskImportant
    RunRound
    if ($Mode -eq 'ordered') { InOrder }
    elseif ($Mode -eq 'auto' -and (NeedsWholeList)) { AskWholeList; RunRound }
}

# --- the answer [9] ---

function HasRow($target, [int]$port) {
    if (-not $target['asked'].Contains($port)) { return $false }
    foreach ($address in $target['addresses']) {
        foreach ($one in (TriesOf $address $port)) { if ($null -ne $one['result']) { return $true } }
    }
    return ($target['addresses'].Count -eq 0)
}

function IsWhole {
    if ($deciding.Count -eq 0) { return $false }
    foreach ($r in $deciding.Keys) {
        foreach ($port in $important[$r]) { if (-not (HasRow $deciding[$r] $port)) { return $false } }
        foreach ($port in $Ports) { if (-not (HasRow $deciding[$r] $port)) { return $false } }
    }
    return $true
}

function WriteTarget($target) {
    $list = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($address in $target['addresses']) { [void]$list.Add((QuoteText $address.ToString())) }
    return '{"role":' + (QuoteText $Roles[$target['role']]) + ',"source":"' + $target['source'] + '","value":' + (QuoteOrNull $target['value']) +
        ',"name":' + (QuoteOrNull $target['name']) + ',"addresses":[' + (JoinList $list) + '],"decides":' + (FlagOrNull $target['decides']) + '}'
}

function WriteAttempts {
    $rows = [Activator]::CreateInstance([Collections.ArrayList])
    for ($t = 0; $t -lt $targets.Count; $t++) {
        $target = $targets[$t]
        $start = '{"t":' + (NumberOrNull $t) + ',"a":'
        foreach ($port in $target['asked']) {
            $middle = ',"p":' + (NumberOrNull $port) + ',"r":"'
            if ($target['addresses'].Count -eq 0) {
                [void]$rows.Add($start + 'null' + $middle + 'name_error","ms":null,"n":1,"e":' + (QuoteOrNull $target['why']) + '}')
            }
            foreach ($address in $target['addresses']) {
                foreach ($one in (TriesOf $address $port)) {
                    if ($null -eq $one['result']) { continue }
                    [void]$rows.Add($start + (QuoteText $address.ToString()) + $middle + $one['result'] + '","ms":' + (NumberOrNull $one['ms']) + ',"n":' + (NumberOrNull $one['number']) + ',"e":' + (QuoteOrNull $one['why']) + '}')
                }
            }
        }
    }
    return (JoinList $rows)
}

function WriteCanaries {
    $rows = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($canary in $canaries) {
        $result = 'name_error'
        $ms = $null
        if ($null -ne $canary['made']) {
            $result = $canary['made']['tries'][0]['result']
            $ms = $canary['made']['tries'][0]['ms']
        }
        if ($null -eq $result) { continue }
        [void]$rows.Add('{"k":"' + $canary['kind'] + '","a":' + (QuoteOrNull $canary['name']) + ',"p":' + (NumberOrNull $canary['port']) + ',"r":"' + $result + '","ms":' + (NumberOrNull $ms) + '}')
    }
    return (JoinList $rows)
}

function DataSize($value) {
    $data = $value['data']
    if ($data -is [string]) { return $data.Length }
    if ($data -is [byte[]]) { return 2 * $data.Length }
    $size = 0
    if ($data -is [string[]]) { foreach ($text in $data) { $size += $text.Length + 2 } }
    return $size
}

function WriteData($value) {
    $data = $value['data']
    if ($data -is [int]) { return '"' + [BitConverter]::ToUInt32([BitConverter]::GetBytes($data), 0).ToString($invariant) + '"' }
    if ($data -is [long]) { return '"' + [BitConverter]::ToUInt64([BitConverter]::GetBytes($data), 0).ToString($invariant) + '"' }
    if ($data -is [string]) { return (QuoteText $data) }
    if ($data -is [byte[]]) { return '"' + [BitConverter]::ToString($data).Replace('-', '').ToLowerInvariant() + '"' }
    $list = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($text in $data) { [void]$list.Add((QuoteText $text)) }
    return '[' + (JoinList $list) + ']'
}

function WriteStub($value) {
    $nothing = '""'
    if ($value['kind'] -eq 'MULTI_SZ') { $nothing = '[]' }
    return '{"n":' + (QuoteText $value['name']) + ',"k":"' + $value['kind'] + '","d":' + $nothing + ',"cut":true}'
}

function WriteWhole($value) {
    return '{"n":' + (QuoteText $value['name']) + ',"k":"' + $value['kind'] + '","d":' + (WriteData $value) + ',"cut":false}'
}

# Gives values their JSON: named ones first, then as many names as fit, then as many data; returns what is left.
function FitValues([int]$room) {
    $rest = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($view in $seen) {
        foreach ($value in $view['values']) {
            if (-not $value['named']) { [void]$rest.Add($value); continue }
            if ((DataSize $value) -le 4096) { $value['json'] = WriteWhole $value }
            if ($null -eq $value['json'] -or $value['json'].Length -gt 4096) { $value['json'] = WriteStub $value; $state['cut']++ }
            $room -= $value['json'].Length + 1
        }
    }
    $kept = 0
    foreach ($value in $rest) {
        if ($value['name'].Length -gt $room) { break }
        $text = WriteStub $value
        if ($text.Length + 1 -gt $room) { break }
        $value['json'] = $text
        $room -= $text.Length + 1
        $kept++
    }
    for ($i = 0; $i -lt $kept; $i++) {
        $value = $rest[$i]
        $text = $null
        if ((DataSize $value) -le $room + $value['json'].Length) { $text = WriteWhole $value }
        if ($null -eq $text -or $text.Length - $value['json'].Length -gt $room) { $state['cut'] += $kept - $i; break }
        $room -= $text.Length - $value['json'].Length
        $value['json'] = $text
    }
}

function WriteView($view) {
    $list = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($value in $view['values']) {
        if ($null -eq $value['json']) { $view['dropped']++ } else { [void]$list.Add($value['json']) }
    }
    return '{"view":' + (NumberOrNull $view['view']) + ',"state":"' + $view['state'] + '","path":' + (QuoteOrNull $view['path']) + ',"e":' + (QuoteOrNull $view['why']) +
        ',"dropped":' + (NumberOrNull $view['dropped']) + ',"values":[' + (JoinList $list) + ']}'
}

function WriteIdentity {
    $text = ''
    foreach ($pair in @(@('computer', 'computer'), @('fqdn', 'fqdn'), @('machine_id', 'machine'), @('os_name', 'os'), @('os_version', 'version'), @('powershell', 'powershell'), @('edition', 'edition'), @('clr', 'clr'), @('clock', 'clock'), @('time_zone', 'zone'))) {
        $text = $text + '"' + $pair[0] + '":' + (QuoteOrNull $identity[$pair[1]]) + ','
    }
    return '{' + $text + '"utc_offset":' + (NumberOrNull $identity['offset']) + ',"elevated":' + (FlagOrNull $identity['elevated']) +
        ',"bits":' + (NumberOrNull $identity['bits']) + ',"interfaces":[' + (JoinList $identity['interfaces']) + ']}'
}

function WriteTargets {
    $list = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($target in $targets) { [void]$list.Add((WriteTarget $target)) }
    return (JoinList $list)
}

function WriteDocument {
    $head = '{"v":1,"script":"probe","language":"FullLanguage","mode":' + (QuoteText $Mode) + ',"whole":' + (FlagOrNull (IsWhole)) + ',"deadline":' + (FlagOrNull $state['deadline'])
    $live.AddRange($others)
    while ($live.Count -gt 64) { $live.RemoveAt($live.Count - 1); $state['complete'] = $false }
    $tail = ',"parts":[' + (JoinList $parts) + '],"identity":' + (WriteIdentity) +
        ',"connections":{"complete":' + (FlagOrNull $state['complete']) + ',"rows":[' + (JoinList $live) + ']},"targets":[' + (WriteTargets) +
        '],"attempts":[' + (WriteAttempts) + '],"canaries":[' + (WriteCanaries) + ']'
    # 100: more than the longest spelling of the keys, numbers and words around the values.
    $room = $limit - $head.Length - $tail.Length - 100
    foreach ($view in $seen) { $room -= 100 + (QuoteOrNull $view['path']).Length + (QuoteOrNull $view['why']).Length }
    FitValues $room
    $list = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($view in $seen) { [void]$list.Add((WriteView $view)) }
    return $head + ',"cut":' + (NumberOrNull $state['cut']) + $tail + ',"views":[' + (JoinList $list) + ']}'
}

# --- the parts, in their order: what one of them cannot do costs the others nothing ---

$seen = [Activator]::CreateInstance([Collections.ArrayList])
$values = [Activator]::CreateInstance([Collections.ArrayList])
$targets = [Activator]::CreateInstance([Collections.ArrayList])
$nobody = [Activator]::CreateInstance([Collections.ArrayList])
$live = [Activator]::CreateInstance([Collections.ArrayList])
$others = [Activator]::CreateInstance([Collections.ArrayList])
$fresh = [Activator]::CreateInstance([Collections.ArrayList])
$canaries = [Activator]::CreateInstance([Collections.ArrayList])
$connects = [Activator]::CreateInstance([Hashtable], [object[]]@([StringComparer]::Ordinal))
$important = @{}
$pinned = @{}
$deciding = @{}
$inflight = [Math]::Max(1, [Math]::Min(60, $Width))
$identity = @{ interfaces = [Activator]::CreateInstance([Collections.ArrayList]) }

$began = $watch.ElapsedMilliseconds
try { $identity = ReadIdentity } catch { $state['problem'] = DescribeError $_ }
EndPart 'identity' $began $state['problem']

$began = $watch.ElapsedMilliseconds
$state['problem'] = $null
$present = 0
try {
    if ([Environment]::Is64BitOperatingSystem) { $wanted = $Views }
    elseif ($Views -contains 32) { $wanted = @(32) }
    else { $wanted = @($Views[0]) }
    foreach ($number in $wanted) {
        $view = ReadView $number
        [void]$seen.Add($view)
        if ($view['state'] -eq 'present') { $present++ ; $values.AddRange($view['values']) }
    }
    FindPins
    FindTargets
} catch { $state['problem'] = DescribeError $_ }
EndPart 'registry' $began $state['problem']

$began = $watch.ElapsedMilliseconds
$state['problem'] = $null
$state['complete'] = $true
try {
    foreach ($name in $CanaryAddress) { [void]$nobody.Add(@{ name = $name; why = $null; asking = $null; addresses = [Activator]::CreateInstance([Collections.ArrayList]) }) }
    ResolveNames $targets
    if ($nobody.Count -gt 0) { ResolveNames $nobody }
    ReadConnections
} catch { $state['problem'] = DescribeError $_; $state['complete'] = $false }
EndPart 'connections' $began $state['problem']

$began = $watch.ElapsedMilliseconds
$state['problem'] = $null
try { TryPorts } catch { $state['problem'] = DescribeError $_ }
EndPart 'attempts' $began $state['problem']

try { return (WriteDocument) }
catch { return '{"v":1,"script":"probe","language":"FullLanguage","error":' + (QuoteOrNull (DescribeError $_)) + '}' }
