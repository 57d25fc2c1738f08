"""The README and every page under docs/, taken apart: fenced blocks,
and every command line that they mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
LANGUAGES = {"", "sh", "yaml", "ini", "crontab", "powershell", "promql", "nrpe", "python", "sql", "toml"}
"""What a fence may be marked with. `sh` and unmarked ones with a command in them are run;
screens are not marked.
"""

_INSTALLS = ("install", "upgrade", "uninstall")  # what the blocks of the install page begin with

_BLOCK = re.compile(
    r"^(?:<!-- (?P<about>[^>\n]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_COMMAND = re.compile(r"(?:^|/bin/|=| {2}|; |&& )(fleetcheck [a-z-])")
_SPAN = re.compile(
    r"(?<!`)`(?:fleetcheck )?"
    r"((?<=fleetcheck )[^`]+|(?:repin|inventory|profile|audit|config)\s+[a-z][^`]*)`(?!`)"
)


@dataclass(frozen=True)
class Block:
    """One fenced block: its page, its line there, the remark above it, and its text."""

    page: str
    line: int
    about: str
    language: str
    text: str

    @property
    def as_root(self) -> bool:
        """Sets up a machine: read, not run."""
        return self.about.endswith("(as root)")

    @property
    def sets_up(self) -> bool:
        """Installs fleetcheck itself: other tests, and `.ci/run`, type these."""
        return self.about in ("demo command", "test command") or self.about.partition(":")[0] in _INSTALLS

    @property
    def runs(self) -> bool:
        """Holds commands that a reader is to type. A story has several readers, and a test of its own."""
        typed = re.search(r"^fleetcheck ", self.text, re.MULTILINE) is not None
        if self.about.startswith("story: "):
            return False
        return self.language == "sh" or (not self.language and typed and not self.about.startswith("screen"))

    @property
    def commands(self) -> list[str]:
        """Return each command line, a continued one whole."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = PAGES[page]
    return [
        Block(
            page,
            text[: found.start()].count("\n") + 1,
            found["about"] or "",
            found["language"],
            found["text"],
        )
        for found in _BLOCK.finditer(text)
    ]


def files(page: str) -> dict[str, str]:
    """Return the files that a page has its reader write, by name."""
    return {
        block.about.removeprefix("file: "): block.text
        for block in blocks(page)
        if block.about.startswith("file: ")
    }


def plans(page: str) -> set[str]:
    """Return the files that a page's commands write plans to, by name."""
    return set(re.findall(r"^fleetcheck repin plan .*-o (\S+)", PAGES[page], re.MULTILINE))


def mentioned(page: str) -> Iterator[str]:
    """Yield every command line that a page mentions, in fences and in running text, from `fleetcheck` on."""
    text = PAGES[page]
    for block in blocks(page):
        if block.language == "powershell":
            yield from (f"fleetcheck {found}" for found in re.findall(r"-Argument '([^']+)'", block.text))
        elif not block.about.startswith("screen") and not block.as_root:
            lines = block.text.replace("\\\n", " ").splitlines()
            yield from (line[at.start(1) :] for line in lines for at in re.finditer(_COMMAND, line))
        text = text.replace(block.text, "")
    yield from (" ".join(["fleetcheck", *span[1].split()]) for span in _SPAN.finditer(text))
