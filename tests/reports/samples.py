"""Judgements to render: built in code, so that a test reads what it depends on."""

from __future__ import annotations

from typing import Any

import msgspec

from isolation_checks.plan.indicators import INDICATORS
from isolation_checks.verdicts.finding import Finding, Moment, Pair, Place, Span
from isolation_checks.verdicts.lattice import Verdict
from isolation_checks.verdicts.outcomes import (
    CheckOutcome,
    Distribution,
    ObjectiveOutcome,
    Opportunity,
    PartOutcome,
    Window,
)
from isolation_checks.verdicts.progress import (
    Course,
    Coverage,
    Heat,
    Met,
    Resource,
    Slice,
    Step,
    Timeline,
)
from isolation_checks.verdicts.verdict import Judgement, Scale

PASS, FAIL, UNKNOWN, NOT_ASKED = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_ASKED

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> [red]red[/red] \x1b[31mred\x1b[0m "
    "\x1b]8;;http://evil.example\x07here\x1b]8;;\x07 \u202eesrever\u202c \r\n\t\x00 "
    "$\\frac{1}{$ 答えは東京です 👩\u200d💻🙂 Z" + "\u0316" * 40 + " & ]]> --> \"quoted\" 'too' "
    "</title></style></svg><b>\n::error::pwned%0A::error::pwned\u2028\x85\x9b31m\ufeff"
)
"""What a target may say to harm a reader: markup, escapes, reordering, stacked marks."""


def changed(judgement: Judgement, **fields: Any) -> Judgement:
    """The judgement with other values in some fields."""
    return msgspec.structs.replace(judgement, **fields)


def check(name: str, examined: int, **fields: Any) -> CheckOutcome:
    """A check of the isolation that passed."""
    asked = {
        "asks": "Did anyone receive words that only someone else was given?",
        "part": "isolation",
        "verdict": PASS,
        "unit": "frames",
        "found": 0,
    }
    return CheckOutcome(name=name, examined=examined, **(asked | fields))


def objective(statement: str, **fields: Any) -> ObjectiveOutcome:
    """An objective in seconds that was met with room to spare."""
    indicator = fields.get("indicator", "completion")
    met = {
        "name": "completion",
        "indicator": indicator,
        "meaning": INDICATORS[indicator].meaning,
        "advice": INDICATORS[indicator].advice,
        "verdict": PASS,
        "unit": "s",
        "limit": 5.0,
        "measured": 1.31,
        "lower": 1.22,
        "upper": 1.3741,
        "samples": 1_140,
        "censored": 0,
    }
    return ObjectiveOutcome(statement=statement, **(met | fields))


def distribution(label: str, low_s: float, high_s: float, **fields: Any) -> Distribution:
    """A phase whose 101 quantiles climb from `low_s` to `high_s`, slowly and then fast."""
    climb = tuple(low_s + (high_s - low_s) * (place / 100) ** 4 for place in range(101))
    plain = {"phase": label, "samples": 1_140, "censored": 0, "quantiles_s": climb}
    return Distribution(label=label, **(plain | fields))


def moment(
    at_s: float | None, who: str, role: Any, did: str, text: str = "", **fields: Any
) -> Moment:
    """A step of a witness; `mark` may be given as the marked words."""
    mark = fields.pop("mark", None)
    if isinstance(mark, str):
        mark = (text.index(mark), text.index(mark) + len(mark))
    return Moment(at_s=at_s, who=who, role=role, did=did, text=text, mark=mark, **fields)


ASKED = "Please check my order CX7Q2M8R4KXW0V9TB3HN for Port Kellsworth and tell me when it leaves."
THOUGHT = (
    "Let me think about that. The customer asks for order CX7Q2M8R4KXW0V9TB3HN for "
    "Port Kellsworth, so I look it up in the order store first."
)
CANARY = "CX7Q2M8R4KXW0V9TB3HN"


def shared_socket(**fields: Any) -> Finding:
    """F1 of a platform whose newest socket wins."""
    plain = {
        "id": "F1",
        "check": "foreign canary in a frame",
        "part": "isolation",
        "kind": "foreign-canary",
        "cwe": 488,
        "victim": "ana-07",
        "recipient": "ben-12",
        "channel": "frame",
        "sentence": "words that only ana-07 was given reached ben-12",
        "times": 37,
        "first_s": 4.203,
        "mechanism": "the newest socket wins",
        "because": "all 37 follow a connect within 40 ms",
        "provocation": "connect during somebody's answer",
        "witness": (
            moment(
                4.180, "ana-07", "victim", "asked", ASKED, mark=CANARY,
                place=Place(stream="history/w1/queries", index=212),
            ),
            moment(4.191, "ben-12", "recipient", "connected"),
            moment(
                4.203, "ben-12", "recipient", "agent_thinking", THOUGHT, mark=CANARY,
                place=Place(stream="history/w2/frames", index=1_871),
            ),
        ),
        "spans": (
            Span(who="ana-07", kind="session", label="session 7", from_s=0.41, to_s=None),
            Span(who="ana-07", kind="query", label="query 212", from_s=4.180, to_s=5.02),
            Span(who="ben-12", kind="session", label="session 31", from_s=4.191, to_s=11.4),
        ),
    }  # fmt: skip
    return Finding(**(plain | fields))


def lost_row(**fields: Any) -> Finding:
    """A finding of the rows: the last moment stands on a clock that is not ours."""
    plain = {
        "id": "F2",
        "check": "row of every answer",
        "kind": "lost-row",
        "cwe": None,
        "recipient": None,
        "channel": "row",
        "sentence": "an answer that ana-07 received has no row in messages",
        "times": 1,
        "first_s": None,
        "mechanism": "unknown",
        "because": "nothing distinguishes it from its neighbours",
        "provocation": None,
        "witness": (
            moment(9.1, "ana-07", "victim", "asked", "Where is my parcel?"),
            moment(9.84, "ana-07", "victim", "agent_completed", "It is in Leeds."),
            moment(None, "ana-07", "victim", "row of run r-88 absent in messages"),
        ),
        "spans": (Span(who="ana-07", kind="query", label="query 301", from_s=9.1, to_s=9.84),),
    }
    return shared_socket(**(plain | fields))


def parts(evidence: Verdict, isolation: Verdict, objectives: Verdict) -> tuple[PartOutcome, ...]:
    """The three parts, all of which gate."""
    because = {
        "evidence": "4 of 4 processes left their seal; every stream is whole",
        "isolation": {
            PASS: "nothing foreign was seen, in 1,159 opportunities of two kinds",
            FAIL: "37 findings on the wire, one root",
        }.get(isolation, "no answer could have shown anything"),
        "objectives": "three of three were judged",
    }
    verdicts = {"evidence": evidence, "isolation": isolation, "objectives": objectives}
    return tuple(
        PartOutcome(name=name, verdict=verdict, gates=True, because=because[name])
        for name, verdict in verdicts.items()
    )


OPPORTUNITIES = (
    Opportunity(
        name="overlap",
        meaning="an answer that echoed its own user's canary while another user's query was open",
        count=1_071, seen=0, bound=0.002793, wanted=0.01, needed=None,
    ),
    Opportunity(
        name="identical prompt",
        meaning="two users asked word for word the same at the same moment",
        count=88, seen=0, bound=0.03347, wanted=0.05, needed=None,
    ),
)  # fmt: skip

LATENCY = (
    distribution("connect", 0.012, 0.21, samples=63, limit_s=2.0),
    distribution("first event", 0.04, 0.9, limit_s=5.0, limit_quantile=0.95),
    distribution("completion", 0.31, 2.4, limit_s=5.0, limit_quantile=0.95),
)


def slices() -> Timeline:
    """Six slices of 10 s: the load doubles, answers stall, bleeding begins in the fourth."""
    told = [(5, 40, 40, 0.3), (10, 80, 80, 0.4), (20, 150, 150, 0.6),
            (40, 160, 90, 4.0), (40, 150, 60, 6.0), (40, 0, 0, None)]  # fmt: skip
    return Timeline(
        slice_s=10.0,
        limit_s=5.0,
        slices=tuple(
            Slice(
                from_s=10.0 * place, sessions=sessions, answered=answered, good=good,
                unanswered=12 if p50 is None else 0, p50_s=p50,
                p95_s=None if p50 is None else 2 * p50, found=3 if place == 3 else 0,
            )
            for place, (sessions, answered, good, p50) in enumerate(told)
        ),
        resources=(
            Resource(source="processes", resource="cpu", unit="cores", most=2.0,
                     levels=(0.2, 0.4, 0.9, 1.9, 2.0, None)),
            Resource(source="processes", resource="memory", unit="bytes", most=16e9,
                     levels=(80e6, 90e6, 100e6, 120e6, 130e6, 130e6)),
            Resource(source="backend", resource="pool waits", unit="per_s", most=None,
                     levels=(None,) * 6),
        ),
    )  # fmt: skip


HEAT = Heat(
    phase="completion",
    edges_s=(0.1, 0.316228, 1.0, 3.16228, 10.0),
    counts=((30, 10, 0, 0), (40, 40, 0, 0), (0, 150, 0, 0),
            (0, 0, 90, 70), (0, 0, 60, 90), (0, 0, 0, 0)),
    unfinished=(0, 0, 0, 0, 4, 12),
)  # fmt: skip


def window(
    from_s: float, verdict: Verdict, measured: float | None, lower: float, upper: float | None,
    **fields: Any,
) -> Window:  # fmt: skip
    """Twenty seconds of an objective."""
    plain = {"to_s": from_s + 20, "samples": 380, "lower": lower, "upper": upper}
    return Window(from_s=from_s, verdict=verdict, measured=measured, **(plain | fields))


def course(label: str, took_s: float, **fields: Any) -> Course:
    """An answer that spent nine tenths of its time in a tool."""
    names = ("our own lag", "until agent_started", "until tool_completed", "until agent_completed")
    ends = (0.0, 0.002, 0.01, 0.91 * took_s, took_s)
    steps = tuple(
        Step(name=name, from_s=ends[place], to_s=ends[place + 1])
        for place, name in enumerate(names)
    )
    plain = {"query": label, "who": "ana-07", "due_s": 4.2, "steps": steps}
    return Course(label=label, took_s=took_s, **(plain | fields))


WINDOWS = (
    window(0.0, PASS, 1.31, 1.22, 1.4),
    window(20.0, UNKNOWN, 4.6, 4.1, None, samples=20),
    window(40.0, FAIL, None, 7.913, None, to_s=None),
)
COURSES = (course("the median answer", 0.6), course("the slowest answer", 12.0))
PHASES = ("connecting", "waiting", "streaming", "idle")
COVERAGE = Coverage(
    phases=PHASES,
    met=tuple(
        Met(one=one, other=other, times=0 if (one, other) == ("connecting", "waiting") else 40)
        for place, one in enumerate(PHASES)
        for other in PHASES[place:]
    ),
)


def passing(**fields: Any) -> Judgement:
    """All is PASS; the rows were not asked for."""
    plain = {
        "run": "1122-0941-k3v",
        "judged_at": "2026-11-22T09:43:02Z",
        "started_at": "2026-11-22T09:41:00Z",
        "target": "ws://127.0.0.1:8123/ws",
        "dialect": "reference",
        "seed": 7,
        "crosstalk": "0.1.0",
        "verdict": PASS,
        "exit_code": 0,
        "headline": "on the wire; probes not asked",
        "parts": parts(PASS, PASS, PASS),
        "scale": Scale(
            seconds=60.02, processes=4, users=20, principals=27, sessions=63, queries=1_184,
            answered=1_140, frames=9_402, rows=2_361, provocations=96,
        ),
        "findings": (),
        "findings_total": 0,
        "roots": 0,
        "checks": (
            check("foreign canary in a frame", 9_402, bound=0.00032),
            check(
                "foreign row", 2_361, unit="rows", bound=0.001268,
                asks="Does any row hold words that its owner was never given?",
            ),
            check(
                "five-event protocol", 1_184, unit="queries",
                asks="Did every answer begin, think, use its tools and complete, in that order?",
            ),
            check(
                "object access", 0, unit="probes", verdict=NOT_ASKED,
                asks="Can a user open another's conversation by its id?",
            ),
            check(
                "seals", 4, unit="processes", part="evidence",
                asks="Did every process close its part of the history in good order?",
            ),
        ),
        "objectives": (
            objective("completion p95 <= 5 s"),
            objective(
                "connect, every <= 2 s", name="connect", limit=2.0,
                measured=0.21, lower=None, upper=None, samples=63,
            ),
            objective(
                "errors <= 1 %", name="errors", unit="share", limit=0.01,
                measured=0.0, lower=0.0, upper=0.00262, samples=1_140,
            ),
        ),
        "opportunities": OPPORTUNITIES,
        "latency": LATENCY,
        "not_asked": ("probes",),
        "blind": ("no two queries overlapped in the connect phase",),
        "timeline": slices(),
        "heat": HEAT,
        "courses": COURSES,
        "coverage": COVERAGE,
    }  # fmt: skip
    return Judgement(**(plain | fields))


def failing(**fields: Any) -> Judgement:
    """Isolation is broken 37 times by one root, which also lost a row."""
    base = passing()
    broken = check("foreign canary in a frame", 9_402, verdict=FAIL, found=37)
    seen = msgspec.structs.replace(OPPORTUNITIES[0], seen=37, bound=None)
    plain = {
        "verdict": FAIL,
        "exit_code": 1,
        "headline": "isolation broken: 38 findings, one root",
        "parts": parts(PASS, FAIL, PASS),
        "findings": (shared_socket(), lost_row(folded_into="F1")),
        "findings_total": 38,
        "roots": 1,
        "checks": (broken, *base.checks[1:]),
        "opportunities": (seen, OPPORTUNITIES[1]),
    }
    return changed(base, **(plain | fields))


def crowded() -> Judgement:
    """Twenty findings are kept, 210 occurrences of 300; the sentences name long principals."""
    kept = tuple(
        shared_socket(
            id=f"F{number}",
            sentence=f"words that only customer-of-the-north-{number:02} was given reached ben-12",
            times=number,
        )
        for number in range(1, 21)
    )
    return failing(findings=kept, findings_total=300, roots=40)


def pair(owner: str, recipient: str, times: int, channel: str = "frame") -> Pair:
    """That content of one reached another."""
    return Pair(owner=owner, recipient=recipient, channel=channel, times=times)


def bleeding(principals: int = 40) -> Judgement:
    """Everybody's words reached everybody else: the first ones' most often, by far."""
    names = [f"user-{number:02}" for number in range(1, principals + 1)]
    pairs = [
        pair(owner, recipient, max(1, 900 // ((place + 1) * (column + 1))))
        for place, owner in enumerate(names)
        for column, recipient in enumerate(names)
        if owner != recipient
    ]
    return failing(pairs=tuple(pairs))


def unknown() -> Judgement:
    """Nothing was asked and so nothing was seen."""
    base = passing()
    return changed(
        base,
        verdict=UNKNOWN,
        exit_code=3,
        headline="nothing was examined",
        parts=parts(UNKNOWN, UNKNOWN, UNKNOWN),
        scale=msgspec.structs.replace(base.scale, queries=0, answered=0, frames=0, rows=None),
        checks=(
            check("foreign canary in a frame", 0, verdict=UNKNOWN, note="no frame was received"),
        ),
        objectives=(
            objective(
                "completion p95 <= 5 s", verdict=UNKNOWN, measured=None, lower=None, upper=None,
                samples=0, needed=59,
            ),
        ),
        opportunities=(
            msgspec.structs.replace(OPPORTUNITIES[0], count=0, bound=None, needed=299),
        ),
        latency=(distribution("completion", 0, 0, samples=0, quantiles_s=()),),
        timeline=None,
        heat=None,
        courses=(),
        coverage=None,
        not_asked=("rows", "probes", "resume"),
        blind=("no answer arrived in 60 s",),
    )  # fmt: skip


def slow() -> Judgement:
    """An objective is missed; every eighth query never finished."""
    climb = distribution("completion", 0.3, 9.4).quantiles_s
    unfinished = distribution(
        "completion", 0.3, 9.4, samples=1_140, censored=142,
        quantiles_s=(*climb[:88], *[None] * 13), limit_s=5.0, limit_quantile=0.95,
    )  # fmt: skip
    return changed(
        passing(),
        verdict=FAIL,
        exit_code=1,
        headline="objectives missed: completion p95 is over 5 s",
        parts=parts(PASS, PASS, FAIL),
        objectives=(
            objective(
                "completion p95 <= 5 s", verdict=FAIL, measured=None, lower=7.913, upper=None,
                censored=142, windows=WINDOWS,
            ),
            objective(
                "first event p99 <= 5 s", verdict=UNKNOWN, measured=0.8, lower=0.7, upper=None,
                samples=120, needed=299,
            ),
        ),
        latency=(*LATENCY[:2], unfinished),
    )  # fmt: skip


def hostile() -> Judgement:
    """The target put something harmful wherever it could."""
    long = "W" * 10_000
    found = shared_socket(
        victim=HOSTILE,
        recipient=HOSTILE + "2",
        sentence=f"words of {HOSTILE} reached {long}",
        mechanism=HOSTILE,
        because=HOSTILE,
        provocation=HOSTILE,
        channel=HOSTILE,
        kind=HOSTILE,
        witness=(
            moment(4.18, HOSTILE, "victim", HOSTILE, HOSTILE, mark=(0, 8)),
            moment(4.19, HOSTILE + "2", "recipient", "connected"),
            moment(4.203, HOSTILE + "2", "recipient", HOSTILE, long + HOSTILE + long,
                   mark=(10_000, 10_000 + len(HOSTILE))),
            moment(4.21, HOSTILE + "2", "recipient", "long", long, mark=(0, 10_000)),
        ),
        spans=(Span(who=HOSTILE, kind="query", label=HOSTILE, from_s=4.0, to_s=None),),
    )  # fmt: skip
    return failing(
        run=HOSTILE,
        target=HOSTILE,
        dialect=HOSTILE,
        headline=HOSTILE,
        findings=(found,),
        findings_total=37,
        checks=(check(HOSTILE, 1, verdict=FAIL, found=1, asks=HOSTILE, note=HOSTILE),),
        objectives=(objective(HOSTILE, note=HOSTILE),),
        latency=(distribution(HOSTILE, 0.1, 2.0),),
        courses=(
            course(HOSTILE, 3.0, who=HOSTILE, steps=(Step(name=HOSTILE, from_s=0.0, to_s=3.0),)),
        ),
        not_asked=(HOSTILE,),
        blind=(long,),
        pairs=(pair(HOSTILE, long, 3, HOSTILE), pair(long, "=cmd|' /C calc'!A0", 1)),
    )


EVERY = {
    "passing": passing,
    "failing": failing,
    "crowded": crowded,
    "bleeding": bleeding,
    "unknown": unknown,
    "slow": slow,
    "hostile": hostile,
}
