"""What a plan counts: table-driven on a small shop through both ways of fetching facts, then properties."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suppress.decisions.decision import ItemVerdict, Outcome, Reason, Verdict
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.facts.book import FactBook
from suppress.facts.instants import to_us
from suppress.facts.message import Message
from suppress.facts.records import OrderRecord, ProductRecord, Record, StockRecord
from suppress.facts.snapshot import FactNeeds, Source
from suppress.replay.compare import Change, compare
from suppress.replay.people import Persons, Sample, stable_hash
from suppress.replay.report import Report
from suppress.replay.run import Asked, Fetch, needs_of_both, replay
from suppress.replay.tally import EXAMPLES, MOST_CAMPAIGNS, Tally
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.reading import parse_ruleset
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOW_US = to_us(NOW)
SKUS = ("SHIRT-M", "SHIRT-L", "MUG", "BOWL", "VASE")

BOUGHT = "{id: bought, drop: item, code: recently_purchased, when: {bought: {same: sku, within: 30 days}}}"
BOUGHT_LONG = BOUGHT.replace("30 days", "365 days")
BOUGHT_STYLE = BOUGHT_LONG.replace("same: sku", "same: item_group")
STYLE = BOUGHT_STYLE.replace("id: bought", "id: style")
SOLD_OUT = "{id: sold-out, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}"
SHADOW = SOLD_OUT.replace("drop: item", "drop: item, mode: shadow")
NOTHING = "{id: nothing-left, suppress: message, code: nothing_left, when: {message.items_kept: {below: 1}}}"
FEW = "{id: too-few, suppress: message, code: too_few_items, when: {message.items_kept: {below: 2}}}"


def rules(*snippets: str, top: str = "") -> CompiledRuleset:
    """A ruleset of these rules, compiled."""
    text = f"version: 1\nruleset: shop\n{top}\nrules:\n" + "".join(f"  - {snippet}\n" for snippet in snippets)
    ruleset, problems = parse_ruleset(text.encode(), "shop.yaml")
    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


def facts() -> dict[Source, list[Record]]:
    """Ada bought a shirt 20 days ago and a mug 100 days ago, Bob a mug 5 days ago; no bowl is left."""

    def order(number: int, customer: str, sku: str, days: int) -> OrderRecord:
        at_us = to_us(NOW - timedelta(days=days))
        return OrderRecord(f"o-{number}", "1", customer, sku, 1, at_us, 0, 0, False, None, None, None, NOW_US)

    groups = {"SHIRT-M": "SHIRT", "SHIRT-L": "SHIRT"}
    return {
        Source.PRODUCTS: [
            ProductRecord(sku, None, groups.get(sku), None, None, "active", None, None, None, "[]", "{}", NOW_US)
            for sku in SKUS
        ],
        Source.ORDERS: [order(1, "ada", "SHIRT-M", 20), order(2, "ada", "MUG", 100), order(3, "bob", "MUG", 5)],
        Source.STOCK: [
            StockRecord(sku, "all", 0 if sku == "BOWL" else 9, 0, 0, None, None, None, NOW_US) for sku in SKUS
        ],
    }


def a_book() -> FactBook:
    """The shop in memory."""
    book = FactBook(feeds_us=dict.fromkeys(Source, NOW_US))
    for records in facts().values():
        book.add(records)
    return book


def fetch_from(book: FactBook, needs: FactNeeds) -> Fetch:
    """The facts of a batch, out of a book."""
    return lambda batch: [book.snapshot(message, as_of_us, needs) for message, as_of_us in batch]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The shop in a database."""
    url = f"sqlite:///{tmp_path_factory.mktemp('replay') / 'shop.db'}"
    with Database.open(url, require_schema=False) as opened:
        upgrade(opened)
        for source, records in facts().items():
            with Loader(opened, source) as loader:
                loader.write(records)
                loader.finish(NOW_US)
        yield opened


