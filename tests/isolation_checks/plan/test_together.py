import pytest

from isolation_checks.errors import UsageError
from isolation_checks.plan import read

BASE = {
    "target": {"websocket": "ws://127.0.0.1:1/ws", "http": "http://127.0.0.1:1"},
    "auth": {
        "source": "login",
        "carry": {"headers": {"Authorization": "Bearer {token}"}},
        "login": {"path": "/login", "send": {"email": "{email}"}},
    },
    "dialect": {"ask": {"id": "{query}", "text": "{text}"}, "ends": {"done": "ok"}},
}
TEXT = {
    "auth": {"carry": {"message": "{token}"}},
    "dialect": {"framing": "socket.io", "ask": {"event": "e", "data": "{text}"}},
}
KEYS = {"url": "redis://x", "keys": ["a:{owner}:*"]}
CLIENT = "client_credentials"
METRICS = {"url": "http://127.0.0.1:1/metrics", "metrics": [{"name": "up"}]}
TICKET = {"auth": {"ticket": {"path": "/t", "headers": {"Authorization": "Bearer {token}"}}}}
MINT = {"source": "mint", "secret": "env:KEY"}


def parsed(**over):
    """A plan that holds together, with this laid over it."""
    return read.parse("", "a plan", laid(over))


def laid(over, under=BASE):
    """One table over another."""
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        both[key] = (
            laid(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
        )
    return both


def rows(**table):
    """A plan's tables: this one alone."""
    return {"rows": {"url": "sqlite:///x", "tables": [table]}}


def test_keys_are_described_by_patterns():
    """In Redis, by its address or by a reference that nobody has looked up."""
    for url in ("redis://x", "rediss://x/1", "env:REDIS_URL"):
        over = rows(**KEYS | {"name": "states", "url": url, "query": "value.run"})
        assert parsed(**over).rows.urls == (url,)


def test_the_base_holds_together():
    assert 2 == parsed().workload.concurrent


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"target": {"websocket": "http://x"}}, "target.websocket must begin with ws://"),
        ({"resources": {"processes": {}}}, "needs pids or ports"),
        ({"resources": {"every": "0s"}}, "every must be longer than nothing"),
        ({"resources": {"prometheus": [METRICS | {"url": "x:1"}]}}, "begin with http"),
        ({"resources": {"prometheus": [METRICS | {"url": "http://a:b@x/"}]}}, "holds a password"),
        ({"resources": {"prometheus": [METRICS | {"metrics": []}]}}, "name at least one"),
        ({"resources": {"prometheus": [METRICS, METRICS]}}, "'prometheus' is taken"),
        ({"resources": {"prometheus": [METRICS | {"name": "database"}]}}, "'database' is taken"),
        ({"resources": {"database": {}}}, "needs a url, since the plan"),
        ({"resources": {"database": {"url": "mysql://x"}}}, "is for PostgreSQL"),
        ({"resources": {"database": {"url": "postgresql://a:b@x/"}}}, "holds a password"),
        ({"target": {"auth": "ws://x"}}, "target.auth must begin with http://"),
        ({"auth": {"login": {"send": {"email": "me@x"}}}}, "logs every principal in as the same"),
        ({"auth": {**MINT, "subject": "u-{run}"}}, "auth.subject is the same for every principal"),
        ({"auth": {**MINT, "claims": {"sub": "me"}}}, "auth.claims.sub is the same for every"),
        ({"auth": {"source": "mint"}}, "needs auth.secret"),
        ({"auth": {"source": "file"}}, "needs auth.path"),
        (
            {"auth": {"carry": {"headers": {"Authorization": "x"}}}},
            "must say how the token travels",
        ),
        ({"dialect": {"ask": {"text": "hello"}}}, "dialect.ask must hold {text}"),
        ({"target": {"http": None, "auth": "http://x"}, **TICKET}, "ticket needs target.http"),
        (TICKET, "auth.carry must say how the ticket travels"),
        (TEXT, "with Socket.IO it is a table"),
        ({"auth": {"ticket": {"path": "/t"}}}, "auth.ticket must show the token"),
        ({"auth": {"carry": {"query": {"t": "{ticket}"}}}}, "refers to {ticket}"),
        ({"auth": {"source": "oauth2"}}, "needs .auth.oauth2. with the path of the token"),
        (
            {"auth": {"source": "oauth2", "oauth2": {"token": "/t"}}},
            "needs authorize, the path where users log in, and client_id",
        ),
        (
            {
                "auth": {
                    "source": "oauth2",
                    "oauth2": {"token": "/t", "authorize": "/a", "client_id": "c"},
                }
            },
            "auth.oauth2.form logs everybody in as the same user",
        ),
        (
            {"auth": {"source": "oauth2", "oauth2": {"token": "/t", "grant": CLIENT}}},
            "auth.oauth2.clients must name a file of clients",
        ),
        ({"probes": {"skip": ["expird"]}}, "no kind of probe .did you mean 'expired'"),
        ({"probes": {"headers": ["X User"]}}, "write it like X-User-Id"),
        ({"probes": {"calls": [{"path": "/threads"}]}}, "says nowhere which {conversation}"),
        (
            {"probes": {"mutating": True, "calls": [{"path": "/c/{conversation}"}]}},
            "needs a request that reads a conversation",
        ),
        ({"dialect": {"resume": {"session": ["id"]}}}, "needs message or query"),
        (
            {"dialect": {"resume": {"session": ["id"], "message": {"type": "resume"}}}},
            "dialect.resume.message must hold {session}",
        ),
        (
            {"provocations": {"resume": "1s"}},
            "provocations.resume needs dialect.resume, which the plan has not; leave it out",
        ),
        ({"dialect": {"ask": {"email": "{email}"}}}, "dialect.ask refers to {email}"),
        ({"dialect": {"ask": {"x": "{Query}"}}}, "refers to {Query} .did you mean 'query'"),
        (
            {"dialect": {"alive": {"every": "1s", "send": {"x": "{frame.y}"}}}},
            "dialect.alive refers",
        ),
        ({"target": {"websocket": "ws://x/{text}"}}, "target.websocket refers to {text}"),
        ({"auth": {"subject": "{subject}"}}, "auth.subject refers to {subject}"),
        (
            {"dialect": {"where": {"query": []}}, "workload": {"concurrent": 2}},
            "workload.concurrent must be 1 here",
        ),
        ({"sharing": []}, "sharing allows nothing on the channel 'frame'"),
        ({"sharing": [{"scope": "user", "channels": ["frame", "http"]}]}, "the channel 'row'"),
        ({"required": []}, "required must name at least one"),
        ({"isolation": {"bound": 1.5}}, "isolation.bound lies between 0 and 1"),
        ({"objectives": [{"indicator": "connect", "limit": "1s"}]}, "either quantile or every"),
        ({"objectives": [{"indicator": "error_share", "limit": "1s"}]}, "must be a share"),
        ({"rows": {"url": "sqlite:///x", "tables": []}}, "needs at least one"),
        ({"rows": {"url": "oracle://x", "tables": [{"name": "t"}]}}, "rows.url must begin with"),
        *(
            (rows(**{"name": "t"} | table), said)
            for table, said in (
                ({"url": "oracle://x"}, "the url of table t must begin with"),
                ({"url": "redis://:p@x"}, "the url of table t holds a password"),
                ({"url": "redis://x"}, "table t lies in Redis and needs keys"),
                ({"keys": ["a:*"]}, "table t has keys, and its url is not of Redis"),
                ({**KEYS, "name": "a b"}, "its name is yours to choose"),
                ({**KEYS, "keys": ["{user}"]}, "have the hole {user}"),
                ({**KEYS, "keys": ["{quary}"]}, "did you mean 'query'"),
                ({**KEYS, "query": "x", "each_query": 1}, "so each_query must go"),
                ({**KEYS, "owner": "x -> y.z -> a"}, "must be a plain way"),
            )
        ),
        *(
            ({"rows": {"url": url, "tables": [{"name": "t"}]}}, "rows.url holds a password")
            for url in ("postgresql://u:p@x/y", "postgresql://x/y?user=u&password=p")
        ),
    ],
)
def test_what_does_not_hold_together_is_refused_in_one_sentence(over, said):
    """The sentence names the key and says what would be right."""
    with pytest.raises(UsageError, match=said) as refused:
        parsed(**over)
    assert "\n" not in str(refused.value)
    assert "postgresql://u:p" not in str(refused.value)


@pytest.mark.parametrize(
    ("dialect", "at_once"),
    [
        ({}, 2),  # our id of the query is repeated
        ({"ask": {"id": "x"}}, 1),  # it is not even sent
        ({"where": {"query": []}}, 1),  # it is looked for nowhere
        ({"where": {"query": []}, "conversations": "ours"}, 2),  # then the conversation tells
        ({"class": "some.module:Class"}, 2),  # a class must know
    ],
)
def test_queries_that_could_not_be_told_apart_are_asked_one_by_one(dialect, at_once):
    """Unless the plan says how many."""
    assert at_once == parsed(dialect=dialect).workload.concurrent


def test_a_secret_is_a_word_for_templates_that_carry_it():
    """And nowhere else: a question would hand it to the agent."""
    secrets = {"secrets": {"api_key": "env:KEY"}}
    parsed(auth={**secrets, "carry": {"headers": {"X-Key": "{api_key}"}}})
    with pytest.raises(UsageError, match=r"dialect\.ask refers to \{api_key\}"):
        parsed(auth=secrets, dialect={"ask": {"key": "{api_key}"}})
