"""Do what a request asks once, however often it is sent: whoever comes again with its key gets the first answer.

The work is done, and its answer kept, in one thread that goes on when the caller is gone or has waited too long: so who
comes again learns what became of it.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from suppress.errors import StoreError
from suppress.serving.ports import Clock
from suppress.stores.idempotency import Claim, Kept, Refusal, request_of
from suppress.stores.idempotency import Request as Wanted
from suppress.web.faults import RETRY_AFTER_S, problem_of, retry_after
from suppress.web.operations import Asked, asked_of
from suppress.web.ports import Requests
from suppress.web.problems import MEDIA_TYPE, ProblemError

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEY_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}

_KEY: Final = re.compile(r"[!-~]{1,255}")
_JSON: Final = "application/json"
_log = logging.getLogger(__name__)

Work = Callable[[], bytes]
"""Does what is asked and gives the answer as JSON. Raises SuppressError; what is 5xx then may be tried again."""


class Once:
    """Answers requests that may be sent again. `lease_us`: for how long one that began keeps others from beginning."""

    def __init__(self, requests: Requests, clock: Clock, lease_us: int) -> None:
        self._requests = requests
        self._clock = clock
        self._lease_us = lease_us

    async def answer(self, request: Request, body: bytes, work: Work) -> Response:
        """The answer of `work`, or the one it gave before. Without a key it simply works."""
        asked, key = asked_of(request.scope), key_of(request.headers.getlist(HEADER))
        if key is None or asked.key_id is None:
            return Response(await asyncio.to_thread(work), media_type=_JSON)
        wanted = request_of(asked.key_id, key, request.scope["path"], body)
        answer, is_replayed = await asyncio.to_thread(self._done, wanted, asked, work)
        headers = {REPLAYED: "true"} if is_replayed else {}
        return Response(answer.body, status_code=answer.status, media_type=answer.media_type, headers=headers)

    def _done(self, wanted: Wanted, asked: Asked, work: Work) -> tuple[Kept, bool]:
        now_us = self._clock()
        match self._requests.claim(wanted, now_us=now_us, until_us=now_us + self._lease_us):
            case Kept() as kept:
                return kept, True
            case Refusal.REUSED:
                raise ProblemError("idempotency-key-reused", f"the {HEADER} came with another body or path before")
            case Refusal.UNDER_WAY:
                raise ProblemError(
                    "idempotency-key-in-use",
                    "the same request is being answered, or was cut off and counts as such for a while",
                    headers=retry_after(RETRY_AFTER_S),
                )
            case Claim() as claim:
                return self._worked(claim, asked, work), False

    def _worked(self, claim: Claim, asked: Asked, work: Work) -> Kept:
        try:
            answer = Kept(200, _JSON, work())
        except Exception as error:
            problem = problem_of(error)
            if problem.status >= 500:
                self._end(lambda: self._requests.release(claim))
                raise
            answer = Kept(problem.status, MEDIA_TYPE, problem.body(asked.request_id))
        self._end(lambda: self._requests.keep(claim, answer))
        return answer

    def _end(self, how: Callable[[], object]) -> None:
        # What was done is done, and is told; the claim ends by itself, and whoever comes again then works anew.
        try:
            how()
        except StoreError:
            _log.warning("an answer could not be kept: sent again, the request is done again")


def key_of(values: Sequence[str]) -> str | None:
    """The key among the values of the header; None = there is none. Raises ProblemError."""
    if not values:
        return None
    key = values[0].strip(" \t")
    if len(values) > 1 or not _KEY.fullmatch(key):
        raise ProblemError("idempotency-key-invalid", f"{HEADER} must be 1 to 255 visible ASCII characters, sent once")
    return key
