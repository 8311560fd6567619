"""Turn `schedules.yaml` into schedules. Bytes in; schedules out, and Problems that say where and how to mend it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

from suppress.problems import Problem, errors_in, unreadable
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode, parse_document
from suppress.rules.findings import Findings, TooManyProblemsError, quoted, suggestion
from suppress.rules.keys import check_keys, require_keys
from suppress.rules.literals import read_text
from suppress.schedules.notices import read_notice
from suppress.schedules.order import PLACEHOLDER, PLACEHOLDERS
from suppress.schedules.schedule import (
    BEFORE,
    Cron,
    Files,
    Moments,
    Query,
    Schedule,
)
from suppress.schedules.times import read_before, read_when

T = TypeVar("T")

KEYS: Final = ("name", "messages", "ruleset", "when", "before", "out", "notify")
DEFAULT_OUT: Final = "scans/{name}/{date}-{time}"
_NAME_HELP: Final = "write small letters, digits, - and _, for example morning-mail"
_MOST_SCHEDULES: Final = 500
_REQUIRED: Final = (
    ("name", 'write "name: morning-mail"'),
    ("messages", 'write "messages: campaigns/{date}.jsonl"'),
    ("when", 'write "when: {cron: 0 9 * * mon-fri, zone: Europe/Zurich}"'),
)
_SLIPS: Final = {
    **dict.fromkeys(("id", "schedule", "campaign"), 'write "name"'),
    **dict.fromkeys(("input", "file", "path", "audience"), 'write "messages"'),
    **dict.fromkeys(("rules", "rule"), 'write "ruleset" and the name of one; the folder is --rules'),
    **dict.fromkeys(("cron", "at", "zone", "time", "schedule_at"), 'it stands under "when"'),
    **dict.fromkeys(("scan", "scans", "lead", "ahead"), 'write "before: [60 minutes, 5 minutes]"'),
    **dict.fromkeys(("output", "to", "target"), 'write "out"'),
    **dict.fromkeys(("command", "webhook", "on_done"), 'it stands under "notify"'),
}


def read_schedules(path: Path) -> tuple[tuple[Schedule, ...], tuple[Problem, ...]]:
    """The schedules of a file, in its order, and what is wrong with it; none when anything is."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return (), (unreadable(path, error),)
    return parse_schedules(data, str(path), path.resolve().parent)


def parse_schedules(data: bytes, file: str, folder: Path) -> tuple[tuple[Schedule, ...], tuple[Problem, ...]]:
    """As `read_schedules`, of the bytes of a file whose paths are relative to `folder`."""
    node, problems = parse_document(data, file)
    findings = Findings()
    schedules: tuple[Schedule, ...] = ()
    try:
        findings.extend(problems)
        entries = _entries(node, findings) if node is not None else None
        if entries is not None:
            read = [_Reader(entry, folder, findings).read() for entry in entries]
            schedules = tuple(schedule for schedule in read if schedule is not None)
            _check_together(schedules, entries, findings)
    except TooManyProblemsError:
        pass
    return (() if errors_in(findings.problems) else schedules), findings.problems


def _entries(node: Node, findings: Findings) -> list[MapNode] | None:
    """The list itself, or the one behind `schedules`."""
    if isinstance(node, MapNode):
        check_keys(node, "at the top of a file of schedules", ("version", "schedules"), findings)
        require_keys(node, "the file", (("schedules", 'write "schedules:" and a list under it'),), findings)
        version = node.get("version")
        if isinstance(version, ScalarNode) and version.text != "1":
            findings.add(
                "unknown-version", f"no version {quoted(version.text)}", version.position, 'write "version: 1"'
            )
        inner = node.get("schedules")
        if inner is None:
            return None
        node = inner
    if isinstance(node, BrokenNode):
        return None
    if not isinstance(node, ListNode) or not node.items:
        findings.add("not-a-list", "there is no list of schedules", node.position, 'begin each with "- name: ..."')
        return None
    if len(node.items) > _MOST_SCHEDULES:
        findings.add(
            "too-many-schedules", f"there are more than {_MOST_SCHEDULES} schedules", node.position, "use two files"
        )
        return None
    entries = []
    for item in node.items:
        if isinstance(item, MapNode):
            entries.append(item)
        elif not isinstance(item, BrokenNode):
            findings.add("not-a-map", "a schedule is a map", item.position, 'begin it with "- name: ..."')
    return entries