@pytest.fixture(params=["book", "sqlite"])
def fetching(request: pytest.FixtureRequest, database: Database) -> Callable[[FactNeeds], Fetch]:
    """Needs -> how to fetch facts: from a book in memory, or from a database through the real store."""
    if request.param == "book":
        return lambda needs: fetch_from(a_book(), needs)
    return lambda needs: FactStore(database, needs).snapshots


def ask(customer: str, *skus: str, campaign: str | None = None, **more: Any) -> Asked:
    """A message that is decided now."""
    return Message(customer_id=customer, items=skus, campaign_id=campaign, **more), NOW_US  # type: ignore[arg-type]


def plan(old: CompiledRuleset, new: CompiledRuleset, messages: Sequence[Asked], fetch: Fetch | None = None) -> Report:
    """The report of a replay, by default with facts out of a book."""
    deciders = [Decider(compiled, ReferenceEngine(compiled)) for compiled in (old, new)]
    return replay(messages, *deciders, fetch or fetch_from(a_book(), needs_of_both(old, new)))


def counted(report: Report) -> dict[str, tuple[int, int, int]]:
    """Persons, messages and items of each kind of change that happened."""
    return {
        change.value: (touched.persons, touched.messages, touched.items)
        for change, touched in report.by_change.items()
        if touched.messages
    }


ADA_AND_BOB = (
    ask("ada", "SHIRT-L", "MUG", campaign="news"),
    ask("bob", "MUG", campaign="news"),
    ask("bob", "MUG", "VASE"),
)


@pytest.mark.parametrize(
    ("old", "new", "messages", "wanted"),
    [
        pytest.param((BOUGHT,), (BOUGHT,), ADA_AND_BOB, {}, id="the same rules change nothing"),
        pytest.param(
            (BOUGHT,), (BOUGHT_LONG,), ADA_AND_BOB, {"newly dropped": (1, 1, 1)}, id="a longer window reaches one mug"
        ),
        pytest.param(
            (BOUGHT_LONG,), (BOUGHT,), ADA_AND_BOB, {"newly allowed": (1, 1, 1)}, id="a shorter one lets it go"
        ),
        pytest.param(
            (BOUGHT,), (BOUGHT_STYLE,), ADA_AND_BOB, {"newly dropped": (1, 1, 2)}, id="two items of one message"
        ),
        pytest.param(
            (), (BOUGHT,), ADA_AND_BOB, {"newly dropped": (1, 2, 2)}, id="one person, two messages"
        ),
        pytest.param(
            (BOUGHT,), (BOUGHT, NOTHING), ADA_AND_BOB, {"newly silenced": (1, 1, 0)}, id="a message rule silences"
        ),
        pytest.param(
            (BOUGHT, NOTHING), (NOTHING,), ADA_AND_BOB,
            {"newly sent": (1, 1, 0), "newly allowed": (1, 2, 2)}, id="what is no longer dropped is sent",
        ),
        pytest.param(
            (SOLD_OUT,), (SHADOW,), [ask("ada", "BOWL")], {"newly allowed": (1, 1, 1)}, id="shadow is not obeyed"
        ),
    ],
)  # fmt: skip
def test_what_changes(
    fetching: Callable[[FactNeeds], Fetch],
    old: tuple[str, ...],
    new: tuple[str, ...],
    messages: Sequence[Asked],
    wanted: dict[str, tuple[int, int, int]],
) -> None:
    """Persons, messages and items of each kind of change, the same from the book and from the database."""
    before, after = (rules(*snippets or (SHADOW,)) for snippets in (old, new))
    report = plan(before, after, messages, fetching(needs_of_both(before, after)))

    assert wanted == counted(report)
    assert len(messages) == report.audience.messages


