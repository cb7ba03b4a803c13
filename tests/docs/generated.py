"""The parts of the documentation that say what the code says.

    python -m tests.docs.generated

rewrites them; a test asks whether they are as they would be rewritten.  Each stands
between two comments; what stands outside of these is written by hand.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from isolation_checks.checks import CHECKS
from isolation_checks.checks.check import Check
from isolation_checks.selftest import opportunities
from isolation_checks.selftest.nouns import Selftest
from isolation_checks.statistics import bounds
from isolation_checks.verdicts import capacity, verdict
from isolation_checks.verdicts.capacity import Capacity
from isolation_checks.verdicts.verdict import Judgement
from reports import selftest
from tests.docs.pages import DOCS, anchor
from tests.leaky_lab import scoring
from tests.leaky_lab.pairs import PAIRS
from tests.leaky_lab.scoring import Lab

FAULTS = {
    fault["name"]: fault
    for fault in json.loads(
        subprocess.check_output([sys.executable, "-m", "reference_platform", "--faults"])
    )
}
SIGNALS = {
    "W": "another's words in frames",
    "D": "in rows",
    "I": "wrong ids or labels",
    "L": "lost, doubled, late or out of order",
    "A": "access that should be refused",
    "T": "time",
}
BEGIN, END = "<!-- from the code: {} -->", "<!-- until here -->"


@dataclass(frozen=True)
class Said:
    """What a check's docstring says, in its four parts."""

    rule: str
    more: str
    catches: str
    blind: str


def said(check: Check) -> Said:
    """Take a check's docstring apart."""
    text = inspect.cleandoc(check.doc)
    before, _, rest = text.partition("Catches:")
    catches, _, blind = rest.partition("Blind to:")
    rule, _, more = before.strip().partition("\n\n")
    return Said(*(" ".join(part.split()) for part in (rule, more, catches, blind)))


def _linked(text: str) -> str:
    """A text in which the faults that can be switched on lead to their page."""
    names = "|".join(FAULTS)
    return re.sub(rf"\b({names})\b", lambda m: f"[{m[1]}](faults.md#{m[1]})", text)


def check_block(check: Check) -> str:
    """A check, as `docs/checks.md` shows it."""
    parts = said(check)
    cwe = f" · [CWE-{check.cwe}](https://cwe.mitre.org/data/definitions/{check.cwe}.html)"
    lines = [
        f"*{check.part.capitalize()}*{cwe if check.cwe else ''} · **{check.asks}**",
        "",
        f"{parts.rule} {parts.more}".strip(),
        "",
        f"- **Catches:** {_linked(parts.catches)}",
        f"- **Blind to:** {parts.blind}",
    ]
    return "\n".join(lines)


def claimants(fault: str) -> list[str]:
    """The checks that say that they catch a fault."""
    return [c.name for c in CHECKS if re.search(rf"\b{fault}\b", said(c).catches)]


def fault_block(name: str) -> str:
    """A fault, as `docs/faults.md` shows it."""
    fault = FAULTS[name]
    claimed = [f"[{check}](checks.md#{anchor(check)})" for check in claimants(name)]
    needs = f" · **needs:** {', '.join(fault['needs'])}" if fault["needs"] else ""
    rate = f"**Opportunity:** {fault['opportunity']} · **rate:** {fault['default_rate']:g}{needs}"
    return "\n".join(
        [
            fault["sentence"],
            "",
            f"- **Shows when** {fault['shows_when']}, as {signals(fault['signal'])}",
            f"- {rate}",
            f"- **Claimed by:** {', '.join(claimed) or 'no check'}",
        ]
    )


def signals(letters: str) -> str:
    """What a fault's signal means."""
    return ", ".join(SIGNALS[letter] for letter in letters)


def unclaimed_block() -> str:
    """The faults that no check names among what it catches."""
    names = [f"[{name}](#{name})" for name in FAULTS if not claimants(name)]
    return f"No check claims: {', '.join(names)}." if names else "A check claims each of them."


