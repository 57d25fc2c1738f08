"""What goes to `probe.ps1` and what it answers. Version 1.

Parameters (ints, strings, lists of either; absence inside a parallel list is `""` or 0, elsewhere an empty list):

    Key            str        registry key below HKEY_LOCAL_MACHINE; one `*` may stand for one subkey name
    Views          list[int]  64 and/or 32, in order
    Roles          list[str]  role names; the next four lists run parallel to it
    PortValues     list[str]  value that holds the role's pin
    AddressValues  list[str]  value that holds its gateway's address, "" where nobody knows
    Gateways       list[str]  its gateway's address by the inventory, "" where not named
    Desired        list[int]  its desired pin, 0 for none
    Ports          list[int]  the profile's ordered list
    Mode           str        auto | full | ordered | pinned | connections (identity, registry and connections only)
    Rule           str        the profile's rule, for `ordered`
    TimeoutMs      int        per attempt
    DeadlineMs     int        for the whole script, from its first line
    Width          int        attempts in flight at once
    CanaryAddress  list[str]  none or one
    CanaryPort     list[int]  none or one

The answer is one JSON document, ASCII, at most 64 KB:

    {"v": 1, "script": "probe", "language": "FullLanguage",
     "mode": "auto", "whole": false, "deadline": false, "cut": 0,
     "parts": [{"n": "identity" | "registry" | "connections" | "attempts", "ms": 3, "e": null | "Type 0x8007..."}],
     "identity": {"computer", "fqdn", "machine_id", "os_name", "os_version", "powershell", "edition", "clr",
                  "clock" (ISO 8601, Z), "time_zone", "utc_offset" (minutes), "elevated", "bits",
                  "interfaces": [{"n": name, "a": [address]}]},           each null where the host could not say
     "views": [{"view": 64, "state": "present" | "absent" | "denied" | "failed", "path": "SOFTWARE\\...",
                "e": null | text,
                "values": [{"n": name, "k": kind, "d": data, "cut": false}]}],
     "connections": {"complete": true, "rows": [[local, port, remote, port, "Established"], ...]},
     "targets": [{"role", "source": "registry" | "inventory" | "guess", "name", "addresses": [..], "decides": true}],
     "attempts": [{"t": index of the target, "a": address | null, "p": port, "r": result, "ms": 3 | null, "n": 1,
                   "e": null | socket error name}],
     "canaries": [{"k": "address" | "port", "a": address, "p": port, "r": result, "ms": 3 | null}]}

`data` of DWORD and QWORD is a string of decimal digits, unsigned; of SZ and EXPAND_SZ text, unexpanded; of MULTI_SZ
a list of texts; of the rest lower-case hex. An attempt that could not begin (name_error, or the deadline came first)
has `ms` null; a port that the deadline kept from being asked has no attempt at all. ConstrainedLanguage answers
`{"v": 1, "script": "probe", "language": "ConstrainedLanguage"}` and nothing else.
"""
