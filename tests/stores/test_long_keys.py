"""The longest ids an import lets in fit into every index, in the widest characters, on both databases."""

from random import Random

from suppress.facts.records import FeedbackRecord, OrderRecord, SentRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.stores.database import Database
from suppress.stores.load import Loader

_rng = Random(1)


def _wide(characters: int) -> str:
    """Characters of four bytes in an order no database can compress."""
    return "".join(chr(_rng.randrange(0x20000, 0x2A6D0)) for _ in range(characters))


ID = _wide(255)
WORD = _wide(40)


def test_longest_keys_fit(database: Database) -> None:
    """255 characters of four bytes in every id, 40 in a channel, 255 in a category: all are stored."""
    records = {
        Source.ORDERS: OrderRecord(ID, _wide(255), _wide(255), _wide(255), 1, 1, 0, 0, False, WORD, None, None, 1),
        Source.STOCK: StockRecord(ID, _wide(255), 1, 0, 0, None, None, None, 1),
        Source.SENT: SentRecord(ID, _wide(255), WORD, ID, 1, "[]", 1),
        Source.FEEDBACK: FeedbackRecord(ID, "category", _wide(255), "not_interested", 1),
    }
    for source, record in records.items():
        with Loader(database, source) as loader:
            assert 1 == loader.write([record])
