"""What stands in no transcript, wherever a host repeats it: a logon's tokens, Basic's user and password."""

from __future__ import annotations

import base64
import binascii
import html
from collections import deque
from collections.abc import Iterator

MARK = "[withheld]"
_MOST = 24  # of a host's texts that are remembered: a logon has 3 tokens at most, and a host is tried 3 times
_PART = 16  # characters of a token that are withheld where a host, or who quotes it, has cut the rest off
_GRAM = 8  # characters: a part of `_PART` has one that begins at a multiple of it


class Withheld:
    """The secrets that went to and fro with one host.

    What we sent is kept to the end, apart from what the host did: whatever it says pushes out its own alone.
    """

    def __init__(self) -> None:
        self._ours: dict[str, None] = {}  # in the order they were sent
        self._theirs: deque[str] = deque(maxlen=_MOST)

    def sent(self, authorization: str) -> None:
        """Take what a request proves itself with."""
        scheme, _, token = authorization.strip().partition(" ")
        self._keep(token)
        if scheme.lower() == "basic":
            for secret in _of_basic(token):
                self._keep(secret)
                self._keep(html.escape(secret))

    def challenged(self, value: str) -> None:
        """Take the tokens of a challenge: what stands behind a scheme, and is no parameter like a realm."""
        for part in value.split(","):
            token = part.strip().partition(" ")[2].strip()
            if len(token) >= _PART and "=" not in token.rstrip("=") and token not in self._theirs:
                self._theirs.append(token)

    def out_of(self, text: str) -> str:
        """Return a text with a mark in the place of each of them, and of each part of a token."""
        for secret in (*self._ours, *self._theirs):
            if secret in text:
                text = text.replace(secret, MARK)
            if len(secret) >= _PART:
                text = _without_parts(text, secret)
        return text

    def _keep(self, secret: str) -> None:
        if secret:
            self._ours.setdefault(secret)


def _of_basic(token: str) -> Iterator[str]:
    try:
        pair = base64.b64decode(token, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return
    yield pair
    yield pair.partition(":")[2]


def _without_parts(text: str, secret: str) -> str:
    """Mark every run of `_PART` characters and more that a text has in common with a token."""
    kept: list[str] = []
    done = 0
    for at in range(0, len(text) - _GRAM + 1, _GRAM):
        gram = text[at : at + _GRAM]
        if at < done or gram not in secret or len(set(gram)) == 1:  # a run of A is what zeros are in Base64
            continue
        begin, end = _common(text, at, secret, secret.index(gram), least=done)
        if end - begin >= _PART:
            kept += [text[done:begin], MARK]
            done = end
    return "".join([*kept, text[done:]]) if kept else text


def _common(text: str, at: int, secret: str, there: int, *, least: int) -> tuple[int, int]:
    """Return the run around `at` that text and token have in common, as places in the text from `least`."""
    begin, left = at, there
    while begin > least and left > 0 and text[begin - 1] == secret[left - 1]:
        begin, left = begin - 1, left - 1
    end, right = at + _GRAM, there + _GRAM
    while end < len(text) and right < len(secret) and text[end] == secret[right]:
        end, right = end + 1, right + 1
    return begin, end
