"""What travels on a WebSocket, as pure functions over bytes.

Every frame is a JSON object with its identifiers at the root and its content in `payload`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from reference_platform.nouns import PlatformError, RequestId, RunId, ThreadId, UserId

FRAME_LIMIT_BYTES = 5 * 1024 * 1024
_ID_LIMIT = 200  # characters
_CONTENT_LIMIT = 1_000_000  # characters; an answer repeats them and must fit a frame too


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing to tell a client; it gets its number when a connection sends it."""

    type: str
    user_id: UserId | None
    thread_id: ThreadId | None = None
    run_id: RunId | None = None
    request_id: RequestId | None = None
    timestamp: float = field(default_factory=time.time)
    payload: Mapping[str, Any] = field(default_factory=dict)
    root: Mapping[str, Any] = field(default_factory=dict)  # further fields beside the identifiers

    def frame(self, seq: int) -> str:
        """The event as the text of a frame, numbered."""
        return orjson.dumps(
            {
                "type": self.type,
                "user_id": self.user_id,
                "thread_id": self.thread_id,
                "run_id": self.run_id,
                "request_id": self.request_id,
                "seq": seq,
                "timestamp": self.timestamp,
                **self.root,
                "payload": self.payload,
            }
        ).decode()


def error_event(
    error: PlatformError, user_id: UserId | None, request_id: RequestId | None = None
) -> Event:
    """An event that says what was wrong with a request."""
    return Event(
        type="error",
        user_id=user_id,
        request_id=request_id,
        payload={"code": error.code, "message": error.message},
    )


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a client, with its parts checked as they are asked for."""

    fields: Mapping[str, Any]

    @property
    def type(self) -> str:
        """What the client wants."""
        return self.text("type")

    def text(self, name: str) -> str:
        """A short text that must be there.  Raises PlatformError."""
        value = self.optional_text(name)
        if value is None:
            raise PlatformError("bad_request", f"`{name}` is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        """A short text, or None where it is absent, null or empty.  Raises PlatformError."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > _ID_LIMIT or "\0" in value:
            raise PlatformError("bad_request", f"`{name}` must be a text of at most {_ID_LIMIT}")
        return value

    @property
    def content(self) -> str:
        """What the client says to its agent.  Raises PlatformError."""
        payload = self.fields.get("payload")
        content = payload.get("content") if isinstance(payload, dict) else None
        if not isinstance(content, str) or not content.strip() or "\0" in content:
            raise PlatformError(
                "bad_request", "`payload.content` must be a text that says something"
            )
        if len(content) > _CONTENT_LIMIT:
            raise PlatformError("content_too_large", f"at most {_CONTENT_LIMIT} characters")
        return content


def read_message(frame: str | bytes) -> Message:
    """Read what a client sent.  Raises PlatformError for what is too large or not an object."""
    size = len(frame) if isinstance(frame, bytes) or frame.isascii() else len(frame.encode())
    if size > FRAME_LIMIT_BYTES:
        raise PlatformError("frame_too_large", f"a frame may have {FRAME_LIMIT_BYTES} bytes")
    try:
        fields = orjson.loads(frame)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        raise PlatformError("bad_request", "a frame must be a JSON object")
    return Message(fields)
