"""Stands before the C module and writes down what `engine/inference.py` asks of it."""

import json
from types import ModuleType
from typing import Any

import pytest

from suppress.engine import inference


class EngineLog:
    """Passes every call on and keeps it: `calls` holds (name, arguments, result); `breaks` makes a call raise once."""

    def __init__(self, engine: ModuleType) -> None:
        self._engine = engine
        self.calls: list[tuple[str, tuple[Any, ...], Any]] = []
        self.breaks: dict[str, Exception] = {}
        self.answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._engine, name)

        def call(*arguments: Any) -> Any:
            if name in self.breaks:
                raise self.breaks.pop(name)
            result = function(*arguments)
            if name in self.answers:
                result = self.answers.pop(name)
            self.calls.append((name, arguments, result))
            return result

        return call

    def names(self) -> list[str]:
        """The calls, by name, in order."""
        return [name for name, _, _ in self.calls]

    def of(self, name: str) -> list[tuple[tuple[Any, ...], Any]]:
        """Arguments and result of every call of that name."""
        return [(arguments, result) for called, arguments, result in self.calls if called == name]

    def definitions(self) -> list[dict[str, Any]]:
        """The rule sets that were created."""
        return [json.loads(arguments[1]) for arguments, _ in self.of("create_ruleset")]

    def conditions(self) -> list[dict[str, Any]]:
        """The condition of every rule that was created, the canaries left out, each rule having one pattern `m`."""
        found = []
        for rules in self.definitions():
            for name, rule in rules.items():
                assert {"all"} == set(rule)
                (pattern,) = rule["all"]
                assert {"m"} == set(pattern)
                if name != "_canary":
                    found.append(pattern["m"])
        return found

    def facts(self) -> list[dict[str, Any]]:
        """Every fact that was asserted."""
        return [json.loads(arguments[1]) for arguments, _ in self.of("assert_fact")]


def logged(monkeypatch: pytest.MonkeyPatch) -> EngineLog:
    """An EngineLog in the place of the engine, for the length of a test."""
    log = EngineLog(inference.engine)
    monkeypatch.setattr(inference, "engine", log)
    return log
