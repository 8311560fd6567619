"""Stands for `suppress scan` in tests of the scheduler: `stub_scan.py JOURNAL SECONDS EXIT MESSAGES --out DIR ...`.

Appends `begin RUN-FOLDER PID` and, when it was left to finish, `end RUN-FOLDER PID` to JOURNAL; prints counts; ends
with EXIT.
"""

import json
import os
import sys
import time
from pathlib import Path


def note(journal: str, line: str) -> None:
    file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{line}\n".encode())
    os.close(file)


def main() -> int:
    journal, seconds, code, messages, *rest = sys.argv[1:]
    out = Path(rest[rest.index("--out") + 1])
    options = " ".join(word for word in rest if word in {"--resume", "--previous"})
    note(journal, f"begin {out} {os.getpid()} {options}".rstrip())
    time.sleep(float(seconds))
    if code != "0":
        sys.stderr.write("reading messages\nthe third line is cut short\n")
        return int(code)
    out.mkdir(parents=True, exist_ok=True)
    (out / "run.json").write_text(json.dumps({"messages": messages}))
    note(journal, f"end {out} {os.getpid()}")
    sys.stdout.write(
        json.dumps({"messages": 12, "sent": 9, "held": 1, "suppressed": 2, "report": f"{out}/report.json"})
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
