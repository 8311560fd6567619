"""One guard and one witness for each class of crash and wrong answer found in durable-rules 2.0.28 (D01 to D30).

A *guard* shows that our rules and facts cannot meet the class; it must stay green. A *witness* runs the raw engine in a
process of its own and asserts the bad outcome, so that an engine that was repaired, or became worse, is noticed.
"""

from collections.abc import Callable, Iterator, Sequence

import pytest
from durable_log import EngineLog, logged

from suppress.engine.evaluate import Values, fires
from suppress.engine.inference import Inference
from suppress.rules.compile import CompiledRule

Decide = Callable[[Sequence[CompiledRule], Sequence[Values]], list[frozenset[int]]]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> EngineLog:
    """What is asked of the engine in this test."""
    return logged(monkeypatch)


@pytest.fixture
def agree() -> Iterator[Decide]:
    """Decide items with one Inference, assert that the reference agrees, and give the answers."""

    def decide(rules: Sequence[CompiledRule], items: Sequence[Values]) -> list[frozenset[int]]:
        wanted = [frozenset(rule.number for rule in rules if fires(rule, item)) for item in items]
        inference = Inference(rules, name="guard")
        try:
            got = [inference.fired(item) for item in items]
        finally:
            inference.close()

        assert wanted == got
        return got

    return decide
