"""What the documentation says of the code is what the code says of itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import msgspec
import pytest

from crosstalk import main
from isolation_checks import errors, probing, records
from isolation_checks.checks import CHECKS
from isolation_checks.control.writing import ENCODINGS, PLAIN
from isolation_checks.judging import findings, fingerprints
from isolation_checks.judging.fingerprints import delivery
from isolation_checks.loading import frames, rows, run
from isolation_checks.plan.tables.workload import Provocations
from isolation_checks.rows.collect import ROW_SCHEMA
from isolation_checks.verdicts.lattice import Verdict
from reports.write import RENDERERS
from tests.docs import generated, pages
from tests.leaky_lab.pairs import PAIRS
from tests.leaky_lab.scoring import fitting

CHECKING = pages.ROOT / "isolation_checks" / "checks"
DRIVING = pages.ROOT / "locustfiles" / "driving"  # read and not imported: gevent would patch us
PROVOKING = DRIVING / "provocations"
PROBING = DRIVING / "probes"


def calls(folder: Path, function: str) -> list[ast.Call]:
    """Every call of a function in a folder's modules."""
    trees = [ast.parse(path.read_text("utf-8")) for path in folder.glob("*.py")]
    return [call for tree in trees for call in calls_in(tree, function)]


def calls_in(tree: ast.AST, function: str) -> list[ast.Call]:
    """Every call of a function in a module, whatever it is called on."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [n for n in nodes if re.search(rf"\b{function}$", ast.unparse(n.func))]


def constants(nodes: list[ast.expr]) -> set[str]:
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}


@pytest.mark.parametrize("page", ["checks.md", "faults.md", "detection.md"])
def test_generated_parts_are_as_the_code_has_them(page):
    """`python -m tests.docs.generated` would change nothing."""
    text = pages.read(page)
    assert text == generated.rewritten(page, text)
    wanted = {name for of, name in generated.blocks() if of == page}
    assert wanted == {name for name, _ in generated.found(text)}


@pytest.mark.parametrize(
    ("page", "named"),
    [("checks.md", [check.name for check in CHECKS]), ("faults.md", list(generated.FAULTS))],
)
def test_every_check_and_fault_has_its_heading(page, named):
    """In the code's order, and no other."""
    text = pages.read(page)
    assert pages.headings(text, 2) == named


def test_every_fault_has_been_tried_or_is_said_not_to_have_been():
    """In the selftest that is kept, with the honest platform beside it, and no trial broken."""
    kept = generated.kept_selftest()
    told = {score.fault for score in kept.scores} | {each.fault for each in kept.not_run}
    assert sorted(generated.FAULTS) == sorted(told)
    assert kept.honest
    assert not kept.accused
    assert not kept.broken
    assert "crosstalk selftest" in kept.command


def test_every_version_in_the_lab_has_been_driven_as_it_is_now():
    """With the packages it has, held against what fits it, or it is said not to have been."""
    kept = generated.kept_lab()
    now = {
        (pair.name, mode): (pair.packages(mode), fitting(pair, mode))
        for pair in PAIRS.values()
        for mode in pair.modes
    }
    driven = {(said.pair, said.version) for said in kept.drives}
    assert {(*name, *now[name]) for name in driven} == {
        (said.pair, said.version, said.packages, said.fitting) for said in kept.drives
    }
    told = [*(f"{pair} --{mode}" for pair, mode in driven), *(n.fault for n in kept.not_run)]
    assert sorted(f"{pair} --{mode}" for pair, mode in now) == sorted(told)


def test_nobody_innocent_in_the_lab_was_accused():
    """What is fixed passed, what leaks was found, and who answers nobody is unknown."""
    assert not [said for said in generated.kept_lab().drives if not said.as_it_should]


def test_every_check_has_words_of_its_own():
    """What is written by hand stands below what is generated."""
    text = pages.read("checks.md")
    for check in CHECKS:
        _, _, by_hand = pages.section(text, check.name).partition(generated.END)
        assert len(by_hand.split()) > 8, check.name


