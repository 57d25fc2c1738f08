"""The JSON Schema for editors, the starter file, and the words that other parts share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from inventory.load import loads
from inventory.profile_schema import ProfileDocument
from inventory.schema import WAIVABLE, json_schema
from inventory.starter import starter
from inventory.verdicts import Verdict
from tests.inventory import texts


class _Plain(yaml.SafeLoader):
    """Reads dates as texts, as the JSON that an editor sees."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:
    """Read YAML as an editor does."""
    return yaml.load(text, Loader=_Plain)  # noqa: S506 - a SafeLoader that makes no dates


def test_the_schema_is_a_schema() -> None:
    """What is exported is JSON Schema, draft 2020-12."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("text", [texts.SAMPLE, starter(), texts.HEAD + texts.CHOICE])
def test_the_schema_accepts_what_loads(text: str) -> None:
    """The sample, the starter file and a fleet with sites and tags are valid for an editor."""
    assert list(jsonschema.Draft202012Validator(json_schema()).iter_errors(read(text))) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"port": 0},
        {"port": "yes"},
        {"pin": {"primery": 1}},
        {"nonsense": 1},
        {"auth": "ntml"},
        {"tls_pin": "sha256:ab"},
        {"tags": "web"},
        {"subnets": "10.1.0.0/16"},
        {"timeout": 0},
        {"gateways": {"primary": 1}},
    ],
)
def test_the_schema_refuses_what_loading_refuses(damage: dict[str, Any]) -> None:
    """A mistake in a value or key is underlined in the editor."""
    document = {"hosts": {"web1": damage}}
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(document)


def test_the_schema_refuses_a_secret_in_clear() -> None:
    """A password in the place of a reference is underlined while it is typed."""
    document = {"credentials": {"ops": {"username": "svc", "password": "hunter2"}}, "hosts": {"web1": {}}}
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(document)


def test_the_shipped_profile_is_valid_for_an_editor() -> None:
    """Profiles have a schema, too, and the shipped one keeps it."""
    text = Path("inventory/profiles/livevault.yaml").read_text(encoding="utf-8")
    schema = json_schema(ProfileDocument)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(read(text))) == []


def test_the_starter_loads() -> None:
    """What `inventory init` writes has no mistake."""
    assert list(loads(starter().encode(), Path("fleet.yaml")).hosts) == ["web1", "db7.corp.example"]


def test_a_waiver_can_name_every_verdict_that_calls_for_attention() -> None:
    """The words of waivers are the words of verdicts, but for the two that need no waiver."""
    assert list(WAIVABLE) == [verdict for verdict in Verdict if verdict not in (Verdict.OK, Verdict.UNKNOWN)]
