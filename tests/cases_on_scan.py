"""Turn the stories of a case file into campaigns for a scan, and the rows a scan wrote back into Decisions.

Stories that tell of the very same facts go into one campaign, each message with a time of its own; the others, and
those whose stock is shared out among messages, are scanned alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suppress.cases.play import ANSWERS, tried_name
from suppress.cases.story import Story, read_stories
from suppress.decisions.decision import Decision, ItemDecision, ItemVerdict, Mode, Outcome, Reason, Verdict
from suppress.facts.instants import from_us
from suppress.facts.message import Message
from suppress.rules.compile import CompiledRuleset
from suppress.scanning import ScanRequest, scan
from suppress.service import load_ruleset
from tests.scan.book_folder import write_folder
from tests.scan.campaign import MEMORY, Row, no_report, read_back, write_jsonl

NOT_TOLD = {
    "valid_until": "the tables of a scan are of one moment, and are scanned anew rather than kept",
    "missing": "the tables name what is unknown, without why",
}
"""What a story may want of a decision that the tables of a scan do not hold, and why not."""

ASKED = {asked: answer for asked, answer in ANSWERS.items() if asked not in NOT_TOLD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What other campaigns hold of limited items, as a story tells it."""

    places: Mapping[str, int]

    def taken(self) -> Mapping[str, int]:
        """sku -> live places that others hold."""
        return self.places

    def reserve(self, held: Sequence[Any], taken: Mapping[str, int]) -> Mapping[str, int]:
        """Nothing changes between the look and the reservation."""
        del held, taken
        return {}


def scanned_stories(cases: Path, root: Path) -> Iterator[tuple[Story, Decision]]:
    """Every story of a case file that a scan can see, with what the scan decided. `root`: an empty folder."""
    rules = cases.with_name(f"{tried_name(cases)}.yaml")
    compiled = load_ruleset(rules)
    stories, problems = read_stories(cases)
    assert () == problems
    for number, campaign in enumerate(_campaigns([s for s in stories if not s.unavailable], compiled)):
        with no_report():
            yield from _scanned(campaign, rules, compiled, root / str(number))


def cannot_see(cases: Path) -> list[Story]:
    """The stories of a case file on the day on which no fact can be read."""
    return [story for story in read_stories(cases)[0] if story.unavailable]


def request_of(story: Story, message: Message, rules: Path, root: Path) -> ScanRequest:
    """A scan of one message, by facts that are still to be written."""
    root.mkdir(parents=True, exist_ok=True)
    return ScanRequest(
        messages=write_jsonl([message], root / "messages.jsonl"),
        out=root / "out",
        rules=rules,
        facts=root / "facts",
        as_of=from_us(story.as_of_us),
        memory=MEMORY,
        threads=1,
        allow_stale=True,
    )


def _campaigns(stories: Sequence[Story], compiled: CompiledRuleset) -> list[list[Story]]:
    campaigns: list[list[Story]] = []
    for story in stories:
        alike = (one for one in campaigns if one[0].book == story.book and not _same_id(one, story))
        campaign = None if compiled.limit_rules else next(alike, None)
        if campaign is None:
            campaigns.append([story])
        else:
            campaign.append(story)
    return campaigns


def _same_id(campaign: Sequence[Story], story: Story) -> bool:
    own = story.message.message_id
    return own is not None and any(one.message.message_id == own for one in campaign)


def _scanned(
    stories: Sequence[Story], rules: Path, compiled: CompiledRuleset, root: Path
) -> Iterator[tuple[Story, Decision]]:
    messages = [
        replace(
            story.message,
            message_id=story.message.message_id or f"story {number}",
            send_at=from_us(story.as_of_us),
        )
        for number, story in enumerate(stories)
    ]
    request = request_of(stories[0], messages[0], rules, root)
    write_jsonl(messages, request.messages)
    write_folder(stories[0].book, request.facts)
    found = read_back(scan(request, shares=Held(places=stories[0].reserved)))
    for story, row in zip(stories, found.messages, strict=True):
        yield story, decision_of(row, found.items[row["message_id"]], compiled)


def decision_of(row: Row, items: Sequence[Row], compiled: CompiledRuleset) -> Decision:
    """The Decision a message's rows tell, as far as they tell it."""
    return Decision(
        decision_id="",
        message_id=row["message_id"],
        customer_id=row["customer_id"],
        verdict=Verdict(row["verdict"]),
        hold_until=row["hold_until"],
        as_of=row["as_of"],
        valid_until=None,
        items=tuple(_item(item) for item in items if not item["is_replacement"]),
        replacements=tuple(_item(item) for item in items if item["is_replacement"]),
        shown=tuple(row["kept"]),
        reasons=_reasons(row),
        facts_as_of={},
        facts_missing=(),
        ruleset=compiled.name,
        fingerprint=compiled.fingerprint,
        mode=compiled.mode,
        engine="scan",
        control_group=row["control_group"],
    )


def _item(row: Row) -> ItemDecision:
    return ItemDecision(
        sku=row["sku"],
        verdict=ItemVerdict(row["verdict"]),
        placement=row["placement"],
        replaced_by=row["replaced_by"],
        eligible_again_at=row["eligible_again_at"],
        reasons=_reasons(row),
    )


def _reasons(row: Row) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            rule=one["rule"],
            code=one["code"],
            sentence="",
            outcome=Outcome(one["outcome"]),
            mode=Mode(one["mode"]),
        )
        for one in row["reasons"] or ()
    )
