from __future__ import annotations

import stat

import pytest

from isolation_checks.errors import UsageError
from isolation_checks.verdicts.verdict import encode
from reports import write
from tests.reports import samples


def judged(folder):
    """A folder with a judgement in it."""
    (folder / "verdict.json").write_bytes(encode(samples.failing()))
    return folder


@pytest.fixture
def few(monkeypatch):
    """Renderers that are quick: a file, and a folder with one."""
    some = {name: write.RENDERERS[name] for name in ("index.html", "summary.txt")}
    folder = {"figures": lambda _: {"F1.svg": b"<svg/>"}}
    monkeypatch.setattr(write, "RENDERERS", some | folder)


def mode(path):
    """The permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_report_is_every_renderers_file_beside_the_judgement(tmp_path):
    """The path of the page comes back; each file is what its renderer gives."""
    index = write.write(judged(tmp_path))
    expected = tmp_path / "report" / "index.html"
    assert expected == index
    expected = {}
    for name, render in write.RENDERERS.items():
        rendered = render(samples.failing())
        if isinstance(rendered, bytes):
            expected[name] = rendered
        else:
            expected |= {f"{name}/{part}": content for part, content in rendered.items()}
    files = {path for path in index.parent.rglob("*") if path.is_file()}
    written = {str(path.relative_to(index.parent)): path.read_bytes() for path in files}
    assert expected == written
    formats = {"index.html", "summary.txt", "summary.md", "junit.xml", "crosstalk.sarif"}
    assert formats | {"annotations.txt", "findings.csv", "figures/F1.png"} <= set(expected)


@pytest.mark.usefixtures("few")
def test_nothing_is_overwritten(tmp_path):
    """A second and a third report get folders of their own; the first stays as it was."""
    judged(tmp_path)
    first = write.write(tmp_path)
    first.write_text("seen")
    later = [write.write(tmp_path).parent.name for _ in range(2)]
    expected = ["report-2", "report-3"]
    assert expected == later
    assert first.read_text() == "seen"


@pytest.mark.usefixtures("few")
def test_a_file_that_is_there_already_is_refused(tmp_path, monkeypatch):
    """Even where another process was quicker."""
    monkeypatch.setattr(write, "_folder", lambda folder: folder)
    (judged(tmp_path) / "index.html").write_text("seen")
    with pytest.raises(FileExistsError):
        write.write(tmp_path)


@pytest.mark.usefixtures("few")
def test_only_the_owner_may_read_a_report(tmp_path):
    """It quotes what users were told."""
    index = write.write(judged(tmp_path))
    inside = list(index.parent.rglob("*"))
    assert {mode(path) for path in [index.parent, *inside] if path.is_dir()} == {0o700}
    assert {mode(path) for path in inside if path.is_file()} == {0o600}


@pytest.mark.usefixtures("few")
def test_a_renderer_that_breaks_leaves_no_half_report(tmp_path, monkeypatch):
    """Everything is rendered before anything is written."""

    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(write, "RENDERERS", {**write.RENDERERS, "broken.txt": broken})
    with pytest.raises(ZeroDivisionError):
        write.write(judged(tmp_path))
    expected = ["verdict.json"]
    assert expected == [path.name for path in tmp_path.iterdir()]


def test_a_folder_without_a_judgement_is_refused(tmp_path):
    """Nothing is made where there is nothing to render, or something else."""
    with pytest.raises(FileNotFoundError):
        write.write(tmp_path)
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(UsageError):
        write.write(tmp_path)
    assert not (tmp_path / "report").exists()
