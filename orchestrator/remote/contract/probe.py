r"""What goes to `probe.ps1` and what it answers. Version 1.

Parameters (ints, strings, lists of either; absence inside a parallel list is `""` or 0, elsewhere an empty
list):

    Key            str        registry key below HKEY_LOCAL_MACHINE; one `*` stands for one whole subkey name
    Views          list[int]  64 and/or 32, in order
    Roles          list[str]  role names; the next four lists run parallel to it
    PortValues     list[str]  value that holds the role's pin
    AddressValues  list[str]  value that holds its gateway's address, "" where nobody knows
    Gateways       list[str]  its gateway's address by the inventory, "" where not named
    Desired        list[int]  its desired pin, 0 for none
    Ports          list[int]  the profile's ordered list
    Mode           str        auto | full | ordered | pinned | connections (identity, registry, connections)
    Rule           str        the profile's rule, for `ordered`
    TimeoutMs      int        per attempt
    DeadlineMs     int        for the whole script, from its first line
    Width          int        attempts in flight at once (never more than 60, whatever is asked)
    CanaryAddress  list[str]  none or one
    CanaryPort     list[int]  none or one

The answer is one JSON document, ASCII, at most 65,536 characters:

    {"v": 1, "script": "probe", "language": "FullLanguage",
     "mode": "auto", "whole": false, "deadline": false, "cut": 0,
     "parts": [{"n": "identity" | "registry" | "connections" | "attempts", "ms": 3,
                "e": null | "Type 0x8007..."}],
     "identity": {"computer", "fqdn", "machine_id", "os_name", "os_version", "powershell", "edition", "clr",
                  "clock" (ISO 8601, Z), "time_zone", "utc_offset" (minutes), "elevated", "bits",
                  "interfaces": [{"n": name, "a": [address]}]},         each null where the host could not say
     "views": [{"view": 64, "state": "present" | "absent" | "denied" | "failed", "path": "SOFTWARE\\...",
                "e": null | text, "dropped": 0,
                "values": [{"n": name, "k": kind, "d": data, "cut": false}]}],
     "connections": {"complete": true, "rows": [[local, port, remote, port, "Established"], ...]},
     "targets": [{"role", "source": "registry" | "inventory" | "guess", "value": name of the value | null,
                  "name", "addresses": [..], "decides": true}],
     "attempts": [{"t": index of the target, "a": address | null, "p": port, "r": result, "ms": 3 | null,
                   "n": 1, "e": null | socket error name}],
     "canaries": [{"k": "address" | "port", "a": address, "p": port, "r": result, "ms": 3 | null}]}

Data of DWORD and QWORD is a string of decimal digits, unsigned; of SZ and EXPAND_SZ text, unexpanded; of
MULTI_SZ a list of texts; of the rest lower-case hex. Every key is always there. ConstrainedLanguage answers
`{"v": 1, "script": "probe", "language": "ConstrainedLanguage"}` and nothing else; a script that failed as a
whole puts `"error": text` in the place of all keys after `language`.

How the script decides, step by step (the simulated fleet does the same):

 1. Views, one row for each that was asked for, whatever came of it. On 32-bit Windows there is one row: 32
    where it was asked for, else the first asked. Values stand in ordinal order of their names (UTF-16), and
    only where the view is `present`. `path` is the key that was asked for, with a `*` replaced where exactly
    one subkey holds the rest of the key; several: `failed`, and `e` says which ones. `e` is null for
    `present` and `absent`.
 2. Pins of a role: the valid ports (the rule of `orchestrator.domain.pin`) under its value in the `present`
    views, in order, without duplicates. Value names compare without regard to case (ordinal).
 3. Targets, in three passes, roles in order, and never the same text twice for one role (case aside).
    - One `registry` target for each text (SZ, EXPAND_SZ, not empty) of its address value in the present
      views, then one `inventory` target where its gateway is named.
    - A role that has none yet: one `guess`, the first IPv4-looking value (SZ, EXPAND_SZ; four decimal numbers
      up to 255 without leading zeros) of the present views whose name contains the role's name (case aside),
      else the first whose name contains no role's name and whose text no target has. Values that the profile
      names are no guesses.
    - For watching only (`decides` false, never tried), at most 16 rows: every IPv4-looking value of the
      present views, in order: for the roles whose names its name contains; where it contains none: for every
      role, unless a target has that text.
    The first target of a role from the first two passes `decides`; all of these are tried. `value` is the
    registry value's name for `registry` and `guess`, null for `inventory`.
 4. Addresses of a target: an IPv4 address as in 3 or an IPv6 address stands for itself; a name is resolved (4
    addresses at most). Where that fails `addresses` is empty and each port asked of it has one attempt with
    `a` and `ms` null and `name_error`; a text of some other numeric spelling (`010.1.1.1`, `10.1`) is a
    `name_error` too.
 5. Connections: rows whose remote port is in the list, a pin or a desired pin and whose remote address is one
    of a target's, in state Established, SynSent or CloseWait; Established ones first, at most 64, else not
    `complete`.
 6. Attempts. The important ports of a role are its pins, then its desired pin; the whole list of a role is
    these and then the list in order, without duplicates. One (address, port) is connected once, whoever asks
    for it, and once more (`n` 2) if it timed out and is important for a role that asked for it. Attempts
    stand in the order of targets, then of asking, then of addresses, then of `n`.
    - `pinned`: the important ports, at every tried target. `full`: the whole list, all at once.
    - `auto`: the important ports; then the whole list for every role, unless every role that has a target has
      a valid pin and connected on all its important ports (at its deciding target, on any address).
    - `ordered`: the important ports; then port after port of the list at all tried targets, until the rule is
      met among the roles that have a target: "common" and "common, else per role" by the first port that
      connects for all of them, "per role" role by role, each one stops at its first. What was already tried
      is not tried again.
    - `auto` and `pinned` try nothing where no view is `present`.
    `whole`: every port of the whole list has an attempt at every deciding target, and there is one.
 7. Canaries run with the whole list (`full`, `auto` when it widens, in the same round; `ordered` after it has
    gone to the end): kind `address`: the canary address on each port asked of any target, in the order of
    first asking, unless it is a tried address; kind `port`: the canary port on each tried address, unless
    that port was asked of a target. They stand in that order and are never tried twice. A canary's name is
    resolved as in 4, its first address counts, and where that fails each of its canaries is a `name_error`
    with `a` the name. Where no target has an address there are no canaries.
 8. An attempt in flight when the deadline passes is `error` with `e` "Deadline"; a port that the deadline
    kept from being asked has no attempt at all; `deadline` is true. `e` is the socket error's name where the
    socket gave one, null for `connected` and for a time-out by the script's own clock. For a `name_error` it
    is the resolver's word (HostNotFound, ...), "TimedOut", "Deadline", or "BadAddress" for an odd numeric
    spelling.
 9. Size. Connections are capped by 5. Values that the profile names are whole up to 4,096 characters of JSON,
    else cut. The others keep their data from the first on as long as all fits; from there on data is cut
    (`cut` true, data "" or []), which the document's `cut` counts, named ones included; where even that does
    not fit whole values are left out from the last on, and the view's `dropped` counts them.
"""

