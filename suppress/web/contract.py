"""What goes in and out over HTTP, as pydantic models: the schemas of OpenAPI are made of them.

Bodies are read by `body.py` first and refused there when they are no strict JSON. Models of answers describe; what is
sent is made of the values behind them.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from suppress.decisions.decision import ItemVerdict, Mode, Outcome, Verdict, Why
from suppress.intake.messages import MessageFields
from suppress.problems import Severity

MAX_BATCH_MESSAGES: Final = 1_000
MAX_BATCH_ITEMS: Final = 20_000
MAX_DEADLINE_MS: Final = 10_000
DEFAULT_DEADLINE_MS: Final = 200
MAX_PAGE: Final = 1_000
MAX_FILES: Final = 100
MAX_SIMPLE_SKUS: Final = 100

_NO_CONTROLS: Final = r"^[^\x00-\x1f\x7f]*$"
_VISIBLE: Final = r"^[\x21-\x7e]+$"
_FILE_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.cases)?\.ya?ml$"
PATTERN_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        _NO_CONTROLS: "it holds a control character",
        _VISIBLE: "it must be visible ASCII characters without blanks",
        _FILE_NAME: "it must be a file name like shop.yaml or shop.cases.yaml",
    }
)
"""What a text that does not match is told."""

RequestId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_VISIBLE)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_NO_CONTROLS)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=_NO_CONTROLS)]
FileName = Annotated[str, StringConstraints(max_length=255, pattern=_FILE_NAME)]


class Include(StrEnum):
    """What a decision tells beside its verdicts."""

    REASONS = "reasons"
    """The rules that fired, with their codes."""
    SENTENCES = "sentences"
    """Each rule as a sentence, among its reasons."""
    EVIDENCE = "evidence"
    """What each rule saw and what it wanted, among its reasons."""


DEFAULT_INCLUDE: Final = (Include.REASONS, Include.SENTENCES)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CheckOptions(_In):
    """How to answer, beside what is asked."""

    deadline_ms: int | None = Field(
        default=None,
        ge=1,
        le=MAX_DEADLINE_MS,
        description="Within it there is an answer: with facts, else by the ruleset's `on_unavailable`. Default: 200.",
        examples=[200],
    )
    include: list[Annotated[Include, Field(strict=False)]] = Field(
        default=list(DEFAULT_INCLUDE),
        max_length=10,
        description="What to tell beside the verdicts. Sentences and evidence stand in reasons, and bring them along.",
    )
    request_id: RequestId | None = Field(default=None, description="Told back, and kept in the decision log.")
    reserve: bool = Field(
        default=True,
        description="Whether a message that is sent takes what it shows of stock that is shared out (`limit`).",
    )


class CheckIn(CheckOptions, MessageFields):
    """One message, and how to answer. Without the options it is what `suppress check` reads."""


class BatchIn(CheckOptions):
    """Many messages, decided by one ruleset of one version, answered in their order."""

    messages: list[MessageFields] = Field(
        min_length=1, max_length=MAX_BATCH_MESSAGES, description="At most 1,000, with at most 20,000 items in all."
    )


class EvidenceOut(BaseModel):
    """One comparison behind a reason."""

    field: str
    seen: str | int | bool | None = Field(description="The value seen; null = unknown.")
    wanted: str
    as_of: datetime | None


class ReasonOut(BaseModel):
    """One rule that fired. `sentence` and `evidence` are there when they were asked for."""

    rule: str
    code: str
    outcome: Outcome
    mode: Mode
    sentence: str | None = None
    evidence: list[EvidenceOut] | None = None


class ItemOut(BaseModel):
    """What happens to one item. `reasons` is there when it was asked for."""

    sku: str
    placement: str | None
    verdict: ItemVerdict
    replaced_by: str | None
    eligible_again_at: datetime | None
    reasons: list[ReasonOut] | None = None


class MissingOut(BaseModel):
    """A fact some rule asked for and could not have. `about`: the sku; null = the customer, or a whole feed."""

    fact: str
    about: str | None
    why: Why
    as_of: datetime | None


class RulesetOut(BaseModel):
    """The rules a decision was taken by. `version`: null when they come from a folder."""

    name: str
    fingerprint: str
    version: int | None = None


class DecisionOut(BaseModel):
    """The answer for one message. `reasons` is there when it was asked for."""

    decision_id: str
    message_id: str | None
    customer_id: str | None
    verdict: Verdict
    hold_until: datetime | None
    as_of: datetime
    valid_until: datetime | None
    items: list[ItemOut]
    replacements: list[ItemOut]
    shown: list[str]
    reasons: list[ReasonOut] | None = None
    facts_as_of: dict[str, datetime | None]
    facts_missing: list[MissingOut]
    ruleset: RulesetOut
    mode: Mode
    control_group: bool
    engine: str
    unavailable: str | None = Field(
        description="Why the ruleset's `on_unavailable` answered instead of its rules; null when the rules did."
    )


class CheckOut(DecisionOut):
    """The answer for one message, and the request it belongs to."""

    request_id: str


class BatchOut(BaseModel):
    """The answers, in the order of the messages."""

    request_id: str
    decisions: list[DecisionOut]


class SimpleOut(BaseModel):
    """`allow`: whether the message may go, with at least one of the skus asked for. `show`: which of them to show."""

    allow: bool
    verdict: Verdict
    show: list[str]
    decision_id: str


class RecordOut(BaseModel):
    """One decision as the log has it; the customer's id is replaced by a keyed hash."""

    model_config = ConfigDict(extra="allow")

    decision_id: str


