"""Rule files and case files on disk: bytes in, a file that is whole out."""

import os
import shutil
import tempfile
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Give a file other bytes, all of them or none: into a file beside it, which then takes its place.

    A link is followed, and who may read the file stays. Raises OSError, the file being as it was and nothing beside it.
    """
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as written:
            written.write(data)
        shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
