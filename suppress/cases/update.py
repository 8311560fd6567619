"""Turn failing cases into what they would have to want: a case file in, its new text and what was left alone out.

Only the `want` of cases that fail alike on every engine is touched, and in it only answers that differ. Each change is
read back: it must say what was decided, and nothing else in the file may have changed its meaning.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from suppress.cases.play import ANSWERS, Played, play, same
from suppress.cases.rewriting import CaseText, NoEditError, edited
from suppress.cases.shapes import WANTS
from suppress.cases.story import as_written, parse_stories
from suppress.problems import Problem
from suppress.rules.document import ListNode, MapNode, parse_document

FIRST_ANSWERS: Final = ("verdict", "dropped")
"""What a case is made to want that wants nothing yet."""

_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The text of a case file before and after. `changed`: names of cases; `left`: name -> why it is left alone."""

    path: Path
    before: str
    after: str
    changed: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    def diff(self) -> str:
        """The change as a unified diff, ready for `patch -p0`; empty when there is none."""
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = difflib.unified_diff(before, after, str(self.path), str(self.path))
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Write the new text, when the file still is as it was read. Raises OSError."""
        if self.path.read_bytes() != self.before.encode():
            raise OSError(f"{self.path} was changed in the meantime")
        self.path.write_bytes(self.after.encode())


def propose(path: Path) -> Update:
    """What the failing cases of a file would have to want."""
    before = path.read_bytes()
    played = play(path, may_want_nothing=True)
    text = after = before.decode() if played.stories else before.decode(errors="replace")
    changed: list[str] = []
    left: list[tuple[str, str]] = []
    for one in played.stories:
        if one.passed and one.story.want:
            continue
        try:
            after = _with_new_want(after, one, str(path))
            changed.append(one.story.name)
        except NoEditError as reason:
            left.append((one.story.name, str(reason)))
    return Update(
        path=path,
        before=text,
        after=after,
        changed=tuple(changed),
        left=tuple(left),
        problems=played.problems,
    )


def _with_new_want(text: str, played: Played, file: str) -> str:
    """The text with the case wanting what was decided. Raises NoEditError."""
    if not played.engines_agree:
        raise NoEditError("the engines differ")
    decision = next(iter(played.decisions.values()))
    asked = dict.fromkeys(each.asked for each in played.differences) if played.story.want else FIRST_ANSWERS
    answers = {question: ANSWERS[question](decision) for question in asked}
    place, case = _case(text, played, file)
    case_text = CaseText(text.removeprefix(_BOM), played.story.as_of_us)
    want = case.get("want")
    if isinstance(want, MapNode) and want.entries:
        edits = [edit for question, answer in answers.items() for edit in case_text.new_answer(want, question, answer)]
    else:
        edits = case_text.new_want(case, answers)
    bom = _BOM if text.startswith(_BOM) else ""
    after = bom + edited(text.removeprefix(_BOM), edits)
    _see_that_only_this_changed(text, after, place, answers, file)
    return after


def _case(text: str, played: Played, file: str) -> tuple[int, MapNode]:
    """The case and its place in the list. Cases before it may have grown, but its name and order have not changed."""
    wanted = [
        (place, case)
        for place, case in enumerate(_cases(text, file))
        if isinstance(case, MapNode) and as_written(case.get("name")) == played.story.name
    ]
    if len(wanted) != 1:
        raise NoEditError("another case has the same name")
    return wanted[0]


def _cases(text: str, file: str) -> tuple[Any, ...]:
    node, _ = parse_document(text.encode(), file)
    cases = node.get("cases") if isinstance(node, MapNode) else None
    return cases.items if isinstance(cases, ListNode) else ()


def _see_that_only_this_changed(before: str, after: str, place: int, answers: Mapping[str, Any], file: str) -> None:
    """Raises NoEditError unless the case now wants these answers, and all else means what it meant."""
    old, new = (_without_answers(text, place, answers, file) for text in (before, after))
    cases = _cases(after, file)
    stories, _ = parse_stories(after.encode(), file, may_want_nothing=True)
    story = next((each for each in stories if place < len(cases) and each.position == cases[place].position), None)
    if old != new or story is None or not all(same(story.want.get(asked), answers[asked]) for asked in answers):
        raise NoEditError("its text is written in a way that cannot be changed safely")


def _without_answers(text: str, place: int, answers: Mapping[str, Any], file: str) -> Any:
    node, problems = parse_document(text.encode(), file)
    told = as_written(node)
    if problems or not isinstance(told, dict) or len(told.get("cases") or ()) <= place:
        return problems
    case = told["cases"][place]
    want = case.pop("want", None) or {}
    case["want"] = {asked: answer for asked, answer in want.items() if asked not in answers and asked in WANTS}
    return told
