"""The desk at which rules are published over HTTP: `publishing`, the versions of one database, and a clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suppress.publishing import Plan, Published, draft, plan, publish, rollback
from suppress.serving.ports import Clock, Revisions
from suppress.stores.versions import ANYTHING, Version, Versions
from suppress.web.ports import Serving


@dataclass(frozen=True, slots=True)
class PublishingDesk:
    """See `ports.Desk`. Threads may share it."""

    versions: Versions
    revisions: Revisions
    clock: Clock

    def serving(self) -> Serving:
        """The rules that decide now."""
        revision = self.revisions.current()
        return Serving(revision.compiled.name, revision.compiled.fingerprint, revision.version)

    def heads(self) -> Sequence[Version]:
        """The newest version of each ruleset."""
        return list(self.versions.heads().values())

    def plan(self, files: Mapping[str, str], ruleset: str | None) -> Plan:
        """What publishing these files would change."""
        return plan(self.versions, draft(files, ruleset=ruleset, now_us=self.clock()))

    def publish(
        self, files: Mapping[str, str], ruleset: str | None, *, author: str, message: str, after: int | None
    ) -> Published:
        """Lint, play the cases, plan, store."""
        return publish(
            self.versions,
            files,
            ruleset=ruleset,
            author=author,
            message=message,
            now_us=self.clock(),
            expected=ANYTHING if after is None else after or None,
        )

    def rollback(self, ruleset: str, to: int, *, author: str, message: str) -> Published:
        """Publish an older version anew."""
        return rollback(self.versions, ruleset, to, author=author, message=message, now_us=self.clock())
