"""Turn a published version back into rules: stored texts in, a Ruleset or a compiled one that knows its number out."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from suppress.errors import NoVersionError, RulesetError
from suppress.problems import did_you_mean, errors_in
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.reading import parse_ruleset
from suppress.rules.ruleset import Ruleset
from suppress.rules.sources import FileKind, sources_of_texts
from suppress.stores.versions import Version, Versions

_log: Final = logging.getLogger(__name__)


def find_version(versions: Versions, ruleset: str | None = None, number: int | None = None) -> Version:
    """The version asked for. `number`: None = the newest. Raises NoVersionError, which says what there is, StoreError.

    `ruleset`: None = the only one published, else `retail-default`.
    """
    head = versions.head(ruleset)
    if head is None:
        raise NoVersionError(_nothing_by(ruleset, list(versions.heads())))
    if number is None or number == head.number:
        return head
    version = versions.get(head.ruleset, number)
    if version is None:
        raise NoVersionError(f'"{head.ruleset}" has no version {number}. help: it has 1 to {head.number}')
    return version


def load_version(versions: Versions, ruleset: str | None = None, number: int | None = None) -> CompiledRuleset:
    """A published ruleset, compiled, which knows its number. Raises NoVersionError, RulesetError, StoreError.

    `ruleset`: None = the only one published, else `retail-default`. `number`: None = the newest.
    """
    version = find_version(versions, ruleset, number)
    compiled = compile_ruleset(read_version(versions, version))
    if compiled.fingerprint != version.fingerprint:
        # Decisions name what decides now. Refusing would take the gate down with an upgrade.
        _log.warning(
            "version %d of %s was published with the fingerprint %s and means %s to this version of suppress",
            *(version.number, version.ruleset, version.fingerprint, compiled.fingerprint),
        )
    return replace(compiled, version=version.number)


def read_version(versions: Versions, version: Version) -> Ruleset:
    """The rules of a version, read from what was stored. Raises RulesetError when this suppress cannot use them."""
    files = versions.texts(version)
    sources, _ = sources_of_texts({each.file: each.text for each in files})
    own = next((each.file for each in files if each.kind is FileKind.RULESET), None)
    if own is None:
        raise RulesetError(f'version {version.number} of "{version.ruleset}" has no rule file')
    place = f"{version.ruleset}@{version.number}/{own}"
    ruleset, problems = parse_ruleset(sources.files[own], place, None, sources.used)
    if ruleset is None:
        errors = errors_in(problems)
        raise RulesetError("\n".join(str(problem) for problem in errors), errors)
    return ruleset


def _nothing_by(ruleset: str | None, known: Sequence[str]) -> str:
    if not known:
        what = "nothing is" if ruleset is None else f'no ruleset "{ruleset}" is'
        return f"{what} published. help: `suppress publish` publishes rules"
    there = f"published are: {', '.join(known)}"
    if ruleset is None:
        return f"several rulesets are published. help: name one with --ruleset or SUPPRESS_RULESET; {there}"
    return f'no ruleset "{ruleset}" is published. help: {did_you_mean(ruleset, known) or there}'
