"""The nouns of a selftest: a fault, a trial of it, its result, and the score of several."""

from __future__ import annotations

import msgspec

from isolation_checks.verdicts.versioned import Data

HONEST = "none"
"""The name of the trial without any fault."""


class Fault(Data, frozen=True, kw_only=True):
    """A fault of the reference platform, as the platform itself tells of it."""

    name: str
    sentence: str
    opportunity: str
    default_rate: float
    signal: str
    shows_when: str
    needs: tuple[str, ...] = ()


class Trial(Data, frozen=True, kw_only=True):
    """One drive of the platform with one fault, or with none."""

    fault: str
    rate: float
    database: str
    """`sqlite` or `postgresql`."""
    seed: int
    seconds: int
    users: int
    beside: tuple[str, ...] = ()
    """Other faults, without which this one cannot show."""
    redis: bool = False
    workers: int = 1

    @property
    def id(self) -> str:
        """Its name, of which there is one in a selftest."""
        several = "-several" if self.fault == HONEST and self.workers > 1 else ""
        return f"{self.fault}-{self.database}{several}-{self.seed}"

    @property
    def faults(self) -> tuple[str, ...]:
        """What the platform is told."""
        return () if self.fault == HONEST else (f"{self.fault}={self.rate:g}", *self.beside)


class NotRun(Data, frozen=True, kw_only=True):
    """A fault that was not tried on a database, and why."""

    fault: str
    database: str
    why: str


class Result(Data, frozen=True, kw_only=True):
    """What a trial's judgement says."""

    trial: Trial
    failed: tuple[str, ...] = ()
    """The checks that said FAIL."""
    detecting: tuple[str, ...] = ()
    """Those of them that could have meant this fault: of isolation, or claiming it."""
    opportunities: int | None = None
    """How often the fault could have struck; None where that cannot be seen from outside."""
    first_s: float | None = None
    """When it showed first, in seconds of the run; None where only rows or times show it."""
    mechanisms: tuple[str, ...] = ()
    """What the roots among the findings look like, the weightiest first; behind them, what
    missed times do."""
    parts: dict[str, str] = msgspec.field(default_factory=dict)
    problem: str | None = None
    """Why there is no judgement to speak of."""

    @property
    def detected(self) -> bool:
        """Whether the fault was noticed."""
        return bool(self.detecting)


class Look(Data, frozen=True, kw_only=True):
    """A mechanism that roots among the findings look like."""

    mechanism: str
    trials: int
    """In so many trials a root looks like it."""
    fits: bool | None
    """Whether it fits the fault; None where nobody says what would."""


class Told(Data, frozen=True, kw_only=True):
    """In how many trials the roots among the findings look like what they are.

    Trials in which nothing looks like anything, as where only times are missed, count nowhere.
    """

    rightly: int = 0
    """Every root does."""
    beside: int = 0
    """One does, and another, beside it, does not."""
    unknown: int = 0
    """None looks like any mechanism that is known."""
    wrongly: int = 0
    """None does, and one looks like another mechanism."""

    @property
    def trials(self) -> int:
        """All of them together."""
        return self.rightly + self.beside + self.unknown + self.wrongly


class Score(Data, frozen=True, kw_only=True):
    """All trials of one fault on one database."""

    fault: str
    database: str
    rate: float
    trials: int
    detected: int
    lower: float
    """Clopper and Pearson's interval of the share of runs that notice it, 95 % two-sided."""
    upper: float
    opportunities: int | None
    """In the trial that had the fewest."""
    predicted: float | None
    """The probability that the fault struck at all: `1 − (1 − p)^n`."""
    first_s: float | None
    """The median over the trials that say it."""
    claimed: tuple[str, ...]
    caught: tuple[str, ...]
    """The checks that said FAIL in any trial, and could have meant it."""
    other: tuple[str, ...]
    """The checks that said FAIL beside them, such as objectives on a busy machine."""
    missed: bool
    looks: tuple[Look, ...] = ()
    """What roots look like, in most trials first."""
    told: Told | None = None
    """None where nobody says what would fit the fault."""


class Selftest(Data, frozen=True, kw_only=True):
    """A whole selftest."""

    command: str
    crosstalk: str
    checks: tuple[str, ...]
    """All checks there are, in their order."""
    scores: tuple[Score, ...]
    honest: tuple[Result, ...]
    not_run: tuple[NotRun, ...]
    broken: tuple[Result, ...]
    """Trials without a judgement; a fault of ours."""

    @property
    def missed(self) -> tuple[Score, ...]:
        """What was never noticed, or surely in fewer runs than half."""
        return tuple(score for score in self.scores if score.missed)

    @property
    def accused(self) -> tuple[Result, ...]:
        """The trials of the honest platform in which anything was found."""
        return tuple(result for result in self.honest if result.failed)

    @property
    def untried(self) -> tuple[str, ...]:
        """The faults that were tried on no database at all."""
        tried = {score.fault for score in self.scores}
        return tuple(dict.fromkeys(n.fault for n in self.not_run if n.fault not in tried))

    @property
    def exit_code(self) -> int:
        """0; 1 for a miss or a false finding, 4 for a broken trial, 3 for what was not run."""
        if self.missed or self.accused:
            return 1
        if self.broken:
            return 4
        return 3 if self.not_run or not self.honest else 0
