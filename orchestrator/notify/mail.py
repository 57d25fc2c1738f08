"""Send a notice by mail: STARTTLS or nothing, and header values of one cleaned line."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Collection
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime

from orchestrator.domain.notices.targets import MailTarget
from orchestrator.domain.primitives.text import clean
from orchestrator.notify.letter import SECONDS, Letter, NotSentError, said
from orchestrator.notify.watchdog import deadline
from orchestrator.notify.webhook import trust, untrusted

_LONGEST = 200  # characters of a subject


def mail(target: MailTarget, letter: Letter, *, password: str | None, seconds: float = SECONDS) -> str | None:
    """Hand the mail to the server; return who was refused while others were not, None for nobody. Raises
    NotSentError where it does not take it from every one of the recipients.
    """
    where = f"{target.server}:{target.port}"
    _check(target.username, password)
    client = smtplib.SMTP(timeout=seconds, local_hostname=_own_name())
    with deadline(client, seconds) as over:
        try:
            refused = _converse(client, target, letter, password)
        except smtplib.SMTPResponseException as error:
            words = _words(error.smtp_error)
            raise NotSentError(f"{where} refused: {error.smtp_code} {words}") from None
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            words = f"{where} refused every recipient: {code} {_words(answer)}"
            raise NotSentError(words, away=False) from None
        except ssl.SSLError as error:
            if over():
                raise NotSentError(f"{where} did not answer within {round(seconds, 1):g} s") from None
            raise NotSentError(f"{where}: {untrusted(error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            if over() or isinstance(error, TimeoutError):
                raise NotSentError(f"{where} did not answer within {round(seconds, 1):g} s") from None
            why = getattr(error, "strerror", None) or said(str(error).encode()) or type(error).__name__
            raise NotSentError(f"{where}: {why}") from None
        finally:
            client.close()
    return f"{where} refused {', '.join(sorted(refused))}; the others have it" if refused else None


def _check(username: str | None, password: str | None) -> None:
    """Refuse a logon that cannot be sent, before the server is asked. Raises NotSentError."""
    for what, secret in (("user name", username), ("password", password)):
        if not (secret or "").isascii():
            raise NotSentError(
                f"the {what} for the mail server holds other characters than ASCII, which are not sent (it "
                f"is not shown): give the account at the mail server a {what} in ASCII"
            )


def _converse(
    client: smtplib.SMTP, target: MailTarget, letter: Letter, password: str | None
) -> Collection[str]:
    """Speak SMTP: nothing of the message, and no password, before TLS is up. Return who was refused."""
    client.connect(target.server, target.port)
    # `starttls` verifies the certificate of this name, which `connect` does not keep.
    client._host = target.server  # type: ignore[attr-defined]  # noqa: SLF001
    client.ehlo()
    if not client.has_extn("starttls"):
        where = f"{target.server}:{target.port}"
        raise NotSentError(f"{where} offers no STARTTLS, and without it nothing is sent")
    client.starttls(context=trust(target.ca))
    client.ehlo()
    if target.username is not None:
        _log_on(client, target.username, password or "")
    refused = client.send_message(
        message_of(target, letter), from_addr=target.sender, to_addrs=list(target.to)
    )
    with suppress(OSError, smtplib.SMTPException):  # it has the mail: how it says goodbye changes nothing
        client.quit()
    return refused


def _log_on(client: smtplib.SMTP, username: str, password: str) -> None:
    """Log on once. `smtplib.login` tries a refused password by every mechanism, which may lock the
    account.
    """
    client.user, client.password = username, password  # where its mechanisms look
    offered = client.esmtp_features.get("auth", "").upper().split()
    for mechanism, answers in (("PLAIN", client.auth_plain), ("LOGIN", client.auth_login)):
        if mechanism in offered:
            client.auth(mechanism, answers)
            return
    raise NotSentError("the mail server offers no logon by PLAIN or LOGIN, which TLS would keep safe")


def message_of(target: MailTarget, letter: Letter) -> EmailMessage:
    """Write the mail. Its Message-ID holds the notice's id, so the same mail twice can be told as one."""
    message = EmailMessage()
    message["Subject"] = clean(letter.subject, limit=_LONGEST)
    message["From"] = target.sender
    message["To"] = ", ".join(target.to)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.id}@{target.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # so that no absence is answered
    message.set_content(letter.text)
    return message


def _own_name() -> str:
    """Name this machine without asking a name server, which may take long."""
    name = socket.gethostname()
    return name if name.isascii() and name.isprintable() and name else "localhost"


def _words(answer: bytes | str) -> str:
    return said(answer if isinstance(answer, bytes) else answer.encode())
