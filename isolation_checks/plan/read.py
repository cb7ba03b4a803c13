"""From a TOML file to a plan that holds together, or one sentence that says what would.

It opens the plan's own file and the dialects that come with Crosstalk, nothing else.
"""

from __future__ import annotations

import difflib
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

from isolation_checks.dialects import template
from isolation_checks.errors import UsageError
from isolation_checks.plan import units
from isolation_checks.plan.model import Plan

_T = typing.TypeVar("_T")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`(?: - at `(?P<at>[^`]*)`)?")
_NAMES = frozenset(
    "query text conversation turn subject token token_b64url now frame principal run number name "
    "email password refresh_token uuid tenant issued expires session".split()
)
"""Everything that a template may refer to, besides `dialect.names`."""
_AT = re.compile(r" - at `\$\.?(?P<at>[^`]*)`$")


def load(path: Path, overrides: Mapping[str, Any] | None = None) -> Plan:
    """The plan in a file, with a few keys laid over it (nested tables are merged).

    Raises:
        UsageError: it cannot be read, is no TOML, or does not hold together.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the plan {path}: {error}") from error
    return parse(text, str(path), overrides)


def parse(text: str, source: str, overrides: Mapping[str, Any] | None = None) -> Plan:
    """The plan in a text; `source` names it in sentences."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is not valid TOML: {error}") from error
    table = _merged(table, overrides or {})
    if isinstance(table.get("dialect"), str | dict):
        table["dialect"] = _spelt_out(table["dialect"], source)
    plan = _convert(table, Plan, source)
    _hold_together(plan, source)
    return plan


def encode(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, as it is kept in `run.json`."""
    builtin: dict[str, Any] = msgspec.to_builtins(plan, enc_hook=units.encode)
    return builtin


def decode(table: Mapping[str, Any]) -> Plan:
    """The plan that `encode` wrote."""
    return msgspec.convert(table, Plan, dec_hook=units.decode)


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
            f"{source}: no dialect is called {name!r}{_nearest(str(name), preset_names())}; "
            f"there are {', '.join(preset_names())}"
        )
    text = (resources.files("isolation_checks.dialects") / f"{name}.toml").read_text("utf-8")
    merged = _merged(_spelt_out(tomllib.loads(text), f"dialect {name}"), given)
    # what is built from a template is replaced whole: half of another's would be nonsense
    return merged | {key: given[key] for key in ("ask", "ask_next", "ends") if key in given}


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
            f"{where} has no key {unknown['key']!r}{_nearest(unknown['key'], known)}; "
            f"it knows {', '.join(sorted(known))}"
        )
    at = _AT.search(message)
    if at is None:
        return message[0].lower() + message[1:]
    return f"{at['at'] or 'the plan'}: {message[: at.start()]}"


def _nearest(word: str, known: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _keys_at(kind: Any, path: str) -> tuple[str, ...]:  # noqa: ANN401 - any annotation
    """The keys of the struct that stands at a dotted path below `kind`."""
    for step in re.findall(r"[^.\[\]]+", re.sub(r"\[(\d+|\.\.\.)\]", "", path)):
        by_name = {f.encode_name: f.type for f in msgspec.structs.fields(kind)}
        kind = _struct_in(by_name[step]) if step in by_name else None
        if kind is None:
            return ()
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))


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


def _hold_together(plan: Plan, source: str) -> None:
    """Refuse what each key alone allows and all of them together do not."""
    for complaint in _complaints(plan):
        raise UsageError(f"{source}: {complaint}")


def _complaints(plan: Plan) -> typing.Iterator[str]:  # noqa: C901 - a flat list of rules
    auth, dialect = plan.auth, plan.dialect
    if not re.match(r"wss?://", plan.target.websocket):
        yield "target.websocket must begin with ws:// or wss://"
    if plan.target.http is not None and not re.match(r"https?://", plan.target.http):
        yield "target.http must begin with http:// or https://"
    if auth.source == "login" and auth.login is None:
        yield "auth.source = 'login' needs [auth.login] with the path of the login request"
    if auth.source == "login" and not (plan.target.http or plan.target.auth):
        yield "auth.source = 'login' needs target.http or target.auth"
    if auth.source == "mint" and auth.secret is None:
        yield "auth.source = 'mint' needs auth.secret, for example 'env:JWT_SECRET'"
    if auth.source == "file" and auth.path is None:
        yield "auth.source = 'file' needs auth.path, a file with one token a line"
    carry = auth.carry
    if not (carry.headers or carry.subprotocols or carry.query or carry.message):
        yield (
            "auth.carry must say how the token travels: headers, subprotocols, query or message, "
            "for example headers = {Authorization = 'Bearer {token}'}"
        )
    if dialect.class_ is None and not dialect.ask:
        yield "dialect.ask must say what a query looks like, for example {type = 'ask', text = '{text}'}"
    if dialect.class_ is None and not dialect.ends:
        yield "dialect.ends must name the events that end a query, for example {agent_completed = 'ok'}"
    allowed = _NAMES | set(dialect.names)
    for unknown in sorted(template.holes(encode(plan)) - allowed):
        yield (
            f"a template refers to {{{unknown}}}{_nearest(unknown, allowed)}; "
            f"it may refer to {', '.join(sorted(allowed))}"
        )
    for objective in plan.objectives:
        share = objective.indicator == "error_share"
        if share == objective.limit.is_duration:
            kind = "a share such as 0.01" if share else "a duration such as '5s'"
            yield f"the limit of objective {objective.indicator} must be {kind}"
        if not share and objective.every == (objective.quantile is not None):
            yield f"objective {objective.indicator} needs either quantile or every = true"
        if objective.quantile is not None and not 0 < objective.quantile < 1:
            yield f"the quantile of objective {objective.indicator} lies between 0 and 1"
    if plan.workload.concurrent < 1 or plan.workload.turns < 1:
        yield "workload.concurrent and workload.turns are at least 1"
    if not 0 < plan.isolation.bound < 1:
        yield "isolation.bound lies between 0 and 1"
    if not plan.required:
        yield "required must name at least one of evidence, isolation, objectives"
    if plan.rows is not None:
        yield from _row_complaints(plan)


def _row_complaints(plan: Plan) -> typing.Iterator[str]:
    assert plan.rows is not None
    url = plan.rows.url
    if not re.match(r"(sqlite:///|postgres(ql)?://|env:|file:)", url):
        yield "rows.url must begin with sqlite:///, postgresql://, env: or file:"
    if re.match(r"postgres(ql)?://[^/@]*:[^/@]*@", url):
        yield "rows.url holds a password; refer to it, for example url = 'env:DATABASE_URL'"
    if not plan.rows.tables:
        yield "[rows] needs at least one [[rows.tables]]"
    names = [table.name for table in plan.rows.tables]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"table {name} is described twice"
