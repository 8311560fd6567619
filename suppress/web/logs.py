"""One line on stderr for each thing that happened, to which request: JSON, or text for people.

No bodies, no queries, no keys, and no texts of exceptions, which may hold what a request held.
"""

import json
import logging
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; what was given as `extra` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **_told_of(record),
        }
        return json.dumps(told, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Formats a record as one line to be read; what was given as `extra` follows as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        told = "".join(f" {name}={value}" for name, value in _told_of(record).items() if value is not None)
        return f"{time} {record.levelname.lower()} {record.getMessage()}{told}"


def _told_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`, and where an exception came by."""
    told = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    if record.exc_info and record.exc_info[0] is not None:
        told["error"] = record.exc_info[0].__name__
        told["where"] = places_of(record.exc_info[2])
    return told


def places_of(trace: TracebackType | None) -> list[str]:
    """Where an exception came by: files, lines and functions, without anything that stood there."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found


def log_config(form: str, *, requests: bool) -> dict[str, Any]:
    """The configuration of logging for a worker. `form`: json or text. `requests`: one line for each request."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}, "text": {"()": TextLines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "suppress": {"level": "INFO"},
            "suppress.web.requests": {"level": "INFO" if requests else "WARNING"},
            "uvicorn": {"level": "INFO"},
        },
    }
