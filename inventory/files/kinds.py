"""What a file is that was given in another one's place, told by its first bytes;
its content is never shown.
"""

from __future__ import annotations

import re

HEAD = 4096  # bytes that tell
PLAN = "a plan of a re-pin; `fleetcheck repin show` reads it"
INVENTORY = "an inventory; `-i` names it"
PROFILE = "a profile; `profile:` in an inventory names it"

# Magic numbers as in file(1)'s public tables; the first that fits.
_MAGIC = (
    (b"SQLite format 3\0", "an SQLite database; name it with `--db`"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ\0", "an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"PK\x03\x04", "a ZIP archive, as Excel's .xlsx is one too; unpack it, or save the table as CSV"),
    (b"PK\x05\x06", "a ZIP archive, and an empty one"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an older Office; save the table as CSV"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program of Windows"),
    (b"PGDMP", "a dump of PostgreSQL; `pg_restore` reads it"),
    (b"regf", "a registry hive of Windows"),
    (b"\x05\x04\0", "a Kerberos ticket cache"),
    (b"\x05\x02\0", "a Kerberos keytab"),
    (b"-----BEGIN CERTIFICATE", "a certificate; `ca:` names it"),
    (b"-----BEGIN SSH SIGNATURE", "a signature of a plan; `repin apply` finds it beside the plan's file"),
    (b"-----BEGIN", "a key or certificate (PEM)"),
)
_TAR = (257, b"ustar")
_ONLY_WITH_NUL = (
    b"MZ",
    b"BZh",
    b"GIF8",
    b"regf",
    b"PGDMP",
    b"PK\x03\x04",
    b"PK\x05\x06",
)  # a text could begin so

_DOCUMENT = re.compile(rb'\s*\{\s*"fleetcheck"\s*:\s*\{[^{}]*"document"\s*:\s*"([a-z-]{1,40})"')
_TEXTS = (
    (re.compile(rb"\A\s*<(!doctype html|html)\b", re.IGNORECASE), "an HTML page"),
    (
        re.compile(rb"\A\s*(<\?xml\b[^<]*|<![^<]*)*<(RDCMan|(mrng:)?Connections|nmaprun)\b"),
        "a list of hosts in XML; `fleetcheck inventory import` reads it",
    ),
    (re.compile(rb"\A\s*<\?xml\b"), "an XML document"),
    (re.compile(rb"\A#!"), "a script"),
    (re.compile(rb"\A\s*(<#|#requires\b|\[CmdletBinding)", re.IGNORECASE), "a PowerShell script"),
    (
        re.compile(rb"\A\s*(#TYPE |sep=)", re.IGNORECASE),
        "a CSV table; `fleetcheck inventory import` reads it",
    ),
    (
        re.compile(rb"\A([#;][^\n]*\n|\s)*\[[\w.:-]+\]\s*(#[^\n]*)?\r?\n"),
        "an INI file; `fleetcheck inventory import` reads Ansible's",
    ),
    (
        re.compile(rb"^all:\s*(#.*)?$", re.MULTILINE),
        "an inventory of Ansible's; `fleetcheck inventory import` reads it",
    ),
    (
        re.compile(rb"^groups:[^\S\n]*\r?\n\s*-\s+[\w\"']*:?", re.MULTILINE),
        "an inventory of Bolt's; `fleetcheck inventory import` reads it",
    ),
    (
        re.compile(rb"^plugin:[^\S\n]*[\w.]+", re.MULTILINE),
        (
            "the configuration of a plugin of Ansible's; `fleetcheck inventory import` reads what "
            "`ansible-inventory -i FILE --list` prints"
        ),
    ),
    (
        re.compile(rb"\A\s*\{[^\0]*\"_meta\"\s*:"),
        "an inventory of Ansible's in JSON; `fleetcheck inventory import` reads it",
    ),
    (
        re.compile(rb"\A\s*\[\s*[{\"]"),
        "a JSON list; `fleetcheck inventory import` reads it where it is one of hosts",
    ),
    (
        re.compile(rb"\A(?:#[^\n]*\n|\s)*(?:[\w.-]+\r?\n){2}"),
        "a list of words; `fleetcheck inventory import` reads it where these are hosts",
    ),
    (re.compile(rb"^(roles|extends|connect_timeout):\s", re.MULTILINE), PROFILE),
    (re.compile(rb"^(hosts|credentials|defaults|groups|waivers):\s", re.MULTILINE), INVENTORY),
)


def binary_kind(head: bytes) -> str | None:
    """Name a file that is no text, by its first `HEAD` bytes, and what to do with it; None for any other."""
    at, magic = _TAR
    if head[at : at + len(magic)] == magic:
        return "a tar archive; unpack it first"
    for magic, words in _MAGIC:
        if head.startswith(magic) and (magic not in _ONLY_WITH_NUL or b"\0" in head):
            return words
    return None


def document_kind(head: bytes) -> str | None:
    """Name a document that fleetcheck wrote; None for any other file."""
    found = _DOCUMENT.match(head)
    match found and found[1]:
        case None:
            return None
        case b"plan":
            return PLAN
        case word:
            return f"a JSON document of fleetcheck's (`{word.decode('ascii')}`)"


def other_kind(head: bytes) -> str | None:
    """Name a file that nobody writes by hand, as `kind_of`;
    None for a text that somebody may have written.
    """
    return binary_kind(head) or document_kind(head)


def kind_of(head: bytes) -> str | None:
    """Name a file by its first `HEAD` bytes, and what to do with it; None where they do not tell."""
    return other_kind(head) or next((words for pattern, words in _TEXTS if pattern.search(head)), None)
