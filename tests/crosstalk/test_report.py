from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from crosstalk.commands import report
from isolation_checks.errors import UsageError
from isolation_checks.verdicts.verdict import encode
from reports import annotations, junit, markdown, sarif, text
from tests.reports import samples

RENDERED = {
    "text": text.summary,
    "json": encode,
    "junit": junit.render,
    "sarif": sarif.render,
    "markdown": markdown.render,
    "github": annotations.render,
}


def judged(runs, name="r1", judgement=None):
    """A run that was judged, and nothing else of it."""
    folder = runs / name / "judgements" / "1"
    folder.mkdir(parents=True)
    (runs / name / "run.json").write_text("{}")
    (folder / "verdict.json").write_bytes(encode(judgement or samples.failing()))
    return folder


def asked(runs, *arguments, run="r1"):
    """What the command says, and its exit code."""
    done = CliRunner().invoke(
        report.command, [run, "--runs", str(runs), *arguments], standalone_mode=False
    )
    if done.exception:
        raise done.exception
    return done


@pytest.mark.parametrize("name", report.FORMATS)
def test_a_format_is_printed_as_its_renderer_gives_it(tmp_path, name):
    """To the byte, hostile content too; nothing is written, and FAIL is no failure to render."""
    folder = judged(tmp_path, judgement=samples.hostile())
    done = asked(tmp_path, "--format", name)
    expected = RENDERED[name](samples.hostile())
    assert expected == done.stdout_bytes
    assert done.return_value == 0
    assert [path.name for path in folder.iterdir()] == ["verdict.json"]


def test_without_a_format_the_report_is_written_and_named(tmp_path):
    """As ever: the path of the page."""
    folder = judged(tmp_path)
    expected = f"{folder / 'report' / 'index.html'}\n"
    assert expected == asked(tmp_path).output
    assert (folder / "report" / "junit.xml").exists()


def test_the_newest_judgement_is_rendered(tmp_path):
    """Judged twice, the second counts."""
    judged(tmp_path)
    later = tmp_path / "r1" / "judgements" / "2"
    later.mkdir()
    (later / "verdict.json").write_bytes(encode(samples.passing()))
    assert json.loads(asked(tmp_path, "--format", "json").output)["verdict"] == "PASS"


def test_a_run_that_was_never_judged_is_the_users_mistake(tmp_path):
    """The sentence says what would be right."""
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="crosstalk judge"):
        asked(tmp_path, "--format", "text")


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path):
    """Exit 2, by the front door."""
    judged(tmp_path)
    command = [sys.executable, "-m", "crosstalk", "report", "r1", "--runs", tmp_path]
    done = subprocess.run(
        [*command, "--format", "pdf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "'markdown'" in done.stderr


def test_one_format_does_not_wait_for_anothers_libraries(tmp_path):
    """A summary in a CI job needs neither matplotlib nor pandas."""
    judged(tmp_path)
    script = (
        "import sys; from crosstalk.commands.report import command;"
        f"command(['r1', '--runs', {str(tmp_path)!r}, '--format', 'markdown'],"
        " standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"matplotlib", "pandas", "jinja2", "junitparser"}.isdisjoint(loaded)
