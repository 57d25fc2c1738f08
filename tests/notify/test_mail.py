"""Notices by mail, to a real server that demands STARTTLS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from orchestrator.demo.wire.certificates import Authority
from orchestrator.domain.notices.targets import MailTarget
from orchestrator.notify.letter import Letter, NotSentError
from orchestrator.notify.mail import mail
from tests.notify.servers import HOST, Mailbox, mail_server


@pytest.fixture
def box(authority: Authority) -> Iterator[Mailbox]:
    """Serve SMTP with STARTTLS and a logon."""
    with mail_server(authority, logon=True) as served:
        yield served


@pytest.fixture
def target(box: Mailbox, ca: str) -> MailTarget:
    """Name that server."""
    return MailTarget(
        name="ops",
        folder="/",
        server=HOST,
        port=box.port,
        sender="fleetcheck@corp.example",
        to=("ops@corp.example", "night@corp.example"),
        username="fleetcheck",
        ca=ca,
    )


def test_a_mail_arrives(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """It was logged on inside TLS, and the mail has subject, text, both recipients and the notice's id."""
    assert mail(target, letter, password="Passw0rd!") is None
    (received,) = box.mails
    assert box.logons == [("fleetcheck", "Passw0rd!")]
    assert received["Subject"] == "emea: 2 hosts blocked"
    assert received["Message-ID"] == f"<{letter.id}@corp.example>"
    assert received["To"] == "ops@corp.example, night@corp.example"
    assert received.get_content().splitlines() == letter.text.splitlines()
    assert box.envelopes[0].rcpt_tos == list(target.to)


def test_the_same_notice_has_the_same_id(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """Sent twice, it can be told as one."""
    for _ in range(2):
        mail(target, letter, password="Passw0rd!")
    assert len({received["Message-ID"] for received in box.mails}) == 1


def test_without_starttls_nothing_is_sent(target: MailTarget, letter: Letter) -> None:
    """A server that offers none gets neither the password nor the mail."""
    with mail_server(None) as plain:
        with pytest.raises(NotSentError, match="offers no STARTTLS"):
            mail(replace(target, port=plain.port), letter, password="Passw0rd!")
        assert (plain.mails, plain.logons) == ([], [])


def test_an_unknown_authority_is_refused(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """Whose certificate nobody vouches for gets no password."""
    with pytest.raises(NotSentError, match="its certificate is not trusted"):
        mail(replace(target, ca=None), letter, password="Passw0rd!")
    assert box.logons == []


def test_a_certificate_for_another_name_is_refused(target: MailTarget, letter: Letter) -> None:
    """It has to be for the server that the configuration names."""
    other = Authority(["mail.example"], ["127.9.9.9"])
    with mail_server(other) as served, pytest.raises(NotSentError, match="not trusted"):
        mail(replace(target, port=served.port, ca=_written(other, target)), letter, password="Passw0rd!")


def _written(other: Authority, target: MailTarget) -> str:
    assert target.ca is not None
    path = target.ca.replace("ca.pem", "other.pem")
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123  # beside the other one
        file.write(other.pem)
    return path


def test_a_wrong_password_is_told(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """With the server's own words, never the password, and after one try: more might lock the account."""
    with pytest.raises(NotSentError, match="535") as caught:
        mail(target, letter, password="wrong-secret")
    assert "wrong-secret" not in str(caught.value)
    assert (box.mails, len(box.logons)) == ([], 1)


@pytest.mark.parametrize(
    ("username", "password", "what"),
    [("wächter", "Passw0rd!", "user name"), ("fleetcheck", "Pässw0rd!", "password")],
)
def test_a_logon_that_cannot_be_sent_is_told_and_not_shown(
    box: Mailbox, target: MailTarget, letter: Letter, username: str, password: str, what: str
) -> None:
    """A user or password with other characters than ASCII is refused before the server is asked."""
    with pytest.raises(
        NotSentError, match=f"the {what} for the mail server holds other characters"
    ) as caught:
        mail(replace(target, username=username), letter, password=password)
    assert "chter" not in str(caught.value)
    assert "ssw0rd" not in str(caught.value)
    assert box.logons == []


def test_a_refused_recipient_does_not_cost_the_others_theirs(
    box: Mailbox, target: MailTarget, letter: Letter
) -> None:
    """The others have it, so it counts as sent, and who has not is named."""
    box.refuse = {"night@corp.example"}
    remark = mail(target, letter, password="Passw0rd!")
    assert remark == f"{HOST}:{box.port} refused night@corp.example; the others have it"
    assert len(box.mails) == 1


def test_a_server_that_refuses_everybody_is_told(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """Nobody has it: it is not sent."""
    box.refuse = set(target.to)
    with pytest.raises(NotSentError, match="refused every recipient: 550 no such user"):
        mail(target, letter, password="Passw0rd!")


def test_a_server_without_room_is_told(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """What it says at the end of the data counts."""
    box.answer = "452 no room"
    with pytest.raises(NotSentError, match="refused: 452 no room"):
        mail(target, letter, password="Passw0rd!")


def test_a_subject_cannot_bring_a_header_of_its_own(box: Mailbox, target: MailTarget, letter: Letter) -> None:
    """Line ends in it become visible, and the mail has the headers that it should have."""
    mail(target, replace(letter, subject="a\r\nBcc: evil@example"), password="Passw0rd!")
    (received,) = box.mails
    assert received["Bcc"] is None
    assert received["Subject"] == r"a\x0d\x0aBcc: evil@example"


def test_a_server_that_is_away_or_silent_is_told(target: MailTarget, letter: Letter) -> None:
    """Nobody listens, or somebody does and never says a word: both end, and neither is more than words."""
    with closing(socket.create_server((HOST, 0))) as silent:
        port = silent.getsockname()[1]
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()
        with pytest.raises(NotSentError, match=r"within 0\.3 s"):
            mail(replace(target, port=port), letter, password=None, seconds=0.3)
        for connection in held:
            connection.close()
    with pytest.raises(NotSentError, match="Connection refused"):
        mail(replace(target, port=port), letter, password=None)