def test_every_kind_of_finding_is_named():
    """Below the check that finds it."""
    kinds = {kind for path in CHECKING.glob("*.py") for kind in kinds_of(path)}
    assert sorted(kinds - set(pages.names(pages.read("checks.md")))) == []


def kinds_of(path: Path) -> set[str]:
    """The kinds of what a module finds: said where it is made, or keys of what it says."""
    tree = ast.parse(path.read_text("utf-8"))
    made = [k.value for call in calls_in(tree, "Found") for k in call.keywords if k.arg == "kind"]
    plain = [
        part for n in made for part in ([n.body, n.orelse] if isinstance(n, ast.IfExp) else [n])
    ]
    if not any(isinstance(node, ast.Name) for node in plain):
        return constants(plain)
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    said = [node.value for node in assigned if ast.unparse(node.targets[0]) == "_SAYS"]
    return constants(plain) | {key for each in said for key in ast.literal_eval(each)}


@pytest.mark.parametrize("page", [pages.README, "verdict.md"], ids=str)
def test_every_exit_code_has_its_row(page):
    """Those of a verdict, the user's mistake and ours."""
    told = {
        int(row[0]): row[1] for row in pages.table(pages.section(pages.read(page), "Exit codes"))
    }
    codes = {verdict.exit_code for verdict in Verdict} | {errors.EXIT_USAGE, errors.EXIT_BROKEN}
    assert codes == set(told)
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN):
        assert told[verdict.exit_code].startswith(verdict)


def test_every_subcommand_is_told_of():
    """Shown as a command, and said in a sentence."""
    text = pages.section(pages.read(pages.README), "Commands")
    for name in set(main.COMMANDS) - set(main._HIDDEN):
        assert re.search(rf"crosstalk {name}\b", text), name
        assert re.search(rf"`(crosstalk )?{name}( [^`]*)?`", text), name


def test_every_option_of_a_drive_has_its_row():
    """Locust's help cannot show them, so this table must."""
    tree = ast.parse((DRIVING / "lifecycle.py").read_text("utf-8"))
    said = constants([node for node in ast.walk(tree) if isinstance(node, ast.Constant)])
    options = {word for word in said if re.fullmatch("--[a-z][a-z-]*", word)}
    told = {pages.names(row[0])[0].split()[0] for row in table_of_options()}
    assert options | {"--host"} == told


def table_of_options() -> list[list[str]]:
    text = pages.section(pages.read(pages.README), "Commands")
    return pages.table(text[text.index("| option |") :])


def test_every_renderer_is_told_of():
    """Where reports are read."""
    told = pages.names(pages.read("reading-a-report.md"))
    assert sorted(set(RENDERERS) - set(told)) == []


@pytest.mark.parametrize("stream", list(records.STREAMS))
def test_every_column_of_a_stream_has_its_row(stream):
    """In order, with its type and whether it may be null."""
    assert told_columns(stream) == columns(records.STREAMS[stream])


def test_every_stream_has_its_heading():
    told = pages.headings(pages.read("history-format.md"), 3)
    assert list(records.STREAMS) == told


def test_every_column_of_rows_has_its_row():
    assert told_columns("`rows/<n>/`") == columns(ROW_SCHEMA)


def columns(schema) -> list[tuple[str, str, str]]:
    return [(f.name, str(f.type), "yes" if f.nullable else "no") for f in schema]


def told_columns(heading: str) -> list[tuple[str, str, str]]:
    text = pages.section(pages.read("history-format.md"), heading)
    cells = [
        [cell.replace("&lt;", "<").replace("&gt;", ">") for cell in row]
        for row in pages.table(text)
    ]
    return [(pages.names(row[0])[0], row[1], row[2]) for row in cells]


