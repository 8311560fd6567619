"""Lay out the rule files of a git revision in a temporary folder: a revision and a folder in, a folder out.

Reads the repository and nothing else: no checkout, no hooks, no shell, no fetch. Only rule files are taken, no links,
and only what lies in the folder itself: whoever wrote the repository chose the names, and none may lead out of it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from suppress.errors import SuppressError
from suppress.rules.folders import RULE_FILE_ENDINGS
from suppress.rules.source import MAX_BYTES

TIMEOUT_SECONDS: Final = 60

# Inside a hook git says by these which repository and index it is busy with; ours is the one the folder is in.
_OF_HOOKS: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"})
_PLAIN_FILES: Final = frozenset({"100644", "100755"})


class RevisionError(SuppressError):
    """A revision cannot be read: no git, no repository, no such revision, or a file that is too large."""


@contextmanager
def rules_at(revision: str, rules: Path) -> Iterator[Path]:
    """The folder (or file) `rules` as it was at a revision, for as long as the `with` block lasts.

    `rules` must exist now, in a git repository. Raises RevisionError, saying what to do.
    """
    if revision.startswith("-") or not revision.strip() or not revision.isprintable():
        raise RevisionError(f'"{revision}" is no revision. help: write one like HEAD~1, main, or v1.2')
    folder = rules if rules.is_dir() else rules.parent
    _git(folder, "rev-parse", "--git-dir", otherwise=f"{folder} is in no git repository: {{said}}")
    commit = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
        otherwise=f'"{revision}" is neither a folder or file nor a revision of the repository of {folder}',
    ).decode().strip()  # fmt: skip
    prefix = os.fsdecode(_git(folder, "rev-parse", "--show-prefix")).rstrip("\n").rstrip("/")
    listed = _git(
        folder, "ls-tree", "-z", "-l", "--full-tree", f"{commit}:{prefix}",
        otherwise=f'the revision "{revision}" has no folder {prefix}',
    )  # fmt: skip
    with TemporaryDirectory(prefix="suppress-plan-") as temporary:
        target = Path(temporary, folder.resolve().name or "rules")
        target.mkdir()
        for name, blob in _rule_files(os.fsdecode(listed), revision):
            data = _git(folder, "cat-file", "blob", blob)
            try:
                (target / name).write_bytes(data)
            except OSError as error:
                raise RevisionError(f'the file "{name}" of "{revision}" cannot be laid out: {error}') from None
        if rules.is_dir():
            yield target
        elif not (target / rules.name).is_file():
            raise RevisionError(f'the revision "{revision}" has no file {rules.name} in {prefix or "."}')
        else:
            yield target / rules.name


def _rule_files(listed: str, revision: str) -> Iterator[tuple[str, str]]:
    """Name and blob of each rule file and case file in what `git ls-tree -z -l` printed. Raises RevisionError."""
    for line in filter(None, listed.split("\0")):
        about, _, name = line.partition("\t")
        mode, kind, blob, size_bytes = about.split()
        if kind != "blob" or mode not in _PLAIN_FILES or Path(name).suffix not in RULE_FILE_ENDINGS:
            continue
        if Path(name).name != name:
            continue
        if not size_bytes.isdecimal():
            raise RevisionError(f'the file {name} of "{revision}" is damaged. help: `git fsck` says more')
        if int(size_bytes) > MAX_BYTES:
            raise RevisionError(
                f'the file {name} of "{revision}" has {int(size_bytes):,} bytes; at most {MAX_BYTES:,} are read. '
                "help: give --old a folder without it"
            )
        yield name, blob


def _git(folder: Path, *arguments: str, otherwise: str = "git failed: {said}") -> bytes:
    """What git prints. Raises RevisionError with `otherwise`, in which {said} stands for git's own words."""
    git = shutil.which("git")
    if git is None:
        raise RevisionError("git is not installed. help: install it, or give --old a folder of rules")
    environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        ran = subprocess.run(  # noqa: S603 - a list of arguments, never a shell
            [git, "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RevisionError(f"git cannot be run: {error}") from None
    if ran.returncode and b"promisor remote" in ran.stderr:
        raise RevisionError(
            "the repository was cloned in part, and the old rules would have to be fetched. "
            "help: `git archive --output=/dev/null REV` fetches a revision"
        )
    if ran.returncode:
        said = (
            ran.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ") or "no reason said"
        )
        raise RevisionError(otherwise.replace("{said}", said) + ". help: `git log` shows the revisions there are")
    return ran.stdout
