"""The judgement as SARIF 2.1.0, for code scanning screens.

It may not decide anything.  A result is a finding and its flow is the witness; what is UNKNOWN
or missed without a finding is a notification, so that an empty list of results is not taken for
a clean platform.  Nothing in it names a path of the machine that judged.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from isolation_checks.verdicts.lattice import Verdict
from reports import advice, wording
from reports.disarm import disarm

if TYPE_CHECKING:
    from isolation_checks.verdicts.finding import Finding, Moment
    from isolation_checks.verdicts.lattice import Part
    from isolation_checks.verdicts.outcomes import CheckOutcome
    from isolation_checks.verdicts.verdict import Judgement

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RUN = "RUN"
"""What places are relative to: the folder of the run."""
WHOLE = "run.json"
"""Stands for the run as a whole where a moment has no record of its own."""
SEVERITY: dict[Part, str] = {"isolation": "8.6", "evidence": "0.0", "objectives": "3.0"}
"""How a screen sorts rules: another's content first, then what came late or not at all."""
_TAXONOMY = {
    "name": "CWE",
    "organization": "MITRE",
    "informationUri": "https://cwe.mitre.org/",
    "shortDescription": {"text": "Common Weakness Enumeration"},
}


def render(judgement: Judgement) -> bytes:
    """The document, UTF-8, two spaces, a final newline."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(disarm(judgement))]}
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def plain(text: str) -> str:
    """Text for a message, in which brackets would be links and braces placeholders."""
    return re.sub(r"([\[\]])", r"\\\1", text).replace("{", "{{").replace("}", "}}")


def fingerprint(finding: Finding) -> str:
    """The same in every run that finds the same kind of thing by the same mechanism."""
    same = json.dumps([finding.check, finding.kind, finding.mechanism])
    return hashlib.sha256(same.encode()).hexdigest()


def _run(judgement: Judgement) -> dict[str, Any]:
    rules = _rules(judgement)
    numbers = {rule["name"]: number for number, rule in enumerate(rules)}
    weaknesses = sorted({f.cwe for f in judgement.findings if f.cwe is not None})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Crosstalk",
                "version": judgement.crosstalk,
                "rules": rules,
                "supportedTaxonomies": [{"name": "CWE", "index": 0}] if weaknesses else [],
            }
        },
        "automationDetails": {"id": f"crosstalk/{judgement.run}"},
        "originalUriBaseIds": {RUN: {"description": {"text": "the folder of the run"}}},
        "invocations": [_invocation(judgement)],
        "results": [
            _result(finding, rules[numbers[finding.check]]["id"], numbers[finding.check])
            for finding in wording.roots_first(judgement.findings)
        ],
        "properties": {
            "run": judgement.run,
            "target": judgement.target,
            "seed": judgement.seed,
            "verdict": judgement.verdict,
            "headline": judgement.headline,
            "findings": judgement.findings_total,
        },
    }
    if weaknesses:
        run["taxonomies"] = [_TAXONOMY | {"taxa": [_weakness(number) for number in weaknesses]}]
    return run


def _weakness(number: int) -> dict[str, Any]:
    page = f"https://cwe.mitre.org/data/definitions/{number}.html"
    return {"id": str(number), "name": f"CWE-{number}", "helpUri": page}


def _rules(judgement: Judgement) -> list[dict[str, Any]]:
    """The checks, those too that only a finding names."""
    checks: dict[str, CheckOutcome | None] = {check.name: check for check in judgement.checks}
    checks |= {f.check: None for f in judgement.findings if f.check not in checks}
    rules: list[dict[str, Any]] = []
    for number, (name, check) in enumerate(checks.items(), 1):
        own = [finding for finding in judgement.findings if finding.check == name]
        part: Part = check.part if check is not None else own[0].part
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or f"check-{number}"
        taken = {rule["id"] for rule in rules}
        asks = plain(check.asks if check is not None else name)
        weaknesses = sorted({finding.cwe for finding in own if finding.cwe is not None})
        rules.append(
            {
                "id": f"{slug}-{number}" if slug in taken else slug,
                "name": name,
                "shortDescription": {"text": asks},
                "fullDescription": {"text": asks},
                "help": {"text": _help(asks, check)},
                "defaultConfiguration": {"level": "error"},
                "properties": {
                    "tags": [part, *(f"external/cwe/cwe-{cwe:03}" for cwe in weaknesses)]
                    + (["security"] if part == "isolation" else []),
                    "precision": "very-high",
                    "security-severity": SEVERITY[part],
                },
            }
        )
    return rules


def _help(asks: str, check: CheckOutcome | None) -> str:
    said = [asks]
    if check is not None and check.verdict is not Verdict.NOT_ASKED:
        unit = wording.unit(check.examined, check.unit)
        examined = f"{wording.count(check.examined)} {unit}"
        said.append(plain(f"This run examined {examined} and found {wording.count(check.found)}."))
        said += [f"What to do: {plain(todo)}" for todo in filter(None, [advice.for_check(check)])]
    said.append(
        "A result is proved by its flow: the least set of moments that shows it, in order. "
        "`crosstalk checks` says what the check catches and is blind to; "
        "`crosstalk explain RUN FINDING` shows one finding whole."
    )
    return " ".join(said)


def _invocation(judgement: Judgement) -> dict[str, Any]:
    """How the run ended, and what was missed or could not be seen."""
    told: list[tuple[str, str, Verdict]] = [
        (f"part: {part.name}", part.because, part.verdict) for part in judgement.parts
    ]
    told += [(check.name, check.note or check.asks, check.verdict) for check in judgement.checks]
    told += [
        (wording.limit(objective.statement), wording.measured(objective), objective.verdict)
        for objective in judgement.objectives
    ]
    levels = {Verdict.FAIL: "error", Verdict.UNKNOWN: "warning"}
    invocation: dict[str, Any] = {
        "executionSuccessful": True,
        "exitCode": judgement.exit_code,
        "exitCodeDescription": plain(f"{judgement.verdict}: {judgement.headline}"),
        "toolExecutionNotifications": [
            {
                "level": levels[verdict],
                "message": {"text": plain(f"{verdict}: {name}: {said}")},
            }
            for name, said, verdict in told
            if verdict in levels
        ],
    }
    for name, stamp in (
        ("startTimeUtc", judgement.started_at),
        ("endTimeUtc", judgement.judged_at),
    ):
        if at := _utc(stamp):
            invocation[name] = at
    return invocation


def _utc(stamp: str) -> str | None:
    """An ISO stamp as SARIF writes it; None where it is none."""
    try:
        when = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return None if when.tzinfo is None else f"{when.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _result(finding: Finding, rule: str, number: int) -> dict[str, Any]:
    """A finding: a consequence of another one is a warning, everything else an error."""
    follows = "" if finding.folded_into is None else f" It follows from {finding.folded_into}."
    where, like = wording.where(finding), wording.looks_like(finding)
    todo = advice.for_finding(finding) if not follows else ""
    said = f"{finding.sentence} ({where}). Looks like {like}.{follows} {todo}".rstrip()
    mark = fingerprint(finding)
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": number,
        "level": "error" if finding.folded_into is None else "warning",
        "message": {"text": plain(said)},
        "occurrenceCount": max(finding.times, 1),
        "locations": [_passage(finding)],
        "fingerprints": {"crosstalk/v1": mark},
        "partialFingerprints": {"primaryLocationLineHash": f"{mark[:16]}:1"},
        "properties": {
            "finding": finding.id,
            "kind": finding.kind,
            "mechanism": finding.mechanism,
            "provocation": finding.provocation,
            "foldedInto": finding.folded_into,
        },
    }
    if finding.cwe is not None:
        result["taxa"] = [{"id": str(finding.cwe), "toolComponent": {"name": "CWE", "index": 0}}]
    if finding.witness:
        steps = [_step(moment, place) for place, moment in enumerate(finding.witness, 1)]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _passage(finding: Finding) -> dict[str, Any]:
    """From whom to whom, and the last record that shows it."""
    placed = [moment for moment in finding.witness if moment.place is not None]
    passage = f"{finding.victim or 'nobody known'} → {finding.recipient or 'nobody'}"
    logical = {
        "name": passage,
        "fullyQualifiedName": f"{finding.channel}: {passage}",
        "kind": "passage",
    }
    return {
        "physicalLocation": _record(placed[-1] if placed else None),
        "logicalLocations": [logical],
    }


def _step(moment: Moment, number: int) -> dict[str, Any]:
    """A moment of the witness; the excerpt is the snippet of its record."""
    told = f"{wording.clock(moment.at_s)}  {moment.who}  {moment.did}"
    location = {
        "message": {"text": plain(told)},
        "physicalLocation": _record(moment),
        "logicalLocations": [{"name": moment.who, "kind": moment.role}],
    }
    importance = "important" if moment.role == "other" else "essential"
    return {"location": location, "executionOrder": number, "importance": importance}


def _record(moment: Moment | None) -> dict[str, Any]:
    """A place of the evidence: a stream's record is given as the line of a file."""
    place = None if moment is None else moment.place
    uri = WHOLE if place is None else f"{quote(place.stream)}.arrow"
    region: dict[str, Any] = {"startLine": 1 if place is None else place.index + 1}
    if moment is not None and moment.text:
        region["snippet"] = {"text": moment.text}
    return {"artifactLocation": {"uri": uri, "uriBaseId": RUN}, "region": region}
