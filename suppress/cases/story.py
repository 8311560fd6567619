"""Turn a case file into stories: facts, a message, and what the decision must be. Mistakes in the file are Problems.

Times may be told from `as_of`: `6 days ago`, `in 2 hours`. What a story leaves out is filled in the obvious way:
`as_of` is when the message is sent, an order without a customer is the recipient's, one without units is of one unit,
stock without a time was stated just now, and every source counts as loaded unless `feeds` says `never` or gives a time.
`feeds: unavailable` is the day on which no fact can be read. `reserved` is what other messages hold of limited items.
Texts stay as written: skus `NO` and `012` need no quotes.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from suppress.cases.shapes import (
    CASE_KEYS,
    FILE_KEYS,
    NO_DATE,
    UNAVAILABLE,
    WANTS,
    BadStoryError,
    check_given,
    check_want,
)
from suppress.cases.times import instant_us, is_relative
from suppress.errors import FactsError
from suppress.facts.book import FactBook
from suppress.facts.instants import from_us
from suppress.facts.message import Message
from suppress.facts.snapshot import Source
from suppress.intake.given import records_of
from suppress.intake.messages import parse_message
from suppress.problems import Position, Problem, did_you_mean, unreadable
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode, parse_document, plain

_KEYS: Final = tuple(CASE_KEYS)
_GIVEN: Final = (*(source.value for source in Source), "feeds", "reserved")
_TIMES: Final = ("ordered_at", "updated_at", "incoming_at", "sent_at", "at", "send_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One case. `want` holds only keys of WANTS, times in it already absolute. `unavailable`: no fact can be read.

    `reserved`: sku -> places other messages hold of it.
    """

    name: str
    position: Position
    as_of_us: int
    book: FactBook
    message: Message
    unavailable: bool = False
    reserved: Mapping[str, int] = field(default_factory=dict)
    want: Mapping[str, Any] = field(default_factory=dict)


