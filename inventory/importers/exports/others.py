"""Lists of hosts that are not read: what each is, and the command that writes one which is."""

from __future__ import annotations

import re
from typing import Any

from inventory.words import folded
from inventory.yamlfile.tree import Map, Seq

_AD = "`Get-ADComputer -Filter * -Properties IPv4Address | Export-Csv computers.csv` writes a table"
_LINES = "write the hosts that have WinRM one a line into a text file, `NAME ansible_host=ADDRESS`"
_DNS = (
    "in PowerShell, `Get-DnsServerResourceRecord -ZoneName ZONE -RRType A | Select-Object @{n='Name';"
    "e={$_.HostName}},@{n='Address';e={$_.RecordData.IPv4Address}} | Export-Csv zone.csv` writes a table"
)
_TEXTS = (
    (r"^(?:@\S+ )?\S+ (?:ssh-|ecdsa-|sk-)\S+ AAAA", f"a known_hosts file of SSH; {_LINES}"),
    (r"^# Nmap .* scan initiated ", "a report of nmap's; the one of `nmap -oX FILE` is read"),
    (r"^\s*Host \S.*\n(?:\s.*\n)*?\s+HostName \S", f"a configuration of SSH's; {_LINES}"),
    (r"^\$(?:ORIGIN|TTL)\b|^;\s+(?:Zone:|Database file )|\sIN\s+SOA\s|\[AGE:\d+\]", f"a DNS zone; {_DNS}"),
    (r"^Windows Registry Editor Version", f"a piece of a registry; of sessions in it, {_LINES}"),
    (
        r"\A\s*\w[\w.]* +:.*\n(?:[\w.]+ *:.*\n)+",
        "drawn for a screen (Format-List); `| Export-Csv hosts.csv` in its place writes a table",
    ),
    (r"^full address:s:", f"one session of Remote Desktop; {_LINES}"),
    (r"^dn:: ?\S|^dn: \S", f"an LDIF file of a directory; {_AD}"),
    (r'\A"?(?:CN|OU)=', f"a list of distinguished names; {_AD}"),
    (r"^\\\\[\w.-]+", f"a list of `net view`; {_AD}"),
    (
        r'^[+-]? *"[^"\n]+"\s+\(SHA',
        "a list of Puppet's certificates; `awk -F'\"' '{print $2}' FILE` writes names alone",
    ),
)
_KNOWN = [(re.compile(pattern, re.MULTILINE | re.IGNORECASE), words) for pattern, words in _TEXTS]
_PLAY = {"hosts", "tasks"}
_HEAD = 4096  # characters that tell


def other_text(text: str) -> str | None:
    """Name a text that lists hosts, by its beginning, and say what to do; None for any other."""
    return next((words for pattern, words in _KNOWN if pattern.search(text[:_HEAD])), None)


def other_tree(tree: Any) -> str | None:
    """Name a document that lists hosts in a way of its own, and say what to do; None for any other."""
    if isinstance(tree, Seq) and any(isinstance(item, Map) and item.keys() >= _PLAY for item in tree):
        return "a playbook of Ansible's; import the inventory that it is run with (`-i`)"
    if not isinstance(tree, Map) or not tree:
        return None
    if all(isinstance(body, Map) and {"sensitive", "value"} <= body.keys() for body in tree.values()):
        names = [name for name in tree if tree[name]["sensitive"] is False]
        words = "one of them alone is read: `terraform output -json NAME > hosts.json`"
        return f"all outputs of Terraform's; {words}, NAME being one of {folded(names)}" if names else None
    if "terraform_version" in tree:
        return (
            "a state of Terraform's; of an output with addresses, `terraform output -json NAME > hosts.json`"
        )
    if isinstance(tree.get("Reservations"), Seq):
        words = "Reservations[].Instances[].{Name:InstanceId,PrivateIpAddress:PrivateIpAddress}"
        return f"an answer of AWS's; with `--query '{words}'` it is read"
    return None
