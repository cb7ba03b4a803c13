"""Who the users are: principals whose names, numbers and canaries never collide.

A process gets its slot from the master; everything else follows from it.  Names
and personas are drawn from the run's seed, so that a run can be told again.
"""

from __future__ import annotations

import hmac
import random
from dataclasses import dataclass, field

from faker import Faker

from isolation_checks import accounts, canary
from isolation_checks.canary import Canary, OwnerNumber
from isolation_checks.errors import HarnessError
from isolation_checks.records import ConversationLabel, PrincipalId, RunId

LOCAL_BITS = 14
MOTTO = 6
"""Words of a motto, of a thousand that there are: no two are alike."""
SLOTS = 1 << (canary.OWNER_BITS - LOCAL_BITS)
_NAMES = [
    "ana",
    "ben",
    "chloe",
    "dan",
    "eva",
    "finn",
    "gita",
    "hugo",
    "iris",
    "jan",
    "kira",
    "leo",
    "mia",
    "noah",
    "olga",
    "paul",
    "quinn",
    "rosa",
    "sam",
    "tara",
    "ugo",
    "vera",
    "will",
    "xenia",
    "yann",
    "zoe",
]
_ALIKE = ["collider", "Collider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Facts that are one principal's alone."""

    name: str
    company: str
    street: str
    code: str
    motto: str = ""
    """Words that nobody else says in this order."""


@dataclass(slots=True, kw_only=True, eq=False)
class Principal:
    """One identity of this process, with what is needed to speak for it."""

    id: PrincipalId
    owner: OwnerNumber
    role: str
    tenant: str | None
    email: str
    password: str
    persona: Persona
    words: list[str]
    random: random.Random
    subject: str | None = None
    access: str | None = None
    refresh: str | None = None
    expires_s: float | None = None
    lifetime_s: float | None = None
    alike: bool = False
    """One of those who are called nearly the same."""
    serial: int = 0
    conversations: dict[ConversationLabel, str] = field(default_factory=dict)
    """The platform's ids of its conversations; they outlive a session."""


class Roster:
    """Makes the principals of one process."""

    def __init__(  # noqa: PLR0913 - what tells a process's principals from all others
        self, *, key: bytes, account_key: bytes, run: RunId, slot: int, seed: int, tenants: int
    ) -> None:
        if not 0 <= slot < SLOTS:
            raise HarnessError(f"process slot {slot}: at most {SLOTS} processes can drive one run")
        self._key = key
        self._account_key = account_key
        self._slot = slot
        self._seed = seed
        self._tenants = tenants
        self._made = 0
        self._faker = Faker("en_US", use_weighting=False)
        self._installation = hmac.digest(account_key, b"accounts", "sha256").hex()[:8]
        self.run = run
        self.run_number = canary.run_number(run)

    def next(self, role: str, *, alike: bool = False) -> Principal:
        """The next principal, in this role.

        Those that are alike have ids and emails that begin with the same eight characters;
        of each two that follow one another the case of the first differs.

        Raises:
            HarnessError: a process can hold no more.
        """
        self._made += 1
        if self._made >= 1 << LOCAL_BITS:
            raise HarnessError(f"one process holds at most {(1 << LOCAL_BITS) - 1} principals")
        owner = OwnerNumber(self._slot << LOCAL_BITS | self._made)
        drawn = random.Random(f"{self._seed}/{owner}")  # noqa: S311 - text, not secrets
        self._faker.seed_instance(f"{self._seed}/{owner}")
        name = _ALIKE[self._made % 2] if alike else _NAMES[(self._made - 1) % len(_NAMES)]
        place = "" if self._slot == 0 else f"p{self._slot}."
        identity = PrincipalId(f"{name}-{place}{self._made:02d}")
        email = f"{identity}.{self._installation}@crosstalk.example"
        return Principal(
            id=identity,
            owner=owner,
            role=role,
            tenant=f"tenant-{owner % self._tenants + 1}" if self._tenants else None,
            email=email,
            password=accounts.password(self._account_key, email),
            persona=Persona(
                name=self._faker.name(),
                company=self._faker.company(),
                street=self._faker.street_address(),
                code=f"{drawn.randrange(10_000, 99_999)}",
                motto=" ".join(self._faker.words(MOTTO)),
            ),
            words=self._faker.words(60),
            random=drawn,
            alike=alike,
        )

    @staticmethod
    def again(account_key: bytes, run: RunId, identity: PrincipalId, email: str) -> Principal:
        """A principal of an earlier run, as far as it takes to log in as it."""
        nobody = Persona(name=identity, company="", street="", code="")
        return Principal(
            id=identity,
            owner=OwnerNumber(0),
            role="user",
            tenant=None,
            email=email,
            password=accounts.password(account_key, email),
            persona=nobody,
            words=[],
            random=random.Random(run),  # noqa: S311 - it draws nothing
        )

    def canary(self, principal: Principal) -> Canary:
        """A new canary of this principal's."""
        principal.serial += 1
        return canary.make(
            self._key,
            canary.Parts(run=self.run_number, owner=principal.owner, serial=principal.serial),
        )
