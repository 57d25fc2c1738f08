"""The strict schema of an inventory and of a profile: what may stand where. Importing this costs pydantic.

A field's description says what is expected of it; messages and the JSON Schema for editors both use these words.
What needs more than one key to judge (references, duplicates, precedence) is not here but in `inventory.resolve`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from inventory import shapes

WAIVABLE = (
    "cut-off", "blocked", "disconnected", "suspect", "split", "bad-pin", "unreadable", "untested", "drift-blocked",
    "drifted", "stale", "no-agent",
)  # fmt: skip
"""The verdicts that call for attention, worst first. `ok` needs no waiver, and `unknown` is no finding to accept."""

Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, AfterValidator(shapes.name)]
Text = Annotated[str, AfterValidator(shapes.line_of_text), Field(min_length=1, max_length=255)]
Address = Annotated[str, AfterValidator(shapes.address)]
Fingerprint = Annotated[
    str,
    AfterValidator(shapes.tls_pin),
    WithJsonSchema({"type": "string", "pattern": "^[sS][hH][aA]256:([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$"}),
]
Day = Annotated[Any, AfterValidator(shapes.day), WithJsonSchema({"type": "string", "format": "date"})]
Seconds = Annotated[float, Field(gt=0, le=86400)]


def _is(words: str, default: Any = None) -> Any:
    """Declare an optional field; absent is told from null by `model_fields_set`."""
    return Field(default=default, description=words)


class Strict(BaseModel):
    """No unknown keys, no conversions: `yes` is no port and `443.0` neither."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PinRoles(Strict):
    """Desired pins by role."""

    primary: Port = _is("a whole number from 1 to 65535")
    backup: Port = _is("a whole number from 1 to 65535")


class GatewayRoles(Strict):
    """Gateway addresses by role."""

    primary: Address = _is("an IP address or a host name")
    backup: Address = _is("an IP address or a host name")


def _pin_kind(value: Any) -> str:
    return "roles" if isinstance(value, dict) else "port"


Pins = Annotated[Annotated[Port, Tag("port")] | Annotated[PinRoles, Tag("roles")], Discriminator(_pin_kind)]


class Settings(Strict):
    """What `defaults`, a group and a host may say."""

    transport: Literal["https", "http"] = _is("`https` or `http`")
    port: Port = _is("a whole number from 1 to 65535")
    auth: Literal["negotiate", "ntlm", "kerberos", "basic"] = _is("`negotiate`, `ntlm`, `kerberos` or `basic`")
    credential: str | None = _is("the name of one of the `credentials`")
    profile: Text = _is("the name of a shipped profile, or the path of a YAML file")
    gateways: GatewayRoles = _is("a mapping such as {primary: 203.0.113.10, backup: 203.0.113.20}")
    pin: Pins | None = _is("a port from 1 to 65535, a mapping such as {primary: 2147, backup: 443}, or null")
    timeout: Seconds | None = _is("a number of seconds, more than 0 and at most 86400")
    ca: Text | None = _is("the path of a PEM file with the certificate authority")
    tls_pin: Fingerprint | None = _is('a fingerprint, "sha256:" and 64 hex digits')
    configuration: Text = _is("the name of a PowerShell session configuration")
    site: Text | None = _is("a text in one line; put quotes around a number or a true")
    tags: list[Name] = _is("a list of words, such as [web, prod]; put quotes around a number or a true")
    repin: Literal["allow", "forbid"] = _is("`allow` or `forbid`")
    canary_address: Address | None = _is("an IP address or host name where nothing listens")


class HostEntry(Settings):
    """One host under `hosts`."""

    address: Address = _is("an IP address or a host name")


class Group(Settings):
    """One group; `children` are groups too, and null there names a group that is described elsewhere."""

    hosts: list[str] | None = _is("a list of names that stand under `hosts`, such as [web1, db7]")
    children: dict[Name, Group | None] | None = _is("a mapping of names to groups")


class EnvSecret(Strict):
    """A secret in an environment variable."""

    from_: Literal["env"] = Field(alias="from")
    name: Text = Field(description="the name of an environment variable")


class FileSecret(Strict):
    """A secret in a file that nobody else can read."""

    from_: Literal["file"] = Field(alias="from")
    path: Text = Field(description="the path of a file that only you can read")


class CommandSecret(Strict):
    """A secret that a program prints."""

    from_: Literal["command"] = Field(alias="from")
    argv: list[Text] = Field(description="a list of texts, the program first: [pass, show, fleet]", min_length=1)
    timeout: Seconds = _is("a number of seconds, more than 0 and at most 86400; absent: 30")


