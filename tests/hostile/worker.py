"""Read files one by one, each in a process of its own, and tell as JSON lines what became of each.

The reader is imported first; every file then gets a fork, so that memory and processor time are its own.
"""

import json
import os
import resource
import sys
from pathlib import Path

from suppress.rules.reading import parse_ruleset

CPU_SECONDS_UNTIL_KILLED = 20
ADDRESS_SPACE_BYTES = 2 << 30


def main(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_UNTIL_KILLED, CPU_SECONDS_UNTIL_KILLED))
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
            ruleset, problems = parse_ruleset(data, path.name)
            told = {"ruleset": ruleset is not None, "problems": [[p.code, p.message, p.severity] for p in problems]}
            os.write(writer, json.dumps(told).encode()[:60_000])
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            answer = pipe.read()
        _, status, usage = os.wait4(child, 0)
        told = json.loads(answer) if answer else {"ruleset": False, "problems": []}
        told |= {
            "file": path.name,
            "status": os.waitstatus_to_exitcode(status),
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_kilobytes": usage.ru_maxrss,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
