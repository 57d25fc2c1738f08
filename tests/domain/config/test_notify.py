"""`[notify.NAME]`: what a target takes, and every mistake in it."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from orchestrator.domain.config.notify import NOTIFY
from orchestrator.domain.config.reading import FileReading
from orchestrator.domain.config.sections import SectionError
from orchestrator.domain.notices.targets import CommandTarget, MailTarget, WebhookTarget

WEBHOOK = """
kind = "webhook"
url = {from = "env", name = "FC_OPS_URL"}
token = {from = "file", path = "token"}
ca = "ca.pem"
unknown_after = 3
"""
MAIL = """
kind = "smtp"
server = "mail.corp.example"
from = "fleetcheck@corp.example"
to = ["ops@corp.example"]
username = "fleetcheck"
password = {from = "command", argv = ["pass", "show", "mail"]}
"""


def read(text: str, name: str = "ops") -> object:
    """Read a target's table."""
    return NOTIFY.read(name, tomllib.loads(text))


def mistakes(text: str, name: str = "ops") -> list[str]:
    """Return what is said of a table that cannot be used."""
    with pytest.raises(SectionError) as caught:
        read(text, name)
    return [mistake.message for mistake in caught.value.mistakes]


def test_each_kind_is_read() -> None:
    """With what it takes, and references in place of secrets."""
    hook, mail = read(WEBHOOK), read(MAIL)
    assert isinstance(hook, WebhookTarget)
    assert (hook.url.source, dict(hook.url.fields), hook.ca, hook.unknown_after) == (
        "env",
        {"name": "FC_OPS_URL"},
        "ca.pem",
        3,
    )
    assert isinstance(mail, MailTarget)
    assert (mail.server, mail.port, mail.to, mail.username) == (
        "mail.corp.example",
        587,
        ("ops@corp.example",),
        "fleetcheck",
    )
    assert read('kind = "command"\nargv = ["/usr/local/bin/page", "-q"]') == CommandTarget(
        name="ops", folder="", argv=("/usr/local/bin/page", "-q")
    )


def test_config_show_says_where_secrets_are_and_none_of_them() -> None:
    """The rows name places."""
    rows = dict(NOTIFY.rows(read(WEBHOOK)))
    assert rows["url"] == "the environment variable `FC_OPS_URL`"
    assert (rows["kind"], rows["unknown_after"]) == ("webhook", "3")
    assert dict(NOTIFY.rows(read(MAIL)))["password"] == "the command `pass`"
    assert dict(NOTIFY.rows(read('kind = "command"\nargv = ["page", "-q"]')))["argv"] == "page -q"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "`notify.ops.kind`: expected command, webhook or smtp"),
        ('kind = "pager"', "`notify.ops.kind`: expected command, webhook or smtp"),
        (
            'kind = "webhook"',
            '`notify.ops.url` is missing: where the URL is: {from = "env", name = "FC_OPS_URL"}',
        ),
        ('kind = "command"\nargv = []', "`notify.ops.argv`: expected a list of texts, the program first"),
        ('kind = "command"\nargv = "page ops"', "`notify.ops.argv`: expected a list of texts"),
        (MAIL.replace('"ops@corp', '"ops corp'), "`notify.ops.to`: expected a list of addresses such as"),
        (
            MAIL.replace("fleetcheck@corp", "a\\nBcc: b@corp"),
            "`notify.ops.from`: expected an address such as",
        ),
        (
            MAIL.replace('= "fleetcheck"', '= "wächter"'),
            "`notify.ops.username`: expected a user name at the mail server, in ASCII",
        ),
        (MAIL.replace("mail.corp", "mail..corp"), "`notify.ops.server`: expected the mail server's name"),
        (MAIL + "port = 0", "`notify.ops.port`: expected a port from 1 to 65535"),
        (
            MAIL.replace("username", "user"),
            "there is no key `notify.ops.user`; expected one of unknown_after",
        ),
        (WEBHOOK.replace("= 3", "= 0"), "`notify.ops.unknown_after`: expected how many `unknown` in a row"),
        (
            WEBHOOK.replace('{from = "env", name = "FC_OPS_URL"}', '{from = "prompt"}'),
            "nobody is there to be",
        ),
    ],
)
def test_a_mistake_says_what_was_expected(text: str, said: str) -> None:
    """By its key."""
    assert any(said in message for message in mistakes(text))


def test_a_secret_in_clear_is_refused_and_not_shown() -> None:
    """Where a URL, a token or a password stands itself, what to write instead is said."""
    text = 'kind = "webhook"\nurl = "https://hooks.example/T0KEN"\ntoken = "s3cret"'
    found = mistakes(text)
    assert len(found) == 2
    assert all("a secret in clear does not belong here" in message for message in found)
    assert not any("T0KEN" in message or "s3cret" in message for message in found)


def test_user_and_password_go_together() -> None:
    """One without the other is a mistake."""
    assert mistakes(MAIL.replace('username = "fleetcheck"', "")) == [
        "`notify.ops`: `username` and `password` go together"
    ]


@pytest.mark.parametrize("name", ["a b", "-x", "x" * 65, "ö"])
def test_a_targets_name_is_typed_without_quotes(name: str) -> None:
    """Letters, digits, - and _."""
    assert "expected a name of letters" in mistakes(WEBHOOK, name)[0]


def test_a_folders_own_file_names_no_target() -> None:
    """It may have come with a cloned repository: what is run or sent there nobody has chosen."""
    reading = FileReading("fleetcheck.toml", "/", folder_file=True)
    layer = reading.layer({"notify": {"ops": tomllib.loads(WEBHOOK)}})
    assert layer.sections == {}
    assert "may not stand in ./fleetcheck.toml" in reading.mistakes[0].message


def test_a_targets_secrets_are_in_no_repr() -> None:
    """What is printed of a target in a test or a traceback holds references."""
    target = read(WEBHOOK)
    assert isinstance(target, WebhookTarget)
    assert "FC_OPS_URL" in repr(replace(target, folder="/etc"))
