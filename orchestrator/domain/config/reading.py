"""From a file's content, and from the environment, to a layer of settings and to what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from inventory.words import did_you_mean, shown
from orchestrator.domain.config.keys import KEYS, PREFIX, TABLES, Key, never, reserved
from orchestrator.domain.config.sections import Mistake, Section, SectionError
from orchestrator.domain.config.settings import Entry, Layer, Origin, Setting

NOT_HERE = (
    "may not stand in ./fleetcheck.toml: "
    "set it in ~/.config/fleetcheck/config.toml or /etc/fleetcheck/config.toml"
)


class FileReading:
    """Reads the content of one file.

    `folder_file`: it is ./fleetcheck.toml, which may set less. `sections`: None is all that there are; their
    modules are imported only where there is a file.
    """

    def __init__(
        self,
        file: str,
        folder: str,
        *,
        folder_file: bool,
        sections: Sequence[Section] | None = None,
    ) -> None:
        self._file = file
        self._folder = folder
        self._folder_file = folder_file
        self._sections = {section.name: section for section in (_all() if sections is None else sections)}
        self._values: dict[str, Setting] = {}
        self._entries: dict[str, Mapping[str, Entry]] = {}
        self.mistakes: list[Mistake] = []

    def layer(self, tree: Mapping[str, object]) -> Layer:
        """Return what the file sets; `mistakes` holds what is wrong with it."""
        for name, value in tree.items():
            if name in self._sections:
                self._section(self._sections[name], value)
            elif name in TABLES:
                self._table(name, value)
            else:
                self._key((name,), value)
        return Layer(values=MappingProxyType(self._values), sections=MappingProxyType(self._entries))

    def _table(self, name: str, value: object) -> None:
        if not isinstance(value, Mapping):
            self._say(
                (name,), f"`{name}`: expected a table, `[{name}]` and its keys below, found {shown(value)}"
            )
            return
        for key, content in value.items():
            self._key((name, key), content)

    def _key(self, path: tuple[str, ...], value: object) -> None:
        name = ".".join(path)
        key = KEYS.get(name)
        if key is None:
            self._say(path, _unknown(path, (*KEYS, *self._sections)))
        elif self._folder_file and not key.folder:
            self._say(path, f"`{name}` {NOT_HERE}")
        else:
            try:
                found = key.kind.check(value)
            except ValueError:
                self._say(path, f"`{name}`: expected {key.kind.takes}, found {_found(key, value)}")
                return
            if self._folder_file and key.folder_check and not key.folder_check.fits(found):
                takes = key.folder_check.takes
                self._say(path, f"`{name}`: expected {takes}; anything else {NOT_HERE}")
                return
            self._values[name] = Setting(found, self._origin(path))

    def _section(self, section: Section, value: object) -> None:
        name = section.name
        if self._folder_file:
            self._say((name,), f"`[{name}]` {NOT_HERE}")
            return
        if not isinstance(value, Mapping):
            self._say((name,), f"`{name}`: expected tables such as `[{name}.NAME]`, found {shown(value)}")
            return
        found = {}
        for entry, content in value.items():
            path = (name, entry)
            if not isinstance(content, Mapping):
                self._say(
                    path, f"`{name}.{entry}`: expected a table, `[{name}.{entry}]`, found {shown(content)}"
                )
                continue
            try:
                found[entry] = Entry(section.read(entry, content), self._origin(path))
            except SectionError as error:
                for mistake in error.mistakes:
                    self._say((*path, *mistake.path), mistake.message)
        self._entries[name] = MappingProxyType(found)

    def _origin(self, path: tuple[str, ...]) -> Origin:
        return Origin(self._file, path, self._folder)

    def _say(self, path: tuple[str, ...], message: str) -> None:
        self.mistakes.append(Mistake(path, message))


def _found(key: Key, value: object) -> str:
    return "something else" if key.secret else shown(value)


def _all() -> Sequence[Section]:
    from orchestrator.domain.config.registry import SECTIONS

    return SECTIONS


def _unknown(path: tuple[str, ...], known: Iterable[str]) -> str:
    name = ".".join(path)
    if (option := never(name)) is not None:
        return f"`{name}` may stand in no file: {_alone(option)}"
    spelt = name.replace("-", "_")
    near = f"; did you mean `{spelt}`?" if spelt in KEYS else did_you_mean(name, known)
    return f"there is no key {shown(name)}{near}; `fleetcheck config show` lists all of them"


def _alone(option: str) -> str:
    return f"{option} is given on the command line alone, each time"


class EnvironReading:
    """Reads the variables that begin with FLEETCHECK_. `separator` stands between the paths of a list."""

    def __init__(self, environ: Mapping[str, str], separator: str) -> None:
        self._separator = separator
        # An empty variable is an unset one, as `VARIABLE= command` is typed to mean.
        self._given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
        self.mistakes: list[tuple[str, str]] = []  # variable and words

    def layer(self) -> Layer:
        """Return what the variables set; `mistakes` holds what is wrong with them."""
        values = {}
        for key in KEYS.values():
            if key.variable in self._given:
                setting = self._setting(key, self._given[key.variable])
                if setting is not None:
                    values[key.name] = setting
        return Layer(values=MappingProxyType(values))

    def _setting(self, key: Key, text: str) -> Setting | None:
        given = (
            [path for path in text.split(self._separator) if path]
            if key.name == "inventory"
            else key.kind.of_text(text)
        )
        try:
            return Setting(key.kind.check(given), Origin(key.variable))
        except ValueError:
            self.mistakes.append((key.variable, f"expected {key.kind.takes}, found {_found(key, text)}"))
            return None

    def warnings(self) -> Iterator[str]:
        """Yield a sentence for each variable that sets nothing, and looks as if it should."""
        variables = {key.variable for key in KEYS.values()}
        for name in sorted(self._given.keys() - variables):
            if name == f"{PREFIX}CONFIG":
                words = "is kept for later and names no file"
                yield f"{name} {words}: `fleetcheck config show` says which files are read"
            elif reserved(name):
                continue
            elif (option := never(name.removeprefix(PREFIX))) is not None:
                yield f"{name} is not read: {_alone(option)}"
            else:
                near = did_you_mean(name, variables)
                yield f"there is no setting {name}{near}; `fleetcheck config show` lists all of them"
