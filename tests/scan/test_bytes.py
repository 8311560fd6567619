"""The same inputs give the same bytes: twice, on any number of threads, in one bucket or several."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from suppress.scanning import scan
from tests.scan.campaign import no_report, small_buckets
from tests.scan.shop import LISTS, Shop, digests, open_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def undisturbed(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one thread and one bucket."""
    return scanned(shop, tmp_path_factory.mktemp("undisturbed") / "out")


def scanned(shop: Shop, out: Path, *, threads: int = 1, pairs: int | None = None) -> Path:
    with no_report(), small_buckets(pairs):
        return scan(shop.request(out, threads=threads)).out


@pytest.mark.parametrize("threads", [1, 2])
def test_a_second_scan_gives_the_same_bytes(shop: Shop, undisturbed: Path, threads: int, tmp_path: Path) -> None:
    """Tables and lists of a rerun are byte for byte those of the first, on one thread and on two."""
    again = scanned(shop, tmp_path / "out", threads=threads)

    assert digests(undisturbed) == digests(again)


@pytest.mark.parametrize("pairs", [2_000, 300])
def test_buckets_change_only_the_order_of_items(shop: Shop, undisturbed: Path, pairs: int, tmp_path: Path) -> None:
    """In several buckets lists are the same bytes, messages the same rows in their order, and items the same rows."""
    ones = scanned(shop, tmp_path / "one", pairs=pairs)
    twos = scanned(shop, tmp_path / "two", pairs=pairs, threads=2)

    assert digests(ones) == digests(twos)
    assert digests(undisturbed, LISTS) == digests(ones, LISTS)
    assert _rows(undisturbed, "messages") == _rows(ones, "messages")
    assert sorted(_rows(undisturbed, "items")) == sorted(_rows(ones, "items"))


def _rows(out: Path, table: str) -> list[str]:
    return [repr(row) for row in pq.read_table(out / f"{table}.parquet").to_pylist()]


def test_nothing_is_left_beside_the_output(shop: Shop, tmp_path: Path) -> None:
    """A finished scan leaves its output and nothing else."""
    scanned(shop, tmp_path / "out", pairs=2_000)

    assert ["out"] == sorted(path.name for path in tmp_path.iterdir())
