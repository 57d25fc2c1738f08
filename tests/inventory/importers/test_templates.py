"""The templates that an import fills in, whatever somebody wrote between the braces."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.importers.ansible.templates import Templates
from inventory.importers.ansible.values import TemplateError
from inventory.yamlfile.tree import Map, Seq, Tagged

SIGNS = "{{ }} {% %} {# #} {{- ' \" \\ | ~ + - . , * ** ( ) [ ] ="
WORDS = (
    "name net ip list ring hostvars inventory_hostname lower default replace split first raw endraw is not "
    "if else true 0 1_0 1e9 é"
)
PIECES = [*SIGNS.split(), *WORDS.split(), " ", "\n", "\x00", "\ud800"]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


def variables(**said: Any) -> Map:
    """Return what a host says."""
    own = Map(1)
    for name, value in said.items():
        own.put(name, value, 1)
    return own


def filled(text: str, **said: Any) -> Any:
    """Return what a text comes to on a host that says so much."""
    return Templates("web1", variables(**said), set()).value(text)


def refuses(text: str, **said: Any) -> None:
    """Assert that a template stays one."""
    with pytest.raises(TemplateError):
        filled(text, **said)


@settings(deadline=None)  # a busy machine is no mistake
@given(TEXTS)
@example("(" * 2_000)
@example("name" + ".a" * 2_000)
@example("name" + "|lower" * 600)
@example("'" * 4_000)
@example("0x" + "f" * 4_000)
@example("1" * 5_000)
def test_no_text_between_braces_ends_an_import(text: str) -> None:
    """A template either comes to a value that a file can hold, or stays one: nothing else is raised."""
    listed = Seq(1)
    listed.put("{{ net.ip }}", 1)
    said = {"name": "n", "net": variables(ip="192.0.2.1"), "list": listed, "ring": "{{ ring }}"}
    try:
        value = filled(f"{{{{ {text} }}}}", **said)
    except TemplateError:
        return
    assert isinstance(value, (str, int, float))


def test_an_item_that_is_a_template_is_filled_in_before_more_is_made_of_it() -> None:
    """As in Ansible, `net.name ~ '.x'` is no text with braces."""
    net = variables(name="{{ domain }}.y")
    assert filled("{{ net.name ~ '.x' }}", net=net, domain="corp") == "corp.y.x"


def test_an_item_that_is_encrypted_is_made_nothing_of() -> None:
    """A vaulted value within a mapping is no user's name."""
    refuses("{{ net.user }}", net=variables(user=Tagged("!vault", "$ANSIBLE_VAULT;1.1")))


def test_a_backslash_in_quotes_is_itself() -> None:
    """Ansible knows no escapes there: an account's domain stays in front of it."""
    assert filled(r"{{ user | default('CORP\new') }}") == r"CORP\new"


@pytest.mark.parametrize(
    "text", ["{{ 'a'" + "|replace('a', 'aaaaaaaaaa')" * 100 + " }}", "{{ " + "v ~ " * 90 + "v }}"]
)
def test_a_text_that_grows_with_each_step_stays_a_template(text: str) -> None:
    """What comes to more than any setting holds is left alone before it takes the memory."""
    refuses(text, v="x" * 100)


def test_variables_that_double_each_other_cost_nothing() -> None:
    """Thirty variables, each made twice of the next, would be a thousand million look-ups."""
    chain = {f"v{n}": f"{{{{ v{n + 1} ~ v{n + 1} }}}}" for n in range(30)}
    refuses("{{ v0 }}", **chain, v30="")


def test_a_name_with_braces_is_a_name() -> None:
    """A host's name is filled in as it stands."""
    found = Templates("web{{x}}", variables(), set()).value("{{ inventory_hostname }}.a")
    assert found == "web{{x}}.a"


@pytest.mark.wire  # starts a program
def test_only_a_template_costs_the_time_that_jinja2_takes_to_load() -> None:
    """An import without one does without it."""
    script = (
        "import sys\nfrom inventory.importers.ansible.templates import Templates\n"
        "from inventory.yamlfile.tree import Map\nhost = Templates('web1', Map(1), set())\n"
        "host.value('plain'); print('jinja2' in sys.modules)\n"
        "host.value('{{ inventory_hostname }}'); print('jinja2' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
