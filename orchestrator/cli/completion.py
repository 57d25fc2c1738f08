"""`fleetcheck completion SHELL`: the script that makes a shell complete commands, options, hosts and ids."""

from __future__ import annotations

import enum
import os
import sys
from typing import Annotated

import typer

from orchestrator.cli.completing import VARIABLE
from orchestrator.cli.errors import handled


class Shell(enum.StrEnum):
    """A shell that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


@handled
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> None:
    """Print a script that makes your shell complete words.

    Commands, options, hosts of the inventory, and ids of scans and runs.

    bash: eval "$(fleetcheck completion bash)" in ~/.bashrc. zsh: the same in ~/.zshrc, after compinit.
    fish: fleetcheck completion fish > ~/.config/fish/completions/fleetcheck.fish.
    """
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name="fleetcheck", complete_var=VARIABLE, shell=shell.value)
    sys.stdout.write(script + "\n")


def prepare() -> None:
    """Teach the command line to answer a shell, where it is a shell that asks;
    costs nothing where it is a person.
    """
    if VARIABLE in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