def test_rules_take_and_free() -> None:
    """Each rule says on what it acts before and now, what falls to it, and what it lets go."""
    messages = [*ADA_AND_BOB, ask("ada", "BOWL", "SHIRT-M")]
    report = plan(rules(SOLD_OUT, BOUGHT), rules(SHADOW, STYLE, NOTHING), messages)
    told = {
        change.rule: (
            change.old and (change.old.fired, change.old.decided, change.old.shadow),
            change.new and (change.new.fired, change.new.decided, change.new.shadow),
            change.takes,
            change.frees,
        )
        for change in report.rules
    }

    assert {
        "sold-out": ((1, 1, 0), (0, 0, 1), 0, 1),
        "style": (None, (5, 5, 0), 2, 0),
        "nothing-left": (None, (2, 2, 0), 2, 0),
        "bought": ((3, 3, 0), None, 0, 0),
    } == told
    assert 3 == report.other_reason


def test_a_rule_whose_effect_changes_is_two_rules() -> None:
    """Items and messages are never added up in one line."""
    as_message_rule = NOTHING.replace("nothing-left", "bought")
    report = plan(rules(BOUGHT), rules(as_message_rule), ADA_AND_BOB)

    assert [("suppress: message", None, 0), ("drop: item", 2, None)] == [
        (rule.effect.value, rule.old and rule.old.fired, rule.new and rule.new.fired) for rule in report.rules
    ]


def test_campaigns_are_told_apart() -> None:
    """The one with most changes comes first; messages without a campaign are a line of their own."""
    report = plan(rules(SHADOW), rules(BOUGHT, NOTHING), ADA_AND_BOB)

    assert [
        (None, 1, 1, {Change.DROPPED: 1}),
        ("news", 2, 1, {Change.SILENCED: 1, Change.DROPPED: 1}),
    ] == [
        (c.campaign_id, c.messages, c.changed, {change: n for change, n in c.by_change.items() if n})
        for c in report.campaigns
    ]


def test_shown_changes_are_asked_of_what_goes_out() -> None:
    """Fewer, more and other items are told apart, and replacements are counted."""
    messages = [
        ask("bob", "MUG", "VASE"),
        ask("bob", "MUG", replacements=("VASE",)),
        ask("bob", "VASE"),
        ask("bob", "BOWL", "VASE"),
        ask("bob", "MUG"),
    ]
    shown = plan(rules(SOLD_OUT), rules(BOUGHT, NOTHING), messages).shown

    assert (4, 3, 1, 1, 1) == (shown.messages, shown.changed, shown.fewer, shown.more, shown.others)
    assert (0, 1) == (shown.replaced_old, shown.replaced_new)


def test_examples_say_who_and_why() -> None:
    """A newly silenced person is told with the sentence, and with what the message lost."""
    report = plan(rules(SHADOW), rules(BOUGHT, NOTHING), [ask("bob", "MUG", message_id="m-1", campaign="news")])
    (silenced,) = report.examples[Change.SILENCED]
    (dropped,) = report.examples[Change.DROPPED]

    assert ("bob", "m-1", "news", None) == (
        silenced.customer_id, silenced.message_id, silenced.campaign_id, silenced.sku,
    )  # fmt: skip
    assert ("send", "suppress", "nothing-left") == (silenced.old.verdict, silenced.new.verdict, silenced.new.rule)
    assert (("MUG", "bought"),) == silenced.new.dropped
    assert ("MUG", "keep", "drop") == (dropped.sku, dropped.old.verdict, dropped.new.verdict)
    assert "Drop the item when the customer bought and kept this item in the last 30 days." == dropped.new.sentence


def test_examples_are_ten_persons_in_any_order() -> None:
    """However many meet a change, and in whatever order, the same ten different persons are shown."""
    messages = [ask(f"c-{n % 40}", "BOWL", message_id=f"m-{n}") for n in range(200)]
    reports = []
    for seed in range(3):
        random.Random(seed).shuffle(messages)
        reports.append(plan(rules(BOUGHT), rules(BOUGHT, SOLD_OUT), messages))
    people = [example.customer_id for example in reports[0].examples[Change.DROPPED]]

    assert EXAMPLES == len(set(people)) == len(people)
    assert reports[0] == reports[1] == reports[2]


