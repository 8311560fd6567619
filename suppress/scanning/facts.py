"""Find the facts folder to scan by: that of a lake, or one made of somebody's own Parquet files."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suppress.stores.database import Database
from suppress.stores.lake import Lake, lake_path, open_lake
from suppress.stores.lake_folder import prepare_facts
from suppress.stores.lake_refresh import refresh as refresh_lake


@contextmanager
def facts_folder(
    *, facts: Path | None, lake: Path | None, database: str, beside: Path, refresh: bool = False
) -> Iterator[tuple[Path, Lake | None]]:
    """The facts folder to scan by: a folder of somebody's own Parquet files, else that of the lake of a database.

    `refresh`: bring the lake up to date with the database before.

    Raises FactsError for files that cannot be used, StoreError when there is no lake.
    """
    if facts is None:
        where = lake_path(database, lake)
        if refresh:
            store = Database.open(database)
            try:
                refresh_lake(store, where)
            finally:
                store.close()
        with open_lake(where) as opened:
            yield opened.folder, opened
        return
    work = beside.with_name(f".{beside.name}.facts")
    try:
        yield prepare_facts(facts, work).folder, None
    finally:
        shutil.rmtree(work, ignore_errors=True)
