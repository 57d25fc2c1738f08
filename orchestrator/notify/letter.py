"""A notice as it is sent, and why one was not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.errors import FleetcheckError
from orchestrator.domain.primitives.text import clean

SECONDS = 10.0  # that one message gets, whatever the target
MOST_SAID = 200  # characters of what a target answered that a person sees
EVENT_TYPE = "fleetcheck.notice.v1"


class NotSentError(FleetcheckError):
    """A target has not taken a message; the words say why and hold no secret.

    `away`: the target could not be spoken with at all, so a second message need not be tried.
    """

    def __init__(self, words: str, *, away: bool = True) -> None:
        super().__init__(words)
        self.away = away


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A notice: the same `id` each time it is sent. `subject` is one line, `text` many; both are cleaned.

    `source` says which fleet it is about, `about` what of it (`scan/12`); `data` is its JSON document.
    """

    id: str
    at: datetime
    source: str
    about: str
    subject: str
    text: str
    data: Mapping[str, Any]

    def event(self) -> bytes:
        """Write it as a CloudEvent (1.0, structured JSON): a receiver may drop an event whose source and id
        it had.
        """
        return json.dumps(
            {
                "specversion": "1.0",
                "id": self.id,
                "source": self.source,
                "type": EVENT_TYPE,
                "subject": self.about,
                "time": self.at.isoformat().replace("+00:00", "Z"),
                "datacontenttype": "application/json",
                "data": self.data,
            },
            ensure_ascii=True,
        ).encode("ascii")


def said(data: bytes) -> str:
    """Return the first line of what a target answered, fit to be shown; empty for nothing."""
    line = data.decode("utf-8", "replace").strip().partition("\n")[0]
    return clean(line, limit=MOST_SAID)
