"""durable-rules behind one door: compiled rules and the values of one item in, the numbers of the rules that fire out.

The only module that knows the engine. It is used in one shape, because every other one crashes, hangs or forgets: one
flat fact, asserted alone under an explicit id, drained to the end, retracted; one session (a `sid`) per thread at a
time; a canary fired in every session before anything else. What breaks that shape is an `EngineError`, never an answer.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from suppress.engine.durable_chunks import Chunk, alike_first, chunks_of, fits_alone
from suppress.engine.durable_form import (
    FALSE,
    MAX_INT,
    MAX_TEXT_BYTES,
    TEXT_STAND_IN,
    TRUE,
    UNKNOWN,
    Columns,
    Form,
    column_class,
    definition,
    derived_form,
    is_short_text,
    probes,
    rule_form,
)
from suppress.engine.evaluate import Seen, Truth, Values, compare, fires, truth
from suppress.errors import EngineError
from suppress.rules.compile import CompiledRule
from suppress.rules.ruleset import WhenUnknown
from suppress.rules.tree import Bought, By, Compare, Past, Said, Same, Sent, Shown

try:
    import durable_rules_engine as engine
except ImportError as missing:
    engine = None
    _missing_engine: str | None = f"durable-rules cannot be imported: {missing}"
else:
    _missing_engine = None

MAX_SESSIONS: Final = 64
"""Sessions of one Inference; further threads wait for one. The engine takes 1,024 states per handle."""

CLOSE_SECONDS: Final = 30.0
"""How long `close` waits for a running evaluation; then its memory is left alone: better a leak than a crash."""

MAX_TABLED: Final = 4096
"""Values of one field whose comparisons are kept."""

_CANARY: Final = "_canary"
_GUARD: Final = {"t": "i"}
_IDS: Final = 16
"""Ids a session uses in turn: a stale firing carries another one, and a fact left behind is met again as `observed`."""
_STORED: Final = 0
_NO_MATCH: Final = 1
_TRUTHS: Final[Mapping[Truth, int]] = {True: TRUE, False: FALSE, None: UNKNOWN}
_ONLY_TRUE: Final[Mapping[Truth, int]] = {True: TRUE}
"""What is posted for a derived column that is only ever tested for TRUE: absent, it satisfies no test either."""

_Row = dict[str, str | int | bool]


class _Told(NamedTuple):
    """One derived column. `posted`: the truths that are posted, and as what."""

    key: str
    condition: Any
    posted: Mapping[Truth, int]


class _Tabled(NamedTuple):
    """Derived columns that compare one field. `known`: what they say of a value seen before, for values recur."""

    field: str
    tests: tuple[_Told, ...]
    known: dict[Seen, dict[str, int]]


class _Purchases(NamedTuple):
    """Derived columns that ask for purchases of one kind. `never`: what they say when there was none, as mostly."""

    first: Bought
    tests: tuple[_Told, ...]
    never: dict[str, int]


class _Handle(NamedTuple):
    """One durable rule set. `numbers`: durable rule name -> numbers of the rules it stands for."""

    number: int
    keys: tuple[str, ...]
    numbers: dict[str, tuple[int, ...]]
    max_firings: int


class _Session:
    """The engine's memory for one thread at a time: a state in every handle. `sound`: canaries fired, nothing broke."""

    __slots__ = ("facts", "offsets", "sid", "sound", "turn")

    def __init__(self, sid: str) -> None:
        self.sid = sid
        self.sound = False
        self.turn = 0
        self.offsets: dict[int, int] = {}
        self.facts = tuple(
            (f'{{"id":"i{turn}","sid":"{sid}","t":"i"', f'{{"id":"i{turn}","sid":"{sid}"}}') for turn in range(_IDS)
        )


