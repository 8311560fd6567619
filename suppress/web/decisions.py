"""Looking decisions up in the log: one by its id, or a page of those that fit."""

import asyncio
import re
from datetime import datetime
from typing import Annotated, Final

import orjson
from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from suppress.access.roles import Permission
from suppress.decisions.decision import Verdict
from suppress.facts.instants import to_us
from suppress.web.contract import EXAMPLE_DECISION, MAX_PAGE, RecordOut, RecordsOut
from suppress.web.operations import Operation
from suppress.web.ports import DecisionQuery, Service
from suppress.web.problems import ProblemError

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d")
_EXAMPLE = {
    "decision_id": EXAMPLE_DECISION["decision_id"],
    "ruleset": EXAMPLE_DECISION["ruleset"],
    "result": {"verdict": "send"},
}


def _written(value: object) -> object:
    if isinstance(value, str) and not _TIME.match(value):
        raise ValueError("it must be a time like 2026-11-22T09:00:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]


class ListQuery(BaseModel):
    """Which decisions to list."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    customer_id: str | None = Field(default=None, min_length=1, max_length=255, description="As in messages.")
    message_id: str | None = Field(default=None, min_length=1, max_length=255)
    campaign_id: str | None = Field(default=None, min_length=1, max_length=255)
    verdict: Verdict | None = None
    ruleset: str | None = Field(default=None, min_length=1, max_length=255)
    from_: Instant | None = Field(default=None, alias="from", description="Taken then or later; with a zone.")
    to: Instant | None = Field(default=None, description="Taken before then; with a zone.")
    page_size: int = Field(default=100, ge=1, le=MAX_PAGE)
    page_token: str | None = Field(default=None, min_length=1, max_length=512, description="From the page before.")


def decision_operations(service: Service) -> list[Operation]:
    """The routes that read the log."""

    async def one(decision_id: Annotated[str, Path(min_length=1, max_length=64, pattern="^[0-9A-Za-z]+$")]) -> Response:
        record = await asyncio.to_thread(service.log.get, decision_id)
        if record is None:
            raise ProblemError("no-such-decision", "there is no decision of this id, or it is not kept any more")
        return Response(orjson.dumps(record), media_type="application/json")

    async def some(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
        del request
        asked = DecisionQuery(
            customer_id=query.customer_id,
            message_id=query.message_id,
            campaign_id=query.campaign_id,
            verdict=None if query.verdict is None else query.verdict.value,
            ruleset=query.ruleset,
            from_us=_us(query.from_),
            to_us=_us(query.to),
        )
        page = await asyncio.to_thread(service.log.find, asked, query.page_size, query.page_token)
        told = {"decisions": list(page.records), "next_page_token": page.next_page_token}
        return Response(orjson.dumps(told), media_type="application/json")

    return [
        Operation(
            method="GET", path="/v1/decisions", permission=Permission.READ_DECISIONS, endpoint=some, answers=RecordsOut,
            summary="List decisions", description="Those that fit every filter, the newest first, page by page.",
            kinds=("invalid",), answer_example={"decisions": [_EXAMPLE], "next_page_token": None},
        ),
        Operation(
            method="GET", path="/v1/decisions/{decision_id}", permission=Permission.READ_DECISIONS, endpoint=one,
            answers=RecordOut, summary="Read one decision", description="The record of a decision, as the log has it.",
            kinds=("no-such-decision", "invalid"), answer_example=_EXAMPLE,
        ),
    ]  # fmt: skip


def _us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)
