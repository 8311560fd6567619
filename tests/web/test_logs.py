"""Lines of the service's log, for machines and for people."""

import json
import logging
import sys

import pytest

from suppress.web.logs import JsonLines, TextLines


def answered(**extra: object) -> logging.LogRecord:
    """One request's record."""
    record = logging.makeLogRecord({"name": "suppress.web.requests", "levelname": "INFO", "msg": "answered", **extra})
    record.created = 1_795_420_800.25
    return record


def failed() -> logging.LogRecord:
    """The record of an exception whose text holds what nobody may read."""
    try:
        raise ValueError("secret-customer\nsecond line")
    except ValueError:
        return answered(levelname="ERROR", msg="a check failed", exc_info=sys.exc_info())


def test_a_request_is_one_object() -> None:
    """Time, level and message, and all that was told beside them."""
    told = json.loads(JsonLines().format(answered(path="/v1/check", status=200, key_id=None)))

    assert {"time": "2026-11-23T08:00:00.250Z", "level": "info", "message": "answered"}.items() <= told.items()
    assert {"path": "/v1/check", "status": 200, "key_id": None}.items() <= told.items()


def test_a_request_is_one_line_to_read() -> None:
    """The same as text; what is not known is left out."""
    told = TextLines().format(answered(path="/v1/check", status=200, took_ms=1.5, key_id=None))

    assert "2026-11-23 08:00:00 info answered path=/v1/check status=200 took_ms=1.5" == told


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()])
def test_an_exception_is_told_without_its_text(formatter: logging.Formatter) -> None:
    """What failed and where, on one line, and nothing a request may have held."""
    told = formatter.format(failed())

    assert "secret" not in told
    assert "\n" not in told
    assert "ValueError" in told
    assert "test_logs.py" in told
