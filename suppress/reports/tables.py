"""Write tables: a caption, heads that can sort, numbers to the right, a frame that scrolls on a narrow page."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from suppress.reports.markup import Content, Safe, join, tag
from suppress.reports.words import number


class Column(NamedTuple):
    """A column. `numeric`: set to the right. `wide`: takes the room there is."""

    head: str
    numeric: bool = False
    wide: bool = False


class Cell(NamedTuple):
    """A cell. `value`: what sorting goes by, where the text is not it. `style`: a class of page.css."""

    content: Content
    value: str | int | None = None
    style: str | None = None


Row = Sequence[Cell | Content | int]


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    *,
    sortable: bool = False,
    style: str | None = None,
    id_: str | None = None,
    foot: Row | None = None,
) -> Safe:
    """A table whose first column heads its rows."""
    heads = [_head(column, sortable=sortable) for column in columns]
    body = [_row(row, columns) for row in rows]
    made = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
        tag("tfoot", _row(foot, columns)) if foot else None,
        class_=" ".join(filter(None, ("sortable" if sortable else None, style))) or None,
        id_=id_,
    )
    return tag("div", made, class_="scroll", role="region", aria_label=f"Table: {caption}", tabindex=0)


def _head(column: Column, *, sortable: bool) -> Safe:
    content: Content = column.head
    if sortable and column.head:
        content = tag("button", column.head, tag("span", class_="arrow", aria_hidden="true"), type_="button")
    return tag("th", content, scope="col", class_=_style(column))


def _row(row: Row, columns: Sequence[Column]) -> Safe:
    cells = []
    for place, (column, given) in enumerate(zip(columns, row, strict=True)):
        cell = given if isinstance(given, Cell) else _cell(given)
        style = " ".join(filter(None, (_style(column), cell.style))) or None
        if place == 0:
            cells.append(tag("th", cell.content, scope="row", class_=style, data_value=cell.value))
        else:
            cells.append(tag("td", cell.content, class_=style, data_value=cell.value))
    return tag("tr", join(*cells))


def _cell(given: Content | int) -> Cell:
    return Cell(number(given), given) if isinstance(given, int) else Cell(given)


def _style(column: Column) -> str | None:
    return "number" if column.numeric else "wide" if column.wide else None
