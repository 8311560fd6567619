"""`suppress keys`: API keys of the service, made, listed and revoked. A new key is printed once and kept nowhere."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from suppress.cli.columns import GAP, side_by_side
from suppress.cli.options import database_option
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, from_us, to_us
from suppress.problems import did_you_mean

if TYPE_CHECKING:
    from suppress.stores.keys import KeyRecord, Keys

_ROLES: Final = ("sender", "marketer", "analyst", "admin")
_ENVS: Final = ("live", "test")
_UNITS: Final = {"h": US_PER_HOUR, "d": US_PER_DAY, "w": 7 * US_PER_DAY, "y": 365 * US_PER_DAY}
_SPAN: Final = re.compile(r"([1-9][0-9]{0,4}) ?(h|d|w|y|hours?|days?|weeks?|years?)")
_MOST_SPAN_US: Final = 100 * 365 * US_PER_DAY
_REVOKED_WITHIN_S: Final = 5
_PREFIX_CHARACTERS: Final = len("supp_live_") + 8
_WIDTH: Final = 160


class SpanType(click.ParamType[int]):
    """A length of time as people write it, in microseconds."""

    name = "SPAN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The microseconds, or a usage error that says what to write."""
        if isinstance(value, int):
            return value
        found = _SPAN.fullmatch(value.strip())
        if found is None:
            self.fail(f'"{value}" is not a length of time; write e.g. 90d, 12h or "1 year"', param, ctx)
        span_us = int(found[1]) * _UNITS[found[2][0]]
        if span_us > _MOST_SPAN_US:
            self.fail(f'"{value}" is more than 100 years; leave it out for a key that never expires', param, ctx)
        return span_us


@click.group()
def command() -> None:
    """Make, list and revoke the API keys of the service."""


@command.command()
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What the key may do.")
@click.option("--name", metavar="NAME", help="Whose it is, for people.  [default: the role]")
@click.option("--env", type=click.Choice(_ENVS), default="live", show_default=True, help="What it is for, for people.")
@click.option(
    "--expires", "span_us", type=SpanType(), help="After how long it opens nothing, e.g. 90d.  [default: never]"
)
@database_option
def create(role: str, name: str | None, env: str, span_us: int | None, database: str | None) -> None:
    """Make a key and print it, once.

    sender: check messages. marketer: lint, plan and publish rules. analyst: read decisions and rules. admin: all.
    """
    from suppress.access.key import Env, mint  # noqa: PLC0415 - not needed for --help
    from suppress.facts.ids import clean_id  # noqa: PLC0415

    label = role if name is None else clean_id(name, "the name of a key")
    now_us = _now_us()
    key = mint(Env(env))
    with _keys(database) as keys:
        record = keys.create(
            key, name=label, role=role, now_us=now_us, expires_at_us=None if span_us is None else now_us + span_us
        )
    click.echo(key.key)
    click.echo(
        f'made the {env} key {record.key_id} "{label}" with the role {role}; it {_expiry(record)}.'
        " It is shown this once: put it where secrets are kept",
        err=True,
    )


@command.command("list")
@click.option("--format", "format_", type=click.Choice(("text", "json", "jsonl")), default="text", show_default=True)
@database_option
def list_(format_: str, database: str | None) -> None:
    """List all keys, the newest first. None can be read from the list."""
    now_us = _now_us()
    with _keys(database) as keys:
        records = keys.all()
    if format_ == "json":
        click.echo(json.dumps([_as_data(record, now_us) for record in records], indent=2, ensure_ascii=False))
    elif format_ == "jsonl":
        for record in records:
            click.echo(json.dumps(_as_data(record, now_us), ensure_ascii=False))
    elif records:
        for line in _table(records, now_us):
            click.echo(line)
    else:
        click.echo("there are no keys; `suppress keys create` makes one", err=True)


@command.command()
@click.argument("which", metavar="ID|PREFIX")
@database_option
def revoke(which: str, database: str | None) -> None:
    """Let a key open nothing any more, from 5 seconds after. A key cannot be taken back into use."""
    # Whoever has to revoke a key in a hurry may have nothing at hand but the key. It must not be said again.
    wanted = which[:_PREFIX_CHARACTERS] if which.startswith("supp_") else which
    now_us = _now_us()
    with _keys(database) as keys:
        record = keys.revoke(wanted, now_us)
        if record is None:
            near = did_you_mean(wanted, [name for one in keys.all() for name in (one.key_id, one.prefix)])
            raise click.UsageError(f'no key "{wanted}". help: {near or "`suppress keys list` lists them"}')
    if record.revoked_at_us == now_us:
        click.echo(f"{record.key_id} revoked; within {_REVOKED_WITHIN_S} seconds it opens nothing any more", err=True)
    else:
        click.echo(f"{record.key_id} was revoked before; nothing to do", err=True)


def _state(record: "KeyRecord", now_us: int) -> str:
    if record.revoked_at_us is not None:
        return "revoked"
    return "active" if record.is_live(now_us) else "expired"


def _expiry(record: "KeyRecord") -> str:
    return "never expires" if record.expires_at_us is None else f"expires on {_minute(record.expires_at_us)}"


def _as_data(record: "KeyRecord", now_us: int) -> dict[str, Any]:
    """A key as JSON: times in RFC 3339 (UTC)."""
    return {
        "key_id": record.key_id,
        "prefix": record.prefix,
        "name": record.name,
        "role": record.role,
        "env": record.env,
        "state": _state(record, now_us),
        "created_at": _iso(record.created_at_us),
        "expires_at": _iso(record.expires_at_us),
        "revoked_at": _iso(record.revoked_at_us),
        "last_used_at": _iso(record.last_used_us),
    }


def _table(records: "Sequence[KeyRecord]", now_us: int) -> Iterator[str]:
    heads = ("id", "begins with", "name", "role", "state", "made", "expires", "last used")
    rows = [
        (
            record.key_id,
            record.prefix,
            record.name,
            record.role,
            _state(record, now_us),
            _minute(record.created_at_us),
            "never" if record.expires_at_us is None else _minute(record.expires_at_us),
            "never" if record.last_used_us is None else _minute(record.last_used_us),
        )
        for record in records
    ]
    for line in side_by_side([heads, *rows], shutil.get_terminal_size((_WIDTH, 0)).columns):
        yield GAP.join(line).rstrip()


def _minute(at_us: int) -> str:
    return from_us(at_us).strftime("%Y-%m-%d %H:%M UTC")


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else from_us(at_us).isoformat().replace("+00:00", "Z")


def _now_us() -> int:
    return to_us(datetime.now(UTC))


@contextmanager
def _keys(database: str | None) -> "Iterator[Keys]":
    from suppress.settings import load_settings  # noqa: PLC0415
    from suppress.stores.database import Database  # noqa: PLC0415 - imports the database library
    from suppress.stores.keys import Keys  # noqa: PLC0415

    with Database.open(load_settings(database=database).database) as opened:
        yield Keys(opened)
