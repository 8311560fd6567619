"""The hot path: a message in, its decision out. The body is read once, and goes past FastAPI.

`/v1/check` and `/v1/check:batch` answer what the in-process gate answers; `/v1/check/simple` is for templates that can
only get an address and compare a word.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from suppress.access.roles import Permission
from suppress.decisions.decision import Verdict
from suppress.errors import FactsError
from suppress.facts.message import Item, Message
from suppress.intake.messages import MessageFaultsError, no_such_field, parse_message
from suppress.serving.ports import Answer
from suppress.web.body import Receive, load_json, read_body, refuse_headers
from suppress.web.contract import (
    EXAMPLE_DECISION,
    EXAMPLE_MESSAGE,
    MAX_BATCH_ITEMS,
    MAX_BATCH_MESSAGES,
    MAX_SIMPLE_SKUS,
    BatchIn,
    BatchOut,
    CheckIn,
    CheckOptions,
    CheckOut,
    Include,
    SimpleOut,
)
from suppress.web.faults import invalid, message_faults
from suppress.web.metrics import Metrics
from suppress.web.operations import Asked, Operation, asked_of
from suppress.web.ports import Service
from suppress.web.problems import MAX_FAULTS, Fault, ProblemError, pointer_to

Read = TypeVar("Read")

JSON: Final = "application/json"
LARGE_BYTES: Final = 64 << 10
"""Bodies beyond this are read in a thread, so that small ones need not wait for them."""

_OPTIONS: Final = frozenset(CheckOptions.model_fields)
_DEFAULTS: Final = CheckOptions()
_WORDS: Final = {Verdict.SEND: "allow", Verdict.HOLD: "hold", Verdict.SUPPRESS: "block"}


class SimpleQuery(BaseModel):
    """What `/v1/check/simple` is asked."""

    model_config = ConfigDict(extra="forbid")

    customer: str = Field(min_length=1, max_length=255, description="The customer's id.", examples=["C-1"])
    sku: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(
        default=[], max_length=MAX_SIMPLE_SKUS, description="A sku; may be named several times.", examples=[["A-1"]]
    )
    skus: str | None = Field(default=None, max_length=8_000, description="Several skus, with commas between them.")
    channel: str | None = Field(default=None, max_length=255, examples=["email"])
    campaign: str | None = Field(default=None, max_length=255)
    message_id: str | None = Field(default=None, max_length=255)
    deadline_ms: int | None = Field(default=None, ge=1, le=10_000)
    format: Literal["json", "text"] = Field(default="json", description="`text` answers allow, block or hold.")


def check_operations(service: Service, metrics: Metrics) -> list[Operation]:
    """The routes that decide."""
    limits = service.limits

    async def check(asked: Asked, receive: Receive) -> Response:
        options, message = await _read(asked, receive, limits.message_bytes, limits.body_s, _alone)
        request_id = options.request_id or asked.request_id
        answer = await service.checks.check_soon(
            message,
            deadline_ms=options.deadline_ms,
            reserve=options.reserve,
            request_id=request_id,
            key_id=asked.key_id,
        )
        metrics.note_answers((answer,), message.channel)
        return _response({"request_id": request_id, **told(answer, frozenset(options.include))})

    async def batch(asked: Asked, receive: Receive) -> Response:
        options, messages = await _read(asked, receive, limits.batch_bytes, limits.body_s, _messages)
        asked.charge(len(messages) - 1)
        request_id = options.request_id or asked.request_id
        answers = await service.checks.check_many_soon(
            messages,
            deadline_ms=options.deadline_ms,
            reserve=options.reserve,
            request_id=request_id,
            key_id=asked.key_id,
        )
        for answer, message in zip(answers, messages, strict=True):
            metrics.note_answers((answer,), message.channel)
        return await asyncio.to_thread(_batch_response, request_id, answers, frozenset(options.include))

    async def simple(request: Request, query: Annotated[SimpleQuery, Query()]) -> Response:
        asked = asked_of(request.scope)
        message = _simple_message(query)
        answer = await service.checks.check_soon(
            message, deadline_ms=query.deadline_ms, request_id=asked.request_id, key_id=asked.key_id
        )
        metrics.note_answers((answer,), message.channel)
        decision = answer.decision
        allow = decision.verdict is Verdict.SEND and bool(decision.shown)
        if query.format == "text":
            word = _WORDS[decision.verdict] if allow or decision.verdict is not Verdict.SEND else "block"
            return Response(word, media_type="text/plain")
        return _response(
            {
                "allow": allow,
                "verdict": decision.verdict.value,
                "show": list(decision.shown),
                "decision_id": decision.decision_id,
            }
        )

    return [
        Operation(
            method="POST", path="/v1/check", permission=Permission.CHECK, direct=check, body=CheckIn, answers=CheckOut,
            summary="Decide one message",
            description="What to show, whether to send, and why. A decision is always 200, suppressed or not.",
            kinds=("log-failed",), within_s=limits.answer_s,
            request_example=EXAMPLE_MESSAGE, answer_example={"request_id": "c-42", **EXAMPLE_DECISION},
        ),
        Operation(
            method="POST", path="/v1/check:batch", permission=Permission.CHECK, direct=batch, body=BatchIn,
            answers=BatchOut, summary="Decide many messages",
            description="At most 1,000 messages with at most 20,000 items, replacements included, in one request. "
            "All are decided by the same version of the same ruleset, and answered in their order.",
            kinds=("too-many", "log-failed"), within_s=limits.answer_s,
            request_example={"messages": [EXAMPLE_MESSAGE], "include": ["reasons"]},
            answer_example={"request_id": "c-42", "decisions": [EXAMPLE_DECISION]},
        ),
        Operation(
            method="GET", path="/v1/check/simple", permission=Permission.CHECK, endpoint=simple, answers=SimpleOut,
            summary="Ask with an address, for templates",
            description="For templates that can fetch an address and compare a word. `allow` is true when the message "
            "may go and at least one of the skus may be shown.",
            kinds=("invalid", "log-failed"), also=("text/plain",), repeatable=frozenset({"sku"}),
            within_s=limits.answer_s, reads_only=False,
            answer_example={"allow": True, "verdict": "send", "show": ["A-2"],
                            "decision_id": EXAMPLE_DECISION["decision_id"]},
        ),
    ]  # fmt: skip


def told(answer: Answer, include: frozenset[Include]) -> dict[str, Any]:
    """The decision as JSON, with as much of its reasons as is asked for."""
    decision = answer.decision.to_dict(sentences=Include.SENTENCES in include, evidence=Include.EVIDENCE in include)
    decision["unavailable"] = None if answer.unavailable is None else answer.unavailable.value
    if not include:
        for holder in (decision, *decision["items"], *decision["replacements"]):
            del holder["reasons"]
    return decision


async def _read(
    asked: Asked, receive: Receive, max_bytes: int, within_s: float, parse: Callable[[Any], Read]
) -> tuple[CheckOptions, Read]:
    """The options of a body, and what the rest of it says. Raises ProblemError, FactsError."""
    refuse_headers(asked.headers)
    text = await read_body(receive, asked.headers, max_bytes=max_bytes, within_s=within_s)

    def parsed() -> tuple[CheckOptions, Read]:
        options, rest = _split(load_json(text))
        return options, parse(rest)

    return parsed() if len(text) <= LARGE_BYTES else await asyncio.to_thread(parsed)


def _split(given: Any) -> tuple[CheckOptions, Any]:
    """The options of a body, and the rest of it. Raises ProblemError."""
    if not isinstance(given, dict) or _OPTIONS.isdisjoint(given):
        return _DEFAULTS, given
    try:
        options = CheckOptions.model_validate({name: given[name] for name in _OPTIONS & given.keys()})
    except ValidationError as error:
        raise invalid(error) from None
    return options, {name: value for name, value in given.items() if name not in _OPTIONS}


def _alone(rest: Any) -> Message:
    """The message of a body that holds no other. Raises FactsError."""
    return parse_message(rest, CheckOptions.model_fields)


def _messages(rest: Any) -> list[Message]:
    """The messages of a batch. Raises ProblemError that points at what is wrong with the first bad one."""
    if not isinstance(rest, dict) or not isinstance(rest.get("messages"), list):
        raise ProblemError(
            "invalid",
            'a batch must be a JSON object like {"messages": [...]}',
            (Fault("/messages", "it must be a list of messages"),),
        )
    others = [name for name in rest if name != "messages"][:MAX_FAULTS]
    if others:
        faults = (Fault(pointer_to((name,)), no_such_field(name, BatchIn.model_fields)) for name in others)
        raise ProblemError("invalid", "no such field", tuple(faults))
    listed = rest["messages"]
    if not listed:
        raise ProblemError("invalid", "the batch is empty", (Fault("/messages", "it must hold 1 message or more"),))
    if len(listed) > MAX_BATCH_MESSAGES:
        raise ProblemError(
            "too-many", f"the batch has {len(listed):,} messages; at most {MAX_BATCH_MESSAGES:,} may be asked at once"
        )
    items = sum(_length(one, "items") + _length(one, "replacements") for one in listed)
    if items > MAX_BATCH_ITEMS:
        raise ProblemError(
            "too-many",
            f"the batch has {items:,} items, replacements included; at most {MAX_BATCH_ITEMS:,} may be asked at once",
        )
    return [_message(number, one) for number, one in enumerate(listed)]


def _length(message: Any, name: str) -> int:
    listed = message.get(name) if isinstance(message, dict) else None
    return len(listed) if isinstance(listed, list) else 0


def _message(number: int, one: Any) -> Message:
    try:
        return parse_message(one)
    except MessageFaultsError as error:
        raise message_faults(error, ("messages", number)) from None
    except FactsError as error:
        raise ProblemError("invalid", str(error), (Fault(f"/messages/{number}", str(error)),)) from None


def _simple_message(query: SimpleQuery) -> Message:
    skus = [*query.sku, *(sku for sku in (query.skus or "").split(",") if sku.strip())]
    if not skus:
        raise ProblemError("invalid", "no sku is asked for", (Fault("?sku", "name a sku, or several"),))
    if len(skus) > MAX_SIMPLE_SKUS:
        raise ProblemError(
            "invalid", f"at most {MAX_SIMPLE_SKUS} skus may be asked at once", (Fault("?skus", "too many"),)
        )
    return Message(
        customer_id=query.customer,
        items=tuple(Item(sku=sku) for sku in skus),
        channel=query.channel,
        campaign_id=query.campaign,
        message_id=query.message_id,
    )


def _batch_response(request_id: str, answers: Sequence[Answer], include: frozenset[Include]) -> Response:
    return _response({"request_id": request_id, "decisions": [told(answer, include) for answer in answers]})


def _response(value: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)
