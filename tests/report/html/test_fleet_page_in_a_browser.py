"""The fleet's page in a browser: opened, sorted, filtered, by mouse and keys;
nothing that a host says runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import JavascriptException
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By

from orchestrator.report.html.fleet import ROWS, FleetPage
from tests import browser
from tests.report import pages, standings
from tests.report.standings import role, standing

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all of these

Open = Callable[[FleetPage], Chrome]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start a browser, or skip where there is none."""
    if browser.installed() is None:
        pytest.skip("no Chromium with its chromedriver on the PATH (Debian: chromium, chromium-driver)")
    with browser.started(tmp_path_factory.mktemp("profile"), "--window-size=1400,900") as driver:
        yield driver


@pytest.fixture
def opened(chromium: Chrome, tmp_path: Path) -> Iterator[Open]:
    """Open a page; at the end nothing may stand in the console: no error, no violation of the policy."""

    def opening(made: FleetPage) -> Chrome:
        chromium.get(pages.written(tmp_path / "fleet.html", made))
        return chromium

    yield opening
    assert chromium.get_log("browser") == []


def names(driver: Chrome) -> list[str]:
    """Return the names of the hosts that the table shows, in its order."""
    script = "return [...document.querySelectorAll('#rows th')].map((each) => each.firstChild.textContent)"
    found: list[str] = driver.execute_script(script)
    return found


def count(driver: Chrome) -> str:
    """Return what the live region says."""
    return driver.find_element(By.CSS_SELECTOR, "[role=status]").text


def sorted_by(driver: Chrome) -> dict[str, str]:
    """Return what is said to be sorted, and how."""
    return {
        each.text.split()[0]: each.get_attribute("aria-sort") or ""
        for each in driver.find_elements(By.CSS_SELECTOR, ".hosts th[aria-sort]")
    }


def find(driver: Chrome, words: str) -> None:
    """Type into the search field what it then holds."""
    field = driver.find_element(By.ID, "find")
    field.clear()
    field.send_keys(words)


def choose(driver: Chrome, field: str, value: str) -> None:
    """Choose an option."""
    script = (
        "return [...document.getElementById(arguments[0]).options].find((each) => each.value === "
        "arguments[1])"
    )
    driver.execute_script(script, field, value).click()


@pytest.fixture
def sample(opened: Open) -> Chrome:
    """Open the page of a fleet in which something of everything happened."""
    return opened(pages.page(standings.hosts_now()))


def test_the_script_writes_the_rows_that_stand_in_the_page(opened: Open, chromium: Chrome) -> None:
    """Without its script the page shows the same rows, and no field or button that would do nothing."""
    script = "return document.querySelector('#rows').innerHTML.replaceAll(/\\s*\\n\\s*/g, '')"
    browser.command(chromium, "Emulation.setScriptExecutionDisabled", value=True)
    try:
        driver = opened(pages.page(standings.hosts_now()))
        without = driver.execute_script(script)
        assert not driver.find_element(By.ID, "filter").is_displayed()
    finally:
        browser.command(chromium, "Emulation.setScriptExecutionDisabled", value=False)
    driver.refresh()
    assert driver.execute_script(script) == without
    assert len(names(driver)) == 58
    assert driver.find_element(By.ID, "filter").is_displayed()


def test_a_click_on_a_heading_sorts_and_a_second_one_turns_it_round(sample: Chrome) -> None:
    """The heading says how it is sorted; equal ones stay worst first."""
    assert sorted_by(sample) == {"verdict": "ascending"}
    assert names(sample)[13:16] == ["berlin-web13", "old1", "db8"]
    heading = sample.find_element(By.CSS_SELECTOR, "[data-sort=host]")
    heading.click()
    assert sorted_by(sample) == {"host": "ascending"}
    assert names(sample) == sorted(names(sample))
    heading.click()
    assert sorted_by(sample) == {"host": "descending"}
    assert names(sample) == sorted(names(sample), reverse=True)
    sample.find_element(By.CSS_SELECTOR, "[data-sort=pin1]").click()
    assert names(sample)[0] == "waived1"  # pinned to 443, all others to 2147 or to nothing


