"""Turn JSON from a campaign system into Messages: one object or many lines in, a Message or a Refused for each out.

All mistakes of a message are told at once. Hostile JSON (NaN, numbers beyond measure, lone surrogates, 20,000 levels,
keys written twice) is a mistake like any other.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic_core import ErrorDetails

from suppress.errors import FactsError
from suppress.facts.ids import MAX_ID_CHARACTERS, clean_id
from suppress.facts.message import Item, Message
from suppress.intake.fault_words import A_TIME, NO_ZONE, words_of
from suppress.problems import did_you_mean

MAX_MESSAGE_BYTES: Final = 1 << 20
MAX_ITEMS: Final = 1000
MAX_SLOTS: Final = 1000
MAX_ATTRIBUTE_CHARACTERS: Final = 2000
MAX_FAULTS: Final = 20


class Fault(NamedTuple):
    """One thing wrong with a message: where, as the keys and positions on the way there, and what in words."""

    place: tuple[str | int, ...]
    words: str

    def __str__(self) -> str:
        place = ""
        for part in self.place:
            place += f"[{part}]" if isinstance(part, int) else f".{_short(part)}" if place else _short(part)
        return f"{place or 'a key'}: {self.words}"


class MessageFaultsError(FactsError):
    """A message cannot be read. `faults` holds what is wrong, at most `MAX_FAULTS` things."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(dict.fromkeys(str(fault) for fault in faults)))
        self.faults = faults


class Refused(NamedTuple):
    """A message that cannot be read: the line it starts on, from 1, and all that is wrong with it."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def parse_message(obj: object, beside: Iterable[str] = ()) -> Message:
    """The Message a JSON object describes (fields: `MessageFields`). `beside`: fields that somebody else has read.

    Raises FactsError: a MessageFaultsError with all mistakes where there are places to name.
    """
    if not isinstance(obj, dict):
        raise FactsError(f"a message must be a JSON object like {{...}}, not {_kind(obj)}")
    try:
        given = MessageFields.model_validate(obj)
    except ValidationError as error:
        # Looking for what was meant takes its time; a hostile message has mistakes without end.
        details = error.errors(include_url=False, include_context=True)[:MAX_FAULTS]
        faults = tuple(_fault(detail, beside) for detail in details)
        raise MessageFaultsError((*faults, _NO_RECIPIENT) if _is_to_nobody(obj) else faults) from None
    except RecursionError:
        raise FactsError("the message is nested too deeply") from None
    if _is_to_nobody(obj):
        raise MessageFaultsError((_NO_RECIPIENT,))
    return Message(
        items=tuple(Item(sku=item.sku, placement=item.placement, score=item.score) for item in given.items),
        customer_id=given.customer_id,
        email=given.email,
        phone=given.phone,
        message_id=given.message_id,
        channel=given.channel,
        campaign_id=given.campaign_id,
        campaign_tags=tuple(given.campaign_tags),
        send_at=given.send_at,
        slots=given.slots,
        replacements=tuple(given.replacements),
        attributes=given.attributes,
    )


def load_message(text: bytes) -> Message:
    """The Message in JSON text. Raises FactsError when it is not JSON, names a key twice, or is no message."""
    return parse_message(_load(text))


def read_messages(stream: BinaryIO) -> Iterator[Message | Refused]:
    """The messages of a stream: one JSON object over any number of lines, or one object per line. UTF-8.

    A line that cannot be read gives a Refused and the next line is tried. Memory is bounded.
    """
    lines = _lines(stream)
    number, first = next(((n, line) for n, line in lines if line.strip()), (0, b""))
    if not first:
        return
    if _begins_an_object(first):
        number_of_first, gathered, rest = number, first, []
        for n, line in lines:
            gathered += line
            rest.append((n, line))
            if len(gathered) > MAX_MESSAGE_BYTES:
                break
        else:
            if _is_json(gathered) or not any(line.startswith(b"{") and _is_json(line) for _, line in rest):
                yield _message(number_of_first, gathered)
                return
        yield _message(number_of_first, first)
        yield from (_message(n, line) for n, line in rest if line.strip())
    else:
        yield _message(number, first)
    yield from (_message(n, line) for n, line in lines if line.strip())


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines; one that is too long is cut just beyond the limit, so that it is refused for its length."""
    number = 0
    while line := stream.readline(MAX_MESSAGE_BYTES + 1):
        number += 1
        beginning = line
        while len(line) > MAX_MESSAGE_BYTES and not line.endswith(b"\n"):
            line = stream.readline(MAX_MESSAGE_BYTES + 1)
        yield number, beginning.removeprefix(b"\xef\xbb\xbf") if number == 1 else beginning


def _begins_an_object(line: bytes) -> bool:
    """Whether the first line is the beginning of something longer, not a message of its own."""
    return line.lstrip().startswith((b"{", b"[")) and not _is_json(line)


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _message(number: int, text: bytes) -> Message | Refused:
    try:
        return load_message(text)
    except FactsError as error:
        return Refused(number, str(error))


def _load(text: bytes) -> object:
    if len(text) > MAX_MESSAGE_BYTES:
        raise FactsError(f"the message has more than {MAX_MESSAGE_BYTES} bytes")
    try:
        loaded = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise FactsError(f"cannot be read as JSON: {error.msg}, at character {error.pos + 1}") from None
    try:
        json.loads(text, object_pairs_hook=_once_each)
    except RecursionError:
        raise FactsError("the message is nested too deeply") from None
    except ValueError:
        raise FactsError("cannot be read as JSON: a number is too long") from None
    return loaded


