import re
from pathlib import Path

from reference_platform.catalogue import FAULTS
from reference_platform.cli import _parser

README = Path(__file__).parents[2] / "docker" / "reference" / "README.md"


def test_the_readme_tells_of_every_fault_and_no_other():
    """With its opportunity, its default rate and its sentence."""
    row = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([\d.]+) \| ([^|]+) \|$", re.MULTILINE)
    told = {name: rest for name, *rest in row.findall(README.read_text())}
    assert told == {
        fault.name: [fault.opportunity, f"{fault.default_rate:g}", fault.sentence]
        for fault in FAULTS.values()
    }


def test_the_readme_tells_what_every_fault_shows_as():
    """With its signal, when it shows, and what it needs."""
    row = re.compile(r"^\| `(\w+)` \| ([A-Z ]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
    told = {name: rest for name, *rest in row.findall(README.read_text())}
    assert told == {
        fault.name: [" ".join(fault.signal), fault.shows_when, ", ".join(fault.needs)]
        for fault in FAULTS.values()
    }


def test_the_readme_tells_of_every_option():
    text = README.read_text()
    options = {word for action in _parser()._actions for word in action.option_strings}
    assert [word for word in options if len(word) > 2 and f"`{word}" not in text] == ["--help"]
