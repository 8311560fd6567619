"""Turn the e-mail addresses and phone numbers messages name into customers, all distinct ones at once.

An address that stands in the identities as it was written (in lower case) is in its compared form, so only the others
cost a look at their syntax. Addresses leave this module never: what comes out is customers.
"""

from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from suppress.decisions.decision import Why
from suppress.errors import FactsError
from suppress.facts.identity import normal_email, normal_phone
from suppress.scan.sql import literal

ADDRESSES: Final = "incoming_addresses"
_GUESSES: Final = "incoming_guesses"
_FETCHED_ROWS: Final = 10_000
# Forms for which the compared form is the text in lower case; a domain in `xn--` form is compared in Unicode.
_PLAIN_EMAIL: Final = r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9-]+(\.[a-z0-9-]+)+"
_PLAIN_PHONE: Final = r"\+[1-9][0-9]{6,14}"


def find_customers(connection: duckdb.DuckDBPyConnection, asked: str, identities: Path | None) -> None:
    """Makes the temporary table ADDRESSES (kind, address, customer_id, problem) for the query `asked` (kind, address).

    `problem`: why there is no customer; an address nobody can have is missing. `identities`: None = never loaded.
    """
    known = f"read_parquet({literal(str(identities))})"
    if identities is None:
        known = "(SELECT NULL::VARCHAR AS kind, NULL::VARCHAR AS value, NULL::VARCHAR AS customer_id WHERE false)"
    guess = (
        f"CASE WHEN kind = 'email' AND regexp_full_match(lower(trim(address)), '{_PLAIN_EMAIL}') "
        "AND NOT contains(lower(address), 'xn--') THEN lower(trim(address)) "
        f"WHEN kind = 'phone' AND regexp_full_match(trim(address), '{_PLAIN_PHONE}') THEN trim(address) END"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_GUESSES} AS SELECT DISTINCT kind, address, {guess} AS value FROM ({asked})"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {ADDRESSES} AS SELECT * FROM ({_found(known)}) WHERE customers > 0"
    )
    _make_exact(connection)
    connection.execute(f"INSERT INTO {ADDRESSES} {_found(known)}")
    connection.execute(f"DROP TABLE {_GUESSES}")


def _found(known: str) -> str:
    return (
        "SELECT guessed.kind, address,"
        " CASE WHEN count(DISTINCT customer_id) = 1 THEN min(customer_id) END AS customer_id,"
        f" CASE count(DISTINCT customer_id) WHEN 0 THEN {literal(Why.MISSING)} WHEN 1 THEN NULL"
        f" ELSE {literal(Why.AMBIGUOUS)} END AS problem, count(DISTINCT customer_id) AS customers"
        f" FROM {_GUESSES} AS guessed LEFT JOIN {known} AS known"
        " ON guessed.kind = known.kind AND guessed.value = known.value GROUP BY guessed.kind, address"
    )


def _make_exact(connection: duckdb.DuckDBPyConnection) -> None:
    """Leaves the addresses not yet found, each in its compared form; NULL = nobody can have it."""
    rest = connection.sql(f"SELECT kind, address FROM {_GUESSES} ANTI JOIN {ADDRESSES} USING (kind, address)")
    exact = [(kind, address, _compared(kind, address)) for kind, address in rest.fetchall()]
    kinds, addresses, values = (pa.array([row[index] for row in exact], pa.string()) for index in range(3))
    table = pa.table({"kind": kinds, "address": addresses, "value": values})
    connection.register("incoming_exact", table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_GUESSES} AS SELECT * FROM incoming_exact")
    connection.unregister("incoming_exact")


def _compared(kind: str, address: str) -> str | None:
    try:
        return normal_email(address) if kind == "email" else normal_phone(address)
    except FactsError:
        return None
