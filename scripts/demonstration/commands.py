"""Run `suppress` commands as a shell would, in this process: the same arguments, exit codes and progress bars."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final

from suppress.cli import cli
from suppress.cli.exits import OK, PARTIAL

ORDER_COLUMNS: Final = {
    "household_id": "customer_id",
    "basket_id": "order_id",
    "product_id": "sku",
    "quantity": "units",
    "transaction_timestamp": "ordered_at",
}


def suppress(*arguments: str, quiet: bool = False) -> str:
    """What the command printed. Leaves with its message when it fails; refused rows (exit 7) are no failure here."""
    said, complained = io.StringIO(), io.StringIO()
    code: Any = OK
    with redirect_stdout(said):
        try:
            if quiet:
                with redirect_stderr(complained):
                    code = cli.main(args=list(arguments), prog_name="suppress", standalone_mode=False)
            else:
                code = cli.main(args=list(arguments), prog_name="suppress", standalone_mode=False)
        except SystemExit as left:
            code = left.code
    if code not in {None, OK, PARTIAL}:
        raise SystemExit(f"demo: suppress {' '.join(arguments)} left with exit code {code}\n{complained.getvalue()}")
    return said.getvalue()


def import_file(source: str, path: Path, database: str, *options: str, quiet: bool = False) -> dict[str, Any]:
    """`suppress import`: what became of the file, as the command tells it in JSON."""
    told = suppress("import", source, str(path), "--database", database, "--format", "json", *options, quiet=quiet)
    files: list[dict[str, Any]] = json.loads(told)["files"]
    return files[0]


def order_options(zone: str, complete_at: str, rejects_folder: Path) -> list[str]:
    """The options that make the real transactions table an orders import."""
    maps = [option for theirs, ours in ORDER_COLUMNS.items() for option in ("--map", f"{theirs}={ours}")]
    return [*maps, "--time-zone", zone, "--as-of", complete_at, "--rejects-dir", str(rejects_folder)]
