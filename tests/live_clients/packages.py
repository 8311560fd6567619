"""The clients that others wrote, which package-lock.json names; npm installs them once, outside the checkout."""

import sys
from pathlib import Path

from tests.npm import installed

HERE = Path(__file__).parent
CACHE = Path(sys.prefix) / "live-clients"


def packages() -> Path:
    """The folder node_modules with Node-RED and brazejs, installed at the first call; offline afterwards.

    Raises RuntimeError, with what npm says, when they cannot be installed.
    """
    return installed(HERE, CACHE, "Node-RED, with brazejs,")
