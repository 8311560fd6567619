"""Turn Thrift's compact protocol into plain values and back, so that the footer of a Parquet file can be rewritten.

A struct is a dictionary of field number -> `Field`; lists keep the type of their elements. Written as read, byte for
byte. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

TRUE: Final = 1
FALSE: Final = 2
BYTE: Final = 3
I16: Final = 4
I32: Final = 5
I64: Final = 6
DOUBLE: Final = 7
BINARY: Final = 8
LIST: Final = 9
STRUCT: Final = 12

_WHOLE: Final = (I16, I32, I64)


class Field(NamedTuple):
    """One field of a struct: its type in the protocol, and its value."""

    kind: int
    value: Any


class Listed(NamedTuple):
    """A list and the type of its elements."""

    kind: int
    values: list[Any]


Struct = Mapping[int, Field]


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def value(self, kind: int) -> Any:
        if kind == STRUCT:
            return self.struct()
        if kind in _WHOLE:
            number = self.varint()
            return (number >> 1) ^ -(number & 1)
        if kind == BINARY:
            return self.take(self.varint())
        if kind == LIST:
            return self.listed()
        if kind in (TRUE, FALSE):
            return self.byte() == TRUE
        if kind == BYTE:
            return self.byte()
        if kind == DOUBLE:
            return self.take(8)
        raise ValueError(f"type {kind} does not occur in the footer of a Parquet file")

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise IndexError("the footer ends before its time")
        return self.data[self.at - size : self.at]

    def listed(self) -> Listed:
        head = self.byte()
        size = head >> 4 if head >> 4 < 15 else self.varint()
        kind = head & 0x0F
        return Listed(kind, [self.value(kind) for _ in range(size)])

    def struct(self) -> dict[int, Field]:
        fields: dict[int, Field] = {}
        number = 0
        while head := self.byte():
            kind = head & 0x0F
            step = head >> 4
            if step:
                number += step
            else:
                coded = self.varint()
                number = (coded >> 1) ^ -(coded & 1)
            fields[number] = Field(kind, kind == TRUE if kind in (TRUE, FALSE) else self.value(kind))
        return fields


def read_struct(data: bytes) -> dict[int, Field]:
    """The struct at the start of some bytes. Raises ValueError, IndexError for what is none."""
    return _Reader(data).struct()


def written(struct: Struct) -> bytes:
    """The bytes of a struct."""
    out = bytearray()
    _write_struct(out, struct)
    return bytes(out)


def _write_struct(out: bytearray, struct: Struct) -> None:
    before = 0
    for number in sorted(struct):
        kind, value = struct[number]
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        step = number - before
        if 0 < step < 16:
            out.append(step << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, number << 1)
        if kind not in (TRUE, FALSE):
            _write(out, kind, value)
        before = number
    out.append(0)


def _write(out: bytearray, kind: int, value: Any) -> None:
    if kind == STRUCT:
        _write_struct(out, value)
    elif kind in _WHOLE:
        _write_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == LIST:
        size = len(value.values)
        out.append(min(size, 15) << 4 | value.kind)
        if size >= 15:
            _write_varint(out, size)
        for each in value.values:
            _write(out, value.kind, each)
    elif kind in (TRUE, FALSE):
        out.append(TRUE if value else FALSE)
    elif kind == BYTE:
        out.append(value)
    else:
        out += value


def _write_varint(out: bytearray, number: int) -> None:
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
