"""Run a few lines against the raw C module in a process of their own, which may hang or die."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

PRELUDE = """
import json
import sys
import durable_rules_engine as C

def ruleset(rules, name="w"):
    '''name -> condition of one pattern, or a list of patterns'''
    body = {rule: {"all": when if isinstance(when, list) else [{"m": when}]} for rule, when in rules.items()}
    return C.create_ruleset(name, json.dumps(body))

def drain(handle, offset):
    started = C.start_action_for_state(handle, offset)
    message = started and started[1]
    while message:
        yield json.loads(message)
        message = C.complete_and_start_action(handle, offset)

def fired(handle, fact):
    '''rule names in the order they fire for a fact'''
    code, offset = C.assert_fact(handle, fact if isinstance(fact, str) else json.dumps(fact))
    return [next(iter(message)) for message in drain(handle, offset)] if code == 0 else []
"""


@dataclass(frozen=True)
class Outcome:
    """How the process ended: `hung`, or by a `signal`, or with `code`; and what it printed."""

    hung: bool
    code: int | None
    said: str
    complained: str

    @property
    def crashed(self) -> bool:
        """Whether a signal of memory corruption ended it."""
        return self.code is not None and -self.code in {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}


def witness(script: str, *, perturbed: bool = False, seconds: float = 20.0, **environment: str) -> Outcome:
    """The outcome of a script run after PRELUDE. `perturbed`: freed and fresh memory is filled with rubbish."""
    environ = os.environ | environment | ({"MALLOC_PERTURB_": "165"} if perturbed else {})
    try:
        run = subprocess.run(
            [sys.executable, "-c", PRELUDE + script],
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environ,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Outcome(hung=True, code=None, said=str(late.stdout or b""), complained=str(late.stderr or b""))
    return Outcome(hung=False, code=run.returncode, said=run.stdout.strip(), complained=run.stderr.strip())