@pytest.mark.parametrize(
    ("max_share", "passed"), [("50%", False), ("49.99%", True), ("100%", False), ("0%", True)]
)  # fmt: skip
def test_max_share_of_the_ruleset_counts_messages_not_sent(max_share: str, passed: bool) -> None:
    """Two of four messages: a half is reached, not passed; anything below is passed."""
    messages = [ask("ada", "BOWL"), ask("bob", "BOWL"), ask("ada", "VASE"), ask("bob", "VASE")]
    report = plan(rules(SHADOW), rules(SOLD_OUT, NOTHING, top=f"max_share: {max_share}"), messages)

    assert [(None, "messages", 2, 4, passed)] == [
        (share.rule, share.counts, share.acted_on, share.total, share.passed) for share in report.shares
    ]
    assert passed is bool(report.passed)


def test_max_share_of_a_rule_counts_what_it_is_obeyed_for() -> None:
    """An item rule counts items, a message rule messages; shadow counts nothing, and so do the old rules' bounds."""
    messages = [ask("ada", "BOWL", "VASE"), ask("bob", "BOWL")]
    new = rules(
        SOLD_OUT.replace("code:", "max_share: 60%, code:"),
        SHADOW.replace("sold-out", "tried").replace("code:", "max_share: 0%, code:"),
        NOTHING.replace("code:", "max_share: 40%, code:"),
    )
    report = plan(rules(SOLD_OUT, top="max_share: 0%"), new, messages)

    assert [
        ("sold-out", "items", 2, 3, True),
        ("tried", "items", 0, 3, False),
        ("nothing-left", "messages", 1, 2, True),
    ] == [(share.rule, share.counts, share.acted_on, share.total, share.passed) for share in report.shares]


def test_holds_are_told_apart() -> None:
    """Sent to held, held to suppressed, held longer: each is its own change, with the reason of that verdict."""
    old, new = (Decider(each, ReferenceEngine(each)) for each in (rules(SHADOW), rules(SHADOW)))
    message, as_of_us = ask("ada", "VASE")
    sent = old.decide(a_book().snapshot(message, as_of_us, old.compiled.needs), "")
    held = replace(sent, verdict=Verdict.HOLD, hold_until=NOW)
    longer = replace(held, hold_until=NOW + timedelta(hours=1))
    silent = replace(sent, verdict=Verdict.SUPPRESS)
    tally = Tally(old.compiled, new.compiled)
    for before, after in ((sent, held), (held, longer), (held, silent), (silent, held), (held, sent), (held, held)):
        tally.add(message, before, after)
    report = tally.report()

    assert {"newly silenced": (1, 1, 0), "newly held": (1, 2, 0), "newly sent": (1, 1, 0)} == counted(report)
    assert 1 == report.hold_moved
    assert 5 == report.changed.messages


def test_holding_rules_are_counted_as_what_they_are() -> None:
    """A rule that holds takes messages, is named as the reason, and counts as not sent at once."""
    later = "{id: later, hold: {for: 2 hours}, code: quiet_hours, max_share: 50%, when: {message.channel: email}}"
    messages = [ask("ada", "VASE", channel="email"), ask("bob", "BOWL", channel="email"), ask("cyd", "VASE")]
    report = plan(rules(SOLD_OUT, NOTHING), rules(SOLD_OUT, NOTHING, later, top="max_share: 70%"), messages)
    moved = plan(rules(later), rules(later.replace("2 hours", "3 hours")), messages)
    (held,) = report.examples[Change.HELD]

    assert {"newly held": (1, 1, 0)} == counted(report)
    assert ("ada", "hold", "later", "quiet_hours") == (held.customer_id, held.new.verdict, held.new.rule, held.new.code)
    assert [("later", 1, 0)] == [(rule.rule, rule.takes, rule.frees) for rule in report.rules if rule.changed]
    assert [(None, 2, 3, False), ("later", 2, 3, True)] == [
        (share.rule, share.acted_on, share.total, share.passed) for share in report.shares
    ]
    assert {} == counted(moved)
    assert (2, 2) == (moved.hold_moved, moved.changed.messages)


