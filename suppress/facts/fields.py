"""The vocabulary of rules in one table: every name a rule may write, what it means, and what may be said of it.

Validation, both engines, the wording, the JSON schema and the table in `docs/rules.md` all read it; tests fail when one
of them has forgotten an entry.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from suppress.facts.catalog import PRODUCT_STATUSES
from suppress.facts.inventory import AVAILABILITIES
from suppress.facts.snapshot import Source

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class FieldType(StrEnum):
    """What kind of value a field holds; it decides which operators make sense."""

    TEXT = "text"
    CHOICE = "choice"
    PATH = "path"
    NUMBER = "number"
    DURATION = "duration"
    INSTANT = "instant"
    YES_NO = "yes/no"
    CLOCK = "time of day"
    DAY = "date"
    WORDS = "words"


class Scope(StrEnum):
    """When a field has a value. `item`: for one item. `message`: for the whole message. `outcome`: once items are decided."""

    ITEM = "item"
    MESSAGE = "message"
    OUTCOME = "outcome"


class Operator(StrEnum):
    """What a rule may say of a field. `FIELD: value` is short for `is`."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    BELOW = "below"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    ABOVE = "above"
    BETWEEN = "between"
    UNDER = "under"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"
    MATCHES = "matches"
    EXISTS = "exists"


OPERATOR_MEANINGS: Final[dict[Operator, str]] = {
    Operator.IS: "equal to",
    Operator.IS_NOT: "known, and not equal to",
    Operator.IN: "equal to one of a list",
    Operator.NOT_IN: "known, and equal to none of a list",
    Operator.BELOW: "less than (earlier than)",
    Operator.AT_MOST: "less than or equal to",
    Operator.AT_LEAST: "greater than or equal to",
    Operator.ABOVE: "greater than (later than)",
    Operator.BETWEEN: "from the first to the second value, both included; of a time of day: from the first up to, not "
    "including, the second, past midnight when the second is earlier",
    Operator.UNDER: "this category or one below it",
    Operator.STARTS_WITH: "begins with",
    Operator.CONTAINS: "contains",
    Operator.MATCHES: "contains a match of an RE2 regular expression",
    Operator.EXISTS: "`yes`: the value is known; `no`: it is not",
}

_EQUALITY: Final = (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN)
_ORDER: Final = (Operator.BELOW, Operator.AT_MOST, Operator.AT_LEAST, Operator.ABOVE, Operator.BETWEEN)
_PARTS: Final = (Operator.STARTS_WITH, Operator.CONTAINS, Operator.MATCHES)

OPPOSITES: Final = {
    Operator.IS: Operator.IS_NOT,
    Operator.IS_NOT: Operator.IS,
    Operator.IN: Operator.NOT_IN,
    Operator.NOT_IN: Operator.IN,
    Operator.BELOW: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.BELOW,
    Operator.ABOVE: Operator.AT_MOST,
    Operator.AT_MOST: Operator.ABOVE,
}
"""What a negation makes of an operator; the others have no opposite of their own."""

