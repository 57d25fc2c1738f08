"""Profiles: the shipped one, and users' own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InventoryError
from inventory.model import ListedPort, Profile, RoleValues, Rule
from inventory.profile import dump_profile, load_profile, shipped
from inventory.schema.shapes import registry_key

WHOLE = "title: T\nkey: SOFTWARE\\V\\P\nroles: {primary: {port_value: Port}}\nports: [443]\n"


def written(folder: Path, text: str, name: str = "mine.yaml") -> Profile:
    """Load text as a profile."""
    (folder / name).write_text(text, encoding="utf-8")
    return load_profile(f"./{name}", folder)


def refusal(folder: Path, text: str) -> list[str]:
    """Return the messages with which a profile is refused."""
    with pytest.raises(InventoryError) as caught:
        written(folder, text)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_three_products_are_shipped() -> None:
    """The built-in products need no file."""
    assert shipped() == ("kms-client", "livevault", "scom-agent")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "kms-client",
            (
                r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform",
                ("KeyManagementServicePort", "KeyManagementServiceName"),
                (1688,),
                "on-demand",
            ),
        ),
        (
            "scom-agent",
            (
                (
                    r"SOFTWARE\Microsoft\Microsoft Operations Manager\3.0\Agent Management Groups\*\Parent "
                    r"Health Services\0"
                ),
                ("Port", "NetworkName"),
                (5723,),
                "permanent",
            ),
        ),
    ],
)
def test_products_with_one_gateway_state_public_facts(name: str, expected: tuple[object, ...]) -> None:
    """Key, the values of port and address, port and kind of tunnel are as Microsoft documents them."""
    profile = load_profile(name, Path())
    (role,) = profile.roles
    assert (
        profile.key,
        (role.port_value, role.address_value),
        profile.port_numbers,
        profile.tunnel,
    ) == expected
    assert (role.role, profile.views, profile.source) == ("primary", (64,), "shipped")


def test_livevault_states_the_vendors_facts() -> None:
    """Key, values, sixteen ports in the vendor's order, rule and tunnel are as the vendor documents them."""
    profile = load_profile("livevault", Path())
    assert (
        profile.key,
        profile.views,
        profile.roles,
        profile.port_numbers,
        profile.rule,
        profile.tunnel,
    ) == (
        r"SOFTWARE\LiveVault Corporation\LiveVault.net\LVRT\Static Route",
        (64, 32),
        (
            RoleValues(role="primary", port_value="PrimaryTunnelPort"),
            RoleValues(role="backup", port_value="BackupTunnelPort"),
        ),
        (2147, 554, 1090, 1720, 1755, 1503, 7070, 1863, 5190, 443, 636, 389, 80, 25, 119, 123),
        Rule.COMMON_ELSE_PER_ROLE,
        "permanent",
    )


def test_livevaults_attempts_and_canary() -> None:
    """An attempt has three seconds, and port 9 is the one that no gateway serves."""
    profile = load_profile("livevault", Path())
    assert (profile.connect_timeout, profile.canary_port, profile.canary_address) == (3.0, 9, None)


def test_an_extension_says_only_what_differs(tmp_path: Path) -> None:
    """A profile that extends another one keeps every key that it does not give."""
    parent = load_profile("livevault", tmp_path)
    mine = written(tmp_path, "extends: livevault\nconnect_timeout: 1.5\ncanary_port: null\n")
    expected = replace(
        parent, name="mine", connect_timeout=1.5, canary_port=None, source=str(tmp_path / "mine.yaml")
    )
    assert mine == expected


def test_an_extension_can_extend_a_file(tmp_path: Path) -> None:
    """`extends:` with a path begins at the folder of the file that says it."""
    (tmp_path / "sub").mkdir()
    written(tmp_path / "sub", WHOLE, "base.yaml")
    (tmp_path / "sub" / "mine.yaml").write_text("extends: ./base.yaml\ntitle: Mine\n", encoding="utf-8")
    profile = load_profile("sub/mine.yaml", tmp_path)
    assert (profile.title, profile.ports) == ("Mine", (ListedPort(number=443),))


@pytest.mark.parametrize("hive", ["", "HKLM\\", "hklm:\\", "HKEY_LOCAL_MACHINE\\", "\\HKLM\\"])
def test_a_hive_in_front_of_the_key_is_taken_off(tmp_path: Path, hive: str) -> None:
    """A key may be written as people copy it from the registry editor."""
    assert written(tmp_path, WHOLE.replace("SOFTWARE", f"{hive}SOFTWARE")).key == "SOFTWARE\\V\\P"


