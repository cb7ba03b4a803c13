import pytest
from websockets.exceptions import ConnectionClosed

TABLES = ("threads", "messages", "runs", "tool_calls", "memories", "orders", "documents", "audit")


def test_health_says_that_it_serves_and_nothing_else(honest):
    assert honest.person().http("GET", "/health").json() == {"status": "ok"}


def test_a_thread_is_its_owners_alone(honest):
    """Others get 404 for everything, as for a thread that does not exist."""
    ann, eve = honest.person(), honest.person()
    thread = ann.http("POST", "/threads", {"title": "Lamps"}).json()["id"]
    assert [t["id"] for t in ann.http("GET", "/threads").json()["threads"]] == [thread]
    assert eve.http("GET", "/threads").json() == {"threads": []}
    for path in (f"/threads/{thread}", f"/threads/{thread}/messages"):
        assert ann.http("GET", path).status_code == 200
        assert eve.http("GET", path).status_code == 404
        assert eve.http("GET", path).json() == eve.http("GET", "/threads/none").json()
    assert eve.http("DELETE", f"/threads/{thread}").status_code == 404
    assert ann.http("DELETE", f"/threads/{thread}").status_code == 204
    assert ann.http("GET", f"/threads/{thread}").status_code == 404


def test_a_thread_made_over_http_can_be_asked_in(honest):
    ann = honest.person()
    thread = ann.http("POST", "/threads", {"title": "Lamps"}).json()["id"]
    with ann.line() as line:
        line.answer(line.ask("lit?", thread))
    messages = ann.http("GET", f"/threads/{thread}/messages").json()["messages"]
    assert messages[0]["content"] == "lit?"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/threads", {}),
        ("POST", "/threads", ["title"]),
        ("PUT", "/orders", {"items": [{"code": "x"}]}),
        ("PUT", "/documents", {"items": "x"}),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(honest, method, path, body):
    assert honest.person().http(method, path, body).status_code == 400


def test_without_a_token_there_is_nothing(honest):
    ann = honest.person()
    ann.login["access_token"] = "none"
    for path in ("/threads", "/orders", "/documents"):
        assert ann.http("GET", path).status_code == 401


def test_a_deleted_account_leaves_nothing(honest):
    """Its rows, its tokens, its socket."""
    ann = honest.person()
    ann.http("PUT", "/orders", {"items": [{"code": "A", "description": "B"}]})
    ann.http("PUT", "/documents", {"items": [{"title": "A", "content": "B"}]})
    with ann.line() as line:
        line.answer(line.ask("Remember: all of it"))
        assert ann.http("DELETE", "/users/me").status_code == 204
        with pytest.raises(ConnectionClosed):
            line.hear()
    for table in (*TABLES, "refresh_tokens"):
        assert honest.rows(f"SELECT * FROM {table} WHERE user_id = ?", ann.id) == []
    assert honest.rows("SELECT * FROM users WHERE id = ?", ann.id) == []
    assert ann.http("GET", "/threads").status_code == 401