def read_stories(path: Path, *, may_want_nothing: bool = False) -> tuple[tuple[Story, ...], tuple[Problem, ...]]:
    """The stories of a case file that can be played, and what is wrong with the others.

    `may_want_nothing`: a case whose `want` is still to be written is played too, and wants nothing.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return (), (unreadable(path, error),)
    return parse_stories(data, str(path), may_want_nothing=may_want_nothing)


def parse_stories(
    data: bytes, file: str, *, may_want_nothing: bool = False
) -> tuple[tuple[Story, ...], tuple[Problem, ...]]:
    """The stories in `data`; `file` is its name in problems. See `read_stories`."""
    node, found = parse_document(data, file)
    problems = list(found)
    stories: list[Story] = []
    if isinstance(node, MapNode):
        problems.extend(_unknown_keys(node, FILE_KEYS, "a case file"))
        shared = _shared(node, problems)
        for case in _cases(node, file, problems):
            try:
                stories.append(_story(case, shared, may_want_nothing=may_want_nothing))
            except (BadStoryError, FactsError) as error:
                name = plain(case.get("name"))
                problems.append(
                    Problem(
                        code="bad-case",
                        message=f'the case "{name}" cannot be played: {error}',
                        position=case.position,
                        help=getattr(error, "help", None),
                    )
                )
    elif not problems:
        problems.append(Problem(code="bad-case-file", message="a case file is a map with the key cases",
                                position=Position(file)))  # fmt: skip
    return tuple(stories), tuple(problems)


def _shared(node: MapNode, problems: list[Problem]) -> dict[str, Any]:
    """What is given for all cases of a file; nothing when it has a mistake."""
    given = node.get("given")
    if given is not None and _is_broken(given):
        return {}
    if isinstance(given, MapNode):
        problems.extend(_unknown_keys(given, _GIVEN, "given"))
    shared = as_written(given)
    try:
        check_given(shared)
    except BadStoryError as error:
        position = node.position if given is None else given.position
        problems.append(Problem(code="bad-case-file", message=str(error), position=position, help=error.help))
        return {}
    return shared or {}


def _cases(node: MapNode, file: str, problems: list[Problem]) -> Iterator[MapNode]:
    cases: Node | None = node.get("cases")
    if isinstance(cases, BrokenNode):
        return
    if not isinstance(cases, ListNode):
        problems.append(
            Problem(code="no-cases", message="the case file has no list of cases", position=Position(file),
                    help='write "cases:" and below it one "- name: ..." per story')
        )  # fmt: skip
        return
    for case in cases.items:
        if _is_broken(case):
            continue
        if isinstance(case, MapNode):
            unknown = _unknown_keys(case, _KEYS, "a case")
            want = case.get("want")
            if isinstance(want, MapNode):
                unknown += _unknown_keys(want, WANTS, "want")
            given = case.get("given")
            if isinstance(given, MapNode):
                unknown += _unknown_keys(given, _GIVEN, "given")
            problems.extend(unknown)
            if not unknown:
                yield case
        else:
            problems.append(Problem(code="bad-case", message="a case is a map", position=case.position))


def _is_broken(node: Node) -> bool:
    """Whether something in it was refused and told when the file was read, so that nothing is left to say of it."""
    match node:
        case MapNode(entries=entries):
            return any(_is_broken(value) for _, value in entries)
        case ListNode(items=items):
            return any(_is_broken(item) for item in items)
        case _:
            return isinstance(node, BrokenNode)


def _unknown_keys(node: MapNode, known: Collection[str], where: str) -> list[Problem]:
    return [
        Problem(
            code="unknown-key",
            message=f'{where} has no key "{key.text}"',
            position=key.position,
            help=did_you_mean(key.text, known) or f"the keys are {', '.join(known)}",
        )
        for key, _ in node.entries
        if key.text not in known
    ]


def _story(case: MapNode, shared: Mapping[str, Any], *, may_want_nothing: bool) -> Story:
    told = as_written(case)
    if may_want_nothing and not told.get("want"):
        told["want"] = {}
    missing = [key for key in ("name", "message", "want") if told.get(key) is None]
    if missing:
        raise BadStoryError(f"{' and '.join(missing)} is missing")
    if not isinstance(told["name"], str):
        raise BadStoryError("name is not a text", "put a name with brackets or a colon in quotes")
    check_given(told.get("given"))
    if told["want"] or not may_want_nothing:
        check_want(told["want"])
    message = _message(case)
    as_of = told.get("as_of") or message.get("send_at")
    if as_of is None:
        raise BadStoryError("as_of is missing", "write as_of, or in the message send_at: the time to decide for")
    if is_relative(str(as_of)):
        raise BadStoryError(f'as_of is "{as_of}", which is no fixed time', "write e.g. 2026-11-22T09:00:00Z")
    as_of_us = instant_us(as_of, 0, "as_of")
    if message.get("send_at") is not None:
        message["send_at"] = _absolute(message["send_at"], as_of_us, "send_at")
    if not {"customer_id", "email", "phone"} & message.keys():
        message["customer_id"] = "customer"
    given = _together(shared, told.get("given") or {})
    return Story(
        name=told["name"],
        position=case.position,
        as_of_us=as_of_us,
        book=_book(given, as_of_us, message.get("customer_id")),
        message=parse_message(message),
        unavailable=given["feeds"] == UNAVAILABLE,
        reserved={sku: int(places) for sku, places in given["reserved"].items()},
        want=_want(told["want"], as_of_us),
    )


def as_written(node: Node | None) -> Any:
    """Maps as dict, lists as list, values as the text that stands there; None where nothing stands."""
    match node:
        case MapNode(entries=entries):
            return {key.text: as_written(value) for key, value in entries}
        case ListNode(items=items):
            return [as_written(item) for item in items]
        case ScalarNode():
            return None if node.is_null else node.text
        case _:
            return None


def _message(case: MapNode) -> dict[str, Any]:
    """The message as JSON would tell it: texts as written, numbers where numbers are wanted."""
    node = case.get("message")
    if not isinstance(node, MapNode):
        raise BadStoryError("message is not a map", 'write e.g. "message: {items: [C-1]}"')
    message: dict[str, Any] = as_written(node)
    if "slots" in message:
        message["slots"] = plain(node.get("slots"))
    items = node.get("items")
    for told, item in zip(message.get("items") or [], items.items if isinstance(items, ListNode) else (), strict=False):
        if isinstance(item, MapNode) and "score" in told:
            told["score"] = plain(item.get("score"))
    return message


def _together(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    feeds = own.get("feeds") or shared.get("feeds") or {}
    if feeds != UNAVAILABLE and shared.get("feeds") != UNAVAILABLE:
        feeds = {**(shared.get("feeds") or {}), **feeds}
    reserved = {**(shared.get("reserved") or {}), **(own.get("reserved") or {})}
    given: dict[str, Any] = {"feeds": feeds, "reserved": reserved}
    for source in Source:
        given[source.value] = [*(shared.get(source.value) or []), *(own.get(source.value) or [])]
    return given


def _book(given: Mapping[str, Any], as_of_us: int, customer_id: str | None) -> FactBook:
    book = FactBook(feeds_us=dict.fromkeys(Source, as_of_us))
    feeds = {} if given["feeds"] == UNAVAILABLE else given["feeds"]
    for name, told in feeds.items():
        book.feeds_us[Source(name)] = None if told == "never" else instant_us(told, as_of_us, f"feeds.{name}")
    for source in Source:
        rows = [_filled(source, dict(row), number, as_of_us, customer_id) for number, row in enumerate(given[source])]
        records, refused = records_of(source, rows, file_time_us=as_of_us)
        if refused:
            raise BadStoryError(f"in given.{source.value}: {refused[0]}")
        book.add(records)
    return book


def _filled(source: Source, row: dict[str, Any], number: int, as_of_us: int, customer_id: str | None) -> dict[str, Any]:
    for name in _TIMES:
        if row.get(name) is not None:
            row[name] = _absolute(row[name], as_of_us, name)
    match source:
        case Source.STOCK:
            row.setdefault("updated_at", _absolute("now", as_of_us, ""))
        case Source.ORDERS:
            row.setdefault("order_id", f"order-{number + 1}")
            row.setdefault("units", 1)
    if source in {Source.ORDERS, Source.SENT, Source.FEEDBACK} and not {"customer_id", "email", "phone"} & row.keys():
        row["customer_id"] = customer_id or "customer"
    return row


def _absolute(told: object, as_of_us: int, what: str) -> str:
    return from_us(instant_us(told, as_of_us, what)).isoformat()


def _want(told: Mapping[str, Any], as_of_us: int) -> dict[str, Any]:
    want = dict(told)
    for asked, nothing in (("valid_until", "never"), ("hold_until", NO_DATE)):
        if want.get(asked, nothing) != nothing:
            want[asked] = from_us(instant_us(want[asked], as_of_us, asked))
    if "control_group" in want:
        want["control_group"] = {"true": "yes", "false": "no"}.get(want["control_group"], want["control_group"])
    if "eligible_again_at" in want:
        want["eligible_again_at"] = {
            sku: None if at == "never" else from_us(instant_us(at, as_of_us, "eligible_again_at"))
            for sku, at in (want["eligible_again_at"] or {}).items()
        }
    return want
