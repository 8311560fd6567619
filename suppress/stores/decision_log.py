"""The decision log as a table: lines of chains in, found again by who, what and when; old ones taken out.

Each append is one transaction that also moves the chain's head, so the table always holds a chain from its beginning,
or from where retention cut it, without a gap. Lines it has already are left alone: whoever is unsure may append again.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from suppress.decisions.record import NO_HASH, Fault, Link, LogLine, Record, RecordQuery, read_line, verify
from suppress.errors import FactsError, StoreError
from suppress.stores.database import Database
from suppress.stores.decision_tables import DecisionChainRow, DecisionRow

PRUNED_AT_ONCE: Final = 5_000
"""Rows deleted in one transaction, so that writers wait for a moment only."""
VERIFIED_AT_ONCE: Final = 1_000

_DECISIONS: Final[Table] = DecisionRow.metadata.tables["decisions"]
_CHAINS: Final[Table] = DecisionChainRow.metadata.tables["decision_chains"]


class LinePage(NamedTuple):
    """Some of many lines, the newest first; None = there are no more."""

    lines: Sequence[bytes]
    next_page_token: str | None


class Chain(NamedTuple):
    """A chain in the table: it holds what follows `start`, up to `head`."""

    start: Link
    head: Link


class DecisionLog:
    """The decision log of one database. Threads may share it. Every method raises StoreError when it cannot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, lines: Sequence[LogLine]) -> Link:
        """Add lines of one chain, in order; where the chain ends then. Nothing is added where a gap would be left.

        Raises StoreError too when they do not fit what the table has of the chain.
        """
        writer = lines[0].link.writer
        with self._database.write() as connection:
            head = self._locked_head(connection, writer)
            new = [line for line in lines if line.link.seq > head.seq]
            if not new or new[0].link.seq != head.seq + 1:
                return head
            if new[0].prev_hash != head.hash:
                raise StoreError(f"line {new[0].link.seq} of {writer} does not follow line {head.seq} in the table")
            connection.execute(insert(_DECISIONS), [_row(line) for line in new])
            head = new[-1].link
            connection.execute(
                update(_CHAINS).where(_CHAINS.c.writer == writer).values(head_seq=head.seq, head_hash=head.hash)
            )
        return head

    def begin(self, start: Link) -> None:
        """Let a chain the table has nothing of begin after this line, because what came before is kept nowhere."""
        with self._database.write() as connection:
            if self._locked_head(connection, start.writer).seq == 0:
                at = {
                    "head_seq": start.seq,
                    "head_hash": start.hash,
                    "pruned_seq": start.seq,
                    "pruned_hash": start.hash,
                }
                connection.execute(update(_CHAINS).where(_CHAINS.c.writer == start.writer).values(**at))

    def chains(self) -> dict[str, Chain]:
        """Writer -> its chain, as far as the table has it."""
        with self._reading() as connection:
            return {row["writer"]: _chain(row) for row in connection.execute(select(_CHAINS)).mappings()}

    def heads(self) -> dict[str, Link]:
        """Writer -> how far the table has its chain."""
        return {writer: chain.head for writer, chain in self.chains().items()}

    def get(self, decision_id: str) -> bytes | None:
        """The newest line of a decision; None when there is none, or none any more."""
        wanted = select(_DECISIONS.c.line).where(_DECISIONS.c.decision_id == decision_id)
        newest = wanted.order_by(_DECISIONS.c.decided_at_us.desc(), _DECISIONS.c.seq.desc()).limit(1)
        with self._reading() as connection:
            found: str | None = connection.execute(newest).scalar()
        return None if found is None else found.encode()

    def find(self, query: RecordQuery, page_size: int, page_token: str | None = None) -> LinePage:
        """One page of the lines that fit, the newest first. Raises FactsError when the token is none of ours."""
        where = _conditions(query)
        if page_token is not None:
            at_us, writer, seq = _read_token(page_token)
            earlier = or_(
                _DECISIONS.c.decided_at_us < at_us,
                and_(_DECISIONS.c.decided_at_us == at_us, _DECISIONS.c.writer < writer),
                and_(_DECISIONS.c.decided_at_us == at_us, _DECISIONS.c.writer == writer, _DECISIONS.c.seq < seq),
            )
            where = [*where, _DECISIONS.c.decided_at_us <= at_us, earlier]
        columns = (_DECISIONS.c.line, _DECISIONS.c.decided_at_us, _DECISIONS.c.writer, _DECISIONS.c.seq)
        order = (_DECISIONS.c.decided_at_us.desc(), _DECISIONS.c.writer.desc(), _DECISIONS.c.seq.desc())
        with self._reading() as connection:
            rows = connection.execute(select(*columns).where(*where).order_by(*order).limit(page_size + 1)).all()
        more = len(rows) > page_size
        last = rows[page_size - 1] if more else None
        return LinePage(
            [row[0].encode() for row in rows[:page_size]], None if last is None else _token(last[1], last[2], last[3])
        )

    def verify(self) -> Iterator[Link | Fault]:
        """One chain after the other: where it ends, or its first line that is not as it was written."""
        for writer, chain in sorted(self.chains().items()):
            found = self._verify_chain(writer, chain)
            if isinstance(found, Fault):
                now = self.chains().get(writer, chain)
                # Retention may have taken what was being read.
                found = found if now.start == chain.start else self._verify_chain(writer, now)
            yield found
        yield from self._without_chain()

    def prune(self, before_us: int) -> int:
        """Take out what was decided before an instant; how many decisions. The hash of each chain's last one stays.

        A chain is cut from its beginning, up to its first decision that is not old.
        """
        return sum(self._prune_chain(writer, before_us) for writer in sorted(self.chains()))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _locked_head(self, connection: Connection, writer: str) -> Link:
        dialect = sqlite if self._database.dialect == "sqlite" else postgresql
        none = {"head_seq": 0, "head_hash": NO_HASH, "pruned_seq": 0, "pruned_hash": NO_HASH}
        connection.execute(dialect.insert(_CHAINS).values(writer=writer, **none).on_conflict_do_nothing())
        found = select(_CHAINS).where(_CHAINS.c.writer == writer).with_for_update()
        return _chain(connection.execute(found).mappings().one()).head

    def _prune_chain(self, writer: str, before_us: int) -> int:
        taken = 0
        while True:
            with self._database.write() as connection:
                self._locked_head(connection, writer)
                of_chain = _DECISIONS.c.writer == writer
                kept = select(func.min(_DECISIONS.c.seq)).where(of_chain, _DECISIONS.c.decided_at_us >= before_us)
                first_kept = connection.execute(kept).scalar()
                old = [of_chain] if first_kept is None else [of_chain, _DECISIONS.c.seq < first_kept]
                some = select(_DECISIONS.c.seq).where(*old).order_by(_DECISIONS.c.seq).limit(PRUNED_AT_ONCE)
                seqs = [row[0] for row in connection.execute(some)]
                if not seqs:
                    return taken
                last = select(_DECISIONS.c.line).where(of_chain, _DECISIONS.c.seq == seqs[-1])
                digest = _read(connection.execute(last).scalar_one()).link.hash
                connection.execute(delete(_DECISIONS).where(of_chain, _DECISIONS.c.seq <= seqs[-1]))
                cut = update(_CHAINS).where(_CHAINS.c.writer == writer)
                connection.execute(cut.values(pruned_seq=seqs[-1], pruned_hash=digest))
            taken += len(seqs)

    def _verify_chain(self, writer: str, chain: Chain) -> Link | Fault:
        problem = _Problem()
        found = verify(self._lines(writer, chain, problem), chain.start, chain.head)
        if problem.fault is not None and (isinstance(found, Link) or problem.fault.seq < found.seq):
            return problem.fault
        return found

    def _lines(self, writer: str, chain: Chain, problem: "_Problem") -> Iterator[bytes]:
        """The lines up to the head as it was when the chain was read; more may have come since."""
        at = chain.start.seq
        while at < chain.head.seq:
            wanted = select(_DECISIONS).where(
                _DECISIONS.c.writer == writer, _DECISIONS.c.seq > at, _DECISIONS.c.seq <= chain.head.seq
            )
            with self._reading() as connection:
                rows = list(connection.execute(wanted.order_by(_DECISIONS.c.seq).limit(VERIFIED_AT_ONCE)).mappings())
            if not rows:
                return
            for row in rows:
                problem.look_at(row)
                yield row["line"].encode()
            at = rows[-1]["seq"]

    def _without_chain(self) -> Iterator[Fault]:
        """Decisions that no chain's row accounts for."""
        chain = and_(
            _CHAINS.c.writer == _DECISIONS.c.writer,
            _DECISIONS.c.seq > _CHAINS.c.pruned_seq,
            _DECISIONS.c.seq <= _CHAINS.c.head_seq,
        )
        stray = (
            select(_DECISIONS.c.writer, func.min(_DECISIONS.c.seq))
            .where(~select(_CHAINS.c.writer).where(chain).exists())
            .group_by(_DECISIONS.c.writer)
            .order_by(_DECISIONS.c.writer)
        )
        with self._reading() as connection:
            rows = connection.execute(stray).all()
        for writer, seq in rows:
            now = self.chains().get(writer)
            # A writer may have gone on meanwhile.
            if now is None or not now.start.seq < seq <= now.head.seq:
                yield Fault(writer, seq, "is in the table, but not among the lines its chain is known to have")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.errors("read decisions from"):
                yield self._database.read()
        except StoreError:
            self._database.drop_reader()
            raise


