"""What screens are drawn with, loaded when the first thing is drawn: nothing is, down a pipe.

For modules that a command loads also where it draws nothing; the others import rich themselves.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

__all__ = ["Group", "Padding", "ProgressBar", "Table", "Text"]

_MODULES = {
    "Group": "rich.console",
    "Padding": "rich.padding",
    "ProgressBar": "rich.progress_bar",
    "Table": "rich.table",
    "Text": "rich.text",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, once. Raises AttributeError for a name that is not listed."""
    if name not in _MODULES:
        raise AttributeError(name)
    found = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return found
