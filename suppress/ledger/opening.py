"""Open the ledger that settings ask for: files that a table follows, or a table alone."""

import os
import socket
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

from suppress.decisions.record import LogLine
from suppress.errors import LedgerError, SuppressError
from suppress.ledger.following import Table, TableFollower
from suppress.ledger.jsonl import ChainWriter
from suppress.ledger.masking import Masks, read_key
from suppress.ledger.recording import Recorder
from suppress.ledger.writer import Ledger
from suppress.settings import DEFAULT_LOG_DIR, Settings

_HELP_WITH_THE_FOLDER: Final = (
    "let whoever runs this write there, or name another folder with SUPPRESS_LOG_DIR or log_dir in suppress.toml"
)
_HELP_WITH_THE_KEY: Final = (
    "let whoever runs this read it, and make it at the first start; bring a lost one back from a copy; or name another "
    "file with SUPPRESS_LOG_KEY_FILE or log_key_file in suppress.toml"
)


class OpenLedger(NamedTuple):
    """A ledger at work. `follower`: what copies its files into the table; None when the table is written itself."""

    ledger: Ledger
    follower: TableFollower | None
    masks: Masks


def open_ledger(settings: Settings, table: Table, labels: Mapping[str, str] | None = None) -> OpenLedger:
    """The ledger of this process; open one per process, after any fork, and close it.

    `labels`: what every record says of where it was made, beside the host and the version of suppress. Raises
    LedgerError when the folder cannot be written or the key cannot be had: a service must not begin without a log.
    """
    folder = Path(settings.log_dir)
    if settings.log_dir:
        _make(folder)
    masks = masks_of(settings)
    told = {"host": socket.gethostname(), "suppress": version("suppress"), **(labels or {})}
    recorder = Recorder(masks, told)
    if not settings.log_dir:
        return OpenLedger(Ledger(recorder, lambda _: TableSink(table)), None, masks)
    follower = TableFollower(table, folder)
    return OpenLedger(Ledger(recorder, lambda writer: ChainWriter(folder, writer), follower), follower, masks)


def masks_of(settings: Settings) -> Masks:
    """What hashes names for the log, as settings ask. Raises LedgerError when its key cannot be had."""
    if settings.log_customers == "plain":
        return Masks(None)
    try:
        return Masks(read_key(key_path(settings)))
    except LedgerError as error:
        raise LedgerError(f"{error}. help: {_HELP_WITH_THE_KEY}") from None


def key_path(settings: Settings) -> Path:
    """Where the key is that names are hashed with, or will be."""
    beside = Path(settings.log_dir or DEFAULT_LOG_DIR)
    return Path(settings.log_key_file or beside.with_name(f"{beside.name}.key"))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refused = f"cannot be made: {error.strerror}"
    else:
        if os.access(folder, os.W_OK | os.X_OK):
            return
        refused = "cannot be written to"
    raise LedgerError(f"the folder {folder} of the decision log {refused}. help: {_HELP_WITH_THE_FOLDER}")


class TableSink:
    """Writes the lines of one chain into the table, and nowhere else."""

    def __init__(self, table: Table) -> None:
        self.is_broken = False
        self._table = table

    def append(self, lines: Sequence[LogLine]) -> None:
        """Commit lines that follow the last ones. Raises LedgerError when that failed, or may have."""
        try:
            head = self._table.append(lines)
        except SuppressError as error:
            # A commit whose answer was lost may have happened: the chain may be longer than is known here.
            self.is_broken = True
            raise LedgerError(f"the decision log cannot be written: {error}") from None
        if head != lines[-1].link:
            self.is_broken = True
            raise LedgerError("the decision log cannot be written: the table has another end of the chain")

    def close(self) -> None:
        """Nothing to do: every append is a transaction of its own."""
