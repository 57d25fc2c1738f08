"""The Grafana dashboard that fleetcheck ships with."""

from __future__ import annotations

from importlib.resources import files


def dashboard() -> str:
    """Return the dashboard's JSON. Its queries are PostgreSQL's, over the views of docs/views.md."""
    return files("orchestrator.report").joinpath("grafana.json").read_text("utf-8")