class KeyringSecret(Strict):
    """A secret in the user's keyring."""

    from_: Literal["keyring"] = Field(alias="from")
    service: Text = Field(description="the service's name in the keyring")
    username: Text = _is("the user's name in the keyring; absent: the credential's")


class PromptSecret(Strict):
    """A secret that is typed when a command needs it."""

    from_: Literal["prompt"] = Field(alias="from")
    text: Text = _is("the question to ask")


Secret = Annotated[
    EnvSecret | FileSecret | CommandSecret | KeyringSecret | PromptSecret, Field(discriminator="from_")
]


class CredentialEntry(Strict):
    """One logon. Its password is a reference; absent with Kerberos, which takes it from the ticket cache."""

    username: Text = Field(description="a user name, such as CORP\\svc-fleet or svc-fleet@corp.example")
    password: Secret | None = _is("a reference such as {from: env, name: FC_PASSWORD}")


class WaiverEntry(Strict):
    """A verdict that is accepted for some hosts until a day, that day included."""

    hosts: str = Field(description="a --limit expression, such as db7 or 'paris:!web1'")
    verdict: Literal[WAIVABLE] = Field(description=f"one of {', '.join(WAIVABLE)}")  # type: ignore[valid-type]  # a tuple of literals: Python takes it, mypy does not
    reason: Text = Field(description="why it is accepted, in one line")
    until: Day = Field(description="a day such as 2027-01-31")


class Document(Strict):
    """A fleetcheck inventory."""

    credentials: dict[Name, CredentialEntry] | None = _is("a mapping of names to credentials")
    defaults: Settings | None = _is("a mapping of settings that hold for every host")
    groups: dict[Name, Group | None] | None = _is("a mapping of names to groups")
    hosts: dict[Name, HostEntry | None] = Field(description="a mapping of names to hosts", min_length=1)
    waivers: list[WaiverEntry] | None = _is("a list of waivers")


class ListedPortEntry(Strict):
    """A port with the name that people know it by."""

    number: Port = Field(description="a whole number from 1 to 65535")
    label: Text = _is("a text in one line; put quotes around a number")


def _port_kind(value: Any) -> str:
    return "labelled" if isinstance(value, dict) else "number"


AnyPort = Annotated[
    Annotated[Port, Tag("number")] | Annotated[ListedPortEntry, Tag("labelled")], Discriminator(_port_kind)
]


class RoleEntry(Strict):
    """The registry values of one role."""

    port_value: Text = Field(description="the name of the registry value that holds the pin")
    address_value: Text | None = _is("the name of the registry value that holds the gateway's address")


class RoleEntries(Strict):
    """A profile uses one role or both."""

    primary: RoleEntry = _is("a mapping such as {port_value: PrimaryTunnelPort}")
    backup: RoleEntry = _is("a mapping such as {port_value: BackupTunnelPort}")


class ProfileDocument(Strict):
    """A fleetcheck profile: an agent product as data."""

    extends: Text | None = _is("the name of a shipped profile, or the path of a YAML file")
    name: Name = _is("a word; absent: the file's name")
    title: Text = _is("the product's name, in one line")
    key: Annotated[str, AfterValidator(shapes.registry_key)] = _is("a registry key below HKEY_LOCAL_MACHINE")
    views: list[Literal[64, 32]] = Field(default=None, description="[64, 32], [64] or [32]", min_length=1, max_length=2)
    roles: RoleEntries = _is("a mapping such as {primary: {port_value: PrimaryTunnelPort}}")
    ports: list[AnyPort] = Field(
        default=None,
        description="a list of ports in the vendor's order, such as [443, {number: 2147, label: tunnel}]",
        min_length=1,
        max_length=256,
    )
    rule: Literal["common, else per role", "common", "per role"] = _is(
        "`common, else per role`, `common` or `per role`; quotes are needed between braces"
    )
    tunnel: Literal["permanent", "on-demand"] = _is("`permanent` or `on-demand`")
    connect_timeout: Annotated[float, Field(gt=0, le=60)] = _is("a number of seconds, more than 0 and at most 60")
    canary_address: Address | None = _is("an IP address or host name where nothing listens, or null")
    canary_port: Port | None = _is("a port that no gateway serves, from 1 to 65535, or null")


def json_schema(model: type[Strict] = Document) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an inventory, or of a profile, for editors."""
    schema: dict[str, Any] = _tidy(model.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _tidy(node: Any) -> Any:
    """Take out what pydantic adds and no reader needs: titles made of key names, nulls as defaults."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _tidy(value) for name, value in child.items()} if key in ("properties", "$defs") else _tidy(child)
        for key, child in node.items()
        if not (key == "default" and child is None) and not (key == "title" and isinstance(child, str))
    }


