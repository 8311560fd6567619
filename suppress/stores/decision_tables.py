"""The tables decisions are kept in: one row per decision, one per chain it is a link of.

A row holds the line of the log as it was written, byte for byte, so that the table proves what the files prove. The
columns beside it are what people look for; the line decides.
"""

from typing import Any, Final

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from suppress.stores.tables import WHOLE, Base, key_column, text_column, whole_column

# With a rowid, other than most tables: rows are long, and are written in the order of their keys.
OPTIONS: Final[dict[str, Any]] = {"sqlite_strict": True}


def _number_column() -> Any:
    return Field(sa_type=WHOLE, primary_key=True, sa_column_kwargs={"autoincrement": False})


class DecisionRow(Base, table=True):
    """One decision. `seq`: its place in the chain of `writer`, from 1.

    `customer`: the keyed hash of the customer's id, unless the log is set to keep ids as they are.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint("length(decision_id) BETWEEN 1 AND 255", name="decision_id"),
        CheckConstraint("seq > 0", name="seq"),
        CheckConstraint("verdict IN ('send', 'hold', 'suppress')", name="verdict"),
        Index("ix_decisions_decision_id", "decision_id"),
        Index("ix_decisions_decided_at_us", "decided_at_us", "writer", "seq"),
        Index("ix_decisions_customer", "customer", "decided_at_us"),
        Index("ix_decisions_message_id", "message_id"),
        OPTIONS,
    )

    writer: str = key_column()
    seq: int = _number_column()
    decision_id: str = text_column()
    decided_at_us: int = whole_column()
    ruleset: str = text_column()
    version: int | None = whole_column()
    verdict: str = text_column()
    customer: str | None = text_column()
    message_id: str | None = text_column()
    channel: str | None = text_column()
    campaign_id: str | None = text_column()
    line: str = text_column()


class DecisionChainRow(Base, table=True):
    """One chain of decisions: one per process that wrote any.

    `head_seq`, `head_hash`: the last record of the chain that the table has; 0 and zeros when it has none.
    `pruned_seq`, `pruned_hash`: the last one that retention took; what is kept begins after it. The row stays when all
    its decisions are gone, so that a chain can never vanish unseen.
    """

    __tablename__ = "decision_chains"
    __table_args__ = (
        CheckConstraint("length(writer) BETWEEN 1 AND 255", name="writer"),
        CheckConstraint("pruned_seq >= 0 AND pruned_seq <= head_seq", name="pruned_seq"),
        OPTIONS,
    )

    writer: str = key_column()
    head_seq: int = whole_column()
    head_hash: str = text_column()
    pruned_seq: int = whole_column()
    pruned_hash: str = text_column()
