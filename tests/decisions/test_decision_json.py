"""What `Decision.to_dict` writes, `decision_from` reads."""

import json
from typing import Any

import pytest

from suppress.decisions.decision import Decision
from suppress.decisions.decision_json import decision_from
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.facts.snapshot import unavailable_snapshot
from tests.serving.stand_ins import NOW_US, Shelf, compiled, message


def decisions() -> list[Decision]:
    """One with reasons and evidence, one suppressed, one for which nothing is known."""
    rules = compiled("control_group: 100%\ndefaults: {stock_max_age: 1 hour}")
    decider = Decider(rules, ReferenceEngine(rules))
    plain = Decider(compiled(), ReferenceEngine(compiled()))
    known = Shelf().snapshots([(message("A-1", "A-2", replacements=("A-1",)), NOW_US), (message("A-2"), NOW_US)])
    return [
        *(plain.decide(snapshot, "d-1") for snapshot in known),
        *(decider.decide(snapshot, "d-2") for snapshot in (known[0], unavailable_snapshot(message(), NOW_US))),
    ]


@pytest.mark.parametrize("decision", decisions(), ids=lambda decision: f"{decision.decision_id}-{decision.verdict}")
def test_a_decision_comes_back_as_it_was(decision: Decision) -> None:
    """Through JSON text and back nothing is lost."""
    assert decision == decision_from(json.loads(json.dumps(decision.to_dict())))


def test_parts_that_were_not_asked_for_may_be_missing() -> None:
    """Reasons, sentences and evidence are left out of answers; further keys are passed over."""
    told = decisions()[0].to_dict()
    reason = told["items"][1]["reasons"][0]
    del reason["sentence"], reason["evidence"], told["reasons"], told["items"][0]["reasons"]
    read = decision_from({**told, "request_id": "r-1"})

    assert ("", ()) == (read.items[1].reasons[0].sentence, read.items[1].reasons[0].evidence)
    assert ((), ()) == (read.reasons, read.items[0].reasons)


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "perhaps"}, {"verdict": None}, {"as_of": "2026-11-22T09:00:00"}, {"as_of": None}, {"items": [1]},
        {"items": None}, {"ruleset": "shop"}, {"shown": [1]}, {"facts_as_of": []}, {"decision_id": 7},
    ],
)  # fmt: skip
def test_what_is_no_decision_is_refused(change: dict[str, Any]) -> None:
    """With a ValueError, whatever is wrong with it."""
    with pytest.raises(ValueError, match=r"."):
        decision_from({**decisions()[0].to_dict(), **change})
