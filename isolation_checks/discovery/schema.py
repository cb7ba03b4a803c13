"""A SQL database's tables, their columns, keys and references, and the newest rows of each.

Bounded: so many tables, so many rows of each, so much of each value, so long for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from isolation_checks.discovery.sample import Column, Reference, Sample
from isolation_checks.rows import sources
from isolation_checks.rows.ways import Engine, quoted

ROWS = 500
TABLES = 400
COLUMNS = 120
LONGEST = 20_000
"""Characters of a value that are looked at."""
SECONDS = 15
"""How long one table may take, where the database can be told."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_TIME_TYPES = re.compile(r"timestamp|datetime|^date")
_TIME_NAMES = re.compile(r"(creat|insert|add|start|receiv|sent)\w*|\w*(_at|_on|time|stamp|date)$")

_SQLITE = {
    "columns": (
        "SELECT m.name AS t, c.name AS c, lower(c.type) AS kind, c.pk AS pk, 0 AS hidden "
        "FROM sqlite_master m JOIN pragma_table_info(m.name) c "
        "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid"
    ),
    "references": (
        'SELECT m.name AS t, f."from" AS c, f."table" AS there, f."to" AS k '
        "FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
    ),
}
_HERE, _THERE = (
    f"CAST(CASE WHEN n{which}.nspname = current_schema() THEN r{which}.relname "
    f"ELSE n{which}.nspname || '.' || r{which}.relname END AS text)"
    for which in ("", "2")
)
_POSTGRESQL = {
    "columns": (
        "SELECT {here} AS t, CAST(a.attname AS text) AS c, "
        "format_type(a.atttypid, a.atttypmod) AS kind, "
        "CAST(coalesce(array_position(k.conkey, a.attnum), 0) AS int) AS pk, "
        "CASE WHEN r.relkind IN ('r', 'p') AND row_security_active(r.oid) THEN 1 ELSE 0 END "
        "AS hidden FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "LEFT JOIN pg_constraint k ON k.conrelid = r.oid AND k.contype = 'p' "
        "WHERE r.relkind IN ('r', 'p', 'v', 'm') AND NOT r.relispartition "
        "AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND n.nspname NOT LIKE 'pg_toast%' ORDER BY 1, a.attnum"
    ).replace("{here}", _HERE),
    "references": (
        "SELECT {here} AS t, CAST(a.attname AS text) AS c, "
        "{there} AS there, CAST(b.attname AS text) AS k "
        "FROM pg_constraint f JOIN pg_class r ON r.oid = f.conrelid "
        "JOIN pg_namespace n ON n.oid = r.relnamespace JOIN pg_class r2 ON r2.oid = f.confrelid "
        "JOIN pg_namespace n2 ON n2.oid = r2.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = f.conkey[1] "
        "JOIN pg_attribute b ON b.attrelid = r2.oid AND b.attnum = f.confkey[1] "
        "WHERE f.contype = 'f' AND array_length(f.conkey, 1) = 1"
    )
    .replace("{here}", _HERE)
    .replace("{there}", _THERE),
}
_MYSQL = {
    "columns": (
        "SELECT table_name AS t, column_name AS c, data_type AS kind, column_key = 'PRI' AS pk, "
        "0 AS hidden FROM information_schema.columns WHERE table_schema = DATABASE() "
        "ORDER BY table_name, ordinal_position"
    ),
    "references": (
        "SELECT table_name AS t, column_name AS c, referenced_table_name AS there, "
        "referenced_column_name AS k FROM information_schema.key_column_usage "
        "WHERE table_schema = DATABASE() AND referenced_table_schema = DATABASE()"
    ),
}
_CATALOGUES: Mapping[Engine, Mapping[str, str]] = {
    "sqlite": _SQLITE,
    "postgresql": _POSTGRESQL,
    "mysql": _MYSQL,
}
_LIMITS: Mapping[Engine, tuple[str, ...]] = {
    "sqlite": (),
    "postgresql": (f"SET LOCAL statement_timeout = {SECONDS * 1000}",),
    "mysql": (  # MariaDB's and MySQL's name for the same; each refuses the other's
        f"SET SESSION max_statement_time = {SECONDS}",
        f"SET SESSION max_execution_time = {SECONDS * 1000}",
    ),
}


def samples(url: str, engine: Engine, say: Callable[[str], None]) -> Iterator[Sample]:
    """Every table of a database with the newest of its rows.

    A table that cannot be read says why, and does not keep the others from being read.
    """
    with sources.snapshot(url) as cursor:
        tables = _tables(cursor, engine)
    for number, sample in enumerate(tables[:TABLES], start=1):
        say(f"looking into {sample.name} ({number} of {len(tables)})")
        try:
            with sources.snapshot(url) as cursor:
                _fill(cursor, engine, sample)
        except Exception as error:  # noqa: BLE001 - whatever the driver raises
            sample.problem = sources.without_secrets(f"{type(error).__name__}: {error}", url)
        yield sample


def _tables(cursor: Any, engine: Engine) -> list[Sample]:  # noqa: ANN401 - a driver's
    columns: dict[str, list[dict[str, Any]]] = {}
    for record in _asked(cursor, _CATALOGUES[engine]["columns"]):
        columns.setdefault(record["t"], []).append(record)
    references: dict[str, dict[str, Reference]] = {}
    for record in _asked(cursor, _CATALOGUES[engine]["references"]):
        there = Reference(table=record["there"], column=record["k"] or "id")
        references.setdefault(record["t"], {})[record["c"]] = there
    return [
        Sample(
            name=name,
            columns=tuple(
                Column(name=one["c"], type=str(one["kind"] or "").lower())
                for one in described[:COLUMNS]
                if _NAME.fullmatch(one["c"])
            ),
            key=tuple(
                one["c"]
                for one in sorted(described, key=lambda one: int(one["pk"] or 0))
                if int(one["pk"] or 0)
            ),
            references=references.get(name, {}),
            hidden=any(int(one["hidden"] or 0) for one in described),
        )
        for name, described in columns.items()
        if all(_NAME.fullmatch(part) for part in name.split("."))
    ]


def _fill(cursor: Any, engine: Engine, sample: Sample) -> None:  # noqa: ANN401 - a driver's
    for limit in _LIMITS[engine]:
        with suppress(Exception):
            cursor.execute(limit)
    text = "CHAR" if engine == "mysql" else "TEXT"
    columns = ", ".join(
        f"substr(CAST(t.{quoted(one.name)} AS {text}), 1, {LONGEST}) AS {quoted(one.name)}"
        for one in sample.columns
    )
    newest = _newest(sample)
    last = "" if engine == "mysql" else " NULLS LAST"  # they are there without being told
    order = f"ORDER BY t.{quoted(newest)} DESC{last}" if newest else ""
    asked = f"SELECT {columns} FROM {quoted(sample.name)} t {order} LIMIT {ROWS + 1}"  # noqa: S608 - names are checked
    rows = list(_asked(cursor, asked))
    sample.whole = len(rows) <= ROWS
    sample.rows = rows[:ROWS]


def _newest(sample: Sample) -> str | None:
    """The column by which a table's newest rows are its first."""
    by_type = [c.name for c in sample.columns if _TIME_TYPES.search(c.type)]
    by_name = [c.name for c in sample.columns if _TIME_NAMES.fullmatch(c.name.lower())]
    for names in ([n for n in by_type if n in by_name], by_type, by_name, list(sample.key)):
        if names:
            return names[0]
    return None


def _asked(cursor: Any, sql: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - a driver's
    cursor.execute(sql)
    for batch in cursor.fetch_record_batch():
        yield from batch.to_pylist()
