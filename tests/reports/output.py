"""Write an output folder as a scan does, from rows: what is not given is null."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

_REASONS = 'STRUCT("rule" VARCHAR, code VARCHAR, outcome VARCHAR, mode VARCHAR)[]'

COLUMNS = {
    "messages": f"""
        message_id VARCHAR, customer_id VARCHAR, channel VARCHAR, campaign_id VARCHAR, as_of TIMESTAMPTZ,
        verdict VARCHAR, hold_until TIMESTAMPTZ, kept VARCHAR[], items_asked INTEGER, items_kept INTEGER,
        items_dropped INTEGER, "rule" VARCHAR, code VARCHAR, reasons {_REASONS}, control_group BOOLEAN,
        unknown VARCHAR[]""",
    "items": f"""
        message_id VARCHAR, customer_id VARCHAR, position INTEGER, is_replacement BOOLEAN, sku VARCHAR,
        placement VARCHAR, score DOUBLE, verdict VARCHAR, shown BOOLEAN, replaced_by VARCHAR, "rule" VARCHAR,
        code VARCHAR, reasons {_REASONS}, eligible_again_at TIMESTAMPTZ,
        evidence STRUCT(field VARCHAR, seen VARCHAR, "at" TIMESTAMPTZ)[], unknown VARCHAR[]""",
    "products": """
        sku VARCHAR, item_group VARCHAR, title VARCHAR, category VARCHAR, brand VARCHAR, status VARCHAR,
        replenish_days BIGINT, price_minor BIGINT, currency VARCHAR, bundle_of VARCHAR[],
        attributes MAP(VARCHAR, VARCHAR)""",
    "budgets": "sku VARCHAR, budget BIGINT, used BIGINT, turned_away BIGINT",
}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "messages": {"verdict": "send", "as_of": "2026-11-22T09:00:00Z", "control_group": False},
    "items": {"verdict": "keep", "is_replacement": False, "shown": False},
    "products": {"status": "active"},
    "budgets": {},
}

Row = Mapping[str, Any]


def write_table(path: Path, table: str, rows: Iterable[Row]) -> Path:
    """One Parquet file with the columns of that table."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE made ({COLUMNS[table]})")
        for row in rows:
            filled = {**DEFAULTS[table], **row}
            names = ", ".join(f'"{name}"' for name in filled)
            marks = ", ".join("?" for _ in filled)
            connection.execute(f"INSERT INTO made ({names}) VALUES ({marks})", list(filled.values()))
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet)")
    return path


def write_output(folder: Path, messages: Iterable[Row], items: Iterable[Row] = ()) -> Path:
    """The two tables of an output folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "messages.parquet", "messages", messages)
    write_table(folder / "items.parquet", "items", items)
    return folder


def reason(rule: str, code: str, *, mode: str = "enforce", outcome: str = "true") -> Row:
    """One entry of `reasons`."""
    return {"rule": rule, "code": code, "outcome": outcome, "mode": mode}


def clue(field: str, seen: str | None, at: str | None = None) -> Row:
    """One entry of `evidence`."""
    return {"field": field, "seen": seen, "at": at}
