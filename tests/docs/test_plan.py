"""Every key of a plan is told of, with its default, and every example is a plan."""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from isolation_checks.dialects.events import EventDialect, dialect_of
from isolation_checks.dialects.reading import SILENT, Ask
from isolation_checks.plan import model, read, units
from isolation_checks.plan.indicators import INDICATORS
from isolation_checks.plan.tables.auth import Call, Ticket
from isolation_checks.plan.tables.dialect import Alive, Dialect, Kind, Reply, Tool
from isolation_checks.plan.tables.objectives import Cohort
from isolation_checks.plan.tables.resources import Metric
from isolation_checks.plan.tables.rows import Finished
from isolation_checks.plan.tables.workload import Seed
from tests.docs import pages

EXAMPLES = sorted((pages.DOCS / "examples").glob("*.toml"))
BASE = """
[target]
websocket = "ws://127.0.0.1:1/ws"
http = "http://127.0.0.1:1"
[auth]
source = "login"
secret = "env:SECRET"
path = "tokens.txt"
secrets = { api_key = "env:KEY" }
carry = { headers = { Authorization = "Bearer {token}" } }
login = { path = "/login", send = { email = "{email}" } }
[dialect]
ask = { id = "{query}", text = "{text}" }
ends = { done = "ok" }
[rows]
url = "sqlite:///rows.db"
tables = [{ name = "messages" }]
"""
"""A plan that lacks nothing; the page's examples are laid over it."""

Field = tuple[str, msgspec.structs.FieldInfo]


def keys(kind: type[msgspec.Struct] = model.Plan, path: str = "") -> Iterator[Field]:
    """Every key of a plan, with its dotted name."""
    for field in msgspec.structs.fields(kind):
        name = f"{path}{field.encode_name}"
        yield name, field
        inner = struct_in(field.type)
        if inner is not None and inner not in (Call, *SMALL):
            yield from keys(inner, f"{name}.")


SMALL = (Ticket, Seed, Reply, Alive, Kind, Finished, Tool, Cohort, Metric)
"""Tables that are told of where they stand, without headings for their keys."""


def struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The struct in an annotation, or in what it holds."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next((found for inner in typing.get_args(kind) if (found := struct_in(inner))), None)


def told(name: str) -> str:
    """What the page says of a key, without what it says of keys below it."""
    text = pages.section(pages.read("plan.md"), name)
    return re.split(r"^#", text.split("\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """What a plan holds that says nothing of this key."""
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


@pytest.mark.parametrize(("name", "field"), list(keys()), ids=[name for name, _ in keys()])
def test_every_key_has_its_heading_and_its_default(name, field):
    """The default is the code's; a key without one is required."""
    text = told(name)
    assert len(text.split()) > 3
    inner = struct_in(field.type)
    if inner in SMALL:
        assert {f.encode_name for f in msgspec.structs.fields(inner)} <= set(pages.names(text))
    if field.required:
        assert "Required." in text or inner is not None
        return
    if inner is not None and inner is not Call:
        return
    shown = re.search(r"Default: `([^`]+)`", text)
    default = msgspec.to_builtins(default_of(field), enc_hook=units.encode)
    if shown:
        said = msgspec.convert(
            tomllib.loads(f"is = {shown[1]}")["is"], field.type, dec_hook=units.decode
        )
        assert said == msgspec.convert(default, field.type, dec_hook=units.decode)
    else:
        silent = ("Default: none", "Default: as", "Default: all", "Default: a new", "Required with")
        assert any(words in text for words in silent), default


def test_every_indicator_has_its_row():
    """What it means, and what to do where it is missed."""
    rows = {pages.names(row[0])[0]: row[2:] for row in pages.table(told("objectives.indicator"))}
    assert rows == {name: [each.meaning, each.advice] for name, each in INDICATORS.items()}


def test_nothing_is_told_of_that_no_plan_knows():
    """Every heading with a dot, and every table's, is a key."""
    told_of = {h for h in pages.headings(pages.read("plan.md")) if re.fullmatch(r"[a-z0-9_.]+", h)}
    assert told_of == {name for name, _ in keys()}


def test_every_key_of_a_request_has_its_row():
    rows = pages.table(told("auth.register"))
    fields = [field.encode_name for field in msgspec.structs.fields(Call)]
    assert fields == [pages.names(row[0])[0] for row in rows]


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(code, id=f"{page}-{number}")
        for page in ("plan.md", "dialects.md")
        for number, code in enumerate(pages.fenced(pages.read(page), "toml"))
    ],
)
def test_every_example_on_a_page_fits_into_a_plan(shown):
    """Whatever is shown is read, laid over a plan that lacks nothing."""
    over = tomllib.loads(shown)
    for table in over.get("rows", {}).get("tables", []):
        table.setdefault("name", "messages")
    asks = "ask" in over.get("dialect", {})  # what is asked is shown whole
    base = re.sub(r"(?m)^ask = .*$", "", BASE) if asks else BASE
    plan = read.parse(base, "the page", over)
    assert plan == read.decode(read.encode(plan))


def test_the_steps_to_ones_own_plan_make_one():
    """The first three fences together are a whole plan."""
    text = pages.section(pages.read("plan.md"), "Writing one for your own platform")
    plan = read.parse("\n".join(pages.fenced(text, "toml")), "the steps")
    assert plan.workload.concurrent == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_plan(path):
    """It says in its first line what it is for, and is whole."""
    text = path.read_text("utf-8")
    assert text.startswith("# ")
    plan = read.load(path)
    assert plan == read.decode(read.encode(plan))


def test_every_preset_has_its_heading():
    text = pages.section(pages.read("dialects.md"), "Presets")
    assert set(read.preset_names()) == set(pages.headings(text, 3))


def test_the_class_that_is_shown_reads_and_asks():
    """It is a dialect, and understands what it says it does."""
    (code,) = pages.fenced(pages.read("dialects.md"), "python")
    names: dict[str, Any] = {}
    exec(compile(code, "shown.py", "exec"), names)
    described = Dialect(ends={"ANSWER": "ok"})
    dialect = names["LineDialect"](described)
    lacking = [m for m in dir(EventDialect(described)) if m in READ and not hasattr(dialect, m)]
    assert lacking == []
    question = Ask(
        query="q1", text="hello", conversation=None, turn=0, subject="u", token="t", now_s=0.0
    )
    assert dialect.ask(question) == b"ASK q1 hello"
    reading = dialect.read(b"ANSWER q1 well, hello")
    assert ("ANSWER", "q1", "well, hello", "ok") == (
        reading.kind,
        reading.query,
        reading.text,
        reading.ending,
    )
    assert dialect.read(b"\xff\x00") == SILENT


READ = {"opens", "refuses", "protocol", "repeats", "first", "ask", "read", "answer"} | {
    *("alive", "renew", "read_conversation")
}


def test_a_class_can_be_named_in_a_plan():
    """And one that lacks a method is refused."""
    named = Dialect(class_="tests.end_to_end.foreign.line_dialect:LineDialect")
    assert dialect_of(named).ask
