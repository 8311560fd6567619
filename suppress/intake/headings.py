"""Match the columns a file has with those an import wants: by name, by `--map`, with a hint when one is missing.

Names match whatever their case and with space, hyphen or underscore between words: `Order ID` is `order_id`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from suppress.errors import FactsError
from suppress.intake.rows import RowForm
from suppress.problems import did_you_mean


@dataclass(kw_only=True)
class Headings:
    """Which of a file's columns is which of ours. Learns columns as they come, for JSONL names them row by row.

    `mapping`: the file's name -> our name, from `--map`. `notes` gathers what a person should know, once per column.
    """

    form: RowForm
    mapping: Mapping[str, str]
    notes: list[str] = field(default_factory=list)
    _ours: dict[str, str | None] = field(default_factory=dict)
    _theirs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_mapping(self.form, self.mapping)

    def ours(self, theirs: str) -> str | None:
        """Our name of the file's column; None = none of ours. Raises FactsError when two columns claim one name."""
        if theirs in self._ours:
            return self._ours[theirs]
        name = self._find(theirs.strip())
        if name is not None:
            earlier = self._theirs.setdefault(name, theirs)
            if earlier != theirs:
                raise FactsError(
                    f'the columns "{earlier}" and "{theirs}" would both be {name}; '
                    f"say which one with --map 'THEIRS={name}'"
                )
        self._ours[theirs] = name
        return name

    def check_unique(self, theirs: Iterable[str]) -> None:
        """Raises FactsError when a heading of ours stands twice in a file."""
        seen: set[str] = set()
        for each in theirs:
            if each in seen and self.ours(each) is not None:
                raise FactsError(f'the column "{each}" stands twice in the heading')
            seen.add(each)

    def check_complete(self, theirs: Iterable[str]) -> None:
        """Raises FactsError when a column every row needs is not among the file's columns."""
        found = list(theirs)
        have = {self.ours(each) for each in found}
        missing = [column.name for column in self.form.columns if column.required and column.name not in have]
        missing += [" or ".join(group) for group in self.form.one_of if have.isdisjoint(group)]
        absent = [each for each in self.mapping if each not in {name.strip() for name in found}]
        if missing:
            one = missing[0].partition(" or ")[0]
            named = ", ".join(_quoted(each) for each in found[:50]) or "none"
            raise FactsError(
                f"the column {', '.join(missing)} is missing; the file has {named}; "
                f"if one of them is it, say so with --map 'THEIRS={one}'"
            )
        for each in absent:
            self.notes.append(
                f"--map names the column {_quoted(each)}, which the file does not have{_hint(each, found)}"
            )

    def _find(self, theirs: str) -> str | None:
        if theirs in self.mapping:
            return self.mapping[theirs]
        mapped = set(self.mapping.values())
        name = theirs if self.form.column(theirs) else re.sub(r"[ _-]+", "_", theirs.lower())
        if self.form.column(name) and name not in mapped:
            return name
        if theirs:
            self.notes.append(
                f"the column {_quoted(theirs)} is not read"
                + (f"; --map gives its place to another: {name}" if name in mapped else _hint(theirs, self.form.names))
            )
        return None


def check_mapping(form: RowForm, mapping: Mapping[str, str]) -> None:
    """Raises FactsError when `--map` names a column of ours that this source does not have, or names one twice."""
    for theirs, ours in mapping.items():
        if form.column(ours) is None:
            hint = did_you_mean(ours, form.names) or f"the columns are {', '.join(form.names)}"
            raise FactsError(f"--map {theirs}={ours}: {form.source.value} have no column {ours}; {hint}")
    doubled = [ours for ours in mapping.values() if list(mapping.values()).count(ours) > 1]
    if doubled:
        raise FactsError(f"--map gives the column {doubled[0]} two columns of the file")


def _hint(word: str, known: Iterable[str]) -> str:
    hint = did_you_mean(word, known)
    return f"; {hint}" if hint else ""


def _quoted(name: str) -> str:
    one_line = " ".join(name.split())
    return f'"{one_line[:60]}"'
