"""Whether the process lives, whether it can decide, and what it did: for those who watch it."""

import asyncio
from typing import Final

import orjson
from starlette.responses import Response

from suppress.access.roles import Permission
from suppress.web.contract import HealthOut
from suppress.web.metrics import CONTENT_TYPE, Metrics
from suppress.web.operations import Operation
from suppress.web.ports import Service
from suppress.web.problems import ProblemError

LOOK_S: Final = 2.0


def health_operations(service: Service, metrics: Metrics) -> list[Operation]:
    """The routes for probes and Prometheus."""

    async def livez() -> Response:
        return Response(b'{"status":"ok","checks":{}}', media_type="application/json")

    async def readyz() -> Response:
        try:
            async with asyncio.timeout(LOOK_S):
                seen = await asyncio.to_thread(service.look)
        except TimeoutError:
            raise ProblemError("not-ready", f"nobody could say within {LOOK_S:g} seconds") from None
        wrong = {
            name: trouble for name, trouble in seen.items() if trouble is not None and name not in service.bearable
        }
        checks = {name: trouble or "ok" for name, trouble in seen.items()}
        if wrong:
            detail = "; ".join(f"{name}: {trouble}" for name, trouble in wrong.items())
            raise ProblemError("not-ready", detail, extra={"checks": checks})
        return Response(orjson.dumps({"status": "ready", "checks": checks}), media_type="application/json")

    async def figures() -> Response:
        return Response(await asyncio.to_thread(metrics.figures), headers={"content-type": CONTENT_TYPE})

    return [
        Operation(
            method="GET", path="/livez", permission=None, endpoint=livez, answers=HealthOut,
            summary="Whether the process lives", description="For a liveness probe: looks at nothing else.",
            answer_example={"status": "ok", "checks": {}},
        ),
        Operation(
            method="GET", path="/readyz", permission=None, endpoint=readyz, answers=HealthOut,
            summary="Whether it can decide", description="For a readiness probe: rules loaded, database reachable and "
            "at the right schema, decision log writable where no decision may be answered without it. `checks` tells "
            "what is wrong, even where that is no reason to send no requests.",
            kinds=("not-ready",), answer_example={"status": "ready", "checks": {"database": "ok", "rules": "ok"}},
        ),
        Operation(
            method="GET", path="/metrics", permission=Permission.READ_METRICS, endpoint=figures, answers=None,
            summary="What it did, for Prometheus", description="Of all workers together.", media_type="text/plain",
        ),
    ]  # fmt: skip