def test_a_wildcard_may_stand_for_one_subkey(tmp_path: Path) -> None:
    """One whole subkey name may be left open."""
    assert written(tmp_path, WHOLE.replace("\\V\\", "\\V\\*\\")).key == "SOFTWARE\\V\\*\\P"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("SOFTWARE", "HKCU\\SOFTWARE", ("2: `key`: `HKCU\\SOFTWARE\\V\\P` is not below HKEY_LOCAL_MACHINE; "
                                       "only that hive is read")),
        ("\\V\\", "\\V*\\", "2: `key`: `*` stands for one whole subkey name, once, and not for the first"),
        ("\\V\\", "\\*\\*\\", "2: `key`: `*` stands for one whole subkey name, once, and not for the first"),
        ("\\V\\", "\\Wow6432Node\\", ("2: `key`: write the key without Wow6432Node; `views: [32]` reads "
                                     "that side")),
        ("\\V\\", "\\\\", ("2: `key`: expected a registry key such as SOFTWARE\\Vendor\\Product, found "
                          "`SOFTWARE\\\\P`")),
        ("[443]", "[443, 80, {number: 443}]", "4: 443 stands in `ports` twice"),
        ("[443]", "[443]\nviews: [64, 64]", "5: 64 stands in `views` twice"),
        ("[443]", "[443, 70000]", "4: `ports.2`: expected a whole number from 1 to 65535, found `70000`"),
        ("[443]", "[]", ("4: `ports`: expected a list of ports in the vendor's order, such as [443, "
                        "{number: 2147, label: tunnel}], found an empty one")),
        ("{primary: {port_value: Port}}", "{}", "3: `roles` is empty; expected `primary`, `backup` or both"),
        ("title: T\n", "", "1: `title` missing; a profile states them, or `extends:` one that does"),
        ("title: T", "titel: T", "1: unknown key `titel`; did you mean `title`?"),
        ("title: T", "title: T\nextends: livevalt", ("2: `extends`: no shipped profile is called "
                                                    "`livevalt`; did you mean `livevault`? (a file's path "
                                                    "has a slash in it, or ends in .yaml)")),
    ],
)  # fmt: skip
def test_a_bad_profile_says_where_and_what(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """Each mistake of a profile is told at its line."""
    assert refusal(tmp_path, WHOLE.replace(old, new)) == [f"mine.yaml:{expected}"]


def test_profiles_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    """A circle of `extends:` is told, not followed."""
    (tmp_path / "other.yaml").write_text("extends: ./mine.yaml\n", encoding="utf-8")
    assert refusal(tmp_path, "extends: ./other.yaml\n") == [
        "other.yaml:1: `extends`: profiles extend each other in a circle: mine.yaml > other.yaml > mine.yaml"
    ]


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_profile_prints_and_loads_again(tmp_path: Path, name: str) -> None:
    """What `profile show` prints is a profile file: it loads to the same profile."""
    profile = load_profile(name, tmp_path)
    again = written(tmp_path, dump_profile(profile))
    assert replace(again, source=profile.source) == profile


def taken_as_it_is(key: str) -> bool:
    """Whether a key is one that a profile may have, with no hive in front."""
    try:
        return registry_key(key) == key
    except ValueError:
        return False


WORD = st.text(
    alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12
)


@settings(max_examples=50, deadline=None)  # a busy machine is no mistake
@given(
    st.builds(
        Profile,
        name=st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True).filter(lambda name: name != "all"),
        title=WORD,
        key=st.lists(WORD.filter(lambda word: not set(word) & set("\\*")), min_size=2, max_size=4).map("\\".join).filter(taken_as_it_is),  # noqa: E501
        views=st.sampled_from([(64,), (32, 64)]),
        roles=st.builds(lambda port, address: (RoleValues(role="backup", port_value=port, address_value=address),), WORD, st.none() | WORD),  # noqa: E501
        ports=st.lists(st.builds(ListedPort, number=st.integers(1, 65535), label=st.just("") | WORD), min_size=1, max_size=4, unique_by=lambda port: port.number).map(tuple),  # noqa: E501
        rule=st.sampled_from(Rule),
        tunnel=st.sampled_from(["permanent", "on-demand"]),
        connect_timeout=st.sampled_from([0.5, 3.0, 60.0]),
        canary_address=st.sampled_from([None, "203.0.113.9", "::1", "nothing.example"]),
        canary_port=st.none() | st.integers(1, 65535),
        source=st.just("x"),
    )
)  # fmt: skip
def test_every_profile_prints_and_loads_again(
    tmp_path_factory: pytest.TempPathFactory, profile: Profile
) -> None:
    """Labels, titles and key names with YAML's own signs in them survive being printed."""
    folder = tmp_path_factory.mktemp("profile")
    assert replace(written(folder, dump_profile(profile)), source="x") == profile
