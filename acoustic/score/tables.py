"""Tables of results in memory, for pandas and pyarrow, as an application declares its columns."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from acoustic.application import Application, Column, Row
from acoustic.extras import require
from acoustic.records import at
from acoustic.text import utf8

if TYPE_CHECKING:
    import pandas
    import pyarrow

App = Application[Any, Any, Any, Any]


def columns_of(application: App) -> tuple[Column, ...]:
    """Return the columns of a table of results: the application's own after ``file``."""
    last = (Column(name=name, kind=str) for name in ("error", "started", "started_from"))
    return (Column(name="file", kind=str), *application.columns, *last)


def flat(application: App, row: Row) -> dict[str, Any]:
    """Return a row as one value for each column."""
    if row["error"] is not None:
        return {column.name: row.get(column.name) if column.name in ("file", "error") else None
                for column in columns_of(application)}  # fmt: skip
    return {column.name: _value(column, row) for column in columns_of(application)}


def _value(column: Column, row: Row) -> Any:
    return column.value(row) if callable(column.value) else at(row, column.value or column.name)


def to_arrow(application: App, rows: Iterable[Row]) -> "pyarrow.Table":
    """Return a pyarrow table of rows.

    Raises
    ------
    MissingExtraError
        When pyarrow is not installed.
    """
    require("This table", "pyarrow")
    import pyarrow as pa

    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
    schema = pa.schema([(column.name, types[column.kind]) for column in columns_of(application)])
    values = [{name: utf8(one) if isinstance(one, str) else one for name, one in flat(application, row).items()}
              for row in rows]  # fmt: skip
    return pa.Table.from_pylist(values, schema=schema)


def to_pandas(application: App, rows: Iterable[Row]) -> "pandas.DataFrame":
    """Return a pandas table of rows; what is missing is NaN or `pandas.NA`.

    Raises
    ------
    MissingExtraError
        When pandas is not installed.
    """
    require("This table", "pandas")
    import pandas as pd

    types = {str: "object", float: "float64", int: "Int64", bool: "boolean"}
    columns = columns_of(application)
    values = [list(flat(application, row).values()) for row in rows]
    table = pd.DataFrame(values, columns=[column.name for column in columns])
    return table.astype({column.name: types[column.kind] for column in columns})
