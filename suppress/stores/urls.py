"""Turn a database URL as written into the one SQLAlchemy is given, and into one that may be shown to people."""

from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from suppress.errors import StoreError

HIDDEN: Final = "***"
_SECRET_OPTIONS: Final = ("password", "sslpassword", "passfile")
_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def read_url(text: str) -> URL:
    """The URL with its driver named. Raises StoreError, without repeating the text, when it is none of ours."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(
            "the database URL cannot be read; write `sqlite:///suppress.db` or `postgresql://user:password@host/name`"
        ) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise StoreError(
            f"no database `{url.drivername}`; write `sqlite:///suppress.db` or `postgresql://user:password@host/name`"
        )
    url = url.set(drivername=driver)
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise StoreError("a database in memory cannot be shared between threads; give a file, `sqlite:///suppress.db`")
    return url


def shown(url: URL) -> str:
    """The URL as people write it: without its secrets and without the driver's name."""
    hidden = {name: HIDDEN for name in url.query if name in _SECRET_OPTIONS}
    plain = url.set(drivername=url.get_backend_name()).update_query_dict(hidden)
    return plain.render_as_string(hide_password=True)


def without_secrets(text: str, url: URL) -> str:
    """A driver's message with this URL's secrets taken out, on one line."""
    secrets = [url.password, *(url.query.get(name) for name in _SECRET_OPTIONS)]
    for secret in secrets:
        for part in secret if isinstance(secret, tuple) else (secret,):
            if part:
                text = text.replace(str(part), HIDDEN)
    return " ".join(text.split())