OPERATORS: Final[dict[FieldType, tuple[Operator, ...]]] = {
    FieldType.TEXT: (*_EQUALITY, *_PARTS, Operator.EXISTS),
    FieldType.CHOICE: (*_EQUALITY, Operator.EXISTS),
    FieldType.PATH: (*_EQUALITY, Operator.UNDER, *_PARTS, Operator.EXISTS),
    FieldType.NUMBER: (*_EQUALITY, *_ORDER, Operator.EXISTS),
    FieldType.DURATION: (*_ORDER, Operator.EXISTS),
    FieldType.INSTANT: (*_ORDER, Operator.EXISTS),
    FieldType.YES_NO: (Operator.IS, Operator.IS_NOT, Operator.EXISTS),
    FieldType.CLOCK: (Operator.BELOW, Operator.AT_LEAST, Operator.BETWEEN, Operator.EXISTS),
    FieldType.DAY: (*_EQUALITY, *_ORDER, Operator.EXISTS),
    FieldType.WORDS: _EQUALITY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One name of the vocabulary. `unit` is what a number counts.

    `phrase` is how the name stands in a sentence: a noun (`the item's brand`, is ...), for a yes/no field the whole
    clause, and for a count what is said of the units (3 units are `available`). `phrase_not` is the opposite of such a
    clause; None = ` is not ` instead of ` is ` makes it.

    `source` is the feed the value comes from, whose `..._max_age` makes it unknown when too old; None = the message.
    `by_location`, `by_category`: `at: LOCATION` or `under: PATH` may stand among the operators and narrow the field;
    the field so made has `at` or `under`, and a name of its own (`qualified`).
    """

    name: str
    type: FieldType
    scope: Scope
    meaning: str = field(compare=False)
    phrase: str = field(compare=False)
    phrase_not: str | None = field(default=None, compare=False)
    source: Source | None = None
    unit: str | None = None
    may_be_unknown: bool = True
    choices: tuple[str, ...] = ()
    by_location: bool = False
    by_category: bool = False
    at: str | None = None
    under: str | None = None

    @property
    def base(self) -> str:
        """The name of the vocabulary, without what narrows it."""
        return base_name(self.name)

    @property
    def label(self) -> str:
        """The name as people are told it."""
        return label_of(self.name)


def _item(name: str, type_: FieldType, phrase: str, meaning: str, *, unit: str | None = None,
          choices: tuple[str, ...] = ()) -> Field:  # fmt: skip
    return Field(name=f"item.{name}", type=type_, scope=Scope.ITEM, source=Source.PRODUCTS, meaning=meaning,
                 phrase=phrase, unit=unit, choices=choices)  # fmt: skip


def _stock(name: str, type_: FieldType, phrase: str, meaning: str, *, unit: str | None = None,
           choices: tuple[str, ...] = (), by_location: bool = True) -> Field:  # fmt: skip
    return Field(name=f"stock.{name}", type=type_, scope=Scope.ITEM, source=Source.STOCK, meaning=meaning,
                 phrase=phrase, unit=unit, choices=choices, by_location=by_location)  # fmt: skip


def _kept(of: str, phrase: str, meaning: str, *, source: Source | None = Source.PRODUCTS,
          by_category: bool = False) -> Field:  # fmt: skip
    return Field(name=f"message.kept_of_{of}", type=FieldType.NUMBER, scope=Scope.ITEM, source=source, unit="items",
                 phrase=phrase, meaning=meaning, may_be_unknown=source is not None, by_category=by_category)  # fmt: skip


def _customer(name: str, phrase: str, meaning: str, *, type_: FieldType = FieldType.TEXT,
              phrase_not: str | None = None) -> Field:  # fmt: skip
    return Field(name=f"customer.{name}", type=type_, scope=Scope.MESSAGE, source=Source.CUSTOMERS,
                 meaning=meaning, phrase=phrase, phrase_not=phrase_not)  # fmt: skip


_TEXT, _NUMBER = FieldType.TEXT, FieldType.NUMBER

_TABLE: Final = (
    Field(name="item.sku", type=_TEXT, scope=Scope.ITEM, phrase="the item's sku", may_be_unknown=False,
          meaning="the sku asked for, whether the catalogue knows it or not"),
    Field(name="item.placement", type=_TEXT, scope=Scope.ITEM, phrase="the item's placement",
          meaning="the place in the message the item is meant for; unknown when the message names none"),
    _item("title", _TEXT, "the item's title", "the product's name"),
    _item("item_group", _TEXT, "the item's style",
          "the style: products that differ by size or colour share it; a product without one is its own"),
    _item("category", FieldType.PATH, "the item's category", "category path, `/` between levels"),
    _item("brand", _TEXT, "the item's brand", "brand"),
    _item("status", FieldType.CHOICE, "the item's status", "what the catalogue says of the product; unknown for a sku the catalogue does not know",
          choices=PRODUCT_STATUSES),
    _item("price_minor", _NUMBER, "the item's price", "price in minor units (cents) of `item.currency`",
          unit="minor units"),
    _item("currency", _TEXT, "the item's currency", "ISO 4217 currency of the price"),
    _item("replenish_days", _NUMBER, "the item's replenishment cycle",
          "days until one unit is used up: the product's own, else its category's in `cycles`; unknown for what is not a consumable", unit="days"),
    Field(name="item.replenishment_due", type=FieldType.YES_NO, scope=Scope.ITEM, source=Source.ORDERS,
          phrase="the item is due for replenishment",
          meaning="`yes` once the replenishment cycle, times the units last bought, has passed since the customer last bought and kept this sku; "
                  "`no` for what is not a consumable and for what was never bought"),
    _stock("available_units", _NUMBER, "available",
           "on hand minus reserved minus safety stock, never below 0, summed over locations", unit="units"),
    _stock("on_hand", _NUMBER, "on hand", "units physically there, summed over locations", unit="units"),
    _stock("reserved", _NUMBER, "reserved", "units promised and not shipped, summed over locations", unit="units"),
    _stock("safety_stock", _NUMBER, "kept as safety stock", "units never to be promised, summed over locations", unit="units"),
    _stock("incoming_units", _NUMBER, "on the way", "units announced by suppliers, summed over locations", unit="units"),
    _stock("incoming_at", FieldType.INSTANT, "the next delivery", "when the earliest announced units arrive"),
    _stock("restock_at", FieldType.INSTANT, "the next restock",
           "when the next units still to come arrive: the earliest `incoming_at` after now; the date of a preorder or backorder"),
    _stock("group_in_stock_share", _NUMBER, "the share of the item's style that is in stock",
           "how many of the style's skus are active and have a unit available, in percent of all its skus, rounded down",
           unit="percent", by_location=False),
    _stock("availability", FieldType.CHOICE, "the item's stated availability",
           "what the shop states: the best of its locations, in the order in_stock, backorder, preorder, out_of_stock",
           choices=AVAILABILITIES),
    _stock("age", FieldType.DURATION, "the age of the stock figure", "time since the oldest of the item's stock figures was stated"),
    Field(name="customer.known", type=FieldType.YES_NO, scope=Scope.MESSAGE, source=None, may_be_unknown=False,
          phrase="the customer is known", meaning="`yes` when the recipient is a customer the shop can name"),
    Field(name="customer.id", type=_TEXT, scope=Scope.MESSAGE, phrase="the customer's id",
          meaning="the customer's id; unknown when nobody has the e-mail or phone given"),
    _customer("household_id", "the customer's household", "id of the household"),
    _customer("country", "the customer's country", "ISO 3166 alpha-2 country"),
    _customer("region", "the customer's region", "region within the country"),
    _customer("time_zone", "the customer's time zone", "IANA time zone, e.g. Europe/Zurich"),
    _customer("consent", "the customer agreed to this channel", "whether the customer agreed to be contacted by the message's channel", type_=FieldType.YES_NO,
              phrase_not="the customer did not agree to this channel"),
    _customer("do_not_contact", "the customer must not be contacted", "whether the customer must not be contacted at all", type_=FieldType.YES_NO,
              phrase_not="the customer may be contacted"),
    _customer("open_case", "the customer has an open complaint", "whether a complaint of the customer is open", type_=FieldType.YES_NO,
              phrase_not="the customer has no open complaint"),
    _customer("late_order", "an order of the customer is late", "whether an order of the customer is overdue", type_=FieldType.YES_NO,
              phrase_not="no order of the customer is late"),
    Field(name="message.channel", type=_TEXT, scope=Scope.MESSAGE, phrase="the channel",
          meaning="how the message travels, e.g. email, sms, push, advert"),
    Field(name="message.slots", type=_NUMBER, scope=Scope.MESSAGE, phrase="to be filled", unit="slots",
          may_be_unknown=False, meaning="places for items in the message"),
    Field(name="message.items_asked", type=_NUMBER, scope=Scope.MESSAGE, phrase="asked for", unit="items",
          may_be_unknown=False, meaning="items the message came with, replacements not counted"),
    _kept("sku", "of the same sku already in the message",
          "items of the same sku placed in the message before this one", source=None),
    _kept("item_group", "of the same style already in the message", "items of the same style placed in the message before this one"),
    _kept("category", "of the same category already in the message",
          "items of the same category (with `under: PATH`: of that category or one below it) placed in the message before this one", by_category=True),
    _kept("brand", "of the same brand already in the message", "items of the same brand placed in the message before this one"),
    Field(name="message.local_time", type=FieldType.CLOCK, scope=Scope.MESSAGE, phrase="the time where the customer lives", may_be_unknown=False,
          meaning="the time of day in the customer's time zone, else in the ruleset's"),
    Field(name="message.local_weekday", type=FieldType.CHOICE, scope=Scope.MESSAGE, phrase="the day of the week where the customer lives",
          may_be_unknown=False, choices=WEEKDAYS, meaning="the day of the week in the customer's time zone, else in the ruleset's"),
    Field(name="message.local_date", type=FieldType.DAY, scope=Scope.MESSAGE, phrase="the date where the customer lives", may_be_unknown=False,
          meaning="the date in the customer's time zone, else in the ruleset's; for holidays: `in: [2026-12-25, 2026-12-26]`"),
    Field(name="message.dropped_code", type=FieldType.WORDS, scope=Scope.OUTCOME, phrase="the reasons for dropping items", may_be_unknown=False,
          meaning="the codes that decided over the dropped items of the message; for `suppress: message` and `hold` only"),
    Field(name="message.items_kept", type=_NUMBER, scope=Scope.OUTCOME, phrase="left", unit="items",
          may_be_unknown=False, meaning="slots that are filled once items were dropped and replaced; for `suppress: message` and `hold` only"),
    Field(name="campaign.id", type=_TEXT, scope=Scope.MESSAGE, phrase="the campaign",
          meaning="id of the campaign the message belongs to"),
    Field(name="campaign.tag", type=FieldType.WORDS, scope=Scope.MESSAGE, phrase="the campaign's tags", may_be_unknown=False,
          meaning="the tags of the campaign; one without tags has none of them"),
)  # fmt: skip

FIELDS: Final[dict[str, Field]] = {entry.name: entry for entry in _TABLE}

ATTRIBUTE_PREFIXES: Final[dict[str, Field]] = {
    prefix: Field(name=f"{prefix}NAME", type=type_, scope=scope, source=source, meaning=meaning, phrase=phrase,
                  phrase_not="the customer did not agree to be contacted by {}" if type_ is FieldType.YES_NO else None)
    for prefix, type_, scope, source, phrase, meaning in (
        ("item.attributes.", _TEXT, Scope.ITEM, Source.PRODUCTS, "the item's {}", "an attribute of the product; text unless `attributes` says otherwise"),
        ("customer.attributes.", _TEXT, Scope.MESSAGE, Source.CUSTOMERS, "the customer's {}", "an attribute of the customer; text unless `attributes` says otherwise"),
        ("message.attributes.", _TEXT, Scope.MESSAGE, None, "the message's {}", "an attribute of the message; text unless `attributes` says otherwise"),
        ("customer.consent.", FieldType.YES_NO, Scope.MESSAGE, Source.CUSTOMERS, "the customer agreed to be contacted by {}",
         "whether the customer agreed to be contacted by that channel, e.g. `customer.consent.sms`"),
    )
}  # fmt: skip


ATTRIBUTE_TYPES: Final = (FieldType.TEXT, FieldType.NUMBER, FieldType.YES_NO, FieldType.DAY, FieldType.CHOICE)
"""What an attribute may be declared as."""

CUSTOMERS_REGION: Final = "customer.region"
"""As `at` of a stock field: the locations of the customer's region."""

_AT: Final = " at "
_UNDER: Final = " under "
_AS: Final = " as "


def find_field(name: str) -> Field | None:
    """The field of that name; attributes (`item.attributes.colour`) are made to measure. None when there is none."""
    found = FIELDS.get(name)
    if found is not None:
        return found
    for prefix, pattern in ATTRIBUTE_PREFIXES.items():
        attribute = name.removeprefix(prefix)
        if attribute != name and attribute:
            words = attribute.replace("_", " ")
            if " " in words and pattern.type is not FieldType.YES_NO:
                words = f"“{words}”"
            phrase_not = pattern.phrase_not.format(words) if pattern.phrase_not else None
            return replace(pattern, name=name, phrase=pattern.phrase.format(words), phrase_not=phrase_not)
    return None


def typed(attribute: Field, type_: FieldType, choices: tuple[str, ...] = ()) -> Field:
    """An attribute declared to be of another type than text. Its text is read as that type; unreadable = unknown."""
    if type_ is FieldType.TEXT:
        return attribute
    phrase, phrase_not = attribute.phrase, None
    if type_ is FieldType.YES_NO:
        owner, _, noun = phrase.partition("'s ")
        named = f"{owner}'s “{noun.strip('“”')}”"
        phrase, phrase_not = f"{named} is yes", f"{named} is no"
    return replace(attribute, name=f"{attribute.name}{_AS}{type_.value}", type=type_, choices=choices, phrase=phrase,
                   phrase_not=phrase_not)  # fmt: skip


def qualified(field: Field, *, at: str | None = None, under: str | None = None) -> Field:
    """The field narrowed to a stock location (or the customer's region), or to a category."""
    if at is not None:
        where = "in the customer's region" if at == CUSTOMERS_REGION else f"at {at}"
        return replace(field, name=f"{field.name}{_AT}{at}", at=at, phrase=f"{field.phrase} {where}")
    if under is not None:
        phrase = field.phrase.replace("of the same category", f"of {under}")
        return replace(field, name=f"{field.name}{_UNDER}{under}", under=under, phrase=phrase, source=Source.PRODUCTS)
    return field


def base_name(name: str) -> str:
    """A field's name without what narrows or types it."""
    return name.partition(" ")[0] if name.partition(" ")[0] in FIELDS else label_of(name)


def label_of(name: str) -> str:
    """A field's name as people are told it: a declared type is not part of it."""
    head, found, type_ = name.rpartition(_AS)
    return head if found and type_ in _TYPE_NAMES else name


_TYPE_NAMES: Final = frozenset(type_.value for type_ in ATTRIBUTE_TYPES)
