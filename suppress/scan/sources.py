"""Where a run's messages come from: message files, or those of an earlier scan that must be decided again."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from suppress.scan import delta
from suppress.scan.folder import Folder
from suppress.scan.message_blocks import Border
from suppress.scan.messages import MessagesRead, read_messages
from suppress.scan.plan import ScanPlan
from suppress.scan.work import Work

Source = Callable[[duckdb.DuckDBPyConnection, Callable[[int], None]], MessagesRead]
"""Puts messages and candidates into the work folder, and tells how many rows were read so far."""


def from_files(plan: ScanPlan, folder: Folder, work: Work, rejects: Path, border: Border) -> Source:
    """The message files of a plan. Rows that `border` refuses go to `rejects`."""

    def read(connection: duckdb.DuckDBPyConnection, tell: Callable[[int], None]) -> MessagesRead:
        rejects.unlink(missing_ok=True)
        return read_messages(
            connection,
            plan.messages,
            folder.root,
            work.root,
            rejects=rejects,
            border=border,
            as_of_us=plan.as_of_us,
            progress=tell,
        )

    return read


def from_before(before: delta.Before, numbers: str, work: Work) -> Source:
    """Messages of an earlier scan. `numbers`: a SELECT of theirs."""

    def take(connection: duckdb.DuckDBPyConnection, tell: Callable[[int], None]) -> MessagesRead:
        del tell
        return delta.take_affected(connection, before, numbers, work.root, before.told["read"])

    return take
