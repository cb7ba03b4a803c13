from __future__ import annotations

import base64
import itertools

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isolation_checks.loading.run import records
from isolation_checks.records import Opcode
from tests.isolation_checks.language import conversation, recorded, told, word


def frames(script, *columns, **how):
    """The columns of a script's frames, in the order of receipt."""
    found = records(told(script, **how).frames, "at_s")
    return [tuple(frame[name] for name in columns) for frame in found]


def sightings(recording):
    """Which canaries were seen, in which frame, and how they were written."""
    found = records(recording.loaded("duckdb").sightings, "index", "canary")
    return [(s["index"], s["canary"], s["how"], s["foreign"]) for s in found]


def hears(name, *messages, session, opcode=Opcode.TEXT, asked=""):
    """Frames with these bytes, on the session of this number, behind whatever else was asked."""
    recording = recorded(f"a?q1,A1 b: {name}?q2 {asked}")
    for place, content in enumerate(messages):
        recording.streams["history/p0/frames"].append(
            {
                "index": 1 + place,
                "session": session,
                "received_ns": (20 + place) * 100_000_000,
                "late_ns": 0,
                "opcode": opcode,
                "content": content,
            }
        )
    return recording


def deltas(*pieces, query="q2"):
    return [
        orjson.dumps({"type": "delta", "request_id": query, "payload": {"delta": piece}})
        for piece in pieces
    ]


def test_an_empty_piece_of_an_answer_parts_nothing():
    """Facts are looked for in the pieces together, and some platforms send empty ones between."""
    recording = hears("b", *deltas("for Persona", "", " AAAA, at 17 AAAA Street"), session=2)
    about = {"kind": "fact", "principal": "a", "at_ns": 1}
    recording.streams["history/p0/plantings"] += [
        about | {"canary": "Persona AAAA", "place": "name"},
        about | {"canary": "17 AAAA Street", "place": "street"},
    ]
    found = recording.loaded("duckdb").facts.sightings
    assert ["Persona AAAA", "17 AAAA Street"] == [seen.fact.text for seen in found]


def test_a_frame_is_placed_by_the_strongest_thing_that_it_names():
    """By the query, by a run or a conversation learned from one, or because it is the only one."""
    script = "a?q1@x a:q1,@x a:@x a: a?q2@y a: a:@x a:q9 a!q1 a:"
    assert [
        ("q1", "query"),
        ("q1", "conversation"),
        ("q1", "only"),
        (None, None),  # two are open, and it names nothing
        ("q1", "conversation"),
        (None, None),  # a query of nobody's
        ("q2", "only"),
    ] == frames(script, "query", "placed_by")


def test_a_frame_says_whose_query_conversation_and_user_it_names():
    """Whoever received it; unknown stays unknown."""
    script = "a?q1@x a:q1,@x,=a b:q1,@x,=a,/completed b:q9,@z,=? b:-"
    assert [
        ("a", "q1", "a", conversation("x"), "a", "agent_thinking"),
        ("b", "q1", "a", conversation("x"), "a", "agent_completed"),
        ("b", "q9", None, conversation("z"), None, "agent_thinking"),
        ("b", None, None, None, None, None),
    ] == frames(
        script, "principal", "label_query", "query_owner", "conversation", "label_owner", "kind"
    )


def test_a_query_is_open_until_its_end_has_come():
    """The event that ends it is still of an open query; what follows is not."""
    script = "a?q1 a:q1 a:q1,/completed a:q1 a!q1 a:q1"
    assert [True, True, False, False] == [f for (f,) in frames(script, "open")]
    assert [None, "ok", None, None] == [f for (f,) in frames(script, "ending")]


def test_bodies_of_http_answers_are_only_read_for_words():
    """They are a channel of their own, and say nothing of queries."""
    run = told("a?q1,A1 a%q1,@x,=a,A1")
    [frame] = records(run.frames)
    assert ("http", None, None, None) == (
        frame["channel"],
        frame["query"],
        frame["label_query"],
        frame["kind"],
    )
    [seen] = records(run.sightings)
    assert ("http", False) == (seen["channel"], seen["foreign"])