def test_words_that_are_typed_leave_the_hosts_that_have_them_all(sample: Chrome) -> None:
    """Name, place, verdict and cause are looked through in any case, and the live region tells the count."""
    find(sample, "BERLIN blocked")
    assert len(names(sample)) == 14
    assert count(sample) == "14 of 58 hosts match"
    find(sample, "logon-failed")
    assert names(sample) == ["db7"]
    find(sample, "nothing of this kind")
    assert (names(sample), count(sample)) == ([], "0 of 58 hosts match")
    sample.find_element(By.CSS_SELECTOR, "#filter [type=reset]").click()
    assert count(sample) == "58 hosts"


def test_hosts_can_be_chosen_by_state_place_and_port(sample: Chrome) -> None:
    """Each choice leaves the hosts that it says; a port's is for hosts that find it open for some role."""
    expected = {
        ("show", "state:attention"): 15,
        ("show", "state:waived"): 1,
        ("show", "unprobed"): 2,
        ("show", "old"): 2,
        ("show", "changed"): 14,
        ("show", "verdict:ok"): 41,
        ("show", ""): 58,
        ("place", "=berlin"): 15,
        ("place", "="): 1,
        ("place", ""): 58,
        ("port", "80"): 0,
        ("port", "2147"): 56,
    }
    found = {}
    for field, value in expected:
        choose(sample, field, value)
        found[field, value] = len(names(sample))
    assert found == expected
    said = {
        each.get_attribute("value"): each.text
        for each in sample.find_elements(By.CSS_SELECTOR, "#show option")
    }
    assert {value: f"({hosts})" for (field, value), hosts in expected.items() if field == "show"} == {
        value: said[value].rpartition(" ")[2] for field, value in expected if field == "show"
    }


def test_a_port_can_be_looked_for_where_it_is_closed(sample: Chrome) -> None:
    """The pin that is closed for one of the roles is found."""
    choose(sample, "port", "2147")
    choose(sample, "belief", "x")
    assert len(names(sample)) == 15


def test_counts_and_patterns_lead_to_their_hosts(sample: Chrome) -> None:
    """The figures at the top and the patterns of ports filter the table;
    what was typed before counts no more.
    """
    find(sample, "old1")
    sample.find_element(By.CSS_SELECTOR, "a[data-show='state:unknown']").send_keys(Keys.ENTER)
    assert names(sample) == ["db8"]
    pattern = next(
        each for each in sample.find_elements(By.CSS_SELECTOR, "a[data-pattern]") if each.text == "14"
    )
    pattern.send_keys(Keys.ENTER)
    assert {name[:10] for name in names(sample)} == {"berlin-web"}
    assert count(sample) == "14 of 58 hosts match, of one pattern of ports"


def test_everything_can_be_done_by_keys(sample: Chrome) -> None:
    """From the search field Tab leads over the fields to the headings; Enter sorts,
    and the focus stays there.
    """
    sample.find_element(By.ID, "find").send_keys("berlin", Keys.ENTER)
    assert len(names(sample)) == 15
    for _ in range(20):
        ActionChains(sample).send_keys(Keys.TAB).perform()
        if sample.switch_to.active_element.get_attribute("data-sort") == "read":
            break
    ActionChains(sample).send_keys(Keys.ENTER).perform()
    assert sorted_by(sample) == {"read": "ascending"}
    assert sample.switch_to.active_element.get_attribute("data-sort") == "read"


def test_every_field_and_table_has_a_name(sample: Chrome) -> None:
    """Who hears the page is told what each field, each scrolled part and each row of ports is."""
    script = """return [...document.querySelectorAll("input, select, [role=region], [role=img], [role=search]")]
        .filter((each) => !each.labels?.[0]?.textContent && !each.title && !each.ariaLabel
            && !each.getAttribute("aria-labelledby") && each.tagName !== "svg")
        .map((each) => each.outerHTML)"""  # noqa: E501
    assert sample.execute_script(script) == []


