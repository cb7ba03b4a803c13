"""From a TOML file to a plan that holds together, or one sentence that says what would.

It opens the plan's own file and the dialects that come with Crosstalk, nothing else.
"""

from __future__ import annotations

import functools
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from isolation_checks.errors import UsageError
from isolation_checks.plan import files, framed, holes, provoking, together, units
from isolation_checks.plan.model import Plan
from isolation_checks.plan.nearest import nearest
from isolation_checks.plan.tables.dialect import Dialect

_T = typing.TypeVar("_T")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `(?P<at>[^`]*)`)?")
_MISSING = re.compile(
    r"Object missing required field `(?P<key>[^`]*)`(?: - at `\$\.?(?P<at>[^`]*)`)?"
)
_TYPE = re.compile(r"`([a-z]+(?: \| [a-z]+)*)`")
_WORDS = {
    "object": "a table",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}
_NO_CHOICE = re.compile(r"Invalid enum value '(.*)'")
_AT = re.compile(r" - at `\$\.?(?P<at>[^`]*)`$")


def load(path: Path, overrides: Mapping[str, Any] | None = None) -> Plan:
    """The plan in a file, with a few keys laid over it (nested tables are merged).

    Raises:
        UsageError: it cannot be read, is no TOML, or does not hold together.
    """
    return parse(files.text(path, "the plan"), str(path), overrides)


def parse(text: str, source: str, overrides: Mapping[str, Any] | None = None) -> Plan:
    """The plan in a text; `source` names it in sentences."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is not valid TOML: {error}") from error
    table = _merged(table, overrides or {})
    if isinstance(table.get("dialect"), str | dict):
        table["dialect"] = framed.with_its_own(_spelt_out(table["dialect"], source))
    _one_at_a_time(table)
    plan = _convert(table, Plan, source)
    named = table.get("provocations", {})
    for complaint in (*together.complaints(plan), *provoking.in_vain(plan, named)):
        raise UsageError(f"{source}: {complaint}")
    return plan


def encode(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, as it is kept in `run.json`."""
    builtin: dict[str, Any] = msgspec.to_builtins(plan, enc_hook=units.encode)
    return builtin


def decode(table: Mapping[str, Any]) -> Plan:
    """The plan that `encode` wrote.

    Raises:
        UsageError: another version wrote it, or somebody changed it.
    """
    return _convert(table, Plan, "the plan of the run")


@functools.cache
def preset_names() -> tuple[str, ...]:
    """The names of the dialects that come with Crosstalk."""
    folder = resources.files("isolation_checks.dialects")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def _spelt_out(dialect: Mapping[str, Any] | str, source: str) -> dict[str, Any]:
    """A dialect's table with the one that it extends laid under it, down to a preset."""
    given = {"extends": dialect} if isinstance(dialect, str) else dict(dialect)
    name = given.pop("extends", None)
    if name is None:
        return given
    if name not in preset_names():
        raise UsageError(
            f"{source}: no dialect is called {name!r}{nearest(str(name), preset_names())}; "
            f"there are {', '.join(preset_names())}"
        )
    text = (resources.files("isolation_checks.dialects") / f"{name}.toml").read_text("utf-8")
    merged = _merged(_spelt_out(tomllib.loads(text), f"dialect {name}"), given)
    # what is built from a template is replaced whole: half of another's would be nonsense
    whole = {key: given[key] for key in ("ask", "ask_next", "ends", "resume") if key in given}
    return merged | whole | {"extends": name}


def called(dialect: Dialect) -> str:
    """What a plan's dialect is called: its class, or the preset that it is or changes."""
    if dialect.class_ is not None:
        return dialect.class_
    if dialect.extends is None:
        return "as the plan describes it"
    preset = _convert(_spelt_out(dialect.extends, ""), Dialect, dialect.extends)
    return dialect.extends if preset == dialect else f"{dialect.extends}, changed by the plan"


def _one_at_a_time(table: dict[str, Any]) -> None:
    """Set `concurrent`, where the plan does not, to one if answers could not be told apart."""
    dialect, workload = table.get("dialect"), table.setdefault("workload", {})
    if not (isinstance(dialect, dict) and isinstance(workload, dict)):
        return
    if not holes.names_queries(dialect):
        workload.setdefault("concurrent", 1)


def _convert(table: Mapping[str, Any], kind: type[_T], source: str) -> _T:
    try:
        return msgspec.convert(table, kind, dec_hook=units.decode)
    except msgspec.ValidationError as error:
        raise UsageError(f"{source}: {_sentence(str(error), kind)}") from error


def _sentence(message: str, kind: type) -> str:
    unknown = _UNKNOWN.match(message)
    if unknown:
        path = (unknown["at"] or "$").removeprefix("$").removeprefix(".")
        known = _keys_at(kind, path)
        where = f"[{path}]" if path else "the plan"
        return (
            f"{where} has no key {unknown['key']!r}{nearest(unknown['key'], known)}; "
            f"it knows {', '.join(sorted(known))}"
        )
    missing = _MISSING.match(message)
    if missing:
        where = f"[{missing['at']}]" if missing["at"] else "the plan"
        helped = "; `crosstalk discover` proposes them" if missing["key"] == "tables" else ""
        return f"{where} lacks the key {missing['key']!r}{helped}"
    at = _AT.search(message)
    if at is None:
        return _worded(message)
    said, path = message[: at.start()], at["at"]
    value = _NO_CHOICE.fullmatch(said)
    choices = _choices(_at(kind, path)) if value else ()
    if value and choices:
        return f"{path}: {value[1]!r} is none of {', '.join(choices)}{nearest(value[1], choices)}"
    return f"{path or 'the plan'}: {_worded(said)}"


def _worded(message: str) -> str:
    """A complaint of msgspec's, in the words of whoever writes TOML."""

    def said(found: re.Match[str]) -> str:
        kinds = [_WORDS.get(name, name) for name in found[1].split(" | ") if name != "null"]
        return " or ".join(kinds) or "nothing"

    return _TYPE.sub(said, message[0].lower() + message[1:])


def _at(kind: Any, path: str) -> Any:  # noqa: ANN401 - any annotation
    """The annotation that stands at a dotted path below `kind`; None: there is none."""
    for step in re.findall(r"[^.\[\]]+", re.sub(r"\[(\d+|\.\.\.)\]", "", path)):
        struct = _struct_in(kind)
        fields = () if struct is None else msgspec.structs.fields(struct)
        kind = next((field.type for field in fields if field.encode_name == step), None)
    return kind


def _keys_at(kind: Any, path: str) -> tuple[str, ...]:  # noqa: ANN401 - any annotation
    """The keys of the struct that stands at a dotted path below `kind`."""
    struct = _struct_in(_at(kind, path))
    return () if struct is None else tuple(f.encode_name for f in msgspec.structs.fields(struct))


def _choices(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - any annotation
    """The words that an annotation such as `tuple[Literal["a", "b"], ...]` allows."""
    if typing.get_origin(kind) is typing.Literal:
        return tuple(map(str, typing.get_args(kind)))
    return next(filter(None, map(_choices, typing.get_args(kind))), ())


def _struct_in(kind: Any) -> Any:  # noqa: ANN401 - any annotation
    """The struct inside an annotation such as `tuple[Table, ...]` or `Rows | None`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if isinstance(kind, types.GenericAlias | types.UnionType) or typing.get_args(kind):
        for inner in typing.get_args(kind):
            found = _struct_in(inner)
            if found is not None:
                return found
    return None


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[key] = _merged(old, value) if both else value  # type: ignore[arg-type] # both are
    return result
