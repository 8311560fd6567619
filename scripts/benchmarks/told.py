"""Tell people how far a benchmark is, and put its table where the last one stood in a document."""

import re
import sys
import time
from pathlib import Path


def say(text: str) -> None:
    """A line on stderr, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def write_block(path: Path, table: str, begin: str, end: str, heading: str) -> None:
    """Replace what stands between two marks in a file; where they are not there yet, add it under a heading."""
    text = path.read_text(encoding="utf-8")
    block = f"{begin}\n\n{table}\n\n{end}"
    if begin in text:
        text = re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: block, text, flags=re.DOTALL)
    else:
        text = f"{text.rstrip()}\n\n## {heading}\n\n{block}\n"
    path.write_text(text, encoding="utf-8")
