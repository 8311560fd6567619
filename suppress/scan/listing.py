"""Turn what may stand in a list, each under its condition, into SQL that builds short lists for most rows.

A list is built of all it may hold and then rid of what it does not, which costs as much as it may hold. Mostly one rule
fires, or one thing is unknown; such rows get the list of that one alone.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from suppress.scan.sql import any_of


class Entry(NamedTuple):
    """The SQL of what stands in a list, where its condition holds."""

    value: str
    condition: str = "TRUE"


def listed(alone: Mapping[str, Sequence[Entry]], several: Sequence[Entry], kind: str) -> str:
    """The list, of SQL type `kind`; NULL where none of the conditions in `alone` holds.

    `alone`: condition -> what is listed where it is the only one that holds. `several`: what is listed where more do.
    """
    if not alone:
        return f"CAST(NULL AS {kind})"
    if len(alone) == 1:
        ((only, entries),) = alone.items()
        return f"CASE WHEN {only} THEN {_list(entries)} END"
    holding = " + ".join(f"CASE WHEN {condition} THEN 1 ELSE 0 END" for condition in alone)
    cases = " ".join(f"WHEN {condition} THEN {_list(entries)}" for condition, entries in alone.items())
    return (
        f"CASE WHEN {any_of([*alone])} THEN CASE WHEN {holding} = 1 THEN CASE {cases} END ELSE {_list(several)} END END"
    )


def _list(entries: Sequence[Entry]) -> str:
    if all(entry.condition == "TRUE" for entry in entries):
        return f"[{', '.join(entry.value for entry in entries)}]"
    values = ", ".join(f"CASE WHEN {entry.condition} THEN {entry.value} END" for entry in entries)
    return f"list_filter([{values}], lambda e: e IS NOT NULL)"
