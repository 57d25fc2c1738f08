"""A command that takes from the configuration what was not given on the command line.

Nothing is read before a command is about to run: `--help` and a mistake in typing cost no file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from orchestrator.cli.console import say
from orchestrator.cli.errors import unprinted

if TYPE_CHECKING:
    from orchestrator.domain.config.keys import Key
    from orchestrator.domain.config.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])
_OUTPUT = "output"
_TWO_WAYS = "--json shows the results in another way: leave one of them out"
_settings: ContextVar[Settings | None] = ContextVar("settings", default=None)


def settings() -> Settings:
    """Return what is configured: by the command that runs, else read now. Raises InventoryError."""
    from orchestrator.app.config.load import load

    return _settings.get() or load(os.environ)


class WithExamples:
    """What ends its `--help` with examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what stands below the options."""
        from orchestrator.cli.examples import write

        super().format_epilog(ctx, formatter)  # type: ignore[misc]  # the command's, beside which this stands
        write(_words(ctx), formatter)


class NamesFiles:
    """A command whose files and folders are to be named: an unset variable of a script names none.

    The library would make the current folder of an empty text, and each command has other words for that.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Do as usual. Raises BadParameter for an empty text where a path belongs, and for two outputs."""
        if "" in args or any(word.endswith("=") for word in args):
            self._named(ctx, args)
        left = super().parse_args(ctx, args)  # type: ignore[misc]  # the command's, beside which this stands
        if ctx.params.get("as_json") and ctx.params.get("table"):
            raise typer.BadParameter(_TWO_WAYS, ctx=ctx, param_hint="'--table'")
        return left

    def _named(self, ctx: Any, args: Sequence[str]) -> None:
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))  # type: ignore[attr-defined]
        for param in self.params:  # type: ignore[attr-defined]  # as above
            found = given.get(param.name)
            if _takes_paths(param) and (found == "" or (isinstance(found, (list, tuple)) and "" in found)):
                raise typer.BadParameter(
                    "expected the name of a file or a folder, found an empty text", ctx=ctx, param=param
                )


class PlainCommand(WithExamples, NamesFiles, TyperCommand):
    """A command that takes nothing that is configured."""


class Group(WithExamples, TyperGroup):
    """A group of commands."""


class ConfiguredCommand(WithExamples, NamesFiles, TyperCommand):
    """A command of fleetcheck's. Its options that were not given are set as the configuration has them."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a configuration with mistakes ends it before."""
        try:
            loaded = _take(ctx)
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort, typer.BadParameter)):
                raise
            raise typer.Exit(self.refused(ctx, error)) from None
        if loaded is None:
            return super().invoke(ctx)
        token = _settings.set(loaded)
        try:
            return super().invoke(ctx)
        finally:
            _settings.reset(token)

    def refused(self, _ctx: Any, error: Exception) -> int:
        """Say why the configuration cannot be used; return the exit code."""
        return unprinted(error)


def _takes_paths(param: Any) -> bool:
    """Say whether a parameter's value, or each of its values, is a path."""
    annotation = param.type_descriptor.annotation
    return annotation is Path or Path in getattr(annotation, "__args__", ())


def taken(ctx: Any) -> Mapping[str, Any]:
    """Return the options of a group that works itself where no command follows, as its commands take theirs.

    Raises InventoryError.
    """
    _take(ctx)
    return dict(ctx.params)


def _take(ctx: Any) -> Settings | None:
    """Set the options; return what is configured, None where this command has nothing that could be."""
    from orchestrator.app.config.load import load
    from orchestrator.domain.config.keys import KEYS

    params = ctx.command.params
    options = {option for key in KEYS.values() for option in key.option.split(" or ")}
    if not any(options.intersection(param.opts) for param in params):
        return None
    loaded = load(os.environ)
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    command = _words(ctx)
    for name, setting in loaded.values.items():
        key = KEYS[name]
        if key.commands and command not in key.commands:
            continue
        option, value = _option(key, setting.value)
        param = next((param for param in params if option in param.opts), None)
        if param is not None and not _given(ctx, (*key.option.split(" or "), *key.unless)):
            ctx.params[param.name] = param.process_value(ctx, value)
    return loaded


def _given(ctx: Any, options: Iterable[str]) -> bool:
    """Whether one of some options was typed."""
    wanted = set(options)
    typed = (param.name for param in ctx.command.params if wanted.intersection(param.opts))
    sources = (ctx.get_parameter_source(name) for name in typed)
    return any(source is not None and source.name != "DEFAULT" for source in sources)


def _option(key: Key, value: object) -> tuple[str, object]:
    """Return the option that a key sets, and to what; "" for one that is no option's default.

    Paths are looked up where a command asks for them: advice repeats what was typed, and these were not.
    """
    if key.name == _OUTPUT:
        return ("" if value == "auto" else f"--{value}"), True
    return ("" if key.path else key.option), value


def _words(ctx: Any) -> str:
    """Return the command's words: `repin apply`."""
    words: list[str] = []
    while ctx.parent is not None:
        words.insert(0, str(ctx.info_name))
        ctx = ctx.parent
    return " ".join(words)


class Commands(typer.Typer):
    """A group of commands, each of which takes what is configured unless it says `cls` itself."""

    def __init__(self, **options: Any) -> None:
        """Take what the base class does."""
        super().__init__(**{"cls": Group, **options})

    def command(self, *args: Any, **options: Any) -> Callable[[Function], Function]:
        """Add a command, as the base class does."""
        options["cls"] = options.get("cls") or ConfiguredCommand
        return super().command(*args, **options)