def test_a_control_group_is_recorded_and_not_obeyed() -> None:
    """A rule counts in shadow for those it is tried without, and in full where it says `always`."""
    always = SOLD_OUT.replace("code:", "max_share: 0%, always: yes, code:")
    report = plan(
        rules(SOLD_OUT, BOUGHT), rules(always, BOUGHT, top="control_group: 100%"), [ask("ada", "BOWL", "SHIRT-M")]
    )
    now = {rule.rule: rule.new and (rule.new.fired, rule.new.shadow) for rule in report.rules}

    assert {"newly allowed": (1, 1, 1)} == counted(report)
    assert {"sold-out": (1, 0), "bought": (0, 1)} == now
    assert ["sold-out"] == [share.rule for share in report.passed]


def test_a_verdict_is_told_by_a_rule_that_asks_for_it() -> None:
    """A rule that was recorded only, or that asks for something else, is not what silenced the message."""
    compiled = rules(SHADOW, NOTHING, FEW)
    decider = Decider(compiled, ReferenceEngine(compiled))
    message, as_of_us = ask("ada", "BOWL")
    decision = decider.decide(a_book().snapshot(message, as_of_us, compiled.needs), "")
    other = Reason(rule="sold-out", code="c", sentence="s", outcome=Outcome.TRUE, mode=decision.reasons[0].mode)
    report = plan(rules(SHADOW), compiled, [ask("ada", "BOWL")])

    assert "too-few" == report.examples[Change.SILENCED][0].new.rule
    tally = Tally(rules(SHADOW), compiled)
    tally.add(message, replace(decision, verdict=Verdict.SEND), replace(decision, reasons=(other, *decision.reasons)))

    assert "too-few" == tally.report().examples[Change.SILENCED][0].new.rule


def test_a_rule_in_shadow_silences_nobody() -> None:
    """Of two rules that would suppress, the one that is obeyed is named, though the other stands first."""
    tried = FEW.replace("too-few", "tried").replace("code:", "mode: shadow, code:")
    report = plan(rules(SHADOW), rules(tried, NOTHING, SOLD_OUT), [ask("ada", "BOWL")])

    assert "nothing-left" == report.examples[Change.SILENCED][0].new.rule


def test_missing_facts_are_counted() -> None:
    """How many messages the new rules judge without a fact they ask for."""
    book = a_book()
    book.feeds_us[Source.STOCK] = None
    book.stock.clear()
    after = rules(SOLD_OUT)
    report = plan(rules(BOUGHT), after, ADA_AND_BOB, fetch_from(book, after.needs))

    assert [3] == list(report.unknown.values())


def test_no_messages_is_a_report_too() -> None:
    """Nothing to replay gives zeros, and no max_share is passed."""
    report = plan(rules(BOUGHT), rules(SOLD_OUT, top="max_share: 0%"), [])

    assert (0, 0, 0) == (report.audience.messages, report.audience.persons, report.audience.items)
    assert () == report.passed


def test_an_address_is_a_person() -> None:
    """Recipients nobody knows are counted by their address, and never named."""
    messages = [
        (Message(email=address, items=("BOWL",)), NOW_US) for address in ("x@shop.ch", "y@shop.ch", "x@shop.ch")
    ]  # type: ignore[arg-type]
    report = plan(rules(BOUGHT), rules(SOLD_OUT), messages)

    assert 2 == report.audience.persons
    assert {None} == {example.customer_id for example in report.examples[Change.DROPPED]}
    assert "shop.ch" not in repr(report)


def test_campaigns_beyond_measure_are_one_number() -> None:
    """Whoever writes a campaign of its own into every message does not fill the memory."""
    compiled = rules(SHADOW)
    decider = Decider(compiled, ReferenceEngine(compiled))
    message, as_of_us = ask("ada", "VASE")
    decision = decider.decide(a_book().snapshot(message, as_of_us, compiled.needs), "")
    tally = Tally(compiled, compiled)
    for number in range(MOST_CAMPAIGNS + 7):
        tally.add(replace(message, campaign_id=f"k-{number}"), decision, decision)
    report = tally.report()

    assert (MOST_CAMPAIGNS, 7) == (len(report.campaigns), report.other_campaigns)


