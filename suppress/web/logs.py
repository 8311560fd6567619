"""One JSON object a line on stderr: what happened, when, to which request. No bodies, no queries, no keys."""

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
        }
        told |= {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
        if record.exc_info and record.exc_info[0] is not None:
            # The text of an exception may hold what a request held.
            told["error"] = record.exc_info[0].__name__
            told["where"] = places_of(record.exc_info[2])
        return json.dumps(told, ensure_ascii=False, default=str)


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
    text = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}, "text": text},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "suppress": {"level": "INFO"},
            "suppress.web.requests": {"level": "INFO" if requests else "WARNING"},
            "uvicorn": {"level": "INFO"},
        },
    }