from __future__ import annotations

from inventory.model import Host
from orchestrator.domain.reading import Reading
from orchestrator.remote.session import Parameter

LIMIT = 65_536  # characters of an answer


def probe_parameters(
    host: Host, *, mode: str, canaries: bool, deadline_ms: int, width: int
) -> dict[str, Parameter]:
    """Return what `probe.ps1` is given for this host.

    `canaries` off keeps the profile's and the host's out of it.
    """
    profile = host.profile
    roles = profile.role_names
    address = host.canary_address or profile.canary_address
    return {
        "Key": profile.key,
        "Views": list(profile.views),
        "Roles": list(roles),
        "PortValues": [role.port_value for role in profile.roles],
        "AddressValues": [role.address_value or "" for role in profile.roles],
        "Gateways": [host.gateways.get(role, "") for role in roles],
        "Desired": [host.desired.get(role, 0) for role in roles],
        "Ports": list(profile.port_numbers),
        "Mode": mode,
        "Rule": profile.rule.value,
        "TimeoutMs": max(1, round(profile.connect_timeout * 1000)),
        "DeadlineMs": min(deadline_ms, 2**31 - 1),
        "Width": width,
        "CanaryAddress": [address] if canaries and address else [],
        "CanaryPort": [profile.canary_port] if canaries and profile.canary_port else [],
    }


def decode_probe(text: str, host: Host, *, mode: str) -> Reading:
    """Turn the probe's answer into a reading. `mode` is what was asked for.

    Raises `Fault` and nothing else: GARBLED in phase decode for anything that is not this contract's document
    or speaks of what was not asked, CONSTRAINED_LANGUAGE in phase run where the host does not let the script
    work.
    """
    from orchestrator.remote.contract.probe_decode import decode

    return decode(text, host, mode=mode, limit=LIMIT)
