"""Turn the tables of a scan into lists for e-mail services: whom to send what, and whom to leave out, and why.

Cells are data for machines: nothing is put before `=` or `+`, so a sku stays the sku it is.
"""

from collections.abc import Sequence

from suppress.rules.compile import CompiledRule
from suppress.scan.sql import literal, path, target


def send_list(messages: str, file: object) -> str:
    """The statement that writes `send.csv` from a relation of the table `messages`."""
    return (
        "COPY (SELECT message_id, customer_id, channel, campaign_id, array_to_string(kept, '|') AS items"
        f" FROM {messages} WHERE verdict = 'send') TO {target(file)} (FORMAT csv, HEADER)"
    )


def suppressed_list(messages: str, rules: Sequence[CompiledRule], file: object) -> str:
    """The statement that writes `suppressed.csv`: everybody who gets nothing now, with the reason as a sentence."""
    cases = " ".join(f"WHEN {literal(rule.id)} THEN {literal(rule.sentence)}" for rule in rules)
    sentence = f"CASE rule {cases} END" if cases else "NULL"
    return (
        "COPY (SELECT message_id, customer_id, channel, campaign_id, verdict,"
        f" strftime(hold_until AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') AS hold_until, code, {sentence} AS sentence"
        f" FROM {messages} WHERE verdict <> 'send') TO {target(file)} (FORMAT csv, HEADER)"
    )


def table(file: object) -> str:
    """A Parquet file as a relation."""
    return f"read_parquet({path(file)})"
