"""What each key of an inventory and of a profile is for, with an example: for the reference pages and for
editors.

What a key takes is not here: the schema says it, in the words that messages use too. Keys are `Model.key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inventory.schema.about import NEEDED, About
from inventory.secrets.registry import SOURCES

ABOUT: Mapping[str, About] = MappingProxyType(
    {
        "Document.fleet": About(
            "the fleet's name: the label `fleet` of every Prometheus series, where one machine collects "
            "several fleets",
            "fleet: emea",
        ),
        "Document.credentials": About("logons, by name", "credentials: {ops: {username: 'CORP\\svc-fleet'}}"),
        "Document.defaults": About("settings that hold for every host", "defaults: {credential: ops}"),
        "Document.groups": About("hosts that share settings", "groups: {paris: {hosts: [web1]}}"),
        "Document.hosts": About(
            "every host; one that stands only in a group is a mistake", "hosts: {web1: {}}", NEEDED
        ),
        "Document.waivers": About(
            "verdicts that are known and accepted for a time",
            "waivers: [{hosts: web1, verdict: drifted, reason: change 4711, until: 2027-01-31}]",
        ),
        "Settings.transport": About(
            "how WinRM is spoken; over `http` messages are encrypted, so `basic` is refused there",
            "transport: http",
            "`https`",
        ),
        "Settings.port": About("WinRM's TCP port", "port: 15986", "5986 with `https`, 5985 with `http`"),
        "Settings.auth": About(
            "how to log on; `negotiate` tries Kerberos first, for a host's name and a domain's user, and "
            "takes NTLM else",
            "auth: ntlm",
            "`negotiate`; `certificate` where the credential is one",
        ),
        "Settings.credential": About("which logon to use", "credential: ops"),
        "Settings.via": About(
            "what stands between this machine and the host: a SOCKS5 proxy (`socks5h`) or an SSH jump host "
            "(`ssh`); the host's name is looked up there, never here",
            "via: socks5h://127.0.0.1:1080",
            "the host is reached directly",
        ),
        "Settings.via_credential": About(
            "which logon to use at the proxy or jump host; for `ssh` its name has to be the user's in `via`",
            "via_credential: jump",
            "no logon at a proxy; at a jump host the SSH agent and the user's own keys",
        ),
        "Settings.profile": About(
            "the agent product; a path begins at the inventory's folder",
            "profile: ./wsus.yaml",
            "`livevault`",
        ),
        "Settings.subnets": About(
            "the networks that the hosts lie in; `firewall --collapse` may write one rule for all in one",
            "subnets: [10.1.0.0/16]",
            "none",
        ),
        "Settings.gateways": About(
            "the gateways' addresses, by role; beside what the agent's registry names",
            "gateways: {primary: 203.0.113.10, backup: 203.0.113.20}",
        ),
        "Settings.pin": About(
            "the desired pin: the port that agents should be pinned to, for all roles or by role; null: none",
            "pin: {primary: 2147, backup: 443}",
            "no desired pin",
        ),
        "Settings.timeout": About(
            "seconds for one host in all; too short for the mode is a warning",
            "timeout: 90",
            "worked out from the mode and the profile's time-outs",
        ),
        "Settings.ca": About(
            "who signed the hosts' WinRM certificates: the issuing CA or any CA above it, or a host's own "
            "certificate; a path begins at the inventory's folder",
            "ca: certs/corp-ca.pem",
            "what this system trusts",
        ),
        "Settings.tls_pin": About(
            "the one certificate that is accepted, by the SHA-256 of it; for certificates that nobody signed",
            'tls_pin: "sha256:' + "0a" * 32 + '"',
            "the certificate is verified",
        ),
        "Settings.configuration": About(
            "the PowerShell session configuration to open",
            "configuration: fleet-readers",
            "`Microsoft.PowerShell`",
        ),
        "Settings.site": About("where the host stands; `--limit site=paris`, reports by site", "site: paris"),
        "Settings.tags": About("words to choose hosts by: `--limit tag=web`", "tags: [web, prod]", "none"),
        "Settings.repin": About("whether the pin may be rewritten from here", "repin: forbid", "`allow`"),
        "Settings.canary_address": About(
            "an address where nothing listens: a port that connects there is answered by something else",
            "canary_address: 203.0.113.99",
            "the profile's",
        ),
        "HostEntry.address": About("where WinRM answers", "address: web1.corp.example", "the host's name"),
        "Group.hosts": About(
            "names of hosts, each of which stands under `hosts`", "hosts: [web1, db7]", "none"
        ),
        "Group.children": About(
            "groups inside this one; null names a group that is described elsewhere",
            "children: {paris-dmz: {hosts: [web2]}}",
            "none",
        ),
        "CredentialEntry.username": About("who logs on", "username: svc-fleet@corp.example", NEEDED),
        "CredentialEntry.password": About(
            "where the password is; never the password itself",
            "password: {from: env, name: FC_PASSWORD}",
            "Kerberos takes the ticket cache; every other logon needs one",
        ),
        "CredentialEntry.scope": About(
            "whose account it is, where `{host}` or `{address}` in the reference makes it one secret a host",
            "scope: domain",
            "`host`: a local user, such as `.\\Administrator`",
        ),
        "KeytabEntry.username": About("who logs on", "username: svc-fleet@CORP.EXAMPLE", NEEDED),
        "KeytabEntry.path": About(
            "the keytab with that user's key, for runs at night; a path begins at the inventory's folder",
            "path: /etc/fleetcheck.keytab",
            NEEDED,
        ),
        "CertificateEntry.path": About(
            "the client certificate, then those of its issuers, and its key; a path begins at the "
            "inventory's folder",
            "path: client.pem",
            NEEDED,
        ),
        "CertificateEntry.key_password": About(
            "where the password of an encrypted key is",
            "key_password: {from: file, path: secrets/key}",
            "the key is not encrypted",
        ),
        **{
            f"{source.entry.__name__}.{key}": about
            for source in SOURCES.values()
            for key, about in source.about.items()
        },
        "WaiverEntry.hosts": About(
            "for which hosts, as `--limit` takes them", "hosts: 'paris:!web1'", NEEDED
        ),
        "WaiverEntry.verdict": About("what is accepted", "verdict: drifted", NEEDED),
        "WaiverEntry.reason": About("why; reports show it", "reason: change 4711", NEEDED),
        "WaiverEntry.until": About(
            "the last day that counts; afterwards the verdict counts again, and every command says so",
            "until: 2027-01-31",
            NEEDED,
        ),
        "PinRoles.primary": About("for the primary gateway", "{primary: 2147}"),
        "PinRoles.backup": About("for the backup gateway", "{backup: 443}"),
        "GatewayRoles.primary": About("of the primary gateway", "{primary: 203.0.113.10}"),
        "GatewayRoles.backup": About("of the backup gateway", "{backup: gw2.corp.example}"),
        "ProfileDocument.extends": About(
            "another profile; only what differs from it is said here, each key replaces the other's whole",
            "extends: livevault",
        ),
        "ProfileDocument.name": About("how reports call it", "name: wsus", "the file's name"),
        "ProfileDocument.title": About("the product", "title: WSUS client", NEEDED),
        "ProfileDocument.key": About(
            "where the product keeps its settings, below HKEY_LOCAL_MACHINE; `*` stands for one subkey's "
            "whole name",
            "key: SOFTWARE\\Vendor\\Product\\*\\Settings",
            NEEDED,
        ),
        "ProfileDocument.views": About(
            "which sides of the registry to read; 32 is what Wow6432Node holds", "views: [64]", "`[64, 32]`"
        ),
        "ProfileDocument.roles": About(
            "the product's gateways and the values that hold their ports",
            "roles: {primary: {port_value: Port, address_value: Server}}",
            NEEDED,
        ),
        "ProfileDocument.ports": About(
            "the ports that the product may use, in its own order",
            "ports: [443, {number: 2147, label: tunnel}]",
            NEEDED,
        ),
        "ProfileDocument.rule": About(
            "how the product chooses from the list: the first port that is open to both gateways, the "
            "first per gateway, or the one and else the other",
            "rule: per role",
            "`common, else per role`",
        ),
        "ProfileDocument.tunnel": About(
            "whether the product keeps a connection up; `on-demand`: that none is up means nothing",
            "tunnel: on-demand",
            "`permanent`",
        ),
        "ProfileDocument.connect_timeout": About("seconds for one connect", "connect_timeout: 1.5", "3"),
        "ProfileDocument.canary_address": About(
            "an address where nothing listens, for all hosts", "canary_address: 203.0.113.99", "none"
        ),
        "ProfileDocument.canary_port": About(
            "a port that no gateway serves: where it connects, something else answers",
            "canary_port: 9",
            "none",
        ),
        "RoleEntries.primary": About("the primary, or only, gateway", "{primary: {port_value: Port}}"),
        "RoleEntries.backup": About("the backup gateway", "{backup: {port_value: BackupPort}}"),
        "RoleEntry.port_value": About(
            "the registry value with the port: a DWORD or QWORD, or text of digits alone",
            "{port_value: PrimaryTunnelPort}",
            NEEDED,
        ),
        "RoleEntry.address_value": About(
            "the registry value with the gateway's address",
            "{port_value: Port, address_value: NetworkName}",
            "the inventory's `gateways`, else a value that looks like an address, called a guess",
        ),
        "ListedPortEntry.number": About("the port", "{number: 443}", NEEDED),
        "ListedPortEntry.label": About("what people call it", "{number: 443, label: HTTPS}", "the number"),
    }
)


def about_key(model: str, key: str) -> About | None:
    """Return what is known of a schema's key; hosts and groups have the settings' keys too.

    None where nothing is.
    """
    return ABOUT.get(f"{model}.{key}") or (
        ABOUT.get(f"Settings.{key}") if model in ("HostEntry", "Group") else None
    )
