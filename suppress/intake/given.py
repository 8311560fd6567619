"""Turn rows written by hand (case files) into records: the same columns and refusals as an import, without a file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from suppress.facts.records import Record
from suppress.facts.snapshot import Source
from suppress.intake.assemble import ASSEMBLERS, Table
from suppress.intake.cells import cell_of
from suppress.intake.columns import column_parser
from suppress.intake.positions import Positions
from suppress.intake.reading import nobody
from suppress.intake.rows import FORMS, FileTime, RowForm
from suppress.problems import did_you_mean


def records_of(
    source: Source, rows: Sequence[Mapping[str, object]], *, file_time_us: int
) -> tuple[list[Record], list[str]]:
    """The records of these rows, and why the others are refused. Keys are column names as they stand in `FORMS`.

    `file_time_us`: the time of rows that have none of their own. Customers are named by id; no address is looked up.
    """
    form = FORMS[source]
    names = list(dict.fromkeys(name for row in rows for name in row))
    refused = [complaint for name in names if (complaint := _complaint(name, form))]
    if refused or not rows:
        return [], refused
    defaults = {column.name: file_time_us if column.default is FileTime else column.default for column in form.columns}
    with Positions() as positions:
        table = Table(rows=len(rows), values={}, defaults=defaults, resolve=nobody, positions=positions)
        for name in dict.fromkeys([*names, *(column.name for column in form.columns if column.required)]):
            column = form.column(name)
            if column is None:
                continue
            settled = replace(column, name=name, default=defaults.get(name, column.default))
            cells = [cell_of(row.get(name)) for row in rows]
            table.values[name], mistakes = column_parser(settled, zone=None, fold_case=False)(cells)
            table.mistakes += mistakes
        records: list[Record] = list(ASSEMBLERS[source](table))
    wrong = {mistake.at for mistake in table.mistakes}
    refused = [
        f"row {mistake.at + 1}: {f'{mistake.column} ' if mistake.column else ''}{mistake.reason}"
        for mistake in sorted(table.mistakes, key=lambda mistake: mistake.at)
    ]
    return [record for index, record in enumerate(records) if index not in wrong], refused


def _complaint(name: str, form: RowForm) -> str | None:
    """Why rows of this form cannot have that column; None when they can."""
    if form.column(name) is not None:
        return None
    known = ", ".join(form.names)
    return f'there is no column "{name}"; {did_you_mean(name, form.names) or f"known are {known}"}'
