"""Read how many of something are meant: `3`, `3 units`, `2 orders`. A node in; the number and what it counts out."""

from dataclasses import dataclass

from suppress.rules.document import Node, ScalarNode
from suppress.rules.findings import Findings, listed, quoted
from suppress.rules.literals import INTEGER, MANY_DIGITS, read_number, scalar
from suppress.rules.slips import NUMBER_WORDS


@dataclass(frozen=True, slots=True)
class Counted:
    """A number and the word of what it counts (`3 orders`); the word is the first one possible when none is written."""

    number: int
    word: str


def read_count(node: Node, what: str, words: tuple[str, ...], findings: Findings) -> Counted | None:
    """A whole number of at least 1, alone or followed by one of `words` (plural; the singular will do)."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    word = words[0]
    parts = found.text.split()
    if len(parts) == 2 and INTEGER.fullmatch(parts[0]) and not found.quoted:
        known = {form: name for name in words for form in (name, name.removesuffix("s"))}
        if parts[1] not in known:
            findings.add(
                "unknown-unit",
                f"{what} counts {listed(words)}, not {quoted(parts[1])}",
                found.position,
                f"write {quoted(f'{parts[0][:MANY_DIGITS]} {word}')}",
            )
            return None
        word = known[parts[1]]
        found = ScalarNode(parts[0], found.quoted, found.position)
    spelled = NUMBER_WORDS.get(found.text.lower().partition(" ")[0]) if not found.quoted else None
    number = read_number(found, what, findings, f"{spelled or 3} {word}")
    if number is None:
        return None
    if number < 1:
        findings.add(
            "too-few-units",
            f"{what} is {number}; the least is 1 {word.removesuffix('s')}",
            found.position,
            'write "at_least: 1" or leave it out',
        )
        return None
    return Counted(number, word)