def test_every_reason_role_and_provocation_of_a_history_is_named():
    """What a reader of the streams may meet."""
    text = pages.read("history-format.md")
    told = set(pages.names(pages.section(text, "principals")))
    cast = (*calls(PROVOKING, "Actor"), *calls(PROBING, "Actor"), *calls(PROBING, "principal"))
    roles = {a for call in cast for a in constants(call.args)} | {"user"}
    assert sorted(roles - told) == []
    told = set(pages.names(pages.section(text, "queries")))
    assert sorted({reason.value for reason in records.Reason} - told) == []
    kinds = {
        value
        for call in calls(PROVOKING, "note")
        if "provocations" in constants(call.args)
        for value in constants([k.value for k in call.keywords if k.arg == "kind"])
    }
    told = set(pages.names(pages.section(text, "provocations")))
    assert sorted(kinds - told) == []
    assert sorted(kinds - set(findings._ACTS)) == []


def test_every_provocation_has_its_heading():
    """One for each key of the plan, and one for the observer, which has none."""
    told = set(pages.headings(pages.read("provocations.md"), 2)) - {"Adding one"}
    keys = {field.encode_name for field in msgspec.structs.fields(Provocations)}
    assert keys | {"observe"} == told
    init = (PROVOKING / "__init__.py").read_text("utf-8")
    listed = re.search(r"^PROVOCATIONS.*?= \((.*?)\)$", init, re.MULTILINE | re.DOTALL)
    assert listed
    assert len(told) == len(listed[1].split())


def test_every_kind_of_probe_has_its_row():
    """In the family's order of headings, and what would show that one was accepted."""
    text = pages.read("probes.md")
    told = [name for row in all_rows(text) for name in pages.names(row[0])]
    assert sorted(probing.FAMILY_OF) == sorted(told)
    shows = pages.names(pages.section(pages.read("history-format.md"), "probes"))
    assert sorted({each.value for each in probing.Shows} - set(shows)) == []


def all_rows(text: str) -> list[list[str]]:
    """The rows of all tables of kinds on the page of probes."""
    return [
        row
        for heading in pages.headings(text, 2)
        for row in pages.table(pages.section(text, heading))
        if row[0].startswith("`")
    ]


@pytest.mark.parametrize(
    ("relation", "schema"),
    [
        ("frames", frames.FRAMES),
        ("sightings", frames.SIGHTINGS),
        ("queries", run.QUERIES),
        ("rows", rows.ROWS),
    ],
)
def test_every_column_that_a_check_may_ask_is_told_of(relation, schema):
    """None more, none less."""
    text = pages.section(pages.read("writing-a-check.md"), relation)
    told = [name for row in pages.table(text) for name in pages.names(row[0])]
    assert sorted(schema.names) == sorted(told)


def test_every_mechanism_has_its_row():
    """As the fingerprints name it."""
    folder = Path(fingerprints.__file__).parent
    made = [
        k.value for call in calls(folder, "Mechanism") for k in call.keywords if k.arg == "name"
    ]
    pairs = (*delivery.DELIVERY.values(), *fingerprints.probing.PROBED.values())
    known = constants(made) | {name for name, _ in pairs}
    text = pages.section(pages.read("verdict.md"), "Findings")
    assert sorted(known - {fingerprints.UNKNOWN}) == sorted(row[0] for row in pages.table(text))


def test_every_way_in_which_breaks_are_written_is_told_of():
    """By the names under which a judgement counts them."""
    [line] = [line for line in pages.read("verdict.md").splitlines() if "plants breaks as" in line]
    named = re.findall(r"`([^`]+)`", line.partition("written otherwise (")[2].partition(")")[0])
    assert sorted(ENCODINGS.keys() - {PLAIN}) == sorted(named)


def test_a_new_check_is_put_at_its_place():
    """Between the two that stand around it in the code; the last one at the end."""
    text = pages.read("checks.md")
    for check in (CHECKS[3], CHECKS[-1]):
        [begin] = re.findall(rf"^## {check.name}$", text, re.MULTILINE)
        section = text[text.index(begin) :]
        end = section.find("\n## ", 1)
        without = text.replace(section[: end if end > 0 else None], "", 1)
        again = generated.rewritten("checks.md", without)
        assert pages.headings(text, 2) == pages.headings(again, 2)
