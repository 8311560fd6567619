"""Turn the sent log into how often the customer was written to, and how often an item was shown before.

The message being checked never counts itself, so a message may be checked again after it was sent.
"""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from suppress.engine.evaluate import Truth
from suppress.engine.sameness import key_of
from suppress.engine.shared import SharedFacts, UnknownFact
from suppress.facts.catalog import Product
from suppress.facts.local_time import period_us, zone_of
from suppress.facts.sent_log import SentMessage
from suppress.facts.snapshot import Source
from suppress.rules.tree import CUSTOMER_ZONE, SHOP_ZONE, THIS, Sent, Shown


class Outreach:
    """The messages the customer got before. Windows end at `at_us`, which is `as_of` or later."""

    __slots__ = ("_matched", "_problem", "_problem_read", "at_us", "shared")

    def __init__(self, shared: SharedFacts, at_us: int) -> None:
        self.shared = shared
        self.at_us = at_us
        self._matched: dict[int, list[SentMessage]] = {}
        self._problem: UnknownFact | None = None
        self._problem_read = False

    def later(self, at_us: int) -> "Outreach":
        """The same messages with windows and calendars that end at a later instant."""
        outreach = Outreach(self.shared, at_us)
        outreach._matched = self._matched
        return outreach

    def problem(self) -> UnknownFact | None:
        """Why the sent log cannot be used, or None."""
        if not self._problem_read:
            self._problem = self.shared.history_problem(Source.SENT)
            self._problem_read = True
        return self._problem

    def sent(self, node: Sent) -> Truth:
        """Whether so many messages were sent; unknown without a sent log, or when `this` is asked and not stated."""
        if self.problem() is not None or self.lacks(node) is not None:
            return None
        low_us, high_us = self._window(node)
        if node.calendar is not None:
            self.shared.note_change(self._period_us(node)[1])
        return self._enough(node, self._matching(node), low_us, high_us)

    def shown(self, node: Shown, sku: str, product: Product | None) -> Truth:
        """Whether so many messages held such an item; where its style or category is unknown, its sku alone counts."""
        if self.problem() is not None or self.lacks(node) is not None:
            return None
        low_us, high_us = self._window(node)
        enough = self._enough(node, self._showing(node, sku, product), low_us, high_us)
        return True if enough else False if key_of(node.same, sku, product) is not None else None

    def lacks(self, node: Sent | Shown) -> str | None:
        """The field of the message that `this` asks for and that it does not state; None when nothing lacks."""
        message = self.shared.snapshot.message
        if THIS in node.channels and message.channel is None:
            return "message.channel"
        return "campaign.id" if THIS in node.campaigns and message.campaign_id is None else None

    def seen(
        self, node: Sent | Shown, sku: str | None = None, product: Product | None = None
    ) -> tuple[int, int | None]:
        """Messages counted for the node, and when the last of them was sent; None = none counted."""
        low_us, high_us = self._window(node)
        found = self._matching(node) if isinstance(node, Sent) else self._showing(node, sku or "", product)
        times = [message.sent_at_us for message in found if low_us < message.sent_at_us <= high_us]
        return len(times), max(times, default=None)

    def flips(self, node: Sent | Shown, sku: str = "", product: Product | None = None) -> list[int]:
        """The instants after `as_of` at which the node's truth changes if nothing else happens, in order."""
        if self.problem() is not None or self.lacks(node) is not None:
            return []
        if isinstance(node, Sent) and node.calendar is not None:
            return [self._period_us(node)[1]] if self.sent(node) else []
        found = self._matching(node) if isinstance(node, Sent) else self._showing(node, sku, product)
        count = 0
        later: dict[int, int] = {}
        delay_us = _delay_us(node)
        for message in found:
            enters_us = message.sent_at_us + delay_us
            leaves_us = message.sent_at_us + node.within.us if node.within else None
            for at_us, delta in ((enters_us, 1), (leaves_us, -1)):
                if at_us is not None and at_us <= self.shared.as_of_us:
                    count += delta
                elif at_us is not None:
                    later[at_us] = later.get(at_us, 0) + delta
        flips = []
        for at_us in sorted(later):
            before, count = count, count + later[at_us]
            if (before >= node.at_least) is not (count >= node.at_least):
                flips.append(at_us)
        return flips

    def _enough(self, node: Sent | Shown, messages: Iterable[SentMessage], low_us: int, high_us: int) -> bool:
        count = 0
        delay_us = _delay_us(node)
        for message in messages:
            if message.sent_at_us > high_us:
                self.shared.note_change(message.sent_at_us + delay_us)
            elif message.sent_at_us > low_us:
                count += 1
                if node.within is not None:
                    self.shared.note_change(message.sent_at_us + node.within.us)
        return count >= node.at_least

    def _matching(self, node: Sent | Shown) -> list[SentMessage]:
        """Earlier messages of the channels and campaigns named: the same for every item."""
        found = self._matched.get(id(node))
        if found is None:
            found = self._matched[id(node)] = list(self._match(node))
        return found

    def _match(self, node: Sent | Shown) -> Iterable[SentMessage]:
        snapshot = self.shared.snapshot
        own = snapshot.message
        channels = {own.channel if channel == THIS else channel for channel in node.channels}
        campaigns = {own.campaign_id if campaign == THIS else campaign for campaign in node.campaigns}
        for message in snapshot.sent:
            if (
                message.sent_at_us <= self.shared.as_of_us
                and (own.message_id is None or message.message_id != own.message_id)
                and (not channels or message.channel in channels)
                and (not campaigns or message.campaign_id in campaigns)
            ):
                yield message

    def _showing(self, node: Shown, sku: str, product: Product | None) -> Iterable[SentMessage]:
        key = key_of(node.same, sku, product)
        for message in self._matching(node):
            if message.items and any(
                item.sku == sku or (key is not None and getattr(item, node.same.value) == key) for item in message.items
            ):
                yield message

    def _window(self, node: Sent | Shown) -> tuple[int, int]:
        if isinstance(node, Sent) and node.calendar is not None:
            first_us, _ = period_us(self.at_us, node.calendar.value, self._zone(node))
            return first_us - 1, self.at_us
        low_us = self.at_us - node.within.us if node.within else -(1 << 62)
        return low_us, self.at_us - _delay_us(node)

    def _period_us(self, node: Sent) -> tuple[int, int]:
        """The calendar period around `as_of`: its first instant, and the first after it."""
        return period_us(self.shared.as_of_us, node.calendar.value if node.calendar else "day", self._zone(node))

    def _zone(self, node: Sent) -> ZoneInfo:
        if node.zone == CUSTOMER_ZONE:
            return self.shared.zone()
        if node.zone is None or node.zone == SHOP_ZONE:
            return self.shared.terms.zone
        return zone_of(node.zone) or self.shared.terms.zone


def _delay_us(node: Sent | Shown) -> int:
    return node.not_within.us if isinstance(node, Shown) and node.not_within else 0
