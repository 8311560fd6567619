"""See that the parts of a case have the shape a story needs: lists of rows, maps of answers. Mistakes are told."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from suppress.decisions.decision import Verdict
from suppress.facts.snapshot import Source
from suppress.problems import did_you_mean

UNAVAILABLE: Final = "unavailable"
NO_DATE: Final = "no date"
MOST_DIGITS: Final = 9
VERDICTS: Final = tuple(verdict.value for verdict in Verdict)


class Question(NamedTuple):
    """What a story may ask of a decision: the shape of the answer, what is asked, and an answer for the help."""

    shape: str
    meaning: str
    example: str


FILE_KEYS: Final[Mapping[str, str]] = {
    "given": "what all cases of the file have in common; each may add to it",
    "cases": "the stories, each played by itself",
}
CASE_KEYS: Final[Mapping[str, str]] = {
    "name": "what the story shows, in one sentence",
    "as_of": "the time of the decision, with its zone; may be left out when the message has a send_at",
    "given": "what the shop knows: rows with the columns of an import, and how old they are",
    "message": "the message somebody wants to send",
    "want": "what the decision must be; what is not named is not looked at",
}
MESSAGE_KEYS: Final[Mapping[str, str]] = {
    "items": "the items somebody wants to show, best first",
    "replacements": "skus that may take the place of dropped items, best first",
    "slots": "how many items the message has room for; as many as items when left out",
    "message_id": "the message's own name",
    "customer_id": "the recipient; `customer` when no recipient is named",
    "email": "the recipient by e-mail address",
    "phone": "the recipient by phone number, with country code",
    "channel": "how it is sent, e.g. email",
    "campaign_id": "the campaign it belongs to",
    "campaign_tags": "what the campaign is marked with",
    "send_at": "when it is to be sent",
    "attributes": "whatever else rules may ask about the message",
}
ITEM_KEYS: Final[Mapping[str, str]] = {
    "sku": "the product",
    "placement": "where in the message it stands",
    "score": "how much the recommender likes it",
}
RESERVED_MEANING: Final = "how many places other messages hold of items whose stock is shared out, by sku"
FEEDS_MEANING: Final = "when each source was last loaded; unavailable: no fact can be read at all"

QUESTIONS: Final[Mapping[str, Question]] = {
    "verdict": Question("one word", "what becomes of the message", "send"),
    "dropped": Question(
        "a map of skus to words",
        "all dropped items, replacements too, each with the code that decided; {} for none",
        "{C-1: recently_purchased}",
    ),
    "shown": Question("a list", "the items shown, in order", "[C-1, C-2]"),
    "fired": Question(
        "a map of skus to lists",
        "all rules that fired for an item, in file order; those in shadow have a list of their own",
        "{C-1: [already-bought]}",
    ),
    "shadow": Question(
        "a map of skus to lists",
        "the rules that fired for an item and were recorded, not obeyed",
        "{C-1: [already-bought]}",
    ),
    "message": Question(
        "a list", "the codes of all rules that fired for the message, those in shadow too", "[too_few_items]"
    ),
    "outcome": Question(
        "a map of skus to words",
        "whether the deciding rule held (true), or nobody could know (unknown)",
        "{C-1: unknown}",
    ),
    "replaced_by": Question("a map of skus to words", "which replacement stands for which dropped item", "{C-1: C-9}"),
    "eligible_again_at": Question(
        "a map of skus to words",
        "from when a dropped item could be shown again by the passing of time; never when time does not help",
        "{C-1: in 5 days}",
    ),
    "valid_until": Question(
        "one word",
        "until when the decision holds if no fact changes; never when no rule depends on time",
        "in 5 days",
    ),
    "hold_until": Question(
        "one word",
        "until when a held message is held; no date when nobody knows, or when it is not held",
        "in 11 hours",
    ),
    "control_group": Question(
        "one word", "whether the customer is drawn to have rules recorded and not obeyed: yes or no", "yes"
    ),
    "missing": Question(
        "a list",
        "which facts a rule asked for and could not have, and why: missing, stale, ambiguous, unavailable",
        '["stock of C-1: missing"]',
    ),
}
"""What a story may ask of a decision; `play` compares each, the schema of case files and the help are made of it."""

WANTS: Final[Mapping[str, str]] = {name: question.shape for name, question in QUESTIONS.items()}
EXAMPLES: Final[Mapping[str, str]] = {name: question.example for name, question in QUESTIONS.items()}


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
    _check_reserved(given.get("reserved"), where)
    feeds = given.get("feeds")
    if feeds is None or feeds == UNAVAILABLE:
        return
    if not isinstance(feeds, dict):
        raise BadStoryError(f"{where}.feeds is neither a map nor unavailable", 'write e.g. "feeds: {orders: never}"')
    for name in feeds:
        if name not in set(Source):
            raise BadStoryError(f'feeds has no source "{name}"', did_you_mean(name, [s.value for s in Source]))


def _check_reserved(reserved: Any, where: str) -> None:
    if reserved is None:
        return
    if not isinstance(reserved, dict):
        raise BadStoryError(f"{where}.reserved is not a map of skus to numbers", 'write e.g. "reserved: {C-1: 3}"')
    for sku, places in reserved.items():
        if not (isinstance(places, str) and places.isascii() and places.isdecimal() and len(places) <= MOST_DIGITS):
            raise BadStoryError(f"{where}.reserved.{sku} is not a whole number", f'write e.g. "{sku}: 3"')


def check_want(want: Any) -> None:
    """Raises BadStoryError unless `want` asks something, and in the shape of its answer."""
    if not isinstance(want, dict) or not want:
        raise BadStoryError("want asks nothing of the decision", 'write e.g. "want: {dropped: {}}"')
    for asked, answer in want.items():
        shape = WANTS[asked]
        if not _has_shape(answer, shape):
            raise BadStoryError(f"want.{asked} is not {shape}", f"write e.g. {asked}: {EXAMPLES[asked]}")
    verdict = want.get("verdict", VERDICTS[0])
    if verdict not in VERDICTS:
        near = did_you_mean(verdict, VERDICTS)
        raise BadStoryError(f'want.verdict cannot be "{verdict}"', near or f"write {', '.join(VERDICTS)}")


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
