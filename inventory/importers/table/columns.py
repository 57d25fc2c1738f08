"""What the columns of a table mean: ours by their own names, and those of Windows, its tools and databases of
servers.

Sources of the names: Get-ADComputer and csvde (Active Directory), the views of Configuration Manager (a 0
behind each name), the list export of vCenter and RVTools, ServiceNow's cmdb_ci_server, GLPI, Zabbix,
Lansweeper; Excel tables in German and French. A column that may name another machine than the row's own
(RVTools' `Host` is the hypervisor) is never an address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OURS = (
    "name", "address", "transport", "auth", "profile", "ca", "tls_pin", "configuration", "site", "repin",
    "canary_address", "port", "pin", "timeout", "pin_primary", "pin_backup", "gateway_primary",
    "gateway_backup", "username", "tags", "groups",
)  # fmt: skip
"""The columns by their own names; capitals, blanks, `_` and `-` make no difference."""

REMOTE = "pscomputername"
"""What PowerShell adds to each result of a remote command."""

_NAMES = (
    "name", "vmname", "vm", "hostname", "computername", "servername", "machinename", "devicename",
    "netbiosname", "assetname", "systemname", "ciname", "cn", "samaccountname", "rechnername", "gerätename",
    "nom", "server", "computer", "machine", "rechner", "serveur", "certname", REMOTE, "host", "csname",
    "netbios", "dns", "nombre", "nome", "naam", "equipo", "servidor",
)  # fmt: skip
"""What can name a host, the best first; one of them does."""

_DNS = (
    "dnshostname", "fqdn", "fullyqualifieddomainname", "dnsname", "fulldnsname", "fullname", "nomdns",
    "fulldomainname", "agentdns",
)  # fmt: skip
_IPS = (
    "ipv4address", "ipaddress", "ipv4", "ip", "primaryipaddress", "ipaddresses", "ipadresse", "ipadressen",
    "ipv4adresse", "adresseip", "hostip", "ipaddr", "primaryip", "ipv4addresses", "privateipaddress",
    "privateip", "privateips", "recorddata", "networkip", "networkportsip", "netzwerkip", "réseauip",
    "privateipv4address", "privateipv4addresses", "primaryipv4address", "primaryipv4", "primaryip4", "ip4",
    "internalip", "internalipaddress", "agentip", "guestipaddress", "serverip", "ips", "direcciónip",
    "indirizzoip", "endereçoip", "ipadres", "ipv6address", "ipv6", "ipv6adresse", "ipv6addresses",
)  # fmt: skip
_HOSTNAME = "hostname"
TARGETS = ("address", "adresse", *_DNS)
"""What can be the name of a machine that was asked about: `Address` in what Test-Connection writes."""
_ADDRESSES = (*TARGETS, *_IPS)
"""What can be a host's address, the best first.

A `hostname` beside a `name` comes before the IPs, if it has a dot.
"""

_FOREIGN_KEYS = {
    "transport": ("transport", "scheme", "protocol"),
    "site": (
        "site", "adsite", "adsitename", "location", "standort", "lieu", "emplacement", "ubicación", "sede",
        "locatie",
    ),
    "groups": ("groups", "group", "gruppen", "gruppe", "hostgroups", "groupes", "groupe", "grupos", "grupo"),
    "tags": ("tags", "tag", "labels", "hosttags"),
}  # fmt: skip
_OF_A_TOOL = frozenset({"assetname", "devicename", "systemname"})
"""Names of hosts in exports whose `Username` is whoever works there."""

_SIGNS = re.compile(r"[\W_]+")
_SECRET = re.compile(r"pass|secret|pwd|kennwort", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that is read: its place in a row, its heading, and the key that it gives."""

    position: int
    title: str
    key: str
    dotted: bool = False  # counts where a dot is in it alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What is read of each row, and from where.

    Of `names` and `addresses` the first one that says something.
    """

    width: int
    names: tuple[Column, ...] = ()
    addresses: tuple[Column, ...] = ()
    others: tuple[Column, ...] = ()

    @property
    def read(self) -> frozenset[int]:
        """The places that are read."""
        return frozenset(each.position for each in (*self.names, *self.addresses, *self.others))


def compact(title: str) -> str:
    """Return what the spellings of a heading have in common."""
    return _SIGNS.sub("", title).casefold()


def is_secret(title: str) -> bool:
    """Whether a column holds secrets, by its heading."""
    return bool(_SECRET.search(title))


_KEYS = {key: _FOREIGN_KEYS.get(key, (compact(key),)) for key in OURS if key not in ("name", "address")}
_KNOWN = frozenset({*_NAMES, *_ADDRESSES, *(word for words in _KEYS.values() for word in words)})


def columns_of(titles: Sequence[str], *, remote: bool = False) -> Columns:
    """Tell what a row of headings means; where its `names` are empty it is none.

    `remote`: the rows came from the machines that `PSComputerName` names, and any other name is of what was
    asked for there.
    """
    places = _places(titles)

    def column(word: str, key: str, *, dotted: bool = False) -> Column:
        return Column(position=places[word], title=titles[places[word]].strip(), key=key, dotted=dotted)

    names = [REMOTE] if remote else [word for word in _NAMES if word in places][:1]
    numbers = [column(word, "address") for word in _IPS if word in places]
    texts = [column(word, "address") for word in _ADDRESSES if word in places and word not in _IPS]
    second = _HOSTNAME in places and _HOSTNAME not in names
    dotted = [column(_HOSTNAME, "address", dotted=True)] if second else []
    last = [column(_HOSTNAME, "address")] if second else []
    others = [(next((word for word in words if word in places), ""), key) for key, words in _KEYS.items()]
    return Columns(
        width=len(titles),
        names=(*(column(word, "name") for word in names), *texts, *numbers),
        addresses=(*texts, *dotted, *numbers, *last),
        others=tuple(column(word, key) for word, key in others if word),
    )


def _places(titles: Sequence[str]) -> dict[str, int]:
    """Return the place of each heading that is known; of two alike the first."""
    places: dict[str, int] = {}
    for position, title in enumerate(titles):
        word = compact(title)
        if word not in _KNOWN:
            word = word.removesuffix("0")
        if word in _KNOWN and not (is_secret(title) or _of_a_user(title, word) or _of_the_asking(title)):
            places.setdefault(word, position)
    if places.keys() & _OF_A_TOOL and titles[places.get("username", 0)].strip() != "username":
        places.pop("username", None)
    return places


def _of_the_asking(title: str) -> bool:
    """Whether this is a system property of WMI's (`__SERVER`): who was asked by way of, not for."""
    return title.strip().startswith("__")


def _of_a_user(title: str, word: str) -> bool:
    """Whether this is the "User Name" of other programs: whoever works on the machine,
    and not who logs on to it.
    """
    return word == "username" and title.strip().casefold() != word
