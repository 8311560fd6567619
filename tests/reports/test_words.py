"""Figures are told in words people would use: numbers, shares, lengths of time, money, and the first sentence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from suppress.decisions.report import Clue, Items, Verdicts
from suppress.reports.money import price, round_price
from suppress.reports.prevented import told
from suppress.reports.words import changed_sentence, headline, items_sentence, length, scope_sentence, share
from tests.reports.small import AS_OF, HOUR_US, prevented, small_report

DAY_US = 24 * HOUR_US


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((1_712_331, 12_000, 275_669), "Of 2,000,000 messages, 1,712,331 go out, 12,000 wait and 275,669 stay home."),
        ((3, 0, 1), "Of 4 messages, 3 go out and 1 stays home."),
        ((1, 1, 0), "Of 2 messages, 1 goes out and 1 waits."),
        ((0, 0, 9), "Of 9 messages, none go out and 9 stay home."),
        ((12, 0, 0), "All 12 messages go out."),
        ((1, 0, 0), "The message goes out."),
        ((0, 0, 0), "There was no message to decide."),
    ],
)
def test_headline_says_what_becomes_of_the_messages(counts: tuple[int, int, int], words: str) -> None:
    """One sentence, with verbs that go with their numbers."""
    send, hold, suppress = counts

    assert words == headline(small_report(verdicts=Verdicts(send=send, hold=hold, suppress=suppress)))


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (Items(), "The messages recommend no items."),
        (Items(asked=5, kept=5), "All 5 recommended items may be shown."),
        (Items(asked=8, kept=7, dropped=1), "Of 8 recommended items, 1 (12.5 %) was taken out."),
        (
            Items(asked=8000, kept=7000, dropped=1000, replaced=900),
            "Of 8,000 recommended items, 1,000 (12.5 %) were taken out; for 900 of them something better was found.",
        ),
    ],
)
def test_items_sentence(items: Items, words: str) -> None:
    """What was taken out, and for how many a replacement was found."""
    assert words == items_sentence(small_report(items=items))


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (15, "Only the 15 messages decided again; the other 1,999,985 are as the scan before left them."),
        (1, "Only the 1 message decided again; the other 1,999,999 are as the scan before left them."),
        (2_000_000, "Only the 2,000,000 messages decided again: all of them."),
        (0, "No message was decided again: the report of the scan before has these figures."),
    ],
)
def test_a_delta_says_what_its_figures_are_of(again: int, said: str) -> None:
    """Figures that are not of the whole campaign say so; those of a whole scan say nothing."""
    whole = small_report().verdicts

    assert said == scope_sentence(small_report(decided_anew=again, whole=whole))
    assert "" == scope_sentence(small_report())


def test_changes_since_the_run_before_are_told() -> None:
    """How many verdicts changed, which messages came and went, and how many had to be decided again."""
    assert (
        "Since the run of 22 November 2026 08:00 UTC, 12 messages changed verdict; 3 are new and 1 gone. "
        "15 messages had to be decided again."
    ) == changed_sentence(small_report(decided_anew=15))
    assert "" == changed_sentence(small_report(previous=None))


@pytest.mark.parametrize(
    ("part", "total", "words"),
    [(0, 0, "–"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 8, "12.5 %"), (1, 2_000_000, "< 0.1 %"),
     (1_999_999, 2_000_000, "> 99.9 %")],
)  # fmt: skip
def test_shares_never_round_something_to_nothing(part: int, total: int, words: str) -> None:
    """A part that is there is never 0 %, and what is not all is never 100 %."""
    assert words == share(part, total)


@pytest.mark.parametrize(
    ("us", "words"),
    [(90 * 60_000_000, "two hours"), (HOUR_US, "one hour"), (2 * DAY_US, "two days"), (12 * DAY_US, "twelve days"),
     (35 * DAY_US, "five weeks"), (240 * DAY_US, "eight months"), (1100 * DAY_US, "three years"),
     (60_000_000, "one minute")],
)  # fmt: skip
def test_lengths_of_time_are_rounded_as_people_do(us: int, words: str) -> None:
    """The unit grows with the length."""
    assert words == length(us)


@pytest.mark.parametrize(
    ("minor", "currency", "words", "round_words"),
    [(189900, "CHF", "CHF 1,899.00", "CHF 1,899"), (5, "EUR", "EUR 0.05", "EUR 0.05"),
     (1200, "JPY", "JPY 1,200", "JPY 1,200"), (12345, "KWD", "KWD 12.345", "KWD 12.345"), (990, None, "9.90", "9.90")],
)  # fmt: skip
def test_money_has_the_decimals_of_its_currency(minor: int, currency: str | None, words: str, round_words: str) -> None:
    """Two as a rule, none for yen, three for dinars; a price and its currency are never torn apart."""
    assert words.replace(" ", "\N{NO-BREAK SPACE}") == price(minor, currency)
    assert round_words.replace(" ", "\N{NO-BREAK SPACE}") == round_price(minor, currency)


LAMP = "Customer c-17 would have been shown “Blue mattress 140 cm” (CHF 899.00)"


def bought(field: str, seen: str = "1", **ago: float) -> tuple[Clue, ...]:
    """A purchase as a rule saw it."""
    return (Clue(field=field, seen=seen, at=AS_OF - timedelta(**ago)),)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, f"{LAMP} two days after buying it. It was hardly unpacked."),
        ({"clues": bought("bought.sku", seconds=5)}, f"{LAMP} moments after buying it. The receipt was hardly dry."),
        ({"clues": bought("bought.sku", days=1)}, f"{LAMP} the day after buying it. It was hardly unpacked."),
        ({"clues": bought("bought.sku", "3", days=20)},
         f"{LAMP} three weeks after buying three of it. Nobody had asked for another."),
        ({"clues": bought("bought.item_group", days=300)},
         f"{LAMP} ten months after buying it in this or another size or colour."),
        ({"clues": bought("bought.category", days=800), "code": "one_is_enough"},
         f"{LAMP} two years after buying another of its kind. No home needs two."),
        ({"clues": bought("bought.sku", days=12), "code": "not_yet_due"},
         f"{LAMP} twelve days after buying it. The last one is not used up yet."),
        ({"clues": (Clue(field="item.status", seen="recalled"),), "code": "recalled"},
         f"{LAMP}, which has been recalled. The one product nobody should be tempted by."),
        ({"clues": (Clue(field="stock.available_units", seen="0"),), "code": "out_of_stock"},
         f"{LAMP} when there was none left to sell. The click would have ended on “sold out”."),
        ({"clues": (Clue(field="stock.available_units", seen=None),), "code": "out_of_stock"},
         f"{LAMP}, and nobody could say whether there was one left."),
        ({"clues": (Clue(field="stock.available_units", seen="3"),), "code": "low_stock"},
         f"{LAMP} with only three left in stock."),
        ({"clues": (*bought("bought.category", hours=20), *bought("bought.item_group", days=3))},
         f"{LAMP} three days after buying it in this or another size or colour. It was hardly unpacked."),
        ({"clues": (*bought("bought.sku", days=3), Clue(field="stock.available_units", seen="0")),
          "code": "out_of_stock"},
         f"{LAMP} three days after buying it. And there was none left anyway."),
        ({"clues": bought("bought.brand", "4", days=3), "code": "recent_buyer"},
         f"{LAMP} three days after buying four things of the same brand."),
        ({"clues": bought("bought.sku", days=3), "code": "recalled"},
         f"{LAMP}, which has been recalled. The one product nobody should be tempted by."),
        ({"clues": (Clue(field="shown.sku", seen="4"),), "code": "already_shown"},
         f"{LAMP}, which four earlier messages had shown them already. They have seen it by now."),
        ({"clues": (), "code": "shop_code"}, f"{LAMP}, against the rule “Has it already”."),
        ({"customer_id": None, "title": None, "price_minor": None},
         "Somebody would have been shown item A-1 two days after buying it. It was hardly unpacked."),
        ({"sku": None, "code": "no_consent"},
         "Customer c-17 would have got an e-mail without ever having agreed to get any. That is how complaints begin."),
        ({"sku": None, "code": "quiet_hours", "channel": "sms"},
         "Customer c-17 would have got a text message in the middle of the night. It can wait until morning."),
    ],
)  # fmt: skip
def test_what_was_prevented_reads_as_a_sentence(changed: dict[str, Any], words: str) -> None:
    """Who, what, for how much, and why it would have been embarrassing."""
    assert words == str(told(prevented(**changed), small_report())).replace("\N{NO-BREAK SPACE}", " ")


def test_a_rule_without_a_title_is_called_by_its_id() -> None:
    """The id is what people have then."""
    untitled = replace(small_report().rules[0], title=None)

    assert "against the rule “already-bought”" in str(
        told(prevented(clues=(), code="shop_code"), small_report(rules=(untitled,), figures=()))
    )
