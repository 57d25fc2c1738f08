#requires -Version 3.0
# A re-pin plan of fleetcheck, for hosts that WinRM cannot reach. Run it there as an administrator:
#
#     powershell -ExecutionPolicy Bypass -File THIS.ps1 [-OutFile RESULT.json]
#
# It looks for this machine in the plan, by computer name and machine id; writes the planned values where they still
# are what the plan expects; and answers in one JSON document, on the output and in a file (by default next to this
# one), which `fleetcheck repin import` takes back. On a machine that is not in the plan it does nothing.
# PowerShell 3.0 and .NET 4.5 only; no cmdlet, no module. All that differs from plan to plan is in $planned.
param([string]$OutFile)
if ([string]$ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { throw 'PowerShell is restricted here (WDAC, AppLocker), and this needs FullLanguage. Nothing was written.' }

$ErrorActionPreference = 'Stop'
$culture = [Globalization.CultureInfo]::InvariantCulture
$time = "yyyy-MM-dd'T'HH':'mm':'ss'.'fffffff'Z'"

# UTF-8 in base64. Records end at U+001E, fields at U+001F. The first record: the plan's id, its digest, until when it
# holds. Then one for each host: its name as JSON, computer, machine id, operation, key, and five fields for each value.
$planned = '<planned>'

# The write script as it runs over WinRM, to the letter.
function WritePlanned {
# <repin.ps1>
}

function ReadMachineId {
    $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
    $about = $root.OpenSubKey('SOFTWARE\Microsoft\Cryptography')
    if ($null -eq $about) { return '' }
    return [string]$about.GetValue('MachineGuid')
}

function IsThis([string]$wanted, [string]$found) {
    return ($wanted.Length -gt 0 -and [string]::Equals($wanted, $found, [StringComparison]::OrdinalIgnoreCase))
}

function Quote([string]$text) { return '"' + [regex]::Replace($text, '[^ !#-\[\]-~]', '?') + '"' }

# A file of its own, made before anything is written: an answer that is there already is never lost.
function MakeFile {
    $path = $OutFile
    if ($path.Length -eq 0) {
        if ([string]::IsNullOrEmpty($PSScriptRoot)) { return $null }
        $name = 'fleetcheck-' + [regex]::Replace($thisName, '[^0-9A-Za-z-]', '_') + '-' + [DateTime]::UtcNow.ToString('yyyyMMddHHmmss', $culture) + '.json'
        $path = [IO.Path]::Combine($PSScriptRoot, $name)
    }
    try {
        $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)
        return [IO.File]::Open($path, [IO.FileMode]::CreateNew, [IO.FileAccess]::Write, [IO.FileShare]::Read)
    } catch { throw 'No file for the answer can be made at ' + $path + ' (is there one already?). Nothing was written. Name another one with -OutFile.' }
}

# No later than the plan holds, and never minutes of waiting for another writer.
function FindDeadline([string]$expires) {
    $styles = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
    $until = [DateTime]::ParseExact($expires, $time, $culture, $styles)
    $soon = [DateTime]::UtcNow.AddSeconds(60)
    if ($soon -lt $until) { return $soon.ToString($time, $culture) }
    return $expires
}

function WriteHost($fields, [string]$until) {
    $count = [int][Math]::Floor(($fields.Length - 5) / 5.0)
    $numbers = [Activator]::CreateInstance([Collections.ArrayList])
    $columns = @{}
    for ($c = 1; $c -lt 5; $c++) { $columns[$c] = [Activator]::CreateInstance([Collections.ArrayList]) }
    for ($i = 0; $i -lt $count; $i++) {
        $at = 5 + 5 * $i
        [void]$numbers.Add([int]::Parse($fields[$at], [Globalization.NumberStyles]::None, $culture))
        for ($c = 1; $c -lt 5; $c++) { [void]$columns[$c].Add([string]$fields[$at + $c]) }
    }
    return (WritePlanned -Operation $fields[3] -Key $fields[4] -Views ([int[]]$numbers.ToArray()) -Names ([string[]]$columns[1].ToArray()) -Kinds ([string[]]$columns[2].ToArray()) -Expected ([string[]]$columns[3].ToArray()) -New ([string[]]$columns[4].ToArray()) -Computer $fields[1] -MachineId $fields[2] -Deadline $until)
}

$thisName = [Environment]::MachineName
$thisId = ReadMachineId
$records = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($planned)).Split([char[]]@([char]30))
$head = $records[0].Split([char[]]@([char]31))
$file = MakeFile
$answers = [Activator]::CreateInstance([Collections.ArrayList])
try {
    for ($n = 1; $n -lt $records.Length; $n++) {
        $fields = $records[$n].Split([char[]]@([char]31))
        if (-not ((IsThis $fields[1] $thisName) -and (IsThis $fields[2] $thisId))) { continue }
        [void]$answers.Add('{"host":' + $fields[0] + ',"answer":' + (WriteHost $fields (FindDeadline $head[2])) + '}')
    }
    $document = '{"fleetcheck":{"document":"repin-result","v":1},"plan":' + (Quote $head[0]) + ',"sha256":' + (Quote $head[1]) +
        ',"computer":' + (Quote $thisName) + ',"machine_id":' + (Quote $thisId) + ',"answers":[' + [string]::Join(',', [string[]]$answers.ToArray()) + ']}'
    if ($null -ne $file) {
        $bytes = [Text.Encoding]::ASCII.GetBytes($document)
        $file.Write($bytes, 0, $bytes.Length)
    }
}
finally { if ($null -ne $file) { $file.Close() } }
return $document