# ---- persons ----


def test_many_persons_are_estimated_within_bounds() -> None:
    """Counting 20,000 with room for 1,000 comes within a tenth, and says that it is an estimate."""
    persons = Persons(1_000)
    for number in range(20_000):
        persons.add(stable_hash(number))

    assert not persons.is_exact
    assert 2_000 > abs(20_000 - persons.count())


@given(st.lists(st.integers(0, 60), max_size=200), st.integers(1, 80), st.randoms())
def test_persons_do_not_depend_on_the_order(seen: list[int], most: int, shuffled: random.Random) -> None:
    """The same persons in another order give the same figure; with room enough it is exact."""
    one, other = Persons(most), Persons(most)
    for number in seen:
        one.add(stable_hash(number))
    for number in shuffled.sample(seen, len(seen)):
        other.add(stable_hash(number))

    assert one.count() == other.count()
    assert one.is_exact is (len(set(seen)) <= most)
    if one.is_exact:
        assert len(set(seen)) == one.count()


def test_a_part_never_has_more_persons_than_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where persons are estimated, a part that is counted exactly may not come out larger than what it is a part of."""
    monkeypatch.setattr("suppress.replay.tally.Persons", lambda: Persons(16))
    for size in range(1, 60):
        messages = [ask(f"c-{number}", "BOWL" if number < 16 else "VASE") for number in range(size)]
        report = plan(rules(BOUGHT), rules(SOLD_OUT), messages)

        assert min(size, 16) == report.by_change[Change.DROPPED].persons == report.changed.persons
        assert report.changed.persons <= report.audience.persons <= report.audience.messages
        assert report.audience.persons_exact is (size <= 16)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=100), st.randoms())
def test_samples_do_not_depend_on_the_order(seen: list[tuple[int, int]], shuffled: random.Random) -> None:
    """A sample keeps the persons with the smallest numbers, each with its smallest value."""
    sample: Sample[tuple[int, int]] = Sample(5)
    for person, value in shuffled.sample(seen, len(seen)):
        if sample.wants(person, value):
            sample.put(person, value, (person, value))
    smallest = {person: min(v for p, v in seen if p == person) for person in sorted({p for p, _ in seen})[:5]}

    assert list(smallest.items()) == list(sample.values())


# ---- properties ----

rulesets = st.builds(
    lambda bought, stock, whole: rules(*(bought + stock + whole or (SHADOW,))),
    st.sampled_from(((), (BOUGHT,), (BOUGHT_LONG,), (BOUGHT_STYLE,), (STYLE,), (BOUGHT, STYLE))),
    st.sampled_from(((), (SOLD_OUT,), (SHADOW,))),
    st.sampled_from(((), (NOTHING,), (FEW,), (NOTHING, FEW))),
)
asked = st.builds(
    lambda customer, skus, spare, campaign: ask(customer, *skus, campaign=campaign, replacements=tuple(spare)),
    st.sampled_from(("ada", "bob", "cyd")),
    st.lists(st.sampled_from(SKUS), max_size=4),
    st.lists(st.sampled_from(SKUS), max_size=2),
    st.sampled_from((None, "news", "birthday")),
)


@pytest.mark.parametrize(("old", "new", "newly"), [(1, 1, 0), (1, 0.5, 5), (0.5, 1, 0)])
def test_a_limit_goes_to_the_messages_in_their_order(old: float, new: float, newly: int) -> None:
    """Of nine vases nine messages may show one, or four: a tighter limit drops the others', and none twice."""
    limit = "{{id: limit, limit: {{messages_per_unit: {}}}, code: low_stock, when: {{item.sku: VASE}}}}"
    messages = [ask(f"c-{number}", "VASE", "MUG", message_id=f"m-{number}") for number in range(10)]
    report = plan(rules(limit.format(old)), rules(limit.format(new)), messages)
    (rule,) = report.rules

    assert newly == report.by_change[Change.DROPPED].items
    assert ({1: 1, 0.5: 6}[old], {1: 1, 0.5: 6}[new]) == (rule.old.fired, rule.new.fired)


