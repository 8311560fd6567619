"""Where the records of one source are written: table, columns in the records' order, and key."""

from typing import Final, NamedTuple


class Target(NamedTuple):
    """A table that records go to. `key` is the first columns; the others are replaced by a newer record."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def on_conflict(self) -> str:
        """The end of an INSERT that lets only a strictly newer row replace the one that is there."""
        sets = ", ".join(f"{column} = excluded.{column}" for column in self.columns if column not in self.key)
        return (
            f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {sets} "
            f"WHERE excluded.updated_at_us > {self.table}.updated_at_us"
        )


IDENTITY_COLUMNS: Final = ("kind", "value", "customer_id")
