"""What `inventory show HOST --origin` tells."""

from __future__ import annotations

from pathlib import Path

from inventory.explain import explain
from inventory.load import load


def test_every_setting_of_a_host_is_shown_with_its_origin(sample: Path) -> None:
    """Keys stand in a fixed order; values are written as in the inventory; each has a place."""
    shown = [
        (item.key, item.value, str(item.origin).replace(f"{sample}:", ""))
        for item in explain(load(sample).hosts["web2"])
    ]
    assert shown == [
        ("address", "10.1.2.3", "24 (host web2)"),
        ("port", "5986", "8 (defaults)"),
        ("via", "", "not set"),
        ("via_credential", "", "not set"),
        ("transport", "https", "7 (defaults)"),
        ("auth", "negotiate", "9 (defaults)"),
        ("credential", "ops", "10 (defaults)"),
        ("ca", str(sample.parent / "certs/dmz.pem"), "21 (group paris-dmz)"),
        ("tls_pin", "sha256:" + "ab" * 32, "24 (host web2)"),
        ("configuration", "Microsoft.PowerShell", "built in"),
        ("profile", "livevault", "11 (defaults)"),
        ("gateways", "primary 203.0.113.10, backup 203.0.113.20", "12 (defaults)"),
        ("pin", "443", "19 (group paris)"),
        ("canary_address", "", "not set"),
        ("timeout", "60", "14 (defaults)"),
        ("repin", "forbid", "24 (host web2)"),
        ("site", "paris", "18 (group paris)"),
        ("subnets", "", "built in"),
        ("tags", "", "built in"),
    ]


def test_a_number_of_seconds_is_shown_whole(sample: Path) -> None:
    """As it stands in the inventory."""
    text = sample.read_text().replace("timeout: 60", "timeout: 86399.75")
    sample.write_text(text)
    assert [item.value for item in explain(load(sample).hosts["web2"]) if item.key == "timeout"] == [
        "86399.75"
    ]
