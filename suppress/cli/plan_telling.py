"""Turn the Report of a replay into JSON for programs, and into a page of at most 100 columns for people."""

import json
from collections.abc import Iterator

from suppress.cli.plan_examples import example_lines
from suppress.cli.plan_tables import campaign_table, change_table, rule_table, share_of, verdict_table
from suppress.replay.report import Report, Share
from suppress.replay.told import Names, names_of_a_page, report_told

MOST_CAMPAIGNS_SHOWN = 20


def as_json(report: Report, *, refused: int, plain_ids: bool) -> str:
    """All of the report. Shares are parts of one; ids of examples are plain or hashed."""
    told = report_told(report, names_of_a_page(plain=plain_ids), refused=refused)
    return json.dumps(told, indent=2, ensure_ascii=False)


def as_text(report: Report, *, old: str, new: str, plain_ids: bool) -> str:
    """The report for people: what changes, by rule and campaign, and persons to look at."""
    return "\n".join(_lines(report, old, new, names_of_a_page(plain=plain_ids)))


def _lines(report: Report, old: str, new: str, names: Names) -> Iterator[str]:
    name = report.new_ruleset
    if report.old_ruleset != name:
        name = f"{report.old_ruleset} -> {name}"
    yield f"{name}: from {old} to {new}"
    audience = report.audience
    about = "" if audience.persons_exact else "about "
    people = f"{about}{_count(audience.persons, 'person', 'people')}"
    yield f"{_count(audience.messages, 'message')} to {people}, {_count(audience.items, 'item')}"
    yield ""
    if not report.audience.messages:
        yield "There are no messages to try the rules on."
        return
    yield from _change_lines(report)
    yield from _unknown_lines(report)
    yield from _share_lines(report)
    for change, examples in report.examples.items():
        if examples:
            yield ""
            yield f"{change.value.capitalize()}, for example:"
            for example in examples:
                yield from example_lines(example, names)
    if any(report.examples.values()) and not names.plain:
        yield ""
        yield "Ids are hashed, and facts about people left out: this may be read by others. --ids plain shows both."


def _change_lines(report: Report) -> Iterator[str]:
    if not report.changed.messages:
        same_rules = report.old_fingerprint == report.new_fingerprint
        yield "Nothing changes: the rules are the same." if same_rules else "Nothing changes for these messages."
    else:
        yield f"Something changes in {share_of(report.changed.messages, report.audience.messages)} of the messages."
        yield from change_table(report)
        yield ""
        yield "Messages, before (down) and now (across):"
        yield from verdict_table(report)
    shown = [*_shown_lines(report)]
    if shown and report.changed.messages:
        yield ""
    yield from shown
    before, now = report.on_unavailable
    if before is not now:
        yield f"Without facts in time, the service: {before or 'refuses'} before, {now or 'refuses'} now."
    if any(rule.changed for rule in report.rules):
        yield ""
        yield "Rules that act differently:"
        yield from rule_table(report)
    campaigns = [campaign for campaign in report.campaigns if campaign.changed]
    if campaigns and (len(report.campaigns) > 1 or campaigns[0].campaign_id is not None):
        yield ""
        yield "Campaigns (messages newly silenced, held, sent; items newly dropped, allowed):"
        yield from campaign_table(campaigns[:MOST_CAMPAIGNS_SHOWN])
        if len(campaigns) > MOST_CAMPAIGNS_SHOWN:
            yield f"  and {len(campaigns) - MOST_CAMPAIGNS_SHOWN:,} further campaigns (--format json has them all)"


def _shown_lines(report: Report) -> Iterator[str]:
    shown = report.shown
    if report.hold_moved:
        yield f"{_count(report.hold_moved, 'message')} held until another time than before."
    if shown.changed:
        kinds = ((shown.fewer, "fewer"), (shown.more, "more"), (shown.others, "other"))
        told = ", ".join(f"{count:,} with {what} items" for count, what in kinds if count)
        yield (
            f"Of {_count(shown.messages, 'message')} that go out both times, {shown.changed:,} show something else: "
            f"{told}."
        )
    if shown.replaced_old != shown.replaced_new:
        yield f"Replacements used: {shown.replaced_old:,} before, {shown.replaced_new:,} now."
    if report.other_reason:
        yield f"{_count(report.other_reason, 'item')} dropped as before, now for another reason."


def _unknown_lines(report: Report) -> Iterator[str]:
    if report.unknown:
        yield ""
        yield "Facts the new rules ask for and cannot have; where they are missing, `when_unknown` decides:"
        for fact, messages in report.unknown.items():
            yield f"  {fact}: in {share_of(messages, report.audience.messages)} of the messages"


def _share_lines(report: Report) -> Iterator[str]:
    if report.shares:
        yield ""
    for share in report.shares:
        yield _share_line(share)


def _share_line(share: Share) -> str:
    told = share_of(share.acted_on, share.total)
    if share.rule is None:
        what, whose = f"{told} of the {share.counts} would not be sent at once", "the ruleset's"
    else:
        what, whose = f"The rule {share.rule} would act on {told} of the {share.counts}", "its"
    return f"{what}: {'PASSES' if share.passed else 'within'} {whose} max_share of {share.max_share / 100:g} %."


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
