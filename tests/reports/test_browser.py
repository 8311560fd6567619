"""The page in a real browser: nothing fails, nothing is fetched, everybody can use it, it fits phones and paper."""

from pathlib import Path
from typing import Any

import pytest

from suppress.reports.html import render
from tests.reports.browser import chromium, visited
from tests.reports.example import report_of, write_example
from tests.reports.small import small_report, with_texts

VIEWS = ("phone", "phone-dark", "desk", "desk-dark")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the example campaign, as a file."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    path.write_text(render(report_of(write_example(folder, messages=3_000))), encoding="utf-8")
    names = "Donaudampfschifffahrtsgesellschaftskapitän" * 6
    (folder / "long.html").write_text(render(with_texts(small_report(), lambda text: text + names)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def seen(page: Path) -> dict[str, Any]:
    """What Chromium saw of it."""
    return visited(page)


def test_nothing_fails_and_nothing_is_fetched(seen: dict[str, Any], page: Path) -> None:
    """No error or warning on the console; the only request is for the file itself."""
    assert [] == seen["errors"]
    assert {page.as_uri()} == {one for one in seen["requests"] if not one.startswith("data:")}


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_never_scrolls_sideways(seen: dict[str, Any], view: str) -> None:
    """As wide as the window, from 360 pixels on; wide tables scroll in their own frame."""
    widths = seen["views"][view]["widths"]

    assert widths["window"] == widths["page"]


def test_endless_names_do_not_widen_the_page(seen: dict[str, Any]) -> None:
    """Ids, titles and rules of 250 letters without a gap are broken, or scroll in their own frame."""
    assert {"page": 360, "window": 360} == seen["others"]["long.html"]


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(seen: dict[str, Any], view: str) -> None:
    """No violation of WCAG 2.2 AA or of good practice; contrast, names and table heads were among what was checked."""
    found = seen["views"][view]["axe"]

    assert [] == found["violations"]
    assert {"color-contrast", "svg-img-alt", "label", "select-name", "page-has-heading-one"} <= set(found["passes"])
    assert view.startswith("desk") or "scrollable-region-focusable" in found["passes"]
    assert [] == [one for one in found["unsure"] if one == "color-contrast"]


def test_search_keeps_the_rows_with_all_the_words(seen: dict[str, Any]) -> None:
    """Whatever the case and order; the count is said; a search that finds nothing says so."""
    used = seen["used"]
    texts = [" ".join(cells).lower() for cells in used["searched"]]

    assert 0 < len(texts) < used["all"]
    assert all("mattress" in text and "blue" in text for text in texts)
    assert f"{len(texts)} of {used['all']} rows." == used["status"]["searched"]
    assert (0, f"No row of {used['all']} fits.") == (used["unfound"], used["status"]["unfound"])


def test_rows_are_narrowed_by_verdict_and_rule(seen: dict[str, Any]) -> None:
    """Only rows that were held; only rows of that rule."""
    assert {"held"} == {cells[3] for cells in seen["used"]["held"]}
    assert {"Recalled for safety"} == {cells[4].splitlines()[0] for cells in seen["used"]["recalled"]}


def test_the_first_rows_are_shown_and_then_all(seen: dict[str, Any]) -> None:
    """25 at first, all of them at a click; and all of them where no script runs."""
    used = seen["used"]

    assert (25, f"The first 25 of {used['all']} rows.") == (used["first"], used["status"]["first"])
    assert (used["all"], f"All {used['all']} rows.") == (used["shown"], used["status"]["shown"])
    assert used["all"] == seen["withoutScript"]


def test_heads_sort_by_keyboard_and_say_so(seen: dict[str, Any]) -> None:
    """Enter sorts up, space sorts down; numbers sort as numbers, the largest first."""
    up, down = seen["used"]["ascending"], seen["used"]["descending"]
    known = [customer for customer in up["customers"] if customer != "unknown"]
    numbers = [int(number.replace(",", "")) for number in seen["used"]["numbers"]]

    assert ("ascending", "descending") == (up["sort"], down["sort"])
    assert 100 < len(known)
    assert sorted(known) == known
    assert known[::-1] == [customer for customer in down["customers"] if customer != "unknown"]
    assert sorted(numbers, reverse=True) == numbers


def test_the_first_stop_skips_to_the_figures(seen: dict[str, Any]) -> None:
    """Tab, Enter: past the contents."""
    assert ("Skip to the figures", "figures") == (seen["used"]["firstStop"], seen["used"]["skippedTo"])


def test_paper_cuts_nothing_off(seen: dict[str, Any]) -> None:
    """At the width of a sheet every table and picture fits, and what cannot be pressed on paper is gone."""
    assert [] == seen["paper"]["cut"]
    assert 690 >= seen["paper"]["width"]
    assert not seen["paper"]["tools"]
    assert "%PDF-" == seen["pdf"]


def test_without_a_browser_the_tests_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is root, nothing is on the PATH: the message names the package and the setting."""
    monkeypatch.delenv("SUPPRESS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(RuntimeError, match=r"apt-get install chromium; or set SUPPRESS_CHROMIUM"):
        chromium()
