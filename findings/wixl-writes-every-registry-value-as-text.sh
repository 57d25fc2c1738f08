#!/usr/bin/env bash
# wixl 0.101 (msitools, Debian 12): a REG_EXPAND_SZ, a REG_BINARY and a REG_MULTI_SZ of a WiX file become plain texts.
#
# One would think: `<RegistryValue Type="expandable" ...>` has the prefix #% in the package's Registry table, binary #x, and
# several texts begin and end with [~], by which Windows Installer knows the type; or wixl refuses a type that it cannot do, as
# it refuses `multiString`, the way WiX spells it.
# What is: a number has its prefix, and a text that begins with # has it twice, as it should. The other three are written
# without any, exit code 0 and not a word: the installed value is a REG_SZ, %TEMP% is never expanded, the bytes 0aff are
# four letters. `Permanent` of a component, which keeps a key when the package goes, is dropped too, with a warning of GLib.
#
# Output seen: as below
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
{ command -v wixl && command -v msiinfo; } > which || { apt-get update -qq; apt-get install -qq -y wixl msitools > which; }
cat > agent.wxs <<'XML'
<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" UpgradeCode="12345678-1234-1234-1234-111111111111" Name="Agent" Version="1.2.3" Manufacturer="Example"
      Language="1033">
    <Package InstallerVersion="200" Compressed="yes"/>
    <Media Id="1" Cabinet="agent.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFilesFolder">
        <Directory Id="INSTALLDIR" Name="Agent">
          <Component Id="Settings" Guid="12345678-1234-1234-1234-222222222222" Permanent="yes">
            <File Id="Manual" Name="manual.txt" Source="manual.txt"/>
            <RegistryKey Root="HKLM" Key="SOFTWARE\Agent">
              <RegistryValue Type="integer" Name="Port" Value="443" KeyPath="yes"/>
              <RegistryValue Type="string" Name="Text" Value="#1"/>
              <RegistryValue Type="expandable" Name="Folder" Value="%TEMP%"/>
              <RegistryValue Type="binary" Name="Bytes" Value="0aff"/>
              <RegistryValue Type="multistring" Name="Gateways" Value="gw1"/>
            </RegistryKey>
          </Component>
        </Directory>
      </Directory>
    </Directory>
    <Feature Id="All" Level="1"><ComponentRef Id="Settings"/></Feature>
  </Product>
</Wix>
XML
echo text > manual.txt
{
    wixl -o agent.msi agent.wxs 2> said && echo "exit 0, $(grep -c Permanent said) warning"
    msiinfo export agent.msi Registry | tr -d '\r' | awk -F '\t' 'NR > 3 { print $4 ": " $5 }'
    msiinfo export agent.msi Component | tr -d '\r' | awk -F '\t' 'NR > 3 { print "permanent: " int($4 / 16) % 2 }'
} | tee seen
diff seen - <<'OUT'
exit 0, 1 warning
Port: #443
Text: ##1
Folder: %TEMP%
Bytes: 0aff
Gateways: gw1
permanent: 0
OUT
