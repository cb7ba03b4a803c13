"""constraints.txt pins whatever the two packages ask for, and says nothing of where from."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "constraints.txt").read_text("utf-8")


def _pins():
    lines = [line for line in TEXT.splitlines() if line and not line.lstrip().startswith("#")]
    return [Requirement(line) for line in lines]


def _asked():
    for metadata in ("pyproject.toml", "docker/reference/pyproject.toml"):
        project = tomllib.loads((ROOT / metadata).read_text("utf-8"))["project"]
        extras = project.get("optional-dependencies", {}).values()
        for group in (project["dependencies"], *extras):
            yield from group


@pytest.mark.parametrize("asked", sorted(set(_asked())))
def test_every_dependency_is_pinned_within_its_range(asked):
    """`make constraints` was run after the last change of a dependency."""
    requirement = Requirement(asked)
    name = canonicalize_name(requirement.name)
    pins = [pin for pin in _pins() if canonicalize_name(pin.name) == name]
    assert pins
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert requirement.specifier.contains(exact.version, prereleases=True)


def test_names_no_address():
    """Where packages come from is the affair of whoever installs them."""
    assert "://" not in TEXT
    assert "index" not in TEXT