def kept_selftest() -> Selftest:
    """The selftest whose table stands in `docs/detection.md`."""
    return msgspec.json.decode((DOCS / "detection.json").read_bytes(), type=Selftest)


FEW = 300
"""Fewer chances bound no rate by 1 %."""


def chances_block() -> str:
    """What default runs give the faults, as `docs/chances.json` has it."""
    kept = json.loads((DOCS / "chances.json").read_bytes())
    demo, agents = kept["demo"]["chances"], kept["agents"]["chances"]
    named: dict[str, list[str]] = {}
    for name, fault in FAULTS.items():
        named.setdefault(fault["opportunity"], []).append(f"[{name}](#{name})")
    lines = [
        "| opportunity | in the demo | smallest rate | with 50 users | smallest rate | faults |",
        "|---|---|---|---|---|---|",
    ]
    for each in sorted(named, key=lambda each: -(demo[each] or 0)):
        said = [part for many in (demo[each], agents[each]) for part in _chances(each, many)]
        lines.append(f"| {each} | {' | '.join(said)} | {', '.join(named[each])} |")
    rolled = {n: f["opportunity"] for n, f in FAULTS.items() if f["default_rate"] < 1}
    least = min(rolled, key=lambda name: demo[rolled[name]])
    few = [e for e in named if demo[e] is not None and demo[e] < FEW]
    said = (
        f"Of the {len(rolled)} faults that throw dice by default, the one with the fewest chances "
        f"in the demo is `{least}`, with {demo[rolled[least]]:,}. Fewer than {FEW} have: "
        f"{', '.join(sorted(few))}."
    )
    acts = ", ".join(f"{kind} {many}" for kind, many in kept["demo"]["acts"].items())
    done = f"What shows only where two things meet had a chance in each such act: {acts}."
    return "\n".join([*lines, "", said, "", done])


def _chances(opportunity: str, many: int | None) -> tuple[str, str]:
    if many is None:
        return "nobody can say from outside", ""
    least = " at least" if opportunity in opportunities.AT_LEAST else ""
    rate = bounds.none_seen(many)
    return f"{many:,}{least}", "none shows" if rate is None else f"{rate:.2g}"


def lab_block() -> str:
    """The leaky lab, as `docs/detection.md` shows it."""
    lines = [
        "| server | what is wrong | leaks with | fixed with | looks like |",
        "|---|---|---|---|---|",
    ]
    for pair in PAIRS.values():
        fixed = ", ".join(f"`{package}`" for package in pair.fixed) or "the same, used rightly"
        bad = ", ".join(f"`{package}`" for package in pair.bad)
        looks = " or ".join(f"*{mechanism}*" for mechanism in pair.looks_like)
        lines.append(f"| `{pair.name}` | {pair.wrong} | {bad} | {fixed} | {looks} |")
    return "\n".join(lines)


def kept_lab() -> Lab:
    """The drives of the lab whose table stands in `docs/detection.md`."""
    return msgspec.json.decode((DOCS / "lab.json").read_bytes(), type=Lab)


def driven_block() -> str:
    """What was said of the leaky lab, as `docs/lab.json` has it."""
    lab = kept_lab()
    scores = scoring.scored(lab.drives)
    bad = [score for score in scores if score.version == scoring.BAD]
    head = ("server", "version", "isolation", "roots", "looks like", "first", "whose")
    not_run = [f"- {each.fault} was not driven: {each.why}" for each in lab.not_run]
    return "\n\n".join(
        [
            _versions(scores),
            selftest.table(head, map(_driven, scores)),
            selftest.confusion(bad),
            *(["\n".join(not_run)] if not_run else []),
            f"Made by `{lab.command}`, each drive of {lab.seconds} s with {lab.users} users.",
        ]
    )


