"""See that the parts of a case have the shape a story needs: lists of rows, maps of answers. Mistakes are told."""

from collections.abc import Mapping
from typing import Any, Final

from suppress.facts.snapshot import Source
from suppress.problems import did_you_mean

UNAVAILABLE: Final = "unavailable"

WANTS: Final[Mapping[str, str]] = {
    "verdict": "one word",
    "dropped": "a map of skus to words",
    "shown": "a list",
    "fired": "a map of skus to lists",
    "shadow": "a map of skus to lists",
    "message": "a list",
    "outcome": "a map of skus to words",
    "replaced_by": "a map of skus to words",
    "eligible_again_at": "a map of skus to words",
    "valid_until": "one word",
    "missing": "a list",
}
"""What a story may ask of a decision, and the shape of the answer; `play` compares each."""

EXAMPLES: Final = {
    "verdict": "send",
    "dropped": "{C-1: recently_purchased}",
    "shown": "[C-1, C-2]",
    "fired": "{C-1: [already-bought]}",
    "shadow": "{C-1: [already-bought]}",
    "message": "[too_few_items]",
    "outcome": "{C-1: unknown}",
    "replaced_by": "{C-1: C-9}",
    "eligible_again_at": "{C-1: in 5 days}",
    "valid_until": "in 5 days",
    "missing": '["stock of C-1: missing"]',
}
"""What the help says to write, per question."""


class BadStoryError(Exception):
    """Carries the text of one mistake to the place that knows where the story stands."""

    def __init__(self, message: str, help_: str | None = None) -> None:
        super().__init__(message)
        self.help = help_


def check_given(given: Any, where: str = "given") -> None:
    """Raises BadStoryError unless `given` is a map of sources to rows, and of `feeds` to times."""
    if given is None:
        return
    if not isinstance(given, dict):
        raise BadStoryError(f"{where} is not a map", 'write e.g. "given: {products: [{sku: C-1}]}"')
    for source in Source:
        rows = given.get(source.value)
        if rows is not None and not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
            raise BadStoryError(
                f"{where}.{source.value} is not a list of rows", f'write e.g. "{source.value}: [{{sku: C-1}}]"'
            )
    feeds = given.get("feeds")
    if feeds is None or feeds == UNAVAILABLE:
        return
    if not isinstance(feeds, dict):
        raise BadStoryError(f"{where}.feeds is neither a map nor unavailable", 'write e.g. "feeds: {orders: never}"')
    for name in feeds:
        if name not in set(Source):
            raise BadStoryError(f'feeds has no source "{name}"', did_you_mean(name, [s.value for s in Source]))


def check_want(want: Any) -> None:
    """Raises BadStoryError unless `want` asks something, and in the shape of its answer."""
    if not isinstance(want, dict) or not want:
        raise BadStoryError("want asks nothing of the decision", 'write e.g. "want: {dropped: {}}"')
    for asked, answer in want.items():
        shape = WANTS[asked]
        if not _has_shape(answer, shape):
            raise BadStoryError(f"want.{asked} is not {shape}", f"write e.g. {asked}: {EXAMPLES[asked]}")


def _has_shape(answer: Any, shape: str) -> bool:
    if shape == "one word":
        return isinstance(answer, str)
    if answer is None:
        return True
    if shape == "a list":
        return _is_list(answer)
    if not isinstance(answer, dict):
        return False
    entries = answer.values()
    if shape == "a map of skus to words":
        return all(isinstance(entry, str) for entry in entries)
    return all(_is_list(entry) for entry in entries)


def _is_list(answer: Any) -> bool:
    return isinstance(answer, list) and all(isinstance(entry, str) for entry in answer)
