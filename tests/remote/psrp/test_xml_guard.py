"""A host's XML is looked at before a tree is built of it."""

from __future__ import annotations

import pytest

from orchestrator.remote.faults.trouble import Garbled
from orchestrator.remote.psrp.xml_guard import MAX_DEPTH, guard


def nested(depth: int) -> bytes:
    """Build XML so deep."""
    return b"<a>" * depth + b"</a>" * depth


@pytest.mark.parametrize("depth", [1, MAX_DEPTH])
def test_xml_of_allowed_depth_passes(depth: int) -> None:
    """What SOAP and error records need is let through."""
    guard(nested(depth), "it")


def test_many_tags_side_by_side_pass() -> None:
    """Width is no depth."""
    guard(b"<a>" + b"<b/>" * 1000 + b"</a>", "it")


@pytest.mark.parametrize(
    "document",
    [
        nested(MAX_DEPTH + 1),
        nested(300_000),
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        b'<?xml version="1.0" encoding="nobody-knows"?><a/>',
        b"<a><!-- x -->",
        b"\0",
    ],
    ids=["deep", "very deep", "dtd", "entity", "utf-16", "utf-7", "no encoding", "broken", "nul"],
)
def test_dangerous_xml_is_garbled(document: bytes) -> None:
    """Depth, document types in any encoding and nonsense are refused, with words."""
    with pytest.raises(Garbled, match=r"^it: "):
        guard(document, "it")
