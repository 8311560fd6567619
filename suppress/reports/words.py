"""Tell figures in words: the sentences both the page and the terminal show."""

from datetime import UTC, datetime
from typing import Final

from suppress.decisions.report import PriceMap, ScanReport, Share, SourceAge, Verdicts
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE
from suppress.reports.money import round_price
from suppress.rules.wording import date_words

_SMALL: Final = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)

CHANNELS: Final = {"email": "an e-mail", "sms": "a text message", "push": "a push message", "advert": "an advert"}


def number(count: int) -> str:
    """With thousands separators."""
    return f"{count:,}"


def share(part: int, total: int) -> str:
    """A part of a whole in per cent; small parts and small remainders are never rounded away."""
    if not total:
        return "–"
    percent = part * 100 / total
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %" if part and part != total else f"{percent:.0f} %"


def parts_share(parts: int) -> str:
    """Parts per ten thousand in per cent."""
    return f"{parts / 100:g} %"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 message`, `2,000 messages`."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def small(count: int) -> str:
    """A number as it is written in a sentence."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else number(count)


def length(us: int) -> str:
    """A length of time as people say it, rounded: `two days`, `five weeks`, `eight months`, `three years`."""
    if us < US_PER_HOUR:
        return _of(us / US_PER_MINUTE, "minute")
    if us < 2 * US_PER_DAY:
        return _of(us / US_PER_HOUR, "hour")
    days = us / US_PER_DAY
    if days < 14:
        return _of(days, "day")
    if days < 60:
        return _of(days / 7, "week")
    return _of(days / 30.4, "month") if days < 700 else _of(days / 365, "year")


def _of(amount: float, unit: str) -> str:
    whole = round(amount)
    return f"{small(whole)} {unit}{'' if whole == 1 else 's'}"


def whole_verdicts(report: ScanReport) -> Verdicts:
    """The verdicts of the whole campaign, also where only some messages were decided again."""
    return report.whole or report.verdicts


def scope_sentence(report: ScanReport) -> str:
    """Which messages the figures of items and rules are of; empty where they are of the whole campaign."""
    if report.whole is None or report.decided_anew is None:
        return ""
    if not report.decided_anew:
        return "No message was decided again: the report of the scan before has these figures."
    again = f"Only the {counted(report.decided_anew, 'message')} decided again"
    rest = report.whole.messages - report.decided_anew
    return f"{again}; the other {number(rest)} are as the scan before left them." if rest else f"{again}: all of them."


def headline(report: ScanReport) -> str:
    """What becomes of the messages, in one sentence; of the whole campaign, also where only some were decided again."""
    verdicts = whole_verdicts(report)
    if not verdicts.messages:
        return "There was no message to decide."
    if verdicts.send == verdicts.messages:
        return (
            f"All {counted(verdicts.messages, 'message')} go out." if verdicts.messages > 1 else "The message goes out."
        )
    parts = [f"{number(verdicts.send) if verdicts.send else 'none'} {'goes' if verdicts.send == 1 else 'go'} out"]
    if verdicts.hold:
        parts.append(f"{number(verdicts.hold)} {_verb(verdicts.hold, 'wait')}")
    if verdicts.suppress:
        parts.append(f"{number(verdicts.suppress)} {_verb(verdicts.suppress, 'stay')} home")
    return f"Of {counted(verdicts.messages, 'message')}, {listed(parts)}."


def items_sentence(report: ScanReport) -> str:
    """What becomes of the items, in one or two sentences; empty when messages had none."""
    items = report.items
    if report.decided_anew == 0:
        return "Nothing changed that any of them depends on."
    if not items.asked:
        return "The messages recommend no items."
    there = " in the messages decided again" if report.whole is not None else ""
    if not items.dropped:
        return f"All {counted(items.asked, 'recommended item')}{there} may be shown."
    told = (
        f"Of {counted(items.asked, 'recommended item')}{there}, "
        f"{number(items.dropped)} ({share(items.dropped, items.asked)}) "
        f"{'was' if items.dropped == 1 else 'were'} taken out"
    )
    if items.replaced:
        told += f"; for {number(items.replaced)} of them something better was found"
    return f"{told}."


def changed_sentence(report: ScanReport) -> str:
    """What changed since the run before; empty without one."""
    before = report.previous
    if before is None:
        return ""
    since = f" of {date_words(before.as_of)}" if before.as_of else " before"
    told = f"Since the run{since}, {counted(before.changed, 'message')} changed verdict"
    if before.new or before.gone:
        told += f"; {number(before.new)} {_verb(before.new, 'is', 'are')} new and {number(before.gone)} gone"
    if report.decided_anew is not None:
        told += f". {counted(report.decided_anew, 'message')} had to be decided again"
        if report.decided_anew and report.whole is not None:
            told += "; all figures of items and rules are of these"
    return f"{told}."


def between_words(first: datetime, last: datetime) -> str:
    """A stretch of time; a date is said once: `22 November 2026 16:00 to 17:29 UTC`."""
    if first == last:
        return date_words(first)
    if first.astimezone(UTC).date() != last.astimezone(UTC).date():
        return f"{date_words(first)} to {date_words(last)}"
    began = date_words(first).removesuffix(" UTC")
    return f"{began} to {last.astimezone(UTC):%H:%M} UTC"


def share_sentence(told: Share, name: str) -> str:
    """How near a `max_share` is, or that it is passed."""
    seen, allowed = share(told.acted_on, told.total), parts_share(told.max_share)
    if told.passed:
        return f"{name}: {seen} of {told.counts}, more than the {allowed} it may be"
    return f"{name}: {seen} of {told.counts}, of {allowed} it may be"


def age_sentence(source: SourceAge) -> str:
    """How old a source was."""
    if source.as_of is None:
        return "never loaded"
    if source.age_us == 0:
        return "no older than the messages"
    age = length(source.age_us) if source.age_us is not None and source.age_us >= US_PER_MINUTE else "moments"
    if source.stale and source.max_age_us is not None:
        return f"{age} old: too old, {length(source.max_age_us)} allowed"
    return f"{age} old"


def band(prices: PriceMap, index: int) -> str:
    """A price band: `below CHF 20`, `CHF 20 – 50`, `CHF 500 and more`."""
    edges = prices.edges_minor
    if index == 0:
        return f"below {round_price(edges[0], prices.currency)}"
    if index == len(edges):
        return f"{round_price(edges[-1], prices.currency)} and more"
    return f"{round_price(edges[index - 1], prices.currency)} – {round_price(edges[index], None)}"


def source_name(source: str) -> str:
    """A source as a heading: `Sent log`."""
    return {"sent": "Sent log"}.get(source, source.replace("_", " ").capitalize())


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _verb(count: int, one: str, many: str | None = None) -> str:
    """The verb that goes with so many."""
    if many is not None:
        return one if count == 1 else many
    return f"{one}s" if count == 1 else one