class Inference:
    """durable-rules for one scope (item rules or message rules) of one compiled ruleset. Threads may share it.

    Raises EngineError when the engine is missing, refuses the rules or fails its first check; a later fault raises it
    too, and the session that met it is rebuilt before it is used again. Close it, or its handles stay for ever.
    """

    def __init__(self, rules: Sequence[CompiledRule], *, name: str) -> None:
        if engine is None:
            raise EngineError(_missing_engine or "durable-rules cannot be imported")
        self.name = name
        self._handles: list[_Handle] = []
        self._idle: list[_Session] = []
        self._made = 0
        self._waiting = 0
        self._closed = False
        self._quarantined: str | None = None
        self._change = threading.Condition()
        chunks = self._compile(rules)
        try:
            for place, (chunk, numbers) in enumerate(chunks):
                self._handles.append(_create_handle(f"{name}-{place}", chunk, numbers))
            self._prove(rules)
        except BaseException:
            self.close()
            raise

    def fired(self, values: Values) -> frozenset[int]:
        """The `number`s of the rules that fire on these values. Raises EngineError on any fault of the engine."""
        if self._quarantined:
            raise EngineError(self._quarantined)
        if not self._handles and not self._closed:
            return frozenset()
        row = self._row(values)
        session = self._take()
        try:
            if not session.sound:
                self._rebuild(session)
            try:
                return self._ask(session, row)
            except BaseException:
                session.sound = False
                raise
        finally:
            self._give_back(session)

    def close(self) -> None:
        """Free the engine's memory once all running evaluations have ended. A closed Inference raises EngineError."""
        sessions: list[_Session] = []
        with self._change:
            self._closed = True
            self._change.notify_all()
            while len(sessions) < self._made:
                try:
                    sessions.append(self._idle.pop())
                except IndexError:
                    if not self._change.wait(CLOSE_SECONDS):
                        return
            self._made = 0
            handles, self._handles = self._handles, []
        for handle in handles:
            forgotten = [self._forget(session, handle.number) for session in sessions]
            if all(forgotten):
                engine.delete_ruleset(handle.number)

    def _compile(self, rules: Sequence[CompiledRule]) -> list[tuple[Chunk, dict[str, tuple[int, ...]]]]:
        columns = Columns()
        blocks = [rule.when_unknown is WhenUnknown.BLOCK for rule in rules]
        forms = [rule_form(r.condition, block=block, columns=columns) for r, block in zip(rules, blocks, strict=True)]
        numbers: dict[Form, list[int]] = defaultdict(list)
        for rule, block, form in zip(rules, blocks, alike_first(forms), strict=True):
            fitting = form if fits_alone(form) else derived_form(rule.condition, block=block, columns=columns)
            numbers[fitting].append(rule.number)
        chunks = chunks_of({f"r{place}": form for place, form in enumerate(numbers)})
        named = {f"r{place}": tuple(numbers[form]) for place, form in enumerate(numbers)}
        used = {key for chunk in chunks for key in chunk.columns}
        native = [column for column in columns.native.values() if column.key in used]
        derived = [column for column in columns.derived.values() if column.key in used]
        self._texts = [(c.key, c.field) for c in native if column_class(c.type) is str]
        self._numbers = [(c.key, c.field) for c in native if column_class(c.type) is int]
        self._flags = [(c.key, c.field) for c in native if column_class(c.type) is bool]
        tests = (test for chunk in chunks for form in chunk.forms.values() for test in probes(form))
        tested_for_more = {test.column for test in tests if (test.op, test.constant) != ("$eq", TRUE)}
        of_same: dict[tuple[Same, By], list[_Told]] = defaultdict(list)
        of_field: dict[str, list[_Told]] = defaultdict(list)
        self._outreach: list[_Told] = []
        self._derived: list[_Told] = []
        for key, condition in derived:
            told = _Told(key, condition, _TRUTHS if key in tested_for_more else _ONLY_TRUE)
            match condition:
                case Compare(field=field):
                    of_field[field.name].append(told)
                case Bought(same=same, by=by):
                    of_same[same, by].append(told)
                case Shown() | Sent() | Said():
                    self._outreach.append(told)
                case _:
                    self._derived.append(told)
        self._purchases = [
            _Purchases(
                alike[0].condition,
                tuple(alike),
                {told.key: FALSE for told in alike if False in told.posted},
            )
            for alike in of_same.values()
        ]
        self._tabled = [_Tabled(name, tuple(tests), {}) for name, tests in of_field.items()]
        return [(chunk, {name: named[name] for name in chunk.forms}) for chunk in chunks]

    def _prove(self, rules: Sequence[CompiledRule]) -> None:
        """The first session, and an item of which nothing is known: the engine must say what the reference says."""
        if self._handles:
            nothing = _Nothing()
            want = frozenset(rule.number for rule in rules if fires(rule, nothing))
            if self.fired(nothing) != want:
                raise EngineError(f"durable-rules decides {self.name} wrongly for an item of which nothing is known")

    def _row(self, values: Values) -> _Row:
        """What is known, as columns: what the engine must not hold is replaced by what compares the same."""
        row: _Row = {}
        field = values.field
        for key, name in self._texts:
            text = field(name)
            if text is not None:
                if text.__class__ is not str:
                    text = _as_text(name, text)
                row[key] = text
        for key, name in self._numbers:
            number = field(name)
            if number is not None:
                if number.__class__ is not int:
                    raise _wrong_type(name, number)
                row[key] = number if -MAX_INT <= number <= MAX_INT else _cut(number)
        for key, name in self._flags:
            flag = field(name)
            if flag is not None:
                if flag.__class__ is not bool:
                    raise _wrong_type(name, flag)
                row[key] = flag
        self._derive(values, row)
        return row

    def _derive(self, values: Values, row: _Row) -> None:
        """Add what is decided in Python: purchases, comparisons the engine cannot make, trees beyond its limits."""
        past = values.past
        for first, tests, never in self._purchases:
            if values.never_bought(first):
                row.update(never)
            else:
                for key, node, posted in tests:
                    if (outcome := past(node)) in posted:
                        row[key] = posted[outcome]
        for name, tests, known in self._tabled:
            seen = values.field(name)
            said = known.get(seen)
            if said is None:
                outcomes = [(key, posted, compare(leaf, seen)) for key, leaf, posted in tests]
                said = {key: posted[outcome] for key, posted, outcome in outcomes if outcome in posted}
                if len(known) < MAX_TABLED:
                    known[seen] = said
            row.update(said)
        for key, node, posted in self._outreach:
            if (outcome := past(node)) in posted:
                row[key] = posted[outcome]
        for key, condition, posted in self._derived:
            if (outcome := truth(condition, values)) in posted:
                row[key] = posted[outcome]

    def _ask(self, session: _Session, row: _Row) -> frozenset[int]:
        session.turn = turn = (session.turn + 1) % _IDS
        head, retraction = session.facts[turn]
        single = len(self._handles) == 1
        fired: set[int] = set()
        for handle in self._handles:
            part = row if single else {key: row[key] for key in handle.keys if key in row}
            fact = f"{head},{_body(part)[1:]}" if part else f"{head}}}"
            self._post(session, handle, fact, retraction, fired)
        return frozenset(fired)

    def _post(self, session: _Session, handle: _Handle, fact: str, retraction: str, fired: set[int]) -> None:
        """Assert one fact, drain it, retract it; the numbers of what fired are added to `fired`."""
        number = handle.number
        try:
            code, offset = engine.assert_fact(number, fact)
            if code == _NO_MATCH:
                return
            if code != _STORED or offset != session.offsets[number]:
                raise EngineError(f"durable-rules answered {code} to a single fact")
            started = engine.start_action_for_state(number, offset)
            if started is None:
                raise EngineError("durable-rules kept a fact and fired nothing")
            tail = f'":{{"m":{fact}}}}}'
            end = -len(tail)
            message = started[1]
            left = handle.max_firings
            while message is not None:
                if not left or not message.endswith(tail):
                    raise EngineError("durable-rules fired for a fact that was not posted, or more often than it can")
                fired.update(handle.numbers[message[2:end]])
                left -= 1
                message = engine.complete_and_start_action(number, offset)
            if engine.retract_fact(number, retraction)[0] != _STORED:
                raise EngineError("durable-rules did not take a fact back")
        except EngineError:
            raise
        except Exception as fault:
            raise EngineError(f"durable-rules failed: {fault}") from fault

    def _take(self) -> _Session:
        try:
            return self._idle.pop()
        except IndexError:
            pass
        with self._change:
            self._waiting += 1
            try:
                while True:
                    if self._closed:
                        raise EngineError(f"the inference of {self.name} is closed")
                    if self._quarantined:
                        raise EngineError(self._quarantined)
                    if self._idle:
                        return self._idle.pop()
                    if self._made < MAX_SESSIONS:
                        self._made += 1
                        return _Session(f"s{self._made}")
                    self._change.wait()
            finally:
                self._waiting -= 1

    def _give_back(self, session: _Session) -> None:
        self._idle.append(session)
        if self._waiting or self._closed:
            with self._change:
                self._change.notify_all()

    def _rebuild(self, session: _Session) -> None:
        """Drop what the engine remembers of the session and fire its canaries anew; a second fault is for good."""
        if self._quarantined:
            raise EngineError(self._quarantined)
        try:
            for handle in self._handles:
                if not self._forget(session, handle.number):
                    raise EngineError("durable-rules could not drop a state")
                session.offsets[handle.number] = _fire_canary(handle.number, session.sid)
        except Exception as fault:
            self._quarantined = f"durable-rules is out of use for {self.name}: {fault}"
            raise EngineError(self._quarantined) from fault
        session.sound = True

    @staticmethod
    def _forget(session: _Session, number: int) -> bool:
        """Delete the session's state in a handle, if its canary fired there. False when that failed."""
        offset = session.offsets.pop(number, None)
        if offset is None:
            return True
        try:
            engine.abandon_action(number, offset)
            engine.delete_state(number, session.sid)
        except Exception:
            return False
        return True