def _is_to_nobody(obj: dict[Any, Any]) -> bool:
    return all(obj.get(name) is None for name in _RECIPIENTS)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise FactsError(f"the key {_quoted(twice)} is written twice")
    return found


def _number_as_text(value: object) -> object:
    # Numbers as ids are common, and harmless while they are whole.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _cleaned(value: object) -> object:
    value = _number_as_text(value)
    if isinstance(value, str):
        try:
            return clean_id(value, "it")
        except FactsError as error:
            raise ValueError(str(error)) from None
    return value


def _said_value(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and ("\x00" in value or any(0xD800 <= ord(character) < 0xE000 for character in value)):
        raise ValueError("it holds a character no text may hold")
    return value


def _placement(value: object) -> object:
    return _cleaned(_said_value(value))


def _address(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("it is empty")
    return _number_as_text(value) if isinstance(value, int | float) else _said_value(value)


def _instant(value: object) -> object:
    if isinstance(value, datetime):
        at = value
    elif isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.strip().upper())
        except ValueError:
            raise ValueError(A_TIME) from None
    else:
        raise ValueError(A_TIME)
    if at.tzinfo is None:
        raise ValueError(NO_ZONE)
    return at


def _item(value: object) -> object:
    return {"sku": value} if isinstance(value, str | int) and not isinstance(value, bool) else value


# What the JSON schema says of them is what is taken, not what becomes of it.
_Id = Annotated[str, BeforeValidator(_cleaned, json_schema_input_type=str | int)]
_Address = Annotated[
    str, BeforeValidator(_address, json_schema_input_type=str | int), Field(max_length=MAX_ID_CHARACTERS)
]
_Said = Annotated[
    str,
    BeforeValidator(_said_value, json_schema_input_type=str | int | float | bool),
    Field(max_length=MAX_ATTRIBUTE_CHARACTERS),
]


_Place = Annotated[
    str,
    BeforeValidator(_placement, json_schema_input_type=str | int | float | bool),
    Field(max_length=MAX_ATTRIBUTE_CHARACTERS),
]


class ItemFields(BaseModel):
    """One recommended product: its `sku` alone, or a map."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sku: _Id = Field(description="Which product.", examples=["A-1"])
    placement: _Place | None = Field(default=None, description="Where in the message it stands.", examples=["hero"])
    score: FiniteFloat | None = Field(default=None, description="How well it fits; told back, not read.")


class MessageFields(BaseModel):
    """One outgoing message; its recipient is a `customer_id`, or an `email` or `phone` to find the customer by."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[Annotated[ItemFields, BeforeValidator(_item, json_schema_input_type=ItemFields | str | int)]] = Field(
        max_length=MAX_ITEMS, description="The products it would like to show, best first."
    )
    customer_id: _Id | None = Field(default=None, description="The recipient, as orders name them.", examples=["C-1"])
    email: _Address | None = Field(default=None, description="The recipient's address, where no id is at hand.")
    phone: _Address | None = Field(default=None, description="The recipient's number, where no id is at hand.")
    message_id: _Id | None = Field(default=None, description="The sender's name for the message; told back.")
    channel: _Id | None = Field(default=None, description="How it is sent.", examples=["email"])
    campaign_id: _Id | None = Field(default=None, description="The campaign it belongs to.")
    campaign_tags: list[_Id] = Field(default=[], max_length=MAX_ITEMS, description="Words that describe the campaign.")
    send_at: Annotated[datetime, BeforeValidator(_instant)] | None = Field(
        default=None, description="When it goes out, with a zone; it is decided as of then. Default: now."
    )
    slots: int | None = Field(
        default=None, ge=0, le=MAX_SLOTS, description="Places for items. Default: as many as items."
    )
    replacements: list[_Id] = Field(
        default=[], max_length=MAX_ITEMS, description="Skus to fill free places with, best first."
    )
    attributes: dict[_Id, _Said] = Field(
        default={}, max_length=MAX_ITEMS, description="Anything else rules may read, as text."
    )


_WORDS: Final = {"model_type": "it must be a sku, or a map with sku, placement and score"}
_RECIPIENTS: Final = ("customer_id", "email", "phone")
_NO_RECIPIENT: Final = Fault(("customer_id",), "it is missing, and so are email and phone; a message needs a recipient")


def _fault(detail: ErrorDetails, beside: Iterable[str]) -> Fault:
    """What is wrong and where, without repeating the value, which may be personal."""
    place = detail["loc"]
    if detail["type"] == "extra_forbidden":
        known = ItemFields.model_fields if place[0] == "items" else (*MessageFields.model_fields, *beside)
        return Fault(place, no_such_field(str(place[-1]), known))
    return Fault(place, words_of(detail, _WORDS))


def no_such_field(name: str, known: Iterable[str]) -> str:
    """Words for a field nobody reads: what was meant, or all there are."""
    listed = tuple(known)
    hint = did_you_mean(name[:100], listed) or f"the fields are {', '.join(listed)}"
    return f"no such field; {hint}"


def _short(part: str) -> str:
    return part if part.isidentifier() and len(part) <= 60 else _quoted(part)


def _quoted(text: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in text[:60])
    return f'"{shown}"'


def _kind(value: object) -> str:
    names = {list: "a list", str: "text", bool: "yes or no", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), "something else")
