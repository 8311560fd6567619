"""Messages, ids, times and identities clean themselves at the border, or are refused with a reason."""

import ast
import inspect
from datetime import UTC, datetime, timedelta, timezone

import pytest

from suppress.errors import FactsError
from suppress.facts.identity import normal_email, normal_phone
from suppress.facts.ids import clean_id
from suppress.facts.instants import from_us, to_us
from suppress.facts.message import Item, Message


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("A-1", "A-1"),
        ("  A-1\t", "A-1"),
        ("e\u0301", "\u00e9"),
        ("85123a", "85123a"),
        ("x" * 255, "x" * 255),
        ("🍵", "🍵"),
    ],
)
def test_ids_are_trimmed_and_normalised(written: str, cleaned: str) -> None:
    """One id has one form, whatever keyboard wrote it; letter case is kept."""
    assert cleaned == clean_id(written, "sku")


@pytest.mark.parametrize("written", ["", "   ", "a\x00b", "a\nb", "\ud800", "x" * 256, "a\x7fb", "a\u0085b"])
def test_ids_that_cannot_be_are_refused(written: str) -> None:
    """Empty, too long, control characters and lone surrogates are refused by name."""
    with pytest.raises(FactsError, match="sku"):
        clean_id(written, "sku")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"customer_id": ""},
        {"customer_id": "ada", "slots": -1},
        {"customer_id": "ada", "slots": True},
        {"customer_id": "ada", "send_at": datetime(2026, 11, 22, 9)},  # noqa: DTZ001
        {"customer_id": "ada", "items": ("",)},
        {"customer_id": "ada", "replacements": ("a\x00",)},
        {"customer_id": "ada", "attributes": {"theme": "\ud800"}},
        {"customer_id": "ada", "attributes": {"theme": "a\x00"}},
        {"customer_id": "ada", "attributes": {"theme": 5}},
        {"email": "\ud800"},
        {"customer_id": "ada", "items": (Item(sku="A-1"), "\ud800")},
    ],
)
def test_messages_that_cannot_be_are_refused(values: dict[str, object]) -> None:
    """A message without a recipient, with a naive time or a broken sku never gets in."""
    with pytest.raises(FactsError):
        Message(**{"items": ("A-1",), **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["items", "replacements", "campaign_tags"])
@pytest.mark.parametrize("value", ["TEA-100", "", b"TEA-100", 7, None, Item(sku="TEA-100")])
def test_a_list_is_never_one_text(name: str, value: object) -> None:
    """What is no list is refused by the field's name: a text is not asked about letter by letter."""
    with pytest.raises(FactsError, match=rf"^{name} must be a list like \(.A-1.,\), not (one text|int|NoneType|Item)$"):
        Message(**{"customer_id": "ada", "items": ("A-1",), name: value})  # type: ignore[arg-type]


def test_items_may_be_given_as_skus() -> None:
    """A plain sku is an item without placement."""
    message = Message(customer_id=" ada ", items=("A-1", Item(sku="B-1", placement="hero")))

    assert (Item(sku="A-1"), Item(sku="B-1", placement="hero")) == message.items
    assert "ada" == message.customer_id


def test_instants_are_exact_to_the_microsecond_and_zone_aware() -> None:
    """To microseconds and back loses nothing, and zones are taken into account."""
    there = datetime(2026, 11, 22, 10, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))

    assert datetime(2026, 11, 22, 9, 0, 0, 1, tzinfo=UTC) == from_us(to_us(there))
    assert 1 == to_us(there) - to_us(there.replace(microsecond=0))
    with pytest.raises(FactsError, match="no zone"):
        to_us(datetime(2026, 11, 22, 9))  # noqa: DTZ001


def test_emails_compare_in_one_form() -> None:
    """Letter case and blanks do not make another address; tags and dots do."""
    assert normal_email("Ada@Example.COM ") == normal_email("ada@example.com")
    assert normal_email("a.da@example.com") != normal_email("ada@example.com")
    assert normal_email("ada+news@example.com") != normal_email("ada@example.com")


@pytest.mark.parametrize("written", ["044 668 18 00", "+41 44 668 18 00", "0041 44 668 18 00"])
def test_phones_compare_in_one_form(written: str) -> None:
    """National and international spellings of one number are one identity."""
    assert "+41446681800" == normal_phone(written, "ch")


@pytest.mark.parametrize(
    "written", ["ada", "ada@", "a\r\nBcc: b@example.com", "@example.com", ("x" * 65) + "@example.com"]
)
def test_what_is_no_address_is_refused_without_repeating_it(written: str) -> None:
    """The error does not put personal data into logs."""
    with pytest.raises(FactsError) as refused:
        normal_email(written)

    assert written.strip() not in str(refused.value).removeprefix("not an e-mail address")


def test_types_tell_of_a_message_what_it_takes() -> None:
    """What type checkers are told has every field under its name, as it is; only `items` takes skus, too."""
    tree = ast.parse(inspect.getsource(Message))
    told = next(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == "__init__")
    fields = {
        each.target.id: (ast.unparse(each.annotation), each.value is None)
        for each in tree.body[0].body  # type: ignore[attr-defined]
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }

    got = {
        argument.arg: (ast.unparse(argument.annotation or argument), default is None)
        for argument, default in zip(told.args.kwonlyargs, told.args.kw_defaults, strict=True)
    }

    assert {**fields, "items": ("tuple[Item | str, ...]", True)} == got
