"""The kinds of value that an inventory and a profile are made of, for pydantic. Importing this costs
pydantic.

A field's description says what is expected of it; messages and the JSON Schema for editors both use these
words.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from inventory.schema import shapes, via

Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, AfterValidator(shapes.name)]
Text = Annotated[str, AfterValidator(shapes.line_of_text), Field(min_length=1, max_length=255)]
Address = Annotated[str, AfterValidator(shapes.address)]
Via = Annotated[str, AfterValidator(via.via)]
Subnet = Annotated[str, AfterValidator(shapes.subnet)]
Fingerprint = Annotated[
    str,
    AfterValidator(shapes.tls_pin),
    WithJsonSchema({"type": "string", "pattern": "^[sS][hH][aA]256:([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$"}),
]
Day = Annotated[date, BeforeValidator(shapes.day)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


ABSENT: Any = None  # the default of a key that was not said; never looked at


def optional(words: str, **limits: Any) -> Any:
    """Declare an optional field; absent is told from null by `model_fields_set`."""
    return Field(default=ABSENT, description=words, **limits)


class Strict(BaseModel):
    """No unknown keys, no conversions: `yes` is no port and `443.0` neither."""

    model_config = ConfigDict(extra="forbid", strict=True)
