"""What each cause means, as a table: what to tell the user, and whether to try again.

Texts may hold `{host}`, `{address}`, `{port}`, `{configuration}`, `{transport}`, `{script}` (SHA-256),
`{pin}` (the line for the inventory), `{look}` (where to look the code up), `{via}` and `{credential}`
(the one that was tried, by its name).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from orchestrator.domain.cause import Cause
from orchestrator.domain.outcome import Phase
from orchestrator.remote.faults.cause_words import CauseWords
from orchestrator.remote.faults.fault import Again
from orchestrator.remote.faults.kerberos import KERBEROS_ROWS
from orchestrator.remote.faults.sites import SITE_ROWS
from orchestrator.remote.faults.via import VIA_ROWS

ROWS: Mapping[Cause, CauseWords] = MappingProxyType(
    {
        Cause.NO_ANSWER: CauseWords(
            "no answer from the network",
            "Is the host up, and does a firewall let this machine reach {address}:{port}? Windows' rule "
            "for WinRM on a public network admits the local subnet only.",
            Again.BACKOFF,
            Phase.CONNECT,
        ),
        Cause.CONNECTION_REFUSED: CauseWords(
            "nothing listens on that port",
            "The WinRM service does not run, or it listens on another port: `winrm enumerate "
            "winrm/config/listener` on the host shows it.",
            Again.BACKOFF,
            Phase.CONNECT,
        ),
        Cause.PUBLIC_NETWORK: CauseWords(
            "the host's network profile is Public",
            "An administrator has to change it on the host: `Set-NetConnectionProfile -NetworkCategory "
            "Private`.",
        ),
        Cause.NO_LISTENER: CauseWords(
            "there is no WinRM listener behind this address",
            "Another web server may answer on port {port}: compare with `winrm enumerate "
            "winrm/config/listener` on the host.",
        ),
        Cause.SERVICE_UNAVAILABLE: CauseWords(
            "the service is not available now",
            "WinRM is busy or still starting; where it stays so, restart the service or look into the "
            "host's event log.",
            Again.BACKOFF,
        ),
        Cause.TOO_MANY_SHELLS: CauseWords(
            "this user has too many shells or operations on the host",
            "Usual limits are 30 (or 25, or 5) shells and 1,500 operations a user. `fleetcheck doctor {host} "
            "--account` lists the open ones; shells that were left behind end by their idle time-out.",
            Again.LATER,
        ),
        Cause.QUOTA: CauseWords(
            "a quota of WinRM is used up",
            "Compare `winrm get winrm/config` on the host (MaxConcurrentUsers, MaxMemoryPerShellMB, "
            "plug-in quotas) with its load.",
            Again.LATER,
        ),
        Cause.SESSION_LOST: CauseWords(
            "the session was lost",
            "The service was restarted, the host rebooted, or something between closed the connection: a "
            "load balancer, a security product, a listener without a certificate.",
            Again.BACKOFF,
        ),
        Cause.SHELLS_FORBIDDEN: CauseWords(
            "a policy forbids remote shells",
            "Group policy, Windows Remote Shell: `Allow Remote Shell Access` is off, or the service's "
            "`IPv4 filter` leaves this machine out.",
        ),
        Cause.NO_CONFIGURATION: CauseWords(
            'the session configuration "{configuration}" is not on this host',
            "`Get-PSSessionConfiguration` on the host lists those there are; `Enable-PSRemoting` puts the "
            "standard one back. Name another with `configuration:`.",
        ),
        Cause.RUN_AS_FAILED: CauseWords(
            "the account that the session configuration runs as does not work",
            'Set the run-as account of "{configuration}" again: '
            "`Set-PSSessionConfiguration -RunAsCredential`.",
        ),
        Cause.ENVELOPE_TOO_LARGE: CauseWords(
            "the host takes smaller messages only",
            "The second try uses the smallest size there is; where that fails too, raise MaxEnvelopeSizekb "
            "on the host.",
            Again.ONCE,
        ),
        Cause.NAME_NOT_RESOLVED: CauseWords(
            "the name does not resolve",
            'Does "{address}" resolve on this machine (`getent hosts {address}`)? '
            "Else set `address:` in the inventory.",
            Again.ONCE,
            Phase.RESOLVE,
        ),
        **VIA_ROWS,
        **SITE_ROWS,
        Cause.LOGON_NOT_OFFERED: CauseWords(
            "the host does not offer the logon that was asked for",
            "Change `auth:` to what it offers, or switch the scheme on in the host's "
            "`winrm/config/service/auth`.",
            phase=Phase.AUTH,
        ),
        Cause.ACCESS_DENIED: CauseWords(
            "the logon was right, but this user may not do that",
            "The user has to be in Administrators or Remote Management Users, and in the access list of "
            '"{configuration}". A local administrator over the network needs '
            "LocalAccountTokenFilterPolicy = 1.",
        ),
        Cause.LOGON_FAILED: CauseWords(
            "the logon was refused",
            "Are the user name and the password of {credential} in the inventory right? Else the account "
            "may be locked, expired or blocked: all look the same from here. Each try counts toward its "
            "lock-out.",
            phase=Phase.AUTH,
        ),
        Cause.LOGON_LOOP: CauseWords(
            "the host asks for a logon again and again",
            "One of these fits: a proxy strips the Authorization header; a load balancer spreads one logon "
            "over several connections (NTLM needs one); the host wants channel binding and a proxy ends "
            "TLS in between. With Kerberos: the clocks are more than five minutes apart, or the service "
            "name (SPN) belongs to another account.",
            phase=Phase.AUTH,
        ),
        Cause.ABORTED: CauseWords(
            "the host ended the session",
            "Its event log (Windows Remote Management) says why: the service was stopped, the host process "
            "ended, or security software closed it.",
            Again.BACKOFF,
        ),
        Cause.HOST_ILL: CauseWords(
            "the host is shutting down, out of memory, or cannot start its host process",
            "Is a restart pending? Look at the host itself.",
            Again.LATER,
        ),
        Cause.NOT_WINRM: CauseWords(
            "what answers is not WinRM",
            "Is {port} the right port for `transport: {transport}`? A proxy or another web server may sit "
            "there; with http, message encryption may have been stripped on the way.",
        ),
        Cause.PROXY: CauseWords(
            "a proxy asks for a logon of its own",
            "fleetcheck talks to hosts directly: admit {address}:{port} without the proxy.",
        ),
        Cause.GATEWAY: CauseWords(
            "a gateway in between answers, not WinRM, and has no answer from the host",
            "A proxy or load balancer stands before {address}:{port}, and does not reach WinRM behind it: "
            "look at its list of servers, or let this machine reach the host without it.",
            Again.BACKOFF,
        ),
        Cause.CONNECTION_NOT_KEPT: CauseWords(
            "the connection is closed where a logon needs it",
            "NTLM and Negotiate log on a connection, so it has to last: let this machine reach "
            "{address}:{port} without the proxy or load balancer in between, or let that keep its "
            "connections (HTTP/1.1, keep-alive). `auth: basic` over https needs no lasting connection.",
        ),
        Cause.REDIRECT: CauseWords(
            "the host redirects to another address",
            "fleetcheck never follows a redirect, since a password would follow it. Set `address:` and "
            "`port:` to where WinRM is.",
        ),
        Cause.TLS_UNKNOWN_CA: CauseWords(
            "the certificate is not signed by a known CA",
            "Name the CA's file (`ca: certs/ca.pem`) or, once the fingerprint was compared on the host, "
            "pin it: {pin}",
            phase=Phase.TLS,
        ),
        Cause.TLS_WRONG_NAME: CauseWords(
            "the certificate is for another name",
            "Set `address:` to a name that the certificate has or, once the fingerprint was compared on "
            "the host, pin it: {pin}",
            phase=Phase.TLS,
        ),
        Cause.TLS_EXPIRED: CauseWords(
            "the certificate is not valid today",
            "Renew it on the host, and compare this machine's clock. Or, once the fingerprint was compared "
            "on the host, pin it: {pin}",
            phase=Phase.TLS,
        ),
        Cause.TLS_PIN_MISMATCH: CauseWords(
            "the certificate is not the pinned one",
            "Nothing was sent. If the certificate was renewed, compare the fingerprint on the host, then "
            "write {pin}",
            phase=Phase.TLS,
        ),
        Cause.TLS_TOO_OLD: CauseWords(
            "the host's TLS is too old for this machine's OpenSSL",
            "The host offers only what OpenSSL refuses: TLS 1.0 or 1.1, SHA-1, a small key. Switch TLS 1.2 "
            "on, or give the listener a new certificate.",
            phase=Phase.TLS,
        ),
        Cause.TLS_BAD_CERTIFICATE: CauseWords(
            "the certificate may not be used so",
            "It is from a known CA, and breaks a rule that it or its CA sets. On the host: give the "
            "listener a certificate for servers. Or, once the fingerprint was compared on the host, pin "
            "it: {pin}",
            phase=Phase.TLS,
        ),
        Cause.TLS_CLIENT_CERTIFICATE: CauseWords(
            "the host demands a certificate of this machine",
            "None was shown: a credential with `from: certificate` shows one. WinRM demands none by "
            "itself, so a proxy or load balancer may stand before it: let that, or the listener (`netsh "
            "http show sslcert`, Negotiate Client Certificate), do without.",
            phase=Phase.TLS,
        ),
        Cause.CLIENT_CERTIFICATE_REFUSED: CauseWords(
            "the client certificate was not taken",
            "Compare its dates, its issuer and its use (client authentication) with what the host asks for.",
            phase=Phase.TLS,
        ),
        Cause.NOT_TLS: CauseWords(
            "what answers does not speak TLS",
            "Port 5985 is WinRM over http, 5986 over https: set `transport: http` or the right `port:`.",
            phase=Phase.TLS,
        ),
        **KERBEROS_ROWS,
        Cause.NTLM_DISABLED: CauseWords(
            "NTLM is disabled, on the host or by policy",
            "Use `auth: kerberos`, or `auth: basic` over https where the host offers it; or allow incoming "
            "NTLM.",
            phase=Phase.AUTH,
        ),
        Cause.GARBLED: CauseWords(
            "the answer cannot be used",
            "The host is broken, hostile, or something between changes what it says. Nothing of the answer "
            "was used.",
        ),
        Cause.DEADLINE: CauseWords(
            "the time was up",
            "The host hangs or is very slow there; `timeout:` in the inventory gives it longer.",
        ),
        Cause.CONSTRAINED_LANGUAGE: CauseWords(
            "PowerShell runs in ConstrainedLanguage mode there (WDAC, AppLocker)",
            "The probe needs FullLanguage, and App Control (WDAC) or AppLocker holds this host: it cannot "
            "be probed so far. Its pins can be read on the host itself (`reg query`).",
            phase=Phase.RUN,
        ),
        Cause.TOO_OLD: CauseWords(
            "the PowerShell there is too old",
            "Install Windows Management Framework 3.0 or later (5.1 where it runs) with .NET 4.5, or name "
            "the endpoint of a newer one with `configuration:`.",
            phase=Phase.OPEN,
        ),
        Cause.NO_LANGUAGE: CauseWords(
            'the endpoint "{configuration}" runs no scripts (NoLanguage)',
            "It is a restricted endpoint (JEA), where no probe can run: name one in full language with "
            "`configuration:`.",
            phase=Phase.RUN,
        ),
        Cause.SCRIPT_BLOCKED: CauseWords(
            "security software on the host blocked the script",
            "Allow it by its SHA-256: {script}. fleetcheck evades no protection.",
            phase=Phase.RUN,
        ),
        Cause.NO_SECRET: CauseWords(
            "the host's own secret is not to be had",
            "Nothing was sent. Run what the credential's `password` names by hand, for {host} ({address}).",
            phase=Phase.AUTH,
        ),
        Cause.QUOTA_SUSPECT: CauseWords(
            "the logon was rejected where the same credential works elsewhere",
            "A quota of that host, or its own policy, is more likely than the password.",
            phase=Phase.AUTH,
        ),
        Cause.UNCLASSIFIED: CauseWords(
            "something that fleetcheck does not know",
            "{look}, and tell us what it was: it belongs into the table.",
        ),
        Cause.BUG: CauseWords(
            "a mistake in fleetcheck itself",
            "Please report it, with the place that is named here.",
        ),
    },
)
