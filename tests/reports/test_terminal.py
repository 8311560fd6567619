"""The terminal tells the same numbers, with colours only where they are wanted."""

import io

import pytest
from rich.console import Console

from suppress.decisions.report import Share, Verdicts
from suppress.reports.terminal import print_report
from tests.reports.small import small_report


def printed(*, terminal: bool = False, **changed: object) -> str:
    """What a console of 100 columns shows."""
    console = Console(
        file=io.StringIO(), width=100, force_terminal=terminal, color_system="standard" if terminal else None
    )
    print_report(small_report(**changed), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_numbers_are_those_of_the_page() -> None:
    """Headline, rules, one that is only tried, an example, and what was unknown."""
    text = printed()

    for words in ("1,712,331 go out", "already-bought", "18.3 %", "shadow: 350,000 more", "“Blue mattress 140 cm”",
                  "unknown: stock.available_units (< 0.1 % of messages)", "! Stock: nine hours old"):  # fmt: skip
        assert words in text.replace("\N{NO-BREAK SPACE}", " ")


def test_without_a_terminal_there_is_no_colour_and_no_line_is_too_long() -> None:
    """No escape sequence in a pipe, in CI or with NO_COLOR; at most 100 columns."""
    assert "\x1b" not in printed()
    assert 100 >= max(len(line) for line in printed().splitlines())
    assert "\x1b" in printed(terminal=True)


def test_standard_output_in_ci_has_no_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a terminal is pretended."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_report(small_report())
    told = capsys.readouterr().out

    assert "1,712,331 go out" in told
    assert "\x1b[31m" not in told


def test_a_delta_shows_the_whole_campaign() -> None:
    """The bar and its numbers are those of the headline, also where few messages were decided again."""
    whole = Verdicts(send=1_900_000, hold=40_000, suppress=60_000)
    text = printed(decided_anew=15, whole=whole, verdicts=Verdicts(send=9, suppress=6))

    assert "send 1,900,000 (95.0 %)" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_limit_that_is_passed_is_said_aloud() -> None:
    """Which, by how much, and what is allowed."""
    passed = Share(rule="night", counts="messages", acted_on=300_000, total=2_000_000, max_share=1000)

    assert "! night: 15.0 % of messages, more than the 10 % it may be" in printed(shares=(passed,))


def test_names_are_not_read_as_instructions() -> None:
    """Square brackets in a title stay square brackets."""
    report = small_report()
    one = report.prevented[0]
    from dataclasses import replace

    assert "[bold]“" not in printed()
    assert "[red]sofa[/red]" in printed(prevented=(replace(one, title="[red]sofa[/red]"),))
