"""The menu at the end of the demo: five commands, each run by its number while the simulated fleet serves."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

from orchestrator.cli.console import say
from orchestrator.cli.demo.story import Step, wrapped

_SET_IN = 5  # columns in front of a command


def is_attended() -> bool:
    """Tell whether somebody sits at all three streams: only then may the demo wait for an answer."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def offer(steps: Sequence[Step], program: Sequence[str], counts: str) -> None:
    """Show the menu and run what is chosen, until `q`, Ctrl-D or Ctrl-C. `counts` stands last."""
    _show(steps, program)
    say(counts)
    done = 0
    try:
        while (answer := _asked(done, steps)) != "q":
            if answer == "m":
                _show(steps, program)
                continue
            done = int(answer)
            _run(steps[done - 1])
    except (KeyboardInterrupt, EOFError):
        sys.stdout.write("\n")  # behind the question
        sys.stdout.flush()
    say("the simulated fleet ends with this")


def _show(steps: Sequence[Step], program: Sequence[str]) -> None:
    say("\n".join(screen(steps, program, shutil.get_terminal_size().columns)))


def screen(steps: Sequence[Step], program: Sequence[str], columns: int) -> Iterator[str]:
    """Write the menu: each command under its number and what it does, broken so that it can be pasted."""
    yield "Next (the fleet serves on: choose a number here, or paste in another terminal)"
    for number, step in enumerate(steps, start=1):
        yield f"  {number}  {step.what}"
        for line in wrapped(program, step, columns - _SET_IN):
            yield " " * _SET_IN + line


def _asked(done: int, steps: Sequence[Step]) -> str:
    """Ask what is next: a number, `m` or `q`. Enter takes the one after `done`, at last `q`."""
    most = len(steps)
    following = str(done + 1) if done < most else "q"
    what = f"{following}, {steps[done].what}" if done < most else "quit"
    while True:
        said = input(f"Enter: {what}; or 1-{most}, m: menu, q: quit > ").strip().lower() or following
        if said in {"m", "q"} or said in map(str, range(1, most + 1)):
            return said
        say(f"{said}: type a number from 1 to {most}, m for the menu, or q to quit")


def _run(step: Step) -> None:
    """Run a command on this terminal, in a process of its own: a Ctrl-C ends it, not the menu."""
    sys.stdout.flush()
    command = [sys.executable, "-P", "-m", "orchestrator", *step.words]
    before = signal.signal(signal.SIGINT, lambda *_: None)  # unlike SIG_IGN, a child does not inherit it
    try:
        subprocess.run(command, check=False)  # noqa: S603  # our own interpreter and module, no shell
    finally:
        signal.signal(signal.SIGINT, before)
