"""Say in SQL how far each source of facts can be used at a message's instant: loaded at all, and not too old."""

from suppress.facts.snapshot import Source
from suppress.rules.compile import CompiledRuleset
from suppress.scan.folder import Folder
from suppress.scan.sql import literal


class Usable:
    """How far the facts of one folder can be used by one ruleset."""

    def __init__(self, folder: Folder, compiled: CompiledRuleset) -> None:
        self._feeds_us = folder.feeds_us
        self._max_age_us = compiled.max_age_us

    def source(self, source: Source, as_of_us: str) -> str:
        """Whether anything of a source can be used."""
        loaded_us = self._feeds_us.get(source)
        return literal(False) if loaded_us is None else self.fresh(source, literal(loaded_us), as_of_us)

    def fresh(self, source: Source, stated_us: str, as_of_us: str) -> str:
        """Whether a figure stated at an instant is not yet too old."""
        max_age_us = self._max_age_us.get(source)
        return literal(True) if max_age_us is None else f"({as_of_us} - {stated_us} < {literal(max_age_us)})"
