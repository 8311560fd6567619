"""Run a command that must not outlive its starter: `python tether.py GRACE_SECONDS COMMAND...`.

The starter holds the other end of standard input and says nothing. When that end closes, however the starter ended,
the command and all it started are asked to end, then killed. The exit code is the command's; 128 + n when signal n
ended it. Run as a file, not as a module, so that it starts in no time.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> int:
    """Run the command until it ends or the starter does."""
    grace_seconds, command = float(sys.argv[1]), sys.argv[2:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - no shell
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]}: {error.strerror}\n")
        return 127
    is_over = threading.Event()

    def end() -> None:
        _signal_group(child.pid, signal.SIGTERM)
        if not is_over.wait(grace_seconds):
            _signal_group(child.pid, signal.SIGKILL)

    def watch() -> None:
        while os.read(0, 1024):
            pass
        end()

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=end, daemon=True).start())
    threading.Thread(target=watch, daemon=True).start()
    if hasattr(os, "waitid"):
        # Not yet reaped, so that its number, by which its group is known, cannot be another's.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    else:
        child.wait()
    is_over.set()
    _signal_group(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main())
