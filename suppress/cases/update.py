"""Turn failing cases into what they would have to want: a case file in, its new text and what was left alone out.

Only the `want` of cases that fail alike on every engine is touched, and in it only answers that differ. Each change is
read back: it must say what was decided, and nothing else in the file may have changed its meaning.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from suppress.cases.files import replace_file
from suppress.cases.play import ANSWERS, Played, play, same
from suppress.cases.rewriting import CaseText, Edit, NoEditError, edited
from suppress.cases.story import as_written, parse_stories
from suppress.problems import Problem, unreadable
from suppress.rules.document import ListNode, MapNode, parse_document

FIRST_ANSWERS: Final = ("verdict", "dropped")
"""What a case is made to want that wants nothing yet."""

Answers = Mapping[str, Any]
"""Question -> what was decided."""

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
        """Write the new text, whole or not at all, when the file still is as it was read. Raises OSError."""
        if self.path.read_bytes() != self.before.encode():
            raise OSError(f"{self.path} was changed in the meantime")
        replace_file(self.path, self.after.encode())


def propose(path: Path) -> Update:
    """What the failing cases of a file would have to want; nothing when it cannot be read, which is then a problem."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Update(path=path, before="", after="", problems=(unreadable(path, error),))
    played = play(path, may_want_nothing=True)
    before = data.decode(errors="replace")
    due = [one for one in played.stories if not (one.passed and one.story.want)]
    left: dict[str, str] = {}
    file = _CaseFile(before, str(path))
    after = file.with_new_wants(due, left) if due else before
    return Update(
        path=path,
        before=before,
        after=after,
        changed=tuple(one.story.name for one in due if one.story.name not in left),
        left=tuple(left.items()),
        problems=played.problems,
    )


class _CaseFile:
    """The text of a case file and its cases in file order."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.node, self.problems = parse_document(text.encode(), file)
        cases = self.node.get("cases") if isinstance(self.node, MapNode) else None
        self.cases = cases.items if isinstance(cases, ListNode) else ()

    def with_new_wants(self, due: Sequence[Played], left: dict[str, str]) -> str:
        """The text with these cases wanting what was decided; `left` takes the names of others, and why."""
        edits: list[Edit] = []
        answers: dict[int, Answers] = {}
        for one in due:
            try:
                place, wanted, own = self._edits(one)
            except NoEditError as reason:
                left[one.story.name] = str(reason)
            else:
                answers[place] = wanted
                edits += own
        after = self._edited(edits)
        if self._only_changes(after, answers):
            return after
        if len(answers) > 1:
            # Somewhere the text is written in a way nobody foresaw: find the case, so that the others are changed.
            return self._one_by_one([one for one in due if one.story.name not in left], left)
        left.update((one.story.name, "its text cannot be changed safely") for one in due if one.story.name not in left)
        return self.text

    def _one_by_one(self, due: Sequence[Played], left: dict[str, str]) -> str:
        file = self
        for one in due:
            file = _CaseFile(file.with_new_wants([one], left), self.file)
        return file.text

    def _edits(self, played: Played) -> tuple[int, Answers, list[Edit]]:
        """The place of a case in the file, what it is to want, and the edits that say so. Raises NoEditError."""
        if not played.engines_agree:
            raise NoEditError("the engines differ")
        decision = next(iter(played.decisions.values()))
        asked = dict.fromkeys(each.asked for each in played.differences) if played.story.want else FIRST_ANSWERS
        answers = {question: ANSWERS[question](decision) for question in asked}
        place, case = self._case(played.story.name)
        text = CaseText(self.text.removeprefix(_BOM), played.story.as_of_us)
        want = case.get("want")
        if not (isinstance(want, MapNode) and want.entries):
            return place, answers, text.new_want(case, answers)
        edits = [edit for question, answer in answers.items() for edit in text.new_answer(want, question, answer)]
        return place, answers, edits

    def _case(self, name: str) -> tuple[int, MapNode]:
        found = [
            (place, case)
            for place, case in enumerate(self.cases)
            if isinstance(case, MapNode) and as_written(case.get("name")) == name
        ]
        if len(found) != 1:
            raise NoEditError("another case has the same name")
        return found[0]

    def _edited(self, edits: Sequence[Edit]) -> str:
        bom = _BOM if self.text.startswith(_BOM) else ""
        return bom + edited(self.text.removeprefix(_BOM), edits)

    def _only_changes(self, after: str, answers: Mapping[int, Answers]) -> bool:
        """Whether these cases now want these answers, and all else means what it meant."""
        new = _CaseFile(after, self.file)
        if self._without(answers) != new._without(answers):
            return False
        stories, _ = parse_stories(after.encode(), self.file, may_want_nothing=True)
        by_place = {story.position: story for story in stories}
        wanted = {place: by_place.get(new.cases[place].position) for place in answers}
        return all(
            story is not None and all(same(story.want.get(asked), answer) for asked, answer in answers[place].items())
            for place, story in wanted.items()
        )

    def _without(self, answers: Mapping[int, Answers]) -> Any:
        """What the file says, without these answers."""
        told = as_written(self.node)
        if self.problems or len(self.cases) <= max(answers, default=-1):
            return self.problems
        for place, asked in answers.items():
            case = told["cases"][place]
            want = case.pop("want", None) or {}
            case["want"] = {question: answer for question, answer in want.items() if question not in asked}
        return told
