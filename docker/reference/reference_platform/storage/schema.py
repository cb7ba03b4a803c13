"""The tables, for both databases, and PostgreSQL's row-level security on them.

Everything here may be run again on a database that an earlier start has filled.
"""

from __future__ import annotations

import hashlib

TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    tenant TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    hash TEXT PRIMARY KEY,
    login TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    rotated_at DOUBLE PRECISION,
    revoked_at DOUBLE PRECISION
);
CREATE INDEX IF NOT EXISTS refresh_tokens_login ON refresh_tokens (login);
CREATE INDEX IF NOT EXISTS refresh_tokens_user ON refresh_tokens (user_id);
CREATE TABLE IF NOT EXISTS oauth_codes (
    hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL
);
CREATE TABLE IF NOT EXISTS threads (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    updated_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS threads_user ON threads (user_id);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY,
    thread_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    run_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_thread ON messages (thread_id, created_at);
CREATE INDEX IF NOT EXISTS messages_user ON messages (user_id);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    thread_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at DOUBLE PRECISION NOT NULL,
    completed_at DOUBLE PRECISION,
    worker TEXT
);
CREATE INDEX IF NOT EXISTS runs_thread ON runs (thread_id);
CREATE INDEX IF NOT EXISTS runs_user ON runs (user_id);
CREATE TABLE IF NOT EXISTS tool_calls (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments {json} NOT NULL,
    result {json} NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS tool_calls_run ON tool_calls (run_id);
CREATE INDEX IF NOT EXISTS tool_calls_user ON tool_calls (user_id);
CREATE TABLE IF NOT EXISTS memories (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS memories_user ON memories (user_id, created_at);
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    code TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_user ON orders (user_id, created_at);
CREATE TABLE IF NOT EXISTS documents (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_tenant ON documents (tenant, created_at);
CREATE INDEX IF NOT EXISTS documents_user ON documents (user_id);
CREATE TABLE IF NOT EXISTS notifications (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    run_id TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS notifications_user ON notifications (user_id);
CREATE INDEX IF NOT EXISTS notifications_run ON notifications (run_id);
CREATE TABLE IF NOT EXISTS worker_slots (
    worker INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (worker, slot)
);
CREATE TABLE IF NOT EXISTS audit (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    action TEXT NOT NULL,
    detail {json} NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_user ON audit (user_id);
"""

SQLITE_SCHEMA = TABLES.replace("{json}", "TEXT")

APPLICATION_ROLE = "reference_application"

_USER_TABLES = ("threads", "messages", "runs", "tool_calls", "memories", "orders")

_OWN_USER = "user_id = current_setting('app.user_id', true)"
_OWN_TENANT = "tenant = current_setting('app.tenant', true)"


def _secured(table: str, rule: str) -> str:
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APPLICATION_ROLE};
DROP POLICY IF EXISTS own_rows ON {table};
CREATE POLICY own_rows ON {table} USING ({rule}) WITH CHECK ({rule});
"""


_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {APPLICATION_ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT {APPLICATION_ROLE} TO CURRENT_USER;
"""

POSTGRES_SCHEMA = (
    TABLES.replace("{json}", "JSONB")
    + "ALTER TABLE runs ADD COLUMN IF NOT EXISTS worker TEXT;\n"
    + _ROLE
    + "".join(_secured(table, _OWN_USER) for table in _USER_TABLES)
    + _secured("documents", _OWN_TENANT)
    + f"GRANT SELECT, INSERT, DELETE ON notifications TO {APPLICATION_ROLE};\n"
)
"""Each of these statements can be repeated, but takes tables away from whoever is using them."""
POSTGRES_VERSION = hashlib.sha256(POSTGRES_SCHEMA.encode()).hexdigest()[:16]
"""Of the schema; a database keeps it as the comment of a table."""
MARK_POSTGRES = f"COMMENT ON TABLE notifications IS '{POSTGRES_VERSION}';\n"