@given(rulesets, st.lists(asked, max_size=12))
def test_a_ruleset_against_itself_changes_nothing(same: CompiledRuleset, messages: list[Asked]) -> None:
    """No count of a change is anything but zero, and nobody is shown as an example."""
    report = plan(same, same, messages)

    assert {} == counted(report)
    assert (0, 0, 0) == (report.changed.persons, report.changed.messages, report.changed.items)
    assert (0, 0, 0) == (report.other_reason, report.hold_moved, report.shown.changed)
    assert not any(rule.changed for rule in report.rules)
    assert not any(report.examples.values())


@given(rulesets, rulesets, st.lists(asked, max_size=12))
@settings(max_examples=200)
def test_counts_add_up_to_the_whole(old: CompiledRuleset, new: CompiledRuleset, messages: list[Asked]) -> None:
    """Every message and item is counted once, and persons, rules and campaigns tell the same story as the matrices."""
    report = plan(old, new, messages)
    drop, keep = ItemVerdict.DROP, ItemVerdict.KEEP
    by = report.by_change
    item_rules = [rule for rule in report.rules if rule.effect.value == "drop: item"]
    message_rules = [rule for rule in report.rules if rule.effect.value != "drop: item"]

    assert len(messages) == report.audience.messages
    assert sum(len(message.items) for message, _ in messages) == report.audience.items
    assert len({message.customer_id for message, _ in messages}) == report.audience.persons
    assert (by[Change.DROPPED].items, by[Change.ALLOWED].items) == (report.items[keep, drop], report.items[drop, keep])
    assert by[Change.SILENCED].messages == report.verdicts[Verdict.SEND, Verdict.SUPPRESS]
    assert by[Change.SENT].messages == report.verdicts[Verdict.SUPPRESS, Verdict.SEND]
    assert by[Change.DROPPED].items == sum(rule.takes for rule in item_rules)
    assert by[Change.ALLOWED].items == sum(rule.frees for rule in item_rules)
    assert by[Change.SILENCED].messages == sum(rule.takes for rule in message_rules)
    assert by[Change.SENT].messages == sum(rule.frees for rule in message_rules)
    assert report.changed.messages == sum(campaign.changed for campaign in report.campaigns)
    assert len(messages) == sum(campaign.messages for campaign in report.campaigns)
    for change, examples in report.examples.items():
        assert min(EXAMPLES, by[change].persons) == len(examples)
        assert by[change].persons <= by[change].messages <= report.changed.messages


@given(rulesets, rulesets, st.lists(asked, max_size=8))
def test_the_way_back_is_the_opposite(old: CompiledRuleset, new: CompiledRuleset, messages: list[Asked]) -> None:
    """What one change drops, its reversal allows; what it silences, its reversal sends."""
    there, back = counted(plan(old, new, messages)), counted(plan(new, old, messages))
    opposite = {
        "newly dropped": "newly allowed", "newly allowed": "newly dropped",
        "newly silenced": "newly sent", "newly sent": "newly silenced",
    }  # fmt: skip

    assert {opposite[change]: count for change, count in there.items()} == back


@given(rulesets, rulesets, asked)
def test_facts_for_both_decide_as_facts_for_one(
    database: Database, old: CompiledRuleset, new: CompiledRuleset, one: Asked
) -> None:
    """A ruleset that is handed the facts another one needs as well decides as it would alone."""
    decider = Decider(old, ReferenceEngine(old))
    (alone,), (together,) = (
        FactStore(database, needs).snapshots([one]) for needs in (old.needs, needs_of_both(old, new))
    )

    assert decider.decide(alone, "") == decider.decide(together, "")
    assert not compare(decider.decide(alone, ""), decider.decide(together, "")).changed