class _Reader:
    """Reads one schedule."""

    def __init__(self, node: MapNode, folder: Path, findings: Findings) -> None:
        self._node = node
        self._folder = folder
        self._findings = findings

    def read(self) -> Schedule | None:
        check_keys(self._node, "in a schedule", KEYS, self._findings, helps=_SLIPS)
        require_keys(self._node, "the schedule", _REQUIRED, self._findings)
        name = self._of("name", self._name)
        when = None if (node := self._node.get("when")) is None else read_when(node, self._findings)
        messages = None if (node := self._node.get("messages")) is None else self._messages(node)
        before_us = self._of("before", lambda node: read_before(node, self._findings))
        out = self._of("out", self._out)
        ruleset = self._of("ruleset", lambda node: read_text(node, "ruleset", self._findings))
        notify = None if (node := self._node.get("notify")) is None else read_notice(node, self._findings)
        if self._node.get("before") is None:
            before_us = (0,)
        if self._node.get("out") is None:
            out = DEFAULT_OUT
        if name is None or messages is None or when is None or before_us is None or out is None:
            return None
        self._check_out(out, when)
        return Schedule(
            name=name,
            messages=messages,
            when=when,
            before_us=before_us,
            out=out,
            folder=self._folder,
            ruleset=ruleset,
            notify=notify,
        )

    def _of(self, key: str, read: Callable[[Node], T | None]) -> T | None:
        node = self._node.get(key)
        return None if node is None else read(node)

    def _name(self, node: Node) -> str | None:
        name = read_text(node, "name", self._findings)
        if name is None:
            return None
        is_plain = name.isascii() and len(name) <= 80 and name[0].isalnum()
        if not is_plain or not all(c.islower() or c.isdigit() or c in "-_" for c in name):
            self._findings.add("bad-name", f"a schedule cannot be named {quoted(name)}", node.position, _NAME_HELP)
            return None
        return name

    def _messages(self, node: Node) -> Files | Query | None:
        if not isinstance(node, MapNode):
            path = read_text(node, "messages", self._findings)
            if path is None or not self._placeholders_known(path, node, ("name", "date", "time")):
                return None
            return Files(path=path)
        check_keys(node, "under messages", ("query",), self._findings)
        require_keys(node, "messages", (("query", 'write a path, or "query:" and a SELECT'),), self._findings)
        inner = node.get("query")
        if not isinstance(inner, ScalarNode):
            return None
        sql = inner.text.strip().removesuffix(";").rstrip()
        first = sql.split(None, 1)[0].lower() if sql else ""
        if first not in {"select", "with"}:
            self._findings.add("not-a-select", "a query is one SELECT", inner.position, 'begin it with "select"')
            return None
        if ";" in sql:
            self._findings.add(
                "several-statements", 'a query is one statement, without ";" in it', inner.position,
                "delete what follows; in a text write chr(59) on PostgreSQL, char(59) on SQLite",
            )  # fmt: skip
            return None
        return Query(sql=sql)

    def _out(self, node: Node) -> str | None:
        out = read_text(node, "out", self._findings)
        return out if out is not None and self._placeholders_known(out, node, PLACEHOLDERS) else None

    def _placeholders_known(self, pattern: str, node: Node, known: tuple[str, ...]) -> bool:
        unknown = [word for word in PLACEHOLDER.findall(pattern) if word not in known]
        for word in unknown:
            self._findings.add(
                "unknown-placeholder", f"nothing to put for {quoted('{' + word + '}')}", node.position,
                suggestion(word, known) or f"known are {', '.join('{' + name + '}' for name in known)}",
            )  # fmt: skip
        if not unknown and any(brace in PLACEHOLDER.sub("", pattern) for brace in "{}"):
            self._findings.add("stray-brace", "a brace stands alone", node.position, "write {date}, or no brace at all")
            return False
        return not unknown

    def _check_out(self, out: str, when: Cron | Moments) -> None:
        """Every send needs a folder of its own, or the second would find the first one's."""
        several = len(when.at_us) > 1 if isinstance(when, Moments) else True
        lacks = [
            f"{{{word}}}"
            for word, is_needed in (
                ("date", several),
                ("time", several and (isinstance(when, Moments) or len(when.clocks_us) > 1)),
            )
            if is_needed and f"{{{word}}}" not in out
        ]
        if lacks:
            node = self._node.get("out")
            self._findings.add(
                "out-shared", f"several sends would write to {quoted(out)}",
                node.position if node else self._node.position,
                f"put {' and '.join(lacks)} into it, for example {quoted('scans/{name}/{date}-{time}')}",
            )  # fmt: skip


def _check_together(schedules: tuple[Schedule, ...], entries: list[MapNode], findings: Findings) -> None:
    """No name twice, and no two schedules that write to one folder."""
    names: dict[str, int] = {}
    for entry in entries:
        node = entry.get("name")
        if not isinstance(node, ScalarNode):
            continue
        line = names.setdefault(node.text, node.position.line)
        if line != node.position.line:
            findings.add(
                "repeated-name", f"the name {quoted(node.text)} is taken in line {line}", node.position,
                "give each schedule a name of its own",
            )  # fmt: skip
    outs: dict[str, str] = {}
    places: Mapping[str, MapNode] = {
        node.text: entry for entry in entries if isinstance(node := entry.get("name"), ScalarNode)
    }
    for schedule in schedules:
        pattern = schedule.out.replace(BEFORE, "").rstrip("/")
        if "{name}" in pattern or schedule.name not in places:
            continue
        first = outs.setdefault(pattern, schedule.name)
        if first != schedule.name:
            entry = places[schedule.name]
            findings.add(
                "out-shared", f"{quoted(first)} writes to the same folder {quoted(schedule.out)}",
                (entry.get("out") or entry).position, "put {name} into it",
            )  # fmt: skip
