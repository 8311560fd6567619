"""Turn frozen dataclasses into plain values JSON can hold, and back, by the types their fields are declared with."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Dataclasses become maps, tuples lists, instants RFC 3339 in UTC, choices their values; the rest stays."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value


def from_plain(wanted: type[T], told: Any) -> T:
    """The dataclass of that type. Raises ValueError when the plain values do not make one; unknown keys are ignored."""
    try:
        made: T = _read(wanted, told)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no {wanted.__name__}: {error}") from error
    return made


def _read(wanted: Any, told: Any) -> Any:
    origin = get_origin(wanted)
    if origin is UnionType:
        return None if told is None and NoneType in get_args(wanted) else _read_one_of(get_args(wanted), told)
    if origin is tuple:
        return tuple(_read(get_args(wanted)[0], part) for part in told)
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _read_dataclass(wanted, told)
    if wanted is datetime:
        return datetime.fromisoformat(told)
    if issubclass(wanted, Enum):
        return wanted(told)
    if not isinstance(told, wanted):
        raise TypeError(f"{told!r} is no {wanted.__name__}")
    return told


def _read_one_of(types: tuple[Any, ...], told: Any) -> Any:
    problem: Exception = TypeError(f"{told!r} is not to be read")
    for one in types:
        if one is not NoneType:
            try:
                return _read(one, told)
            except (TypeError, ValueError) as error:
                problem = error
    raise problem


def _read_dataclass(wanted: type, told: Mapping[str, Any]) -> Any:
    types = get_type_hints(wanted)
    return wanted(
        **{field.name: _read(types[field.name], told[field.name]) for field in fields(wanted) if field.name in told}
    )
