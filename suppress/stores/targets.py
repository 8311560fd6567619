"""Where the records of one source are written: table, columns in the records' order, and key."""

from typing import Final, NamedTuple


class Target(NamedTuple):
    """A table that records go to. `key` is the first columns; the others are replaced by a newer record.

    `marks_loads`: its rows say in a column `load_seq` which load wrote them.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    marks_loads: bool = False

    @property
    def on_conflict(self) -> str:
        """The end of an INSERT that lets only a strictly newer row replace the one that is there."""
        columns = (*self.columns, "load_seq") if self.marks_loads else self.columns
        sets = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in self.key)
        return (
            f"ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {sets} "
            f"WHERE excluded.updated_at_us > {self.table}.updated_at_us"
        )


IDENTITY_COLUMNS: Final = ("kind", "value", "customer_id")