class _Problem:
    """Remembers the first row whose columns say something else than its line."""

    def __init__(self) -> None:
        self.fault: Fault | None = None

    def look_at(self, row: RowMapping) -> None:
        if self.fault is not None:
            return
        try:
            said = _row(read_line(row["line"].encode()))
        except ValueError:
            # The chain says what is wrong with the line itself.
            return
        differing = [name for name, value in said.items() if row[name] != value]
        if differing:
            what = f"was altered: its {' and '.join(differing)} in the table is not what its line says"
            self.fault = Fault(row["writer"], row["seq"], what, row["decision_id"])


def _row(line: LogLine) -> dict[str, Any]:
    record: Record = line.record
    return {
        "writer": line.link.writer,
        "seq": line.link.seq,
        "decision_id": record.decision_id,
        "decided_at_us": record.decided_at_us,
        "ruleset": record.ruleset,
        "version": record.version,
        "verdict": record.verdict,
        "customer": record.customer,
        "message_id": record.message_id,
        "channel": record.channel,
        "campaign_id": record.campaign_id,
        "line": line.text.decode(),
    }


def _read(text: str) -> LogLine:
    try:
        return read_line(text.encode())
    except ValueError as error:
        raise StoreError(f"{error}; `suppress log verify` says which") from None


def _chain(row: RowMapping) -> Chain:
    writer = row["writer"]
    return Chain(Link(writer, row["pruned_seq"], row["pruned_hash"]), Link(writer, row["head_seq"], row["head_hash"]))


def _conditions(query: RecordQuery) -> list[ColumnElement[bool]]:
    where = [
        _DECISIONS.c[name] == value
        for name in ("customer", "message_id", "campaign_id", "verdict", "ruleset")
        if (value := getattr(query, name)) is not None
    ]
    if query.from_us is not None:
        where.append(_DECISIONS.c.decided_at_us >= query.from_us)
    if query.to_us is not None:
        where.append(_DECISIONS.c.decided_at_us < query.to_us)
    return where


def _token(at_us: int, writer: str, seq: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([at_us, writer, seq])).decode("ascii").rstrip("=")


def _read_token(token: str) -> tuple[int, str, int]:
    try:
        at_us, writer, seq = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError, binascii.Error):
        at_us = writer = seq = None
    if not (_is_whole(at_us) and _is_whole(seq) and isinstance(writer, str)) or "\0" in writer:
        raise FactsError("the page token is not one this log gave")
    return at_us, writer, seq


def _is_whole(number: object) -> bool:
    return type(number) is int and abs(number) < 2**63
