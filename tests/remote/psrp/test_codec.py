"""Our PSRP codec against the two libraries that speak it: what we write pypsrp writes too,
and psrpcore's server reads.
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psrpcore import CreatePipelineEvent, PSRPPayload, ServerPipeline, ServerRunspacePool, StreamType

from orchestrator.demo.wire import psrp as simulated
from orchestrator.remote.faults.trouble import BrokenPool, Garbled, TooOldShell
from orchestrator.remote.over_pypsrp.imports import PowerShell, RunspacePool, Serializer, WSMan
from orchestrator.remote.psrp import messages
from orchestrator.remote.psrp.fragments import Defragmenter, fragments
from orchestrator.remote.psrp.messages import (
    Output,
    PipelineState,
    PoolState,
    Protocol,
    Version,
    read,
    unescape,
)
from orchestrator.remote.psrp.pipeline import creating, opening
from orchestrator.remote.session import ErrorRecord, Parameter
from tests.remote.wired import script

POOL, PIPELINE = uuid.UUID(int=1), uuid.UUID(int=2)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
INTS = st.integers(-(2**31), 2**31 - 1)
PARAMETERS = st.dictionaries(
    st.from_regex(r"\A[A-Z][a-zA-Z]{0,9}\Z"),
    st.one_of(TEXTS, INTS, st.lists(TEXTS, max_size=4), st.lists(INTS, max_size=4)),
    max_size=6,
)


def of_pypsrp(text: str, parameters: dict[str, Parameter]) -> str:
    """Return the CREATE_PIPELINE document that pypsrp writes."""
    made: list[Any] = []
    pool = RunspacePool(WSMan("localhost", auth="ntlm"))
    pool.protocol_version = "2.3"
    shell = PowerShell(pool)
    shell.add_script(text)
    shell.add_parameters(parameters)
    shell._invoke = made.append
    shell.begin_invoke(remote_stream_options=0)
    return ET.tostring(Serializer().serialize(made[0]), encoding="unicode")


@settings(deadline=None, max_examples=50)
@given(TEXTS.filter(bool), PARAMETERS)
def test_a_pipeline_is_written_as_pypsrp_writes_it(text: str, parameters: dict[str, Parameter]) -> None:
    """Character for character, whatever the script and its parameters hold."""
    kind, document = messages.document_of(creating(POOL, PIPELINE, script(text), parameters))
    assert (kind, document.decode()) == (0x00021006, of_pypsrp(text, parameters))


@settings(deadline=None, max_examples=50)
@given(TEXTS.filter(bool), PARAMETERS, st.integers(60, 5000))
def test_psrpcore_s_server_reads_a_pipeline_in_fragments(
    text: str, parameters: dict[str, Parameter], size: int
) -> None:
    """Cut into fragments of any size, the script and its parameters arrive as they were."""
    pool = ServerRunspacePool()
    pipeline = ServerPipeline(pool, PIPELINE)
    for piece in fragments(3, creating(POOL, PIPELINE, script(text), parameters), size=size):
        assert len(piece) <= size
        pool.receive_data(PSRPPayload(piece, StreamType.default, pipeline.pipeline_id))
    event = pool.next_event()
    assert isinstance(event, CreatePipelineEvent)
    (command,) = event.pipeline.commands
    given_ = {name: simulated._plain(value) for name, value in command.parameters}
    assert (str(command.command_text), given_) == (text, parameters)


def test_psrpcore_s_server_opens_a_pool_for_us_and_we_read_that_it_did() -> None:
    """Both ways: our two messages open its pool, and what it says then is its version, PowerShell's,
    and Opened.
    """
    pool = ServerRunspacePool({"PSVersionTable": {"PSVersion": "5.1.17763.5328"}})
    for number, message in enumerate(opening(POOL), 1):
        for piece in fragments(number, message, size=4096):
            pool.receive_data(PSRPPayload(piece, StreamType.default, None))
    while pool.next_event() is not None:
        pass
    whole = Defragmenter()
    said = []
    while (payload := pool.data_to_send()) is not None:
        said += [read(message) for message in whole.feed(payload.data)]
    assert said == [Protocol("2.3"), Version("5.1.17763.5328"), PoolState(2, None)]


@settings(deadline=None, max_examples=50)
@given(TEXTS)
def test_we_read_the_text_that_psrpcore_s_server_writes(text: str) -> None:
    """A string comes back as it was, escapes and all, and then the state Completed."""
    framed = b"".join(simulated.frame(simulated.finished(text), POOL, PIPELINE))
    assert [read(message) for message in Defragmenter().feed(framed)] == [
        Output(text),
        PipelineState(4, None),
    ]


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_escapes_are_read_as_pypsrp_reads_them(text: str) -> None:
    """`_x000A_` and its like, alone, in a row, and what only looks like one."""
    assert unescape(Serializer()._serialize_string(text)) == text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("_x000A__x000D_", "\n\r"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("_xD83D_", "\ufffd"),
        ("_x005F_x000A_", "_x000A_"),
        ("_x00_ _xZZZZ_", "_x00_ _xZZZZ_"),
    ],
)
def test_an_escape_is_one_only_where_it_is_whole(written: str, meant: str) -> None:
    """Pairs make one character, half of one is marked, everything else stays."""
    assert unescape(written) == meant


def test_a_failed_pipeline_says_why() -> None:
    """The error record of a script that does not run: its id and its words."""
    framed = b"".join(simulated.frame(simulated.failed("Broke", "System.Oops", "it broke"), POOL, PIPELINE))
    (found,) = (read(message) for message in Defragmenter().feed(framed))
    assert found == PipelineState(5, ErrorRecord("Broke", "it broke"))


@pytest.mark.parametrize(
    ("document", "record"),
    [
        (b"<Obj><MS/></Obj>", ErrorRecord("", "")),
        (b"<Obj><ToString>a_x000A_b</ToString><MS/></Obj>", ErrorRecord("", "a\nb")),
        (
            b'<Obj><MS><Obj N="Exception"><TN RefId="0"><T>A.B</T></TN><ToString>x</ToString></Obj></MS></Obj>',  # noqa: E501
            ErrorRecord("A.B", "x"),
        ),
        (
            b'<Obj><TN RefId="7"><T>A.B</T></TN><MS><Obj N="Exception"><TNRef RefId="7"/></Obj></MS></Obj>',
            ErrorRecord("A.B", ""),
        ),
    ],
)
def test_an_error_record_gives_what_it_has(document: bytes, record: ErrorRecord) -> None:
    """Id or type, and the first words that there are."""
    head = b"\1\0\0\0" + (0x00041005).to_bytes(4, "little") + bytes(32)
    assert read(head + document) == record


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (0x00021005, b'<Obj><MS><I32 N="RunspaceState">two</I32></MS></Obj>'),
        (0x00021005, b"<Obj/>"),
        (0x00041006, b'<Obj><MS><I32 N="PipelineState">-1</I32></MS></Obj>'),
        (0x00041004, b"<S>half"),
        (0x00041004, b"<!DOCTYPE a><S/>"),
        (0x00041004, b"<a>" * 99 + b"</a>" * 99),
        (0x00041004, b'<?xml version="1.0" encoding="nonsense"?><S/>'),
    ],
)
def test_a_message_that_cannot_be_is_garbled(kind: int, document: bytes) -> None:
    """Not XML, too deep, a DTD, a state that is none."""
    with pytest.raises(Garbled):
        read(b"\1\0\0\0" + kind.to_bytes(4, "little") + bytes(32) + document)


@pytest.mark.parametrize(
    ("version", "protocol", "too_old"),
    [
        ("5.1.17763.1", "2.3", False),
        ("3.0", "2.2", False),
        ("2.0", "2.1", True),
        ("", "2.1", True),
        ("", "2.3", False),
        ("", "", False),
    ],
)
def test_powershell_2_is_told_from_the_rest(version: str, protocol: str, too_old: bool) -> None:
    """By its version, and where it says none by its protocol."""
    try:
        messages.refuse_old(version, protocol)
    except TooOldShell:
        refused = True
    else:
        refused = False
    assert refused == too_old


def test_a_pool_that_breaks_says_why() -> None:
    """A host that gives the shell up while it opens ends the session with its own words."""
    from orchestrator.remote.psrp.envelopes import Envelopes
    from orchestrator.remote.psrp.runspace import Runspace
    from tests.remote.wired import plain

    reason = b'<Obj N="ExceptionAsErrorRecord"><ToString>no room</ToString><MS/></Obj>'
    state = b'<Obj><MS><I32 N="RunspaceState">5</I32>' + reason + b"</MS></Obj>"
    broken = b"\1\0\0\0" + (0x00021005).to_bytes(4, "little") + bytes(32) + state
    answers = iter([_created(), _received(b"".join(fragments(1, broken, size=4096)))])
    speaker: Any = SimpleNamespace(exchange=lambda request: _answer(_to(request, next(answers))))
    opened = Runspace(speaker, Envelopes(plain(5985), seconds=10, small=False)).open()
    with pytest.raises(BrokenPool, match="no room"):
        next(opened)


def _answer(body: bytes) -> Any:
    return body
    yield


def _to(request: bytes, answer: bytes) -> bytes:
    """Name the request in its answer."""
    found = re.search(rb"MessageID>(.*?)<", request)
    assert found is not None
    return answer.replace(b"<s:Body>", b"<s:Header>" + found[1] + b"</s:Header><s:Body>")


def _envelope(inner: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">'
        f"<s:Body>{inner}</s:Body></s:Envelope>"
    ).encode()


def _created() -> bytes:
    return _envelope("<rsp:Shell><rsp:ShellId>1</rsp:ShellId></rsp:Shell>")


def _received(data: bytes) -> bytes:
    import base64

    stream = f'<rsp:Stream Name="stdout">{base64.b64encode(data).decode()}</rsp:Stream>'
    return _envelope(f"<rsp:ReceiveResponse>{stream}</rsp:ReceiveResponse>")
