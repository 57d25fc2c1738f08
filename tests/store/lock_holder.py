"""Holds the writing lock of `url` until it is told to let go, or killed. Started through children.py."""

from __future__ import annotations

from multiprocessing.connection import Connection

from orchestrator.store.writer import Writer

parent: Connection = globals()["parent"]
url: str = globals()["url"]

with Writer.open(url, command="fleetcheck scan", user="bob"):
    parent.send("held")
    parent.recv()
