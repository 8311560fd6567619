"""Published versions in the store: numbered without gaps, whole, and never changed, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from suppress.errors import HeadMovedError, StoreError
from suppress.rules.sources import FileKind, SourceFile
from suppress.stores.database import Database
from suppress.stores.versions import Version, Versions

NOW_US = 1_790_000_000_000_000
OWN = SourceFile("shop.yaml", FileKind.RULESET, "\ufeffversion: 1\r\nruleset: shop # 'Größe' 🛒\r\n")
BASE = SourceFile("base.yml", FileKind.BASE, "version: 1\n")
CASES = SourceFile("a-shop.cases.yaml", FileKind.CASES, "cases: []")


def publish(versions: Versions, ruleset: str = "shop", **other: Any) -> Version:
    given: dict[str, Any] = {"fingerprint": "sha256:1", "author": "ada", "message": "why", "now_us": NOW_US, **other}
    return versions.publish(ruleset, [CASES, BASE, OWN], **given)


def test_numbers_count_per_ruleset(database: Database) -> None:
    """Each ruleset has versions 1, 2, 3; the newest is its head."""
    versions = Versions(database)
    numbers = [publish(versions, ruleset).number for ruleset in ("shop", "shop", "Shop", "shop")]

    assert [1, 2, 1, 3] == numbers
    assert {"Shop": 1, "shop": 3} == {name: version.number for name, version in versions.heads().items()}
    assert [3, 2, 1] == [version.number for version in versions.all("shop")]
    assert [] == versions.all("other")
    assert (None, None, None) == (versions.head("other"), versions.get("shop", 4), versions.get("other", 1))


def test_all_is_kept_as_it_was(database: Database) -> None:
    """A version and its files are read as they were written, line ends and all; the ruleset's own file comes first."""
    versions = Versions(database)
    publish(versions)
    written = publish(versions, fingerprint="sha256:2", author="Zoë", message="a\nb", now_us=NOW_US + 1, of=1)

    assert written == versions.head("shop") == versions.get("shop", 2)
    assert (OWN, BASE, CASES) == versions.texts(written)
    assert 1 == written.of
    assert {
        "ruleset": "shop",
        "number": 2,
        "fingerprint": "sha256:2",
        "author": "Zoë",
        "message": "a\nb",
        "published_at": "2026-09-21T14:13:20.000001Z",
        "of": 1,
    } == written.to_dict()


def test_head_without_a_name(database: Database) -> None:
    """Without a name the head is that of the only ruleset, else of retail-default, else none."""
    versions = Versions(database)

    assert versions.head() is None
    shop = publish(versions)
    assert shop == versions.head()
    publish(versions, "other")
    assert versions.head() is None
    default = publish(versions, "retail-default")
    assert default == versions.head()


@pytest.mark.parametrize("table", ["ruleset_versions", "ruleset_files"])
@pytest.mark.parametrize("change", ["UPDATE {} SET ruleset = 'x'", "DELETE FROM {}", "DELETE FROM {} WHERE number = 1"])
def test_nothing_is_ever_changed(database: Database, table: str, change: str) -> None:
    """The database itself refuses to change or delete a version or a file of one."""
    versions = Versions(database)
    version = publish(versions)
    with pytest.raises(StoreError, match="a published version never changes"), database.write() as connection:
        connection.exec_driver_sql(change.format(table))

    assert version == versions.head("shop")
    assert (OWN, BASE, CASES) == versions.texts(version)


@pytest.mark.parametrize("after", [None, 0, 1, 3])
def test_a_head_that_moved(database: Database, after: int | None) -> None:
    """Who expects another newest version than there is, publishes nothing and hears which it is."""
    versions = Versions(database)
    publish(versions, after=None)
    publish(versions, after=1)
    with pytest.raises(HeadMovedError, match='newest version of "shop" is 2, not') as moved:
        publish(versions, after=after)

    assert 2 == moved.value.head
    assert 2 == publish(versions, after=2).number - 1


def test_publishers_at_once(database: Database) -> None:
    """Many who publish at once each get a number of their own, and no number is missing, though some fail half way."""
    versions = Versions(database)
    publish(versions)

    def one(place: int) -> int | None:
        if place % 4 == 3:
            with pytest.raises(StoreError):
                versions.publish(
                    "shop", [OWN, OWN], fingerprint="f", author="ada", message="two of a name", now_us=NOW_US
                )
            return None
        return publish(versions, message=str(place)).number

    with ThreadPoolExecutor(8) as threads:
        numbers = [number for number in threads.map(one, range(40)) if number is not None]

    assert list(range(2, 32)) == sorted(numbers)
    assert list(range(31, 0, -1)) == [version.number for version in versions.all("shop")]


@pytest.mark.parametrize("given", [{"author": ""}, {"message": ""}, {"message": "m" * 2_001}, {"of": 1}, {"of": -1}])
def test_what_no_version_may_be(database: Database, given: dict[str, Any]) -> None:
    """A version without author or message, or one that brings back itself, is refused by the database."""
    versions = Versions(database)
    with pytest.raises(StoreError):
        publish(versions, **given)

    assert {} == versions.heads()
