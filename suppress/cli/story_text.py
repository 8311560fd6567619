"""Turn a failed story into words: what was wanted and what was decided side by side, and the rules behind it."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from suppress.cases.play import Difference, Played
from suppress.cases.reasons import Behind
from suppress.cases.times import told_us
from suppress.cli.columns import GAP, side_by_side
from suppress.facts.instants import to_us

WIDTH: Final = 96

Paint = Callable[[str, str], str]
"""A text and the name of a colour in; the text as it is printed out."""


def plain(text: str, colour: str) -> str:
    """The text without colour."""
    del colour
    return text


def failed_story(played: Played, paint: Paint = plain) -> Iterator[str]:
    """The lines that tell how a story ended instead of as wanted."""
    story = played.story
    yield f"  {paint('failed', 'red')}: {story.name} ({story.position.file}:{story.position.line})"
    rows = [("", "wanted", "decided"), *rows_of(played)]
    for number, cells in enumerate(side_by_side(rows, WIDTH, indent="    ")):
        wanted, decided = ("faint", "faint") if number == 0 else ("green", "red")
        label, *answers = cells
        painted = [paint(cell, colour) for cell, colour in zip(answers, (wanted, decided), strict=True)]
        yield _line("    ", [label, *painted], cells)
    alike: dict[Behind, list[str]] = {}
    for behind in played.behind:
        alike.setdefault(replace(behind, about=None), []).append(behind.about or "the message")
    for behind, abouts in alike.items():
        yield from _behind(behind, ", ".join(abouts), paint)


def _line(indent: str, painted: Sequence[str], cells: Sequence[str]) -> str:
    """The cells as a line; trailing blanks go, and with them the colour of empty cells."""
    last = max((at for at, cell in enumerate(cells) if cell.strip()), default=0)
    shown = [*painted[:last], painted[last].replace(cells[last], cells[last].rstrip())]
    return indent + GAP.join(shown)


def rows_of(played: Played) -> Iterator[tuple[str, str, str]]:
    """One row per question, or per question and engine where engines differ."""
    by_question: dict[str, list[Difference]] = {}
    for difference in played.differences:
        by_question.setdefault(difference.asked, []).append(difference)
    for asked, differences in by_question.items():
        alike = len(differences) == len(played.decisions) and len({str(each.decided) for each in differences}) == 1
        for difference in differences[:1] if alike else differences:
            label = asked if alike else f"{asked} ({difference.engine})"
            wanted, decided = _where_they_differ(difference.wanted, difference.decided)
            as_of_us = played.story.as_of_us
            yield label, _side(difference.wanted, wanted, as_of_us), _side(difference.decided, decided, as_of_us)


def _where_they_differ(wanted: Any, decided: Any) -> tuple[Any, Any]:
    if not (isinstance(wanted, Mapping) and isinstance(decided, Mapping)):
        return wanted, decided
    skus = [sku for sku in dict.fromkeys((*wanted, *decided)) if wanted.get(sku, ...) != decided.get(sku, ...)]
    return {sku: wanted[sku] for sku in skus if sku in wanted}, {sku: decided[sku] for sku in skus if sku in decided}


def _side(whole: Any, shown: Any, as_of_us: int) -> str:
    """What differs, in words; `nothing else` where there was more, on which both sides agree."""
    return "nothing else" if shown == {} != whole else told(shown, as_of_us)


def told(answer: Any, as_of_us: int) -> str:
    """An answer in words, times as a case would tell them; entries of maps and entries of several words in lines."""
    if isinstance(answer, Mapping):
        entries = [f"{sku}: {'never' if entry is None else told(entry, as_of_us)}" for sku, entry in answer.items()]
        return "\n".join(entries) or "nothing"
    if isinstance(answer, list | tuple):
        entries = [told(entry, as_of_us) for entry in answer]
        return ("\n" if any(" " in entry for entry in entries) else ", ").join(entries) or "nothing"
    if isinstance(answer, datetime):
        return told_us(to_us(answer), as_of_us)
    return "nothing" if answer is None else str(answer)


def _behind(behind: Behind, about: str, paint: Paint) -> Iterator[str]:
    yield ""
    head = f"{about}: {_what_it_did(behind)} ({behind.code})"
    yield from textwrap.wrap(head, WIDTH, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)
    yield from textwrap.wrap(behind.sentence, WIDTH, initial_indent="      ", subsequent_indent="      ")
    if not behind.evidence or not behind.applies:
        return
    rows = [("seen", "the rule asks whether"), *((seen(each.seen), each.wanted) for each in behind.evidence)]
    for number, cells in enumerate(side_by_side(rows, WIDTH, indent="      ")):
        painted = [paint(cell, "faint") for cell in cells] if number == 0 else cells
        yield _line("      ", painted, cells)


def _what_it_did(behind: Behind) -> str:
    if behind.fired:
        return f"{behind.rule} fired"
    return f"{behind.rule} {'did not fire' if behind.applies else 'is not in force at this time'}"


def seen(value: object) -> str:
    """What was seen, in words."""
    if value is None:
        return "unknown"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
