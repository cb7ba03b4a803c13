"""Whose things are: canaries, ids and labels, and what the plan lets them share.

Every question of "foreign or not" is answered here, once; no check compares
principals by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from isolation_checks import canary
from isolation_checks.loading.history import History, Planting
from isolation_checks.loading.words import Word
from isolation_checks.records import ConversationLabel, PrincipalId, QueryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a word turned out to be."""

    canary: str
    owner: PrincipalId | None
    planting: Planting | None
    """None: no such planting is recorded, so that the sighting convicts nobody."""
    earlier: bool
    """It is a canary of another run of this installation."""


@dataclass(slots=True)
class Ownership:
    """Who owns what in one run."""

    history: History
    key: bytes
    number: int
    by_number: dict[int, PrincipalId] = field(default_factory=dict)
    by_subject: dict[str, PrincipalId] = field(default_factory=dict)
    by_email: dict[str, PrincipalId] = field(default_factory=dict)
    """In small letters too, as many platforms keep addresses, where only one can be meant."""
    by_name: dict[str, dict[PrincipalId, QueryId]] = field(default_factory=dict)
    """For every name that several principals' queries have, whose each is."""
    claims: dict[str, dict[PrincipalId, None]] = field(default_factory=dict)
    """For every id of a conversation, the principals in whose own answers it stood."""
    _reused: bool = False
    """The platform gave two principals the same id: its ids say nothing of whose they are."""

    def __post_init__(self) -> None:
        for principal in self.history.principals.values():
            self.by_number[principal.owner] = principal.id
            if principal.subject is not None:
                self.by_subject[principal.subject] = principal.id
            if principal.email is not None:
                self.by_email[principal.email] = principal.id
        folded: dict[str, set[PrincipalId]] = {}
        for email, identity in self.by_email.items():
            folded.setdefault(email.lower(), set()).add(identity)
        self.by_email |= {email: each.pop() for email, each in folded.items() if len(each) == 1}

        for query in self.history.queries.values():
            if query.named is not None:
                self.by_name.setdefault(query.named, {})[query.principal] = query.id

    def query_of(self, name: str | None, *holders: PrincipalId | None) -> str | None:
        """The query that a row means which names one: of several with this name, its holder's."""
        named = self.by_name.get(name or "")
        if named is None:
            return name
        return next((named[holder] for holder in holders if holder in named), None)

    def claim(self, word: Word) -> Claimed | None:
        """What a word is, or None when it only looks like a canary."""
        parts = canary.read(self.key, word.word)
        if parts is None:
            return None
        name = word.word.upper()
        planting = self.history.plantings.get(name)
        earlier = parts.run != self.number
        owner = planting.principal if planting else None
        if owner is None and not earlier:
            owner = self.by_number.get(parts.owner)
        return Claimed(canary=name, owner=owner, planting=planting, earlier=earlier)

    def labelled(self, label: str | None) -> PrincipalId | None:
        """The principal that a platform's label names, cut short or not."""
        if label is None:
            return None
        if label.endswith("...") and len(label) > len("..."):
            found = {p for s, p in self.by_subject.items() if s.startswith(label[:-3])}
            return found.pop() if len(found) == 1 else None
        return self.by_subject.get(label) or self.by_email.get(label)

    def asker(self, query: str | None) -> PrincipalId | None:
        """Who asked the query of this id."""
        asked = self.history.queries.get(QueryId(query)) if query else None
        return asked.principal if asked else None

    def learn(self, conversation: str | None, principal: PrincipalId) -> None:
        """A principal's own answer, known by its query's id, named this conversation."""
        if conversation is None:
            return
        claimed = self.claims.setdefault(conversation, {})
        if principal in claimed:
            return
        claimed[principal] = None
        theirs = self.history.plan.dialect.conversations == "theirs"
        if theirs and any(not self.may_share(other, principal, "frame") for other in claimed):
            self._reused = True

    def conversation_owner(self, conversation: str | None) -> PrincipalId | None:
        """Whose conversation this is, where exactly one principal can say so.

        A platform that counts each user's conversations gives the same ids to all; there
        an id names nobody.
        """
        claimed = self.claims.get(conversation or "")
        return next(iter(claimed)) if claimed and len(claimed) == 1 and not self._reused else None

    def is_of_this_run(self, conversation: str | None) -> bool:
        """Whether this conversation can only be one of this run's principals'."""
        return conversation in self.claims and not self._reused

    def foreign(
        self,
        claimed: Claimed,
        recipient: PrincipalId | None,
        channel: str,
        conversation: ConversationLabel | None = None,
    ) -> bool:
        """Whether a canary may not be where it was seen, by the plan's sharing.

        Without a recorded planting or a known recipient it is never foreign.
        """
        if claimed.planting is None or recipient is None:
            return False
        planted = claimed.planting
        same = None in (planted.conversation, conversation) or planted.conversation == conversation
        return not self.may_share(
            planted.principal, recipient, channel, same_conversation=same, place=planted.place
        )

    def may_share(
        self,
        owner: PrincipalId,
        recipient: PrincipalId,
        channel: str,
        *,
        same_conversation: bool = True,
        place: str | None = None,
    ) -> bool:
        """Whether the plan lets what is one principal's reach another on this channel.

        What was told in no place that is known, such as an id, goes by what holds everywhere.
        """
        for allowed in self.history.plan.sharing:
            elsewhere = bool(allowed.places) and place not in allowed.places
            if channel not in allowed.channels or elsewhere:
                continue
            if allowed.scope == "everyone":
                return True
            same_user = self._user(owner) == self._user(recipient)
            if allowed.scope == "user" and same_user:
                return True
            if allowed.scope == "tenant" and self._may_be_mates(owner, recipient):
                return True
            if allowed.scope == "conversation" and same_user and same_conversation:
                return True
        return False

    def circle(self, principal: PrincipalId) -> str:
        """A name for all those with whom a principal shares its answers, by the plan."""
        sharing = self.history.plan.sharing
        scopes = {a.scope for a in sharing if "frame" in a.channels and not a.places}
        if "everyone" in scopes:
            return "everyone"
        return self._tenant(principal) if "tenant" in scopes else self._user(principal)

    def _user(self, principal: PrincipalId) -> str:
        """The user that a principal speaks for; several tokens from a file may speak for one."""
        known = self.history.principals.get(principal)
        own_accounts = self.history.plan.auth.source == "login"
        if own_accounts or known is None or known.subject is None:
            return f"principal {principal}"
        return f"subject {known.subject}"

    def _may_be_mates(self, one: PrincipalId, other: PrincipalId) -> bool:
        """Whether two are one tenant's.

        Plantings are written down before anything else: of whom a killed process wrote no more
        nobody knows the tenant, so that nobody is accused of sharing with it.
        """
        if self._tenant(one) == self._tenant(other):
            return True
        known = [self.history.principals.get(each) for each in (one, other)]
        return None in known and all(each is None or each.tenant for each in known)

    def _tenant(self, principal: PrincipalId) -> str:
        known = self.history.principals.get(principal)
        return f"tenant {known.tenant}" if known and known.tenant else self._user(principal)
