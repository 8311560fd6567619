"""A report of a few messages, without DuckDB: plain values to change one by one."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from suppress.decisions.decision import ItemVerdict, Mode, Verdict
from suppress.decisions.report import (
    Budget,
    Budgets,
    CategoryRow,
    Cell,
    Clue,
    Comparison,
    ControlGroup,
    Group,
    HoldBucket,
    Holds,
    Items,
    Prevented,
    PriceMap,
    ReportRule,
    Row,
    RuleFigures,
    RuleMove,
    Sample,
    ScanReport,
    Share,
    SourceAge,
    UnknownFact,
    VerdictMove,
    Verdicts,
)

AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR_US = 3_600_000_000


def prevented(**changed: Any) -> Prevented:
    """A mattress bought two days before it would have been shown."""
    return replace(
        Prevented(
            message_id="m-17",
            customer_id="c-17",
            channel="email",
            as_of=AS_OF,
            rule="already-bought",
            code="recently_purchased",
            sku="A-1",
            title="Blue mattress 140 cm",
            category="home/bedroom/mattresses",
            price_minor=89900,
            currency="CHF",
            clues=(Clue(field="bought.sku", seen="1", at=AS_OF - timedelta(days=2)),),
        ),
        **changed,
    )


def small_report(**changed: Any) -> ScanReport:
    """A report with something in each of its parts."""
    return replace(
        ScanReport(
            ruleset="shop",
            fingerprint="sha256:abc",
            campaign="winter",
            engine="duckdb",
            as_of_from=AS_OF,
            as_of_to=AS_OF,
            verdicts=Verdicts(send=1_712_331, hold=12_000, suppress=275_669),
            customers=1_000_000,
            unknown_customers=3,
            items=Items(asked=12_000_000, kept=9_800_000, dropped=2_200_000, replaced=1_300_000, shown=9_000_000),
            rules=(
                ReportRule(id="already-bought", code="recently_purchased", acts_on="items", effect="drop: item",
                           mode=Mode.ENFORCE, title="Has it already", sentence="Drop an item when it was bought."),
                ReportRule(id="too-dear", code="price_out_of_range", acts_on="items", effect="drop: item",
                           mode=Mode.SHADOW, sentence="Drop an item when it costs more than CHF 500."),
                ReportRule(id="night", code="quiet_hours", acts_on="messages", effect="hold: message",
                           mode=Mode.ENFORCE, title="It is night", sentence="Hold a message at night."),
                ReportRule(id="seldom", code="restricted", acts_on="messages", effect="suppress: message",
                           mode=Mode.ENFORCE, title="Seldom needed", sentence="Suppress a message seldom."),
            ),
            figures=(
                RuleFigures(rule="already-bought", decided=2_200_000, fired=2_300_000, alone=2_000_000, unknown=5),
                RuleFigures(rule="too-dear", tried=400_000, would_change=350_000),
                RuleFigures(rule="night", decided=12_000, fired=13_000, alone=11_000, spared=20),
                RuleFigures(rule="seldom"),
            ),
            shares=(Share(rule="night", counts="messages", acted_on=13_000, total=2_000_000, max_share=1000),),
            prices=(
                PriceMap(
                    currency="CHF",
                    edges_minor=(5000, 20000),
                    rows=(
                        CategoryRow(
                            category="home/bedroom",
                            cells=(Cell(asked=0, dropped=0), Cell(asked=900, dropped=90), Cell(asked=500, dropped=400)),
                            unpriced=Cell(asked=1, dropped=0),
                        ),
                    ),
                ),
            ),
            prevented=(prevented(),),
            budgets=Budgets(skus=2, budget=8, used=5, turned_away=4, exhausted=1,
                            scarce=(Budget(sku="A-1", title=None, budget=3, used=3, turned_away=4),)),
            unknown=(UnknownFact(fact="stock.available_units", messages=700, items=900),),
            sources=(
                SourceAge(source="stock", as_of=AS_OF - timedelta(hours=9), age_us=9 * HOUR_US, max_age_us=6 * HOUR_US),
                SourceAge(source="feedback", as_of=None, age_us=None, max_age_us=None),
            ),
            control=ControlGroup(share=500, customers=50_000, messages=100_000, messages_spared=9, items_spared=11),
            holds=Holds(
                buckets=(
                    HoldBucket(starts_at=AS_OF, messages=11_000),
                    HoldBucket(starts_at=AS_OF + timedelta(hours=1), messages=0),
                ),
                undated=1_000,
            ),
            campaigns=(
                Group(name="winter", verdicts=Verdicts(send=5)), Group(name=None, verdicts=Verdicts(hold=1)),
            ),
            previous=Comparison(
                ruleset="shop", fingerprint="sha256:abc", as_of=AS_OF - timedelta(hours=1),
                verdicts=Verdicts(send=10), items=None,
                moves=(VerdictMove(before=Verdict.SEND, now=Verdict.HOLD, messages=12),), new=3, gone=1,
                rules=(RuleMove(rule="night", before=10_000, now=12_000), RuleMove(rule="gone", before=4, now=None)),
            ),
            sample=Sample(
                rows=(
                    Row(message_id="m-17", customer_id="c-17", sku="A-1", title="Blue mattress 140 cm",
                        verdict=ItemVerdict.DROP, rule="already-bought", code="recently_purchased", again_at=AS_OF),
                    Row(message_id="m-18", customer_id=None, sku=None, title=None, verdict=Verdict.HOLD, rule="night",
                        code="quiet_hours", also=("already-bought",)),
                ),
                total=2_487_669,
            ),
        ),
        **changed,
    )  # fmt: skip


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text in it changed, but for those the report itself chooses."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"acts_on", "counts", "effect", "mode", "verdict", "before", "now"}
        return replace(
            value, **{f.name: with_texts(getattr(value, f.name), change) for f in fields(value) if f.name not in kept}
        )
    if isinstance(value, tuple):
        return tuple(with_texts(part, change) for part in value)
    return change(value) if type(value) is str else value
