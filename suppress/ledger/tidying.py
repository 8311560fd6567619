"""Close the chains that dead processes left open: a process that was killed closes nothing.

What follows the last whole line was never promised to anybody and is cut off. A chain that does not fit its anchor is
left as it is, for `suppress log verify` to tell.
"""

import logging
import os
from pathlib import Path

from suppress.decisions.record import Fault, Link
from suppress.errors import LedgerError
from suppress.ledger.chain_files import Anchor, anchor_bytes, files_of, locked, read_anchor, writers_of
from suppress.ledger.folder import Verified, verify_chain

_log = logging.getLogger(__name__)


def close_abandoned(folder: Path) -> list[Link]:
    """Close every open chain whose process is gone; where each ends. Raises LedgerError when the folder fails."""
    closed = []
    try:
        for writer in writers_of(folder):
            try:
                anchor = read_anchor(folder, writer)
            except ValueError:
                continue
            if anchor is None or anchor.closed:
                continue
            with locked(folder, writer) as handle:
                if handle is None:
                    continue
                found = verify_chain(folder, writer)
                if isinstance(found.found, Fault):
                    _log.error("line %d of %s %s", found.found.seq, writer, found.found.what)
                    continue
                _cut_off(folder, found)
                os.pwrite(handle, anchor_bytes(Anchor(found.found, closed=True)), 0)
                os.fsync(handle)
                closed.append(found.found)
    except OSError as error:
        raise LedgerError(f"the decision log in {folder} cannot be tidied: {error.strerror}") from None
    return closed


def _cut_off(folder: Path, found: Verified) -> None:
    if found.unfinished_bytes:
        last = files_of(folder)[found.start.writer][-1].path
        os.truncate(last, last.stat().st_size - found.unfinished_bytes)
