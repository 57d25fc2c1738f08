"""Reading a pipeline's script and parameters without PSRP's objects, held against psrpcore."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psrpcore import ClientPowerShell, ClientRunspacePool

from orchestrator.demo.lean.call import read_call
from orchestrator.demo.wire import psrp
from orchestrator.demo.wire.psrp import CREATE_PIPELINE, BadMessage, Defragmenter

# psrpcore leaves some control characters unescaped, and U+FFFE and U+FFFF have no place in XML.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc",), include_characters="\n\t", exclude_characters="\ufffe\uffff"
)
TEXT = st.text(CHARACTERS, max_size=30)
NUMBER = st.integers(-(2**31), 2**31 - 1)
VALUE = TEXT | NUMBER | st.lists(TEXT, max_size=4) | st.lists(NUMBER, max_size=4)


def pipeline(script: str, parameters: dict[str, object], *, is_command: bool = False) -> bytes:
    """Write the CLIXML with which psrpcore asks for a script."""
    pool = ClientRunspacePool()
    pool._state = psrp.ServerRunspacePool().state.__class__.Opened
    shell = ClientPowerShell(pool)
    if is_command:
        shell.add_command(script)
    else:
        shell.add_script(script)
    shell.add_parameters(**parameters)
    shell.start()
    fragments = Defragmenter()
    messages: list[psrp.Message] = []
    while (payload := pool.data_to_send()) is not None:
        messages += fragments.feed(payload.data)
    (data,) = (message.data for message in messages if message.kind == CREATE_PIPELINE)
    return data


@settings(max_examples=60, deadline=None)
@given(TEXT, st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True), VALUE, max_size=4))
def test_it_reads_what_psrpcore_reads(script: str, parameters: dict[str, object]) -> None:
    """Script and parameters are the same, whatever the characters."""
    data = pipeline(script, parameters)
    whole, light = psrp.read_pipeline(data), read_call(data)
    assert (light.sha256, light.parameters) == (whole.sha256, whole.parameters)
    assert light.parameters == parameters


def test_the_deadline_alone_does_not_tell_two_calls_apart() -> None:
    """Calls that differ in another parameter have keys of their own."""
    keys = [
        read_call(pipeline("x", {"Ports": ports, "DeadlineMs": deadline})).key
        for ports, deadline in (([1, 2], 28_000), ([1, 2], 3_000), ([1], 28_000))
    ]
    assert [keys.index(key) for key in keys] == [0, 0, 2]


@pytest.mark.parametrize(
    "data",
    [b"", b"<Obj", b"<Obj><MS/></Obj>", pipeline("Get-Process", {}, is_command=True)],
    ids=["nothing", "half", "empty", "a command"],
)
def test_what_is_no_script_is_said_to_be_none(data: bytes) -> None:
    """One family of error, whatever came."""
    with pytest.raises(BadMessage):
        read_call(data)