class RecordsOut(BaseModel):
    """One page of the log, the newest first. `next_page_token`: null on the last page."""

    decisions: list[RecordOut]
    next_page_token: str | None


class VersionOut(BaseModel):
    """One published version. `of`: the older version it brings back."""

    ruleset: str
    number: int
    fingerprint: str
    author: str
    message: str
    published_at: datetime
    of: int | None


class RulesetsOut(BaseModel):
    """`rulesets`: the newest version of each. `serving`: what decisions are taken by now; it follows within seconds."""

    rulesets: list[VersionOut]
    serving: RulesetOut


class FilesIn(_In):
    """Rule files, and the case files beside them, by name."""

    files: dict[FileName, str] = Field(
        min_length=1,
        max_length=MAX_FILES,
        description="The whole text of each file, by its name without folders.",
        json_schema_extra={"additionalProperties": False},
    )


class RulesIn(FilesIn):
    """Rule files, and which ruleset of them is meant."""

    ruleset: Name | None = Field(default=None, description="Which one. Default: the only one, else `retail-default`.")


class PublishIn(RulesIn):
    """Rule files to publish. Publishing lints them and plays their cases first."""

    message: Note = Field(description="What changes and why, for those who read the list later.")
    after: int | None = Field(
        default=None, ge=0, description="Refuse unless this is the newest version; 0 = unless there is none."
    )


class RollbackIn(_In):
    """Publish an older version again, under a new number."""

    ruleset: Name
    to: int = Field(ge=1, description="The version to bring back.")
    message: Note = Field(description="Why, for those who read the list later.")


class ProblemOut(BaseModel):
    """One mistake in a rule file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str
    help: str | None


class LintOut(BaseModel):
    """`ok`: whether the rules can be used; warnings alone leave them usable."""

    ok: bool
    problems: list[ProblemOut]


class PlanOut(BaseModel):
    """What publishing changes. `before`: the newest version so far. `on_cases`: what the cases' messages show of it."""

    model_config = ConfigDict(extra="allow")

    before: dict[str, Any] | None
    edits: list[dict[str, Any]]
    unreadable: str | None = Field(description="Why the rules before cannot be used any more; mostly null.")
    on_cases: dict[str, Any]


class PublishedOut(BaseModel):
    """`is_new`: false when the newest version was these very files already, and nothing was stored."""

    version: VersionOut
    is_new: bool
    plan: PlanOut
    warnings: list[ProblemOut]


class FieldOut(BaseModel):
    """One name of the vocabulary rules are written in."""

    name: str
    type: str
    scope: str
    unit: str | None
    meaning: str
    operators: list[str]
    may_be_unknown: bool


class FieldsOut(BaseModel):
    """The vocabulary."""

    fields: list[FieldOut]


class HealthOut(BaseModel):
    """`checks`: what was looked at, and how it stands."""

    status: Literal["ok", "ready"]
    checks: dict[str, str] = {}


class FaultOut(BaseModel):
    """One part of the request that must be mended: a JSON pointer, or `?name` for a query parameter."""

    pointer: str
    detail: str


class ProblemDetails(BaseModel):
    """An error (RFC 9457). `type` is one of those at `/problems`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultOut] = []
    request_id: str | None = None


EXAMPLE_MESSAGE: Final[dict[str, Any]] = {
    "message_id": "m-1",
    "customer_id": "C-1",
    "channel": "email",
    "campaign_id": "spring",
    "items": [{"sku": "A-1", "placement": "hero"}, {"sku": "A-2"}],
    "replacements": ["B-7"],
}
EXAMPLE_DECISION: Final[dict[str, Any]] = {
    "decision_id": "01K9ZC4Q8V3M5T2W7X1Y6R0N4B",
    "message_id": "m-1",
    "customer_id": "C-1",
    "verdict": "send",
    "hold_until": None,
    "as_of": "2026-11-22T09:00:00Z",
    "valid_until": "2026-11-22T15:00:00Z",
    "items": [
        {
            "sku": "A-1",
            "placement": "hero",
            "verdict": "drop",
            "replaced_by": "B-7",
            "eligible_again_at": "2027-03-01T10:15:00Z",
            "reasons": [
                {
                    "rule": "already-bought",
                    "code": "recently_purchased",
                    "sentence": "The item is dropped when the customer bought it in the last 365 days.",
                    "outcome": "true",
                    "mode": "enforce",
                }
            ],
        },
        {
            "sku": "A-2",
            "placement": None,
            "verdict": "keep",
            "replaced_by": None,
            "eligible_again_at": None,
            "reasons": [],
        },
    ],
    "replacements": [
        {
            "sku": "B-7",
            "placement": None,
            "verdict": "keep",
            "replaced_by": None,
            "eligible_again_at": None,
            "reasons": [],
        }
    ],
    "shown": ["B-7", "A-2"],
    "reasons": [],
    "facts_as_of": {"orders": "2026-11-22T08:55:00Z", "stock": "2026-11-22T08:58:00Z"},
    "facts_missing": [],
    "ruleset": {"name": "retail-default", "fingerprint": "sha256:5d1f…", "version": 12},
    "mode": "enforce",
    "control_group": False,
    "engine": "durable",
    "unavailable": None,
}
