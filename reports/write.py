"""The one function of this room that owns files: it puts a report beside its judgement.

It may not overwrite anything: a run is evidence, so a second report gets a folder of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING

from isolation_checks.verdicts import capacity, verdict
from reports import junit, markdown, page, pdf, pictures, planned, sampled, sarif, tables, text
from reports.annotations import render as annotated

if TYPE_CHECKING:
    from pathlib import Path

Rendered = bytes | Mapping[str, bytes]
"""One file, or the files of a folder by their names."""
RENDERERS: Mapping[str, Callable[[verdict.Judgement], Rendered]] = {
    "index.html": page.render,
    "report.pdf": pdf.render,
    "summary.txt": text.summary,
    "summary.md": markdown.render,
    "junit.xml": junit.render,
    "crosstalk.sarif": sarif.render,
    "annotations.txt": annotated,
    **{f"{name}.csv": table.csv for name, table in tables.TABLES.items()},
    "parquet": tables.parquet,
    "figures": pictures.render,
}
"""The files and folders of a report and what renders each.  A new format is one module and one
line."""

OF_CAPACITY: Mapping[str, Callable[[capacity.Capacity], Rendered]] = {
    "index.html": planned.render,
    "capacity.pdf": planned.paper,
    "steps.csv": sampled.steps,
    "resources.csv": sampled.resources,
    "figures": planned.pictures,
}
"""The same of a capacity."""


def write(judgement_dir: Path) -> Path:
    """Render the `verdict.json` of a folder into its `report/`, or `report-2/`, and so on.

    Every format is rendered before anything is written.  Folders have mode 0700, files
    0600: a report quotes what users were told.

    Returns:
        The path of the page, `…/report/index.html`.

    Raises:
        OSError: there is no judgement in the folder, or it cannot be written to.
        UsageError: what is there is not a judgement that this version reads.
    """
    judgement = verdict.decode((judgement_dir / "verdict.json").read_bytes())
    return _kept(judgement_dir, {name: render(judgement) for name, render in RENDERERS.items()})


def write_capacity(folder: Path) -> Path:
    """Render the `capacity.json` of a folder into its `report/`, as `write` does a judgement.

    Raises:
        OSError: there is no capacity in the folder, or it cannot be written to.
        UsageError: what is there is not a capacity that this version reads.
    """
    found = capacity.decode((folder / "capacity.json").read_bytes())
    return _kept(folder, {name: render(found) for name, render in OF_CAPACITY.items()})


def _kept(beside: Path, rendered: Mapping[str, Rendered]) -> Path:
    """Write files and folders of files; the path of the page."""
    folder = _folder(beside)
    for name, content in rendered.items():
        if isinstance(content, bytes):
            _add(folder / name, content)
        else:
            (folder / name).mkdir(mode=0o700)
            for each, part in content.items():
                _add(folder / name / each, part)
    return folder / "index.html"


def _folder(judgement_dir: Path) -> Path:
    """Make the first report folder that does not exist yet."""
    for number in count(1):
        folder = judgement_dir / ("report" if number == 1 else f"report-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    raise AssertionError  # count() does not end


def _add(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet, for its owner alone."""
    with open(path, "xb", opener=_private) as file:
        file.write(content)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
