"""What stands beside the service: a Starlette that sends the body back, and the FastAPI route one writes first.

    python -m scripts.benchmarks.serve_rivals echo|orm PORT

Both run under the same server as the service, with the same number of workers and the same protocol.
"""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from scripts.benchmarks.handwritten import first_rule
from scripts.benchmarks.rivals import OrmLoop
from scripts.benchmarks.rules import Maker
from scripts.benchmarks.shop import Shop, Spec
from suppress import Item, Message
from suppress.stores.database import Database
from suppress.web.packets import OnePacketProtocol

PATH: Final = "/v1/check"
_STARTS_WITHIN_S: Final = 60
"""A worker that imports for longer than a few seconds, on a busy machine, is no dead one."""


class MessageIn(BaseModel):
    """The message, as far as the hand-written rules look at it."""

    customer_id: str
    items: list[str]
    message_id: str | None = None
    channel: str | None = None
    campaign_id: str | None = None
    campaign_tags: list[str] = []
    send_at: AwareDatetime | None = None


def echo() -> Starlette:
    """Sends back what comes."""

    async def answer(request: Request) -> Response:
        return Response(await request.body(), media_type="application/json")

    return Starlette(routes=[Route(PATH, answer, methods=["POST"])])


def orm(scale: float, rules: int, url: str) -> FastAPI:
    """Decides by the ORM loop: no keys, no log, no reasons, no evidence, no dates; the first rule that fires."""
    app = FastAPI()
    loop = OrmLoop(Database.open(url), first_rule(Maker(shop=Shop(Spec.of(scale))).rules(rules)))

    @app.post(PATH)
    def check(given: MessageIn) -> dict[str, Any]:
        message = Message(
            customer_id=given.customer_id,
            items=tuple(Item(sku=sku) for sku in given.items),
            message_id=given.message_id,
            channel=given.channel,
            campaign_id=given.campaign_id,
        )
        dropped = loop.dropped(message)
        return {"dropped": dropped, "shown": [item.sku for item in message.items if item.sku not in dropped]}

    return app


def main(which: str, port: str, workers: str) -> None:
    """Serve until stopped."""
    app = echo if which == "echo" else partial(orm, *_stated())
    config = Config(
        app, factory=True, port=int(port), workers=int(workers), loop="uvloop", http=OnePacketProtocol, ws="none",
        access_log=False, log_level="warning", timeout_worker_healthcheck=_STARTS_WITHIN_S,
    )  # fmt: skip
    if config.workers > 1:
        Multiprocess(config, [config.bind_socket()]).run()
    else:
        Server(config).run()


def _stated() -> tuple[float, int, str]:
    return float(os.environ["BENCH_SCALE"]), int(os.environ["BENCH_RULES"]), os.environ["BENCH_STORE"]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    main(*sys.argv[1:4])