@pytest.mark.parametrize("opcode", [Opcode.BINARY, Opcode.CLOSE, Opcode.PING, Opcode.HTTP])
def test_every_kind_of_message_is_scanned(opcode):
    """The reason in a close frame and the payload of a ping reach the user's machine too."""
    heard = hears("b", f"bye {word('A1')}".encode(), session=2, opcode=opcode)
    assert [(1, word("A1"), "plain", True)] == sightings(heard)


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (word("A1").lower().encode(), "plain"),
        ("-".join(word("A1")).encode(), "separated"),
        (base64.b64encode(word("A1").encode()), "base64"),
        (b'\xff\xfe{"trace": "' + word("A1").encode() + b'"', "plain"),
        (word("A1").encode("utf-16-le"), "separated"),
    ],
)
def test_a_canary_is_seen_however_it_is_written(content, how):
    """Also where the dialect can read nothing."""
    assert [(1, word("A1"), how, True)] == sightings(hears("b", content, session=2))


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 21), min_size=1, max_size=4, unique=True),
    st.booleans(),
    st.sampled_from(["", "für Sie: ", "日本語" * 30, "😀 " * 80]),
)
def test_an_answer_in_pieces_is_put_together(cuts, encoded, before):
    """Wherever it is cut, in however many pieces, encoded or not: seen once, where it ends."""
    whole = word("A1")
    whole = base64.b64encode(whole.encode()).decode() if encoded else whole
    edges = [0, *sorted(cuts), len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(edges)]
    pieces[0] = before + pieces[0]
    [(index, canary, how, foreign)] = sightings(hears("b", *deltas(*pieces), session=2))
    assert (word("A1"), "reassembled", True) == (canary, how, foreign)
    assert 1 < index <= len(pieces)


def test_pieces_of_two_answers_are_not_mixed_up():
    """Each query has its own tail; a word that only seems to arise is none."""
    first, second = deltas(word("A1")[:9]), deltas(word("A1")[9:])
    noise = deltas("unrelated words of another answer " * 8, query="q3")
    assert 1 == len(sightings(hears("b", *first, *noise, *second, session=2)))
    assert [] == sightings(hears("b", *first, *deltas("and then"), *second, session=2))


def test_one_own_answer_may_end_by_chance_what_another_began():
    """Nobody can then say in which conversation the word came; of another's word it can be said."""
    pieces = [*deltas(word("A1")[:21]), *deltas(word("A1")[21:], query="q3")]
    assert [] == sightings(hears("a", *pieces, session=1, asked="a?q3"))
    [(_, canary, how, foreign)] = sightings(hears("b", *pieces, session=2, asked="b?q3"))
    assert (word("A1"), "reassembled across answers", True) == (canary, how, foreign)


def test_a_frame_of_no_known_session_is_counted_and_left_out():
    """Nobody can say who received it."""
    heard = hears("b", word("A1").encode(), session=99).loaded("duckdb")
    assert 1 == heard.unread
    assert [] == records(heard.sightings)


def test_a_canary_of_the_open_query_is_an_echo():
    """That is how it is known that own words come back at all."""
    run = told("a?q1,A1 b?q2,B1 a:q1,A1 b:q2,A1")
    assert [True, False] == [query.echoed for query in run.history.queries.values()]


def test_conversations_are_known_to_all_sessions_of_a_principal():
    """A tab that is opened later knows what an earlier one has learned."""
    assert [("q1", "query"), ("q2", "conversation")] == frames(
        "a?q1@x a:q1,@x a!q1 a+ a?q3@y a?q2@x a:@x", "query", "placed_by"
    )


def test_a_session_that_goes_on_with_another_knows_what_that_one_asked():
    """By our id, by the platform's, and by being the only one that is open; until its end."""
    script = "a?q1@x a:q1,@x,/started a> a:@x a: a:q1,/completed a!q1 a:"
    assert [
        ("q1", "query", True),
        ("q1", "conversation", True),
        ("q1", "only", True),
        ("q1", "query", True),
        (None, None, False),
    ] == frames(script, "query", "placed_by", "open")


def test_a_word_that_breaks_off_with_its_connection_is_put_together():
    """An answer that is streamed over two connections is one answer."""
    script = "b?q1 a?q2,A1 b:q1,/delta,A1<9 b> b:q1,/delta,A1>9"
    [seen] = sightings(recorded(script))
    assert (1, word("A1"), "reassembled", True) == seen
