"""Watch the memory of a process over many checks: a process of its own, so that nothing else is in it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import suppress
from scripts.benchmarks.measure import resident_mb
from scripts.benchmarks.shop import AS_OF
from suppress import Message


class Growth(NamedTuple):
    """Resident memory after the warm-up and after the checks."""

    checks: int
    before_mb: float
    after_mb: float

    @property
    def share(self) -> float:
        """Growth as a share of what was there after the warm-up."""
        return self.after_mb / self.before_mb - 1


def measure_growth(url: str, rules: Path, messages: list[Message], checks: int, folder: Path) -> Growth:
    """The growth over so many checks in a new process, after a tenth as many to warm up."""
    told = folder / "messages.json"
    told.write_text(json.dumps([_told(message) for message in messages]), encoding="utf-8")
    command = [sys.executable, "-m", "scripts.benchmarks.memory", url, str(rules), str(told), str(checks)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Growth(checks, *json.loads(answer))


def _told(message: Message) -> list[object]:
    items = [item.sku for item in message.items]
    return [message.customer_id, message.channel, message.campaign_id, message.campaign_tags, items]


def _main(url: str, rules: str, told: str, checks: int) -> None:
    messages = [
        Message(
            customer_id=customer,
            channel=channel,
            campaign_id=campaign,
            campaign_tags=tags,
            items=items,
            send_at=AS_OF,
        )
        for customer, channel, campaign, tags, items in json.loads(Path(told).read_text(encoding="utf-8"))
    ]
    with suppress.open(url, rules) as gate:
        for number in range(checks // 10):
            gate.check(messages[number % len(messages)])
        before_mb = resident_mb()
        for number in range(checks):
            gate.check(messages[number % len(messages)])
        print(json.dumps([before_mb, resident_mb()]))


if __name__ == "__main__":
    _main(*sys.argv[1:4], int(sys.argv[4]))
