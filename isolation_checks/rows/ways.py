"""From a plan's words for tables and ways to SQL: `thread_id -> threads.id -> metadata.user_id`.

It builds text and talks to no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from isolation_checks.errors import UsageError
from isolation_checks.plan.tables.rows import Table

Engine = Literal["sqlite", "postgresql", "mysql"]
"""Whose SQL is spoken; MariaDB and MySQL speak the same."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


@dataclass(slots=True)
class _Joins:
    """The joins that a table's ways need, each written once."""

    engine: Engine
    table: str
    clauses: list[str] = field(default_factory=list)
    _aliases: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def expression(self, way: str) -> str:
        """The SQL expression at the end of a way."""
        steps = [step.strip() for step in way.split("->")]
        if len(steps) % 2 == 0:
            raise _wrong(self.table, way)
        alias = "t"
        for here, there in zip(steps[0::2], steps[1::2], strict=False):
            table, _, key = there.rpartition(".")
            if not table:
                raise _wrong(self.table, way)
            alias = self._joined(alias, here, table, key)
        return self._column(alias, steps[-1])

    def _joined(self, alias: str, column: str, table: str, key: str) -> str:
        known = self._aliases.get((alias, column, there := f"{table}.{key}"))
        if known is None:
            known = f"j{len(self._aliases)}"
            self._aliases[alias, column, there] = known
            left, right = self._column(alias, column), f"{known}.{quoted(key)}"
            if self.engine == "mysql":
                # its texts are equal whatever their case: two users may not become one
                equal = f"{right} = {left} AND BINARY {right} = BINARY {left}"
            elif "." in column:
                equal = f"{self.text(right)} = {self.text(left)}"
            else:
                equal = f"{right} = {left}"
            self.clauses.append(f"LEFT JOIN {quoted(table)} {known} ON {equal}")
        return known

    def text(self, expression: str) -> str:
        """An expression's value as text."""
        return f"CAST({expression} AS {'CHAR' if self.engine == 'mysql' else 'TEXT'})"

    def _column(self, alias: str, column: str) -> str:
        name, _, path = column.partition(".")
        expression = f"{alias}.{quoted(name)}"
        if not path:
            return expression
        keys = path.split(".")
        if not all(_NAME.fullmatch(key) or key.isdigit() for key in keys):
            raise _wrong(self.table, column)
        inner = "$" + "".join(f"[{key}]" if key.isdigit() else f".{key}" for key in keys)
        if self.engine == "sqlite":
            return (
                f"CASE WHEN json_valid({expression}) THEN json_extract({expression}, '{inner}') END"
            )
        if self.engine == "mysql":
            found = f"JSON_UNQUOTE(JSON_EXTRACT({expression}, '{inner}'))"
            return f"CASE WHEN JSON_VALID({expression}) THEN NULLIF({found}, 'null') END"
        return f"(CAST({expression} AS jsonb) #>> '{{{','.join(keys)}}}')"


def quoted(name: str) -> str:
    """A table's or column's name, perhaps with its schema, as SQL.

    Raises:
        UsageError: it is no name.
    """
    parts = name.split(".")
    if not all(_NAME.fullmatch(part) for part in parts):
        raise UsageError(f"[[rows.tables]]: {name!r} is no name of a table or column")
    return ".".join(f'"{part}"' for part in parts)


def select(table: Table, engine: Engine, since_s: float | None, limit: int) -> str:
    """The query that reads a table: the fixed columns, then its texts, each as text."""
    joins = _Joins(engine, table.name)
    fixed: dict[str, str | None] = {
        "key": table.key,
        "owner": table.owner,
        "conversation": table.conversation,
        "conversation_owner": table.conversation_owner,
        "query": table.query,
        "time": table.time,
        "finished": table.finished.column if table.finished else None,
    }
    columns = [
        f"{joins.text(joins.expression(way) if way else 'NULL')} AS {quoted(name)}"
        for name, way in fixed.items()
    ]
    columns += [
        f"{joins.text(joins.expression(way))} AS {quoted(f'text_{place}')}"
        for place, way in enumerate((*table.text, *table.json))
    ]
    bound = _bound(table, joins, since_s)  # before the joins are read: it may need one
    return " ".join(
        [
            f"SELECT {', '.join(columns)} FROM {quoted(table.name)} t",  # noqa: S608 - ways are checked
            *joins.clauses,
            bound,
            f"LIMIT {limit}",
        ]
    )


