# What orchestrator/remote/contract/repin.py says, on the host: compares, writes the planned values, reads them back,
# answers one JSON document. It creates nothing, and touches nothing but the planned values.
# PowerShell 3.0 and .NET 4.5 only; no cmdlet, no module, no file. The numbers in brackets are the contract's steps.
param(
    [string]$Operation, [string]$Key, [int[]]$Views, [string[]]$Names, [string[]]$Kinds, [string[]]$Expected,
    [string[]]$New, [string]$Computer, [string]$MachineId, [string]$Deadline
)
# Where the language is constrained no .NET member may be touched: plain strings only.
$language = [string]$ExecutionContext.SessionState.LanguageMode
if ($language -ne 'FullLanguage') { return '{"v":1,"script":"repin","language":"' + $language + '"}' }

$ErrorActionPreference = 'Stop'
$OFS = ' '
$invariant = [Globalization.CultureInfo]::InvariantCulture
$ordinal = [StringComparison]::Ordinal
$unexpanded = [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames
$state = @{ problem = $null; abandoned = $false; computer = $null; machine = $null; asked = 0; mutex = $null; owned = $false }
$targets = [Activator]::CreateInstance([Collections.ArrayList])
$reading = @{}
$writing = @{}

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

function Flag($flag) {
    if ($flag) { return 'true' }
    return 'false'
}

# Messages are localised: an error travels as type and HResult.
function DescribeError($record) {
    $inner = $record.Exception.GetBaseException()
    return $inner.GetType().FullName + ' 0x' + $inner.HResult.ToString('x8', $invariant)
}

function IsDenied($record) {
    $inner = $record.Exception.GetBaseException()
    return ($inner -is [Security.SecurityException] -or $inner -is [UnauthorizedAccessException])
}

# What `-eq` would call equal is not: it ignores NUL, soft hyphens and case.
function IsExactly($text, [string]$wanted) {
    if ($null -eq $text) { return $false }
    return [string]::Equals([string]$text, $wanted, $ordinal)
}

function IsSame($text, [string]$wanted) {
    if ($null -eq $text -or $wanted.Length -eq 0) { return $false }
    return [string]::Equals([string]$text, $wanted, [StringComparison]::OrdinalIgnoreCase)
}

# --- a value as one text, the kind in front: "DWORD 443"; of kinds that are never written the data is JSON ---

function WriteOtherKind([string]$raw, $data) {
    if ($raw -eq 'MultiString' -and $data -is [string[]]) {
        $list = [Activator]::CreateInstance([Collections.ArrayList])
        if ([string]::Join(' ', $data).Length -gt 512) { return 'MULTI_SZ too long' }
        foreach ($text in $data) { [void]$list.Add((QuoteText $text)) }
        return 'MULTI_SZ [' + [string]::Join(',', [string[]]$list.ToArray()) + ']'
    }
    $kind = 'UNKNOWN'
    if ($data -is [byte[]] -and $raw -eq 'Binary') { $kind = 'BINARY' }
    elseif ($data -is [byte[]] -and $raw -eq 'None') { $kind = 'NONE' }
    elseif ($data -is [int] -or $data -is [long]) { $data = [BitConverter]::GetBytes($data) }
    elseif ($data -isnot [byte[]]) { $data = [byte[]]@() }
    if ($data.Length -gt 512) { return $kind + ' too long' }
    return $kind + ' "' + [BitConverter]::ToString($data).Replace('-', '').ToLowerInvariant() + '"'
}

# Null where there is no such value. The window of a write begins when the data is asked for.
function ReadText($from, [string]$name) {
    try { $raw = [string]$from.GetValueKind($name) }
    catch {
        $inner = $_.Exception.GetBaseException()
        if ($inner -is [IO.IOException] -and ($inner.HResult -band 0xFFFF) -eq 2) { return $null }
        throw
    }
    $state['asked'] = [Diagnostics.Stopwatch]::GetTimestamp()
    $data = $from.GetValue($name, $null, $unexpanded)
    if ($null -eq $data) { return $null }
    if ($data -is [string]) {
        if ($raw -eq 'String') { return 'SZ ' + $data }
        if ($raw -eq 'ExpandString') { return 'EXPAND_SZ ' + $data }
    }
    elseif ($data -is [int] -and $raw -eq 'DWord') { return 'DWORD ' + [BitConverter]::ToUInt32([BitConverter]::GetBytes($data), 0).ToString($invariant) }
    elseif ($data -is [long] -and $raw -eq 'QWord') { return 'QWORD ' + [BitConverter]::ToUInt64([BitConverter]::GetBytes($data), 0).ToString($invariant) }
    return (WriteOtherKind $raw $data)
}

function WriteHeld($text) {
    if ($null -eq $text) { return 'null' }
    $space = $text.IndexOf([char]' ')
    $kind = $text.Substring(0, $space)
    $data = $text.Substring($space + 1)
    if ($data.Length -gt 512) { $data = 'null' }
    elseif ($kind -eq 'DWORD' -or $kind -eq 'QWORD' -or $kind -eq 'SZ' -or $kind -eq 'EXPAND_SZ') { $data = QuoteText $data }
    elseif (-not [regex]::IsMatch($data, '\A["\[]')) { $data = 'null' }
    if ($data.Length -gt 512) { $data = 'null' }
    return '{"k":"' + $kind + '","d":' + $data + '}'
}

# --- what is asked for ---

function MakeTargets {
    $count = $Views.Length
    foreach ($length in @($Names.Length, $Kinds.Length, $Expected.Length, $New.Length)) {
        if ($length -ne $count -or -not ($count -gt 0)) { throw 'the lists of targets differ in length' }
    }
    for ($i = 0; $i -lt $count; $i++) {
        [void]$targets.Add(@{
            view = $Views[$i]; name = $Names[$i]; kind = $null; oldData = $null; newData = $null
            old = $Kinds[$i] + ' ' + $Expected[$i]; new = $Kinds[$i] + ' ' + $New[$i]
            before = $null; after = $null; begun = $false; wrote = $false; took = $null
        })
    }
}

# The data as .NET takes it. Texts stay as they are; digits are for numbers alone. Set in place, since what a function
# returns may come wrapped.
function MakeData($target, [string]$slot, [string]$kind, [string]$text) {
    $digits = [Globalization.NumberStyles]::None
    if ($kind -eq 'DWORD') { $target[$slot] = [BitConverter]::ToInt32([BitConverter]::GetBytes([uint32]::Parse($text, $digits, $invariant)), 0) }
    elseif ($kind -eq 'QWORD') { $target[$slot] = [BitConverter]::ToInt64([BitConverter]::GetBytes([uint64]::Parse($text, $digits, $invariant)), 0) }
    else { $target[$slot] = $text }
}

function MakeAllData {
    $known = @{ DWORD = 'DWord'; QWORD = 'QWord'; SZ = 'String'; EXPAND_SZ = 'ExpandString' }
    for ($i = 0; $i -lt $targets.Count; $i++) {
        $target = $targets[$i]
        if (-not $known.ContainsKey($Kinds[$i])) { throw 'a kind that is never written' }
        $target['kind'] = [Microsoft.Win32.RegistryValueKind]$known[$Kinds[$i]]
        MakeData $target 'oldData' $Kinds[$i] $Expected[$i]
        MakeData $target 'newData' $Kinds[$i] $New[$i]
    }
}

# --- [2] the machine, and the time ---

function OpenRoot([int]$number) {
    $which = [Microsoft.Win32.RegistryView]::Registry32
    if ($number -eq 64) { $which = [Microsoft.Win32.RegistryView]::Registry64 }
    return [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, $which)
}

function ReadMachine {
    $state['computer'] = [Environment]::MachineName
    $root = OpenRoot 64
    $about = $root.OpenSubKey('SOFTWARE\Microsoft\Cryptography')
    if ($null -ne $about) { $state['machine'] = $about.GetValue('MachineGuid'); $about.Close() }
    $root.Close()
}

function ReadDeadline {
    $styles = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
    return [DateTime]::ParseExact($Deadline, "yyyy-MM-dd'T'HH':'mm':'ss'.'fffffff'Z'", $invariant, $styles)
}

# --- [3] one writer at a time ---

# In slices, so that a caller who hangs up need not hold the host until the deadline.
function TakeMutex($until) {
    try {
        $state['mutex'] = [Activator]::CreateInstance([Threading.Mutex], [object[]]@([bool]$false, [string]'Global\fleetcheck-repin'))
        while (-not $state['owned']) {
            $left = ($until - [DateTime]::UtcNow).TotalMilliseconds
            if ($left -le 0) { return }
            $state['owned'] = $state['mutex'].WaitOne([int][Math]::Ceiling([Math]::Min(200.0, $left)))
        }
    } catch {
        $inner = $_.Exception.GetBaseException()
        if ($inner -is [Threading.AbandonedMutexException]) { $state['owned'] = $true; $state['abandoned'] = $true }
        elseif ($inner -is [UnauthorizedAccessException]) { $state['problem'] = DescribeError $_ }
        else { throw }
    }
}

# Its going wrong takes no answer away: the mutex goes with the process.
function GiveMutexBack {
    try {
        if ($state['owned']) { $state['mutex'].ReleaseMutex() }
        if ($null -ne $state['mutex']) { $state['mutex'].Dispose() }
    } catch { $state['problem'] = DescribeError $_ }
}

# --- [4, 5] before the first write ---

function OpenKeys($opened, [bool]$write) {
    foreach ($target in $targets) {
        $number = $target['view']
        if ($opened.ContainsKey($number)) { continue }
        $root = OpenRoot $number
        if ($write) { $opened[$number] = $root.OpenSubKey($Key, [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree, [Security.AccessControl.RegistryRights]'QueryValues, SetValue') }
        else { $opened[$number] = $root.OpenSubKey($Key, [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadSubTree, [Security.AccessControl.RegistryRights]'QueryValues') }
        $root.Close()
        if ($write -and $null -eq $opened[$number]) { return $false }
    }
    return $true
}

function CloseKeys($opened) {
    foreach ($one in @($opened.Values)) {
        try { if ($null -ne $one) { $one.Close() } } catch { $state['problem'] = DescribeError $_ }
    }
}

function ReadBefore {
    foreach ($target in $targets) {
        $from = $reading[$target['view']]
        if ($null -ne $from) { $target['before'] = ReadText $from $target['name'] }
    }
}

function AreAll([string]$when, [string]$what) {
    foreach ($target in $targets) { if (-not (IsExactly $target[$when] $target[$what])) { return $false } }
    return $true
}

function IsAny([string]$flag) {
    foreach ($target in $targets) { if ($target[$flag]) { return $true } }
    return $false
}

# --- [6, 7] the writes ---

# False where the value is neither as expected nor new. Nothing stands between the compare and the set but the mark.
function SetOne($target, $place, $data) {
    $name = $target['name']
    $kind = $target['kind']
    $wanted = $target['old']
    $now = ReadText $place $name
    if ([string]::Equals([string]$now, $wanted, $ordinal)) {
        $target['begun'] = $true
        try { $place.SetValue($name, $data, $kind) }
        finally { $target['took'] = [Diagnostics.Stopwatch]::GetTimestamp() - $state['asked'] }
        $target['wrote'] = $true
        return $true
    }
    return (IsExactly $now $target['new'])
}

# PowerShell compiles a line when it first runs, which takes milliseconds: let them pass here, not between a compare and
# its set. The key is open for reading alone, so .NET refuses the set by itself; and the data is what the value holds.
# Once a kind, since lines are compiled by the types that they work with.
function Rehearse {
    $rehearsed = @{}
    foreach ($target in $targets) {
        if ($rehearsed.ContainsKey($target['kind'])) { continue }
        $rehearsed[$target['kind']] = $true
        try { [void](SetOne $target $reading[$target['view']] $target['oldData']) }
        catch { $target['begun'] = $false }
        $target['begun'] = $false
        $target['wrote'] = $false
    }
}

# The longest of the windows in which another's write could have been lost, in microseconds.
function FindWindow {
    $longest = $null
    foreach ($target in $targets) {
        if ($target['wrote'] -and ($null -eq $longest -or $target['took'] -gt $longest)) { $longest = $target['took'] }
    }
    if ($null -eq $longest) { return $null }
    return [long][Math]::Ceiling(1000000.0 * $longest / [Diagnostics.Stopwatch]::Frequency)
}

# Each by itself: one that cannot be put back keeps no other from it.
function PutBack {
    for ($i = $targets.Count - 1; $i -ge 0; $i--) {
        $target = $targets[$i]
        if (-not $target['begun']) { continue }
        try {
            $place = $writing[$target['view']]
            if (IsExactly (ReadText $place $target['name']) $target['new']) { $place.SetValue($target['name'], $target['oldData'], $target['kind']) }
        } catch { if ($null -eq $state['problem']) { $state['problem'] = DescribeError $_ } }
    }
}

function FlushKeys {
    foreach ($place in @($writing.Values)) { $place.Flush() }
}

# What cannot be read is null, which equals nothing.
function ReadAfter {
    foreach ($target in $targets) {
        $target['after'] = $null
        try { $target['after'] = ReadText $writing[$target['view']] $target['name'] }
        catch { if ($null -eq $state['problem']) { $state['problem'] = DescribeError $_ } }
    }
}

function WriteAll {
    $denied = $false
    $changed = $false
    $whole = $false
    try {
        foreach ($target in $targets) {
            if ((IsExactly $target['old'] $target['new']) -or (SetOne $target $writing[$target['view']] $target['newData'])) { continue }
            $changed = $true
            break
        }
        FlushKeys
        ReadAfter
        $whole = AreAll 'after' 'new'
    }
    catch { $state['problem'] = DescribeError $_; $denied = IsDenied $_ }
    # In `finally`, where PowerShell lets even a pipeline that is being stopped come to its end.
    finally { if (-not $whole) { PutBack } }
    if ($whole) {
        if (IsAny 'wrote') { return 'written' }
        return 'already'
    }
    try { FlushKeys } catch { if ($null -eq $state['problem']) { $state['problem'] = DescribeError $_ } }
    ReadAfter
    if ((IsAny 'begun') -and -not (AreAll 'after' 'old')) { return 'mixed' }
    if (IsAny 'wrote') { return 'restored' }
    if ($changed -or -not (AreAll 'after' 'old')) { return 'conflict' }
    if ($denied) { return 'denied' }
    return 'failed'
}

function Repin {
    MakeAllData
    ReadMachine
    if (-not ((IsSame $state['machine'] $MachineId) -and (IsSame $state['computer'] $Computer))) { return 'wrong-host' }
    $until = ReadDeadline
    if ([DateTime]::UtcNow -ge $until) { return 'expired' }
    TakeMutex $until
    if (-not $state['owned']) { return 'busy' }
    if ([DateTime]::UtcNow -ge $until) { return 'expired' }
    try { [void](OpenKeys $reading $false); ReadBefore }
    catch {
        if (-not (IsDenied $_)) { throw }
        $state['problem'] = DescribeError $_
        return 'denied'
    }
    if (AreAll 'before' 'new') { return 'already' }
    if (-not (AreAll 'before' 'old')) { return 'conflict' }
    try { if (-not (OpenKeys $writing $true)) { return 'conflict' } }
    catch {
        if (-not (IsDenied $_)) { throw }
        $state['problem'] = DescribeError $_
        return 'denied'
    }
    Rehearse
    if ([DateTime]::UtcNow -ge $until) { return 'expired' }
    return (WriteAll)
}

# --- the answer ---

function WriteTargets {
    $list = [Activator]::CreateInstance([Collections.ArrayList])
    foreach ($target in $targets) {
        [void]$list.Add('{"before":' + (WriteHeld $target['before']) + ',"after":' + (WriteHeld $target['after']) + ',"wrote":' + (Flag $target['wrote']) + '}')
    }
    return [string]::Join(',', [string[]]$list.ToArray())
}

function WriteDocument([string]$result) {
    return '{"v":1,"script":"repin","language":"FullLanguage","operation":' + (QuoteOrNull $Operation) + ',"result":"' + $result +
        '","error":' + (QuoteOrNull $state['problem']) + ',"abandoned":' + (Flag $state['abandoned']) +
        ',"clock":"' + [DateTime]::UtcNow.ToString('o', $invariant) + '","computer":' + (QuoteOrNull $state['computer']) +
        ',"machine_id":' + (QuoteOrNull $state['machine']) + ',"window_us":' + (NumberOrNull (FindWindow)) +
        ',"targets":[' + (WriteTargets) + ']}'
}

try {
    MakeTargets
    try { $result = Repin }
    catch {
        # Only before the first write can anything come up to here; should it ever be otherwise, nobody guesses.
        if (IsAny 'begun') { throw }
        $state['problem'] = DescribeError $_
        $result = 'failed'
    }
    # [8]
    finally {
        CloseKeys $reading
        CloseKeys $writing
        GiveMutexBack
    }
    return (WriteDocument $result)
}
catch { return '{"v":1,"script":"repin","language":"FullLanguage","error":' + (QuoteOrNull (DescribeError $_)) + '}' }
