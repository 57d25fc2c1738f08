"""The commands of docs/sites.md, with a hub, a site and a broker of the test's own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import blocks

PAGE = "docs/sites.md"


@dataclass
class Story:
    """Where the story plays: names of its own in the place of the page's."""

    folder: Path
    inventory: Path
    site: str
    hub_user: str
    vhost: str
    server: str

    def line(self, about: str, number: int = 0) -> list[str]:
        """Return a command of the page, with this broker in the place of the page's."""
        block = next(block for block in blocks(PAGE) if block.about == f"screen: {about}")
        text = block.commands[number]
        text = text.replace("amqps://fleetcheck@hub.corp.example:5671/fleetcheck", self.url(self.hub_user))
        text = text.replace("amqps://fc-berlin@hub.corp.example:5671/fleetcheck", self.url(f"fc-{self.site}"))
        return re.sub(r"\bberlin\b", self.site, text).split()[1:]

    def url(self, user: str) -> str:
        """Return the broker's URL for a user."""
        return f"amqp://{user}@{self.server}/{self.vhost}"


def complete(story: Story, hub_key: str) -> Path:
    """Do what the page tells a person to do with the worker's file."""
    file = story.folder / f"{story.site}.yaml"
    secret = story.folder / "hub" / "sites" / f"{story.site}.broker"
    secret.rename(story.folder / f"{story.site}.broker")
    text = file.read_text("utf-8")
    text = re.sub(r"^hub: .*$", f"hub: {hub_key}", text, flags=re.MULTILINE)
    shared = story.inventory.read_text("utf-8")
    credentials = re.search(r"^credentials:\n((?:  .*\n)+)", shared, re.MULTILINE)
    assert credentials is not None
    names = re.findall(r"^  ([\w-]+):", credentials[1], re.MULTILINE)
    secrets = credentials[1].replace('path: "', f'path: "{story.inventory.parent}/')
    allow = "".join(f"  {name}: {{hosts: [127.0.0.0/8], transports: [https, http]}}\n" for name in names)
    file.write_text(f"{text[: text.index('credentials:')]}credentials:\n{secrets}allow:\n{allow}", "utf-8")
    return file
