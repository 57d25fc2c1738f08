"""`{host}`, `{address}` and `{username}` in references: what is replaced, what never is,
and whose account it may be.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InventoryError, SecretError
from inventory.load import loads
from inventory.model import SecretRef
from inventory.secrets.placeholders import filled
from inventory.secrets.resolve import resolve

VALUES = {"host": "web1", "address": "10.1.2.3", "username": ".\\Administrator"}


def messages(credential: str, host: str = "{}", *, auth: str = "ntlm") -> list[str]:
    """Load an inventory with one credential and one host; return what is refused."""
    text = (
        f"credentials:\n  laps: {credential}\ndefaults: {{credential: laps, auth: {auth}}}\nhosts:\n  "
        f"web1: {host}\n"
    )
    try:
        loads(text.encode(), Path("fleet.yaml"))
    except InventoryError as error:
        return [f"{problem.line}: {problem.message}" for problem in error.problems]
    return []


def command(argv: str, username: str = "'.\\Administrator'", more: str = "") -> str:
    """Write a credential whose secret a program prints."""
    return f"{{username: {username}, password: {{from: command, argv: {argv}}}{more}}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{host}", "web1"),
        ("ad/{address}/{username}", "ad/10.1.2.3/.\\Administrator"),
        ("{print $1}", "{print $1}"),
        (".[] | {name: .{host}}", ".[] | {name: .web1}"),
        ("{{host}}", "{web1}"),
        ("{HOST} {host } {hosts} ${host}", "{HOST} {host } {hosts} $web1"),
    ],
)
def test_exactly_the_three_names_are_replaced(text: str, expected: str) -> None:
    """All other braces stay as they are: awk's, jq's, a shell's."""
    assert filled(text, VALUES) == expected


@given(st.text())
def test_what_a_value_holds_is_not_replaced_again(text: str) -> None:
    """A user that is called like a placeholder stays one name."""
    rest = text.replace("{", "").replace("}", "")
    assert filled(f"{rest}{{username}}", {**VALUES, "username": "{host}"}) == f"{rest}{{host}}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "-rf"), ("username", "--help"), ("address", "a b"), ("host", "a;b"), ("username", "a\nb")],
)
def test_a_value_that_could_mean_something_else_is_refused(name: str, value: str) -> None:
    """A leading `-` is an option to a program; names and addresses pass the check of names and addresses."""
    with pytest.raises(SecretError):
        filled(f"x{{{name}}}", {**VALUES, name: value})


def test_a_program_is_given_the_host_s_name() -> None:
    """What stands after the program is filled in, and the program's own words are not."""
    ref = SecretRef(source="command", fields={"argv": ["printf", "%s/%s", "{host}", "{x}"]})
    secret = resolve(ref, environ={"PATH": "/usr/bin:/bin"}, prompt=str, base=Path("/"), values=VALUES)
    assert secret == "web1/{x}"


@pytest.mark.parametrize(
    "argv",
    [
        "['{host}']",
        "[sh, -c, 'get {host}']",
        "[bash, -lc, 'get {host}']",
        "[env, sh, -ec, 'get {username}']",
        "[powershell.exe, -Command, 'Get {host}']",
        "[pwsh, -NoProfile, -enc, '{host}']",
        "[pwsh, -EncodedCommand, '{address}']",
        "[cmd, /C, 'get {host}']",
        "[python3, -c, 'print(\"{host}\")']",
    ],
)
def test_no_placeholder_becomes_code(argv: str) -> None:
    """The program, and what an interpreter runs, hold none: a mistake with its line."""
    (message,) = messages(command(argv))
    assert message.startswith("2: `credentials.laps.password.argv."), message
    assert "may not stand in" in message


@pytest.mark.parametrize(
    "argv",
    [
        "[sh, -c, 'get \"$1\"', sh, '{host}']",
        "[laps-get, -e, '{host}', '--of={host}']",
        "[awk, '{print $1}', f]",
    ],
)
def test_a_placeholder_as_an_argument_of_its_own_is_right(argv: str) -> None:
    """So a shell's script is handed a name as data."""
    assert messages(command(argv)) == []


@pytest.mark.parametrize(
    ("username", "more", "refused"),
    [
        ("'.\\Administrator'", "", False),
        ("'WEB1\\Administrator'", "", False),
        ("Administrator", "", True),
        ("'CORP\\svc'", "", True),
        ("svc@corp.example", "", True),
        ("'CORP\\svc'", ", scope: domain", False),
        ("svc@corp.example", ", scope: domain", False),
    ],
)
def test_one_secret_a_host_is_a_local_user_s(username: str, more: str, *, refused: bool) -> None:
    """A domain's user would be locked by the secrets of its hosts,
    unless the credential says that it is meant.
    """
    assert bool(messages(command("[laps-get, '{host}']", username, more))) == refused


def test_a_secret_that_all_hosts_share_may_be_a_domain_s() -> None:
    """`{username}` alone makes no secret of a host."""
    assert messages(command("[get, '{username}']", "svc@corp.example")) == []


@pytest.mark.parametrize("more", ["", ", scope: domain"])
def test_kerberos_never_asks_with_one_host_s_secret(more: str) -> None:
    """`auth: kerberos` would ask a domain controller."""
    (message,) = messages(command("[laps-get, '{host}']", "'.\\x'", more), auth="kerberos")
    assert "would ask a domain controller" in message


def test_a_key_s_password_is_one_for_all_hosts() -> None:
    """One file has one key."""
    (message,) = messages(
        "{from: certificate, path: c.pem, key_password: {from: command, argv: [get, '{host}']}}",
        auth="certificate",
    )
    assert message == "2: `credentials.laps.key_password`: expected no `{host}`, `{address}` or `{username}`"


def test_a_user_of_the_host_s_own_cannot_log_on_by_kerberos() -> None:
    """No domain controller knows a local user; the domain's user of that name must not be tried with its
    password.
    """
    (said,) = messages("{username: 'WEB1\\x', password: {from: env, name: FC_X}}", auth="kerberos")
    assert said == (
        "3: credential `laps` is a local user, and `auth: kerberos` (`web1`) would ask a domain "
        "controller; expected `ntlm`, `negotiate` or `basic`"
    )
