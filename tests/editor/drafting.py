"""Write YAML as a marketer does: a text with a cursor in it, what the editor offers there, what it says and underlines.

`‸` in a text is the cursor; `⟦` and `⟧` stand around what is underlined.
"""

import re
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.editor.language_server import LanguageServer, Message

CURSOR = "‸"
START, END = "⟦", "⟧"


class Offer(NamedTuple):
    """One entry of the list an editor opens. `inserts` is a snippet: `$1` or `${1:text}` are places to fill in."""

    inserts: str
    says: str


class Editor:
    """An editor of files in one folder; they are open in it and never on disk."""

    def __init__(self, server: LanguageServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._numbers = count(1)

    def open(self, text: str) -> str:
        """Open a new file of that text; its URI."""
        uri = (self._folder / f"untitled-{next(self._numbers)}.yaml").as_uri()
        self._server.open(uri, text)
        return uri

    def offers(self, text: str) -> dict[str, Offer]:
        """What is offered at the cursor, by its label; quotes around a label are the editor's."""
        return {item["label"].strip('"'): _offer(item) for item in self._server.completions(*self._at_cursor(text))}

    def accepted(self, text: str, label: str, *filled: str) -> str:
        """The text once the offer is taken and its places are filled in, in order, the rest left empty."""
        fills = iter(filled)
        typed = re.sub(r"\$\d+|\$\{\d+:(.*?)\}", lambda _: next(fills, ""), self.offers(text)[label].inserts)
        before, after = text.split(CURSOR)
        line = before.rpartition("\n")[2]
        indentation = line[: len(line) - len(line.lstrip(" "))]
        return before + typed.replace("\n", "\n" + indentation) + after

    def explanation(self, text: str) -> str:
        """What is said of the word at the cursor, as plain text; empty when nothing is."""
        return re.sub(r"\\([\W_])", r"\1", self._server.hover(*self._at_cursor(text)))

    def underlined(self, uri: str, text: str) -> str:
        """The text of an open file with marks around what is wrong with it."""
        lines = text.splitlines(keepends=True)
        for place in sorted((_places(found) for found in self._server.diagnostics(uri)), reverse=True):
            for mark, (line, column) in zip((END, START), reversed(place), strict=True):
                lines[line] = lines[line][:column] + mark + lines[line][column:]
        return "".join(lines)

    def messages(self, uri: str) -> list[str]:
        """What is wrong with an open file, in words."""
        return [found["message"] for found in self._server.diagnostics(uri)]

    def _at_cursor(self, text: str) -> tuple[str, int, int]:
        before, after = text.split(CURSOR)
        return self.open(before + after), before.count("\n"), len(before.rpartition("\n")[2])


def without_marks(text: str) -> str:
    """The text as a marketer wrote it."""
    return text.replace(START, "").replace(END, "")


def _offer(item: Message) -> Offer:
    says = item.get("documentation", "")
    return Offer(
        item.get("textEdit", {}).get("newText", item.get("insertText", "")),
        says if isinstance(says, str) else says["value"],
    )


def _places(found: Message) -> tuple[tuple[int, int], tuple[int, int]]:
    start, end = found["range"]["start"], found["range"]["end"]
    return (start["line"], start["character"]), (end["line"], end["character"])