def _versions(scores: Sequence[scoring.Score]) -> str:
    """How many drives of each version were judged as they should be."""
    said = []
    for version, verdict_of_it in scoring.ISOLATION.items():
        drives = [said for score in scores if score.version == version for said in score.drives]
        right = sum(said.isolation == verdict_of_it for said in drives)
        said.append(f"{right} of {len(drives)} drives of {version} versions were {verdict_of_it}")
    innocent = sum(said.innocent for score in scores for said in score.drives)
    return f"{', '.join(said)}; pairs of users wrongly accused: {innocent}."


def _driven(score: scoring.Score) -> tuple[str, ...]:
    """A row of the table; a range where drives differ."""
    verdicts = Counter(said.isolation for said in score.drives)
    seen = sum(said.rightly for said in score.drives)
    confessed = sum(said.confessed for said in score.drives)
    innocent = sum(said.innocent for said in score.drives)
    accused = f"; **{innocent} innocent**" if innocent else ""
    return (
        f"`{score.fault}`",
        score.version,
        ", ".join(
            f"{verdict} ({number} of {score.trials})" for verdict, number in verdicts.items()
        ),
        _range([said.roots for said in score.drives]),
        "; ".join(selftest.looks_like(look, score.trials) for look in score.looks),
        "" if score.first_s is None else f"{score.first_s:.1f} s",
        (f"{seen} of {confessed}" if confessed else "") + accused,
    )


def _range(numbers: Sequence[int]) -> str:
    least, most = min(numbers), max(numbers)
    return f"{least}" if least == most else f"{least} – {most}"


def blocks() -> Mapping[tuple[str, str], str]:
    """Every generated block, by page and heading."""
    return {
        **{("checks.md", check.name): check_block(check) for check in CHECKS},
        ("faults.md", "unclaimed"): unclaimed_block(),
        ("faults.md", "chances"): chances_block(),
        ("detection.md", "selftest"): selftest.render(kept_selftest()).decode().rstrip(),
        ("detection.md", "lab"): lab_block(),
        ("detection.md", "lab driven"): driven_block(),
        **{("faults.md", name): fault_block(name) for name in FAULTS},
    }


def marked(name: str, block: str) -> str:
    """A block between its comments."""
    return f"{BEGIN.format(name)}\n{block}\n{END}"


def found(text: str) -> Iterator[tuple[str, str]]:
    """The blocks that a page holds: name and content."""
    pattern = re.escape(BEGIN).replace(r"\{\}", "([^>]+?)") + r"\n(.*?)\n" + re.escape(END)
    for match in re.finditer(pattern, text, re.DOTALL):
        yield match[1], match[2]


def rewritten(page: str, text: str) -> str:
    """A page with its blocks as the code would have them; a new one comes where its order is."""
    own = {name: block for (of, name), block in blocks().items() if of == page}
    order = list(own)
    for name, block in own.items():
        begin = re.escape(BEGIN.format(name))
        pattern = re.compile(begin + r"\n.*?\n" + re.escape(END), re.DOTALL)
        fresh = marked(name, block)
        if pattern.search(text):
            text = pattern.sub(lambda _, fresh=fresh: fresh, text)
        else:
            behind = order[order.index(name) + 1 :]
            heading = next((f"\n## {each}\n" for each in behind if f"\n## {each}\n" in text), None)
            section = f"\n## {name}\n\n{fresh}\n"
            if heading is None:
                text = text.rstrip("\n") + "\n" + section
            else:
                text = text.replace(heading, section + heading, 1)
    return text


SCHEMAS = {
    "verdict.schema.json": (Judgement, verdict.SCHEMA),
    "capacity.schema.json": (Capacity, capacity.SCHEMA),
}
"""Files that programs read, and the structs that they are."""


def schema(name: str) -> str:
    """The JSON Schema of a file, as `docs/` has it."""
    struct, version = SCHEMAS[name]
    made = msgspec.json.schema(struct)
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": version}
    return json.dumps(dialect | made, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Rewrite the pages and the schemas."""
    for name in SCHEMAS:
        (DOCS / name).write_text(schema(name), "utf-8")
    for page in sorted({page for page, _ in blocks()}):
        path = DOCS / page
        path.write_text(rewritten(page, path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