def test_a_large_fleet_is_paged(opened: Open) -> None:
    """A hundred rows stand at once; the buttons go on and back, and end where the hosts do."""
    driver = opened(pages.page(standings.now(standing(f"web{n:03}")) for n in range(ROWS + 1)))
    assert count(driver) == "251 hosts, 1 to 100 are shown"
    later, earlier = driver.find_element(By.ID, "later"), driver.find_element(By.ID, "earlier")
    for _ in range(4):
        driver.execute_script("arguments[0].click()", later)
    assert names(driver)[0] == "web200"
    assert (len(names(driver)), later.get_attribute("aria-disabled")) == (51, "true")
    driver.execute_script("arguments[0].click()", earlier)
    assert names(driver)[0] == "web100"
    choose(driver, "most", "1000")
    assert len(names(driver)) == 251


def test_what_hosts_say_does_not_run_however_it_is_shown(opened: Open) -> None:
    """Hostile words in every field are the text that they are, sorted, filtered and followed,
    and run nowhere.
    """
    driver = opened(pages.hostile())
    assert pages.SEEN in names(driver)
    for heading in driver.find_elements(By.CSS_SELECTOR, ".hosts thead button"):
        driver.execute_script("arguments[0].click()", heading)
    find(driver, "<img src=x")
    assert len(names(driver)) == 5
    for link in driver.find_elements(By.CSS_SELECTOR, "a[data-pattern]"):
        driver.execute_script("arguments[0].click()", link)
        assert names(driver)
    choose(driver, "place", f"={pages.SEEN}")
    assert driver.execute_script(
        "return [window.hacked ?? 0, document.querySelectorAll('img, iframe').length]"
    ) == [0, 0]
    assert driver.find_elements(By.CSS_SELECTOR, "body script:not([type])[src]") == []


def test_a_narrow_screen_shows_hosts_as_cards_that_fit(opened: Open, chromium: Chrome) -> None:
    """On a phone nothing is wider than the screen, however long a word is,
    and a card says which port is what.
    """
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.command(chromium, "Emulation.setDeviceMetricsOverride", **size)
    try:
        driver = opened(pages.hostile())
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 400
        strip = driver.find_element(By.CSS_SELECTOR, "#rows .strip")
        shown = "return getComputedStyle(arguments[0], '::after').content"
        assert driver.execute_script(shown, strip).startswith('"open 2147; not tried 554')
    finally:
        browser.command(chromium, "Emulation.clearDeviceMetricsOverride")


def test_the_policy_is_in_force(opened: Open, chromium: Chrome) -> None:
    """A script, a handler or a style that got into the page all the same would not count:
    the browser refuses it.
    """
    driver = opened(pages.page([]))
    with pytest.raises(JavascriptException, match="TrustedHTML"):
        driver.execute_script("document.body.innerHTML = '<img src=x onerror=window.hacked=1>'")
    driver.execute_script("document.body.setAttribute('style', 'display: none')")
    driver.execute_script(
        "const it = document.createElement('img'); it.src = 'nothing.png'; document.body.append(it)"
    )
    refused = " ".join(each["message"] for each in chromium.get_log("browser"))
    assert [word for word in ("TrustedHTML", "inline style", "nothing.png") if word not in refused] == []
    assert driver.execute_script("return window.hacked ?? getComputedStyle(document.body).display") == "block"


def test_a_role_of_one_product_leaves_no_mark_for_another(opened: Open) -> None:
    """Hosts of products with different roles share a table;
    where a host has no such role its cells are empty.
    """
    alone = standing("kms1", role("activation"))
    driver = opened(pages.page([standings.now(standing("web1")), standings.now(alone)]))
    assert names(driver) == ["kms1", "web1"]


@pytest.mark.parametrize("width", [1280, 1366])
def test_what_to_do_is_seen_on_a_small_laptop(opened: Open, chromium: Chrome, width: int) -> None:
    """At the widths of small screens the table ends within the page, its last column too,
    and no line of ports is cut.
    """
    size = chromium.get_window_size()
    chromium.set_window_size(width, 900)
    try:
        driver = opened(pages.page(standings.hosts_now()))
        script = (
            "const wide = document.querySelector('table.hosts, .hosts table').closest('.wide');"
            "const last = [...wide.querySelectorAll('thead th')].at(-1).getBoundingClientRect();"
            "return [wide.scrollWidth <= wide.clientWidth, last.width > 100 && last.right <= innerWidth]"
        )
        assert driver.execute_script(script) == [True, True]
    finally:
        chromium.set_window_size(size["width"], size["height"])