class _Nothing:
    """Values of an item of which nothing is known."""

    def field(self, name: str) -> Seen:
        return None

    def past(self, node: Past) -> Truth:
        return None

    def never_bought(self, node: Bought) -> bool:
        return False


def _create_handle(name: str, chunk: Chunk, numbers: dict[str, tuple[int, ...]]) -> _Handle:
    rules: dict[str, object] = {_CANARY: {"all": [{"m": {"t": _CANARY}}]}}
    for rule_name, form in chunk.forms.items():
        body = definition(form)
        tests = body.get("$and", [body])
        rules[rule_name] = {"all": [{"m": {"$and": [_GUARD, *tests]}}]}  # type: ignore[misc]
    try:
        number = engine.create_ruleset(name, orjson.dumps(rules).decode())
    except Exception as fault:
        raise EngineError(f"durable-rules refuses the rules of {name}: {fault}") from fault
    return _Handle(number, tuple(sorted(chunk.columns)), numbers, chunk.max_firings)


def _fire_canary(number: int, sid: str) -> int:
    """Fire the canary in a new state, which makes the state safe to delete; the state's offset."""
    code, offset = engine.assert_event(number, f'{{"sid":"{sid}","t":"{_CANARY}"}}')
    started = engine.start_action_for_state(number, offset) if code == _STORED else None
    if started is None or not started[1].startswith(f'{{"{_CANARY}":'):
        raise EngineError("durable-rules did not fire its canary")
    if engine.complete_and_start_action(number, offset) is not None:
        raise EngineError("durable-rules fired more than its canary")
    return int(offset)


def _body(row: _Row) -> str:
    """The columns as JSON, written as the rules were: the engine compares the written text of strings."""
    try:
        body = orjson.dumps(row)
    except TypeError:
        body = b""
    if not body or len(body) > MAX_TEXT_BYTES:
        body = orjson.dumps({key: _short(value) for key, value in row.items()})
    return body.decode()


def _short(value: str | int | bool) -> str | int | bool:
    return TEXT_STAND_IN if isinstance(value, str) and not is_short_text(value) else value


def _cut(number: int) -> int:
    return MAX_INT + 1 if number > 0 else -MAX_INT - 1


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    raise _wrong_type(name, value)


def _wrong_type(name: str, value: object) -> EngineError:
    return EngineError(f"the value of {name} is a {type(value).__name__}, which is not what the field holds")
