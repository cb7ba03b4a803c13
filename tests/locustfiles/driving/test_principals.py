import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isolation_checks import canary
from isolation_checks.errors import HarnessError
from isolation_checks.records import RunId
from locustfiles.driving.principals import LOCAL_BITS, SLOTS, Roster

KEY, ACCOUNT_KEY = b"k" * 32, b"a" * 32
MOST = (1 << LOCAL_BITS) - 1


def roster(slot=0, seed=1, tenants=0, run="a-run", account_key=ACCOUNT_KEY):
    return Roster(
        key=KEY, account_key=account_key, run=RunId(run), slot=slot, seed=seed, tenants=tenants
    )


def from_number(slot, made):
    """The principal of a process that is made when so many were."""
    of_process = roster(slot)
    of_process._made = made - 1
    return of_process.next("user")


PLACES = st.tuples(st.integers(0, SLOTS - 1), st.integers(1, MOST))


@given(PLACES, PLACES)
def test_no_two_principals_of_a_run_are_alike(one, other):
    """Names, numbers, emails and canaries differ in all of 256 processes of 16,383 each."""
    first, second = from_number(*one), from_number(*other)
    for name in ("id", "owner", "email", "password"):
        assert (getattr(first, name) == getattr(second, name)) == (one == other)


def test_the_numbers_of_all_processes_fit_a_canary():
    """The last principal of the last process can still be read from its canary."""
    assert (SLOTS, MOST) == (256, 16_383)
    last = from_number(SLOTS - 1, MOST)
    word = roster(SLOTS - 1).canary(last)
    parts = canary.read(KEY, word)
    assert parts == canary.Parts(run=canary.run_number("a-run"), owner=last.owner, serial=1)
    assert last.owner == (1 << canary.OWNER_BITS) - 1


def test_there_is_no_process_and_no_principal_too_many():
    """Nobody gets another's number: it is said that there are no more."""
    with pytest.raises(HarnessError, match="at most 256 processes"):
        roster(SLOTS)
    full = roster()
    full._made = MOST
    with pytest.raises(HarnessError, match="at most 16383 principals"):
        full.next("user")


def test_names_are_peoples_and_unique():
    """Also across processes, where the process stands in them."""
    people = [roster(slot).next("user") for slot in (0, 1, 255)]
    assert [each.id for each in people] == ["ana-01", "ana-p1.01", "ana-p255.01"]
    of_one = roster()
    names = [of_one.next("user").id for _ in range(200)]
    assert len(set(names)) == 200
    assert names[26] == "ana-27"


def test_a_seed_makes_the_same_people_again():
    """Personas and words follow from the seed and the number, whatever was drawn before."""
    one, again, other = roster(seed=7), roster(seed=7), roster(seed=8)
    of_one = [one.next("user") for _ in range(5)]
    for principal in of_one:
        principal.random.random()
    of_again = [again.next("user") for _ in range(5)]
    assert [p.persona for p in of_one] == [p.persona for p in of_again]
    assert [p.words for p in of_one] == [p.words for p in of_again]
    assert of_one[3].persona != [other.next("user") for _ in range(4)][3].persona


def test_passwords_follow_from_the_installation_and_the_account():
    """So that an account can be used again, by this installation and by none else."""
    first, again = roster(run="one").next("user"), roster(run="two").next("user")
    assert (first.email, first.password) == (again.email, again.password)
    stranger = roster(account_key=b"b" * 32).next("user")
    assert stranger.password != first.password
    assert stranger.email != first.email
    known = Roster.again(ACCOUNT_KEY, RunId("one"), first.id, first.email)
    assert (known.id, known.email, known.password) == (first.id, first.email, first.password)


@pytest.mark.parametrize(
    ("tenants", "found"),
    [(0, {None}), (1, {"tenant-1"}), (3, {"tenant-1", "tenant-2", "tenant-3"})],
)
def test_principals_are_spread_over_the_tenants(tenants, found):
    """As many as the plan says; none where the platform knows none."""
    of_one = roster(tenants=tenants)
    assert {of_one.next("user").tenant for _ in range(9)} == found


def test_every_canary_is_new():
    """And says whose it is."""
    of_one = roster()
    people = [of_one.next("user") for _ in range(3)]
    words = [of_one.canary(each) for each in itertools.chain(people, people)]
    assert len(set(words)) == 6
    assert [canary.read(KEY, word).owner for word in words[:3]] == [p.owner for p in people]
    assert [canary.read(KEY, word).serial for word in words] == [1, 1, 1, 2, 2, 2]