def count(table: Table, engine: Engine, since_s: float | None) -> str:
    """The query that counts what `select` would read without its limit."""
    joins = _Joins(engine, table.name)
    bound = _bound(table, joins, since_s)
    return " ".join([f"SELECT count(*) FROM {quoted(table.name)} t", *joins.clauses, bound])  # noqa: S608 - ways are checked


def over(table: Table, engine: Engine, since_s: float | None) -> str | None:
    """The query that counts how many of them say that their operation is over, where any can."""
    if table.finished is None:
        return None
    joins = _Joins(engine, table.name)
    said = joins.text(joins.expression(table.finished.column))
    values = ", ".join("'" + value.replace("'", "''") + "'" for value in table.finished.values)
    bound = _bound(table, joins, since_s) or "WHERE 1 = 1"
    counted = f"SELECT count(*) FROM {quoted(table.name)} t"  # noqa: S608 - ways are checked
    return " ".join([counted, *joins.clauses, bound, f"AND {said} IN ({values})"])


def clock(engine: Engine) -> str | None:
    """The query that asks for the database's own time, where it has any."""
    return _CLOCKS.get(engine)


_CLOCKS: Mapping[Engine, str] = {
    "postgresql": "SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    "mysql": "SELECT UNIX_TIMESTAMP(SYSDATE(6))",
}


def _bound(table: Table, joins: _Joins, since_s: float | None) -> str:
    """The condition that leaves out what was there before the run.

    A row that does not say when it was written may be the run's.
    """
    if table.time is None or since_s is None:
        return ""
    column, since = joins.expression(table.time), f"{since_s:.3f}"
    at, begun = (
        _moment(table, joins.engine, column),
        _MOMENTS.get(joins.engine, _BEGUN).format(since=since),
    )
    if table.time_is == "epoch":
        begun = since
    return f"WHERE ({at} >= {begun} OR {at} IS NULL)"


def _moment(table: Table, engine: Engine, column: str) -> str:
    """A row's time, as it can be compared; NULL where none can be made out."""
    if engine == "mysql":
        return _MYSQL_TIMES[table.time_is].format(column=column)
    if table.time_is == "epoch":
        return f"CAST({column} AS double precision)"
    if engine == "sqlite":
        return f"julianday({column})"
    return column if table.time_is == "timestamp" else f"CAST({column} AS timestamptz)"


_BEGUN = "to_timestamp({since})"
_MOMENTS: Mapping[Engine, str] = {
    "sqlite": "julianday({since}, 'unixepoch')",
    "mysql": "FROM_UNIXTIME({since})",
}


_MYSQL_ISO = (
    "CASE WHEN {column} RLIKE '[+-][0-9][0-9]:[0-9][0-9]$' THEN CONVERT_TZ("
    "CAST(LEFT({column}, CHAR_LENGTH({column}) - 6) AS DATETIME(6)), RIGHT({column}, 6), '+00:00') "
    "ELSE CAST(TRIM(TRAILING 'Z' FROM {column}) AS DATETIME(6)) END"
)
_MYSQL_TIMES = {
    "epoch": "({column} + 0.0)",
    "timestamp": "{column}",
    "iso": f"({_MYSQL_ISO})",
}


def _wrong(table: str, way: str) -> UsageError:
    return UsageError(
        f"table {table}: {way!r} is no way; write a column, column.json.path, "
        "or joins like thread_id -> threads.id -> user_id"
    )
