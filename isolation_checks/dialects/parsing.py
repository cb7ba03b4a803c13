"""Messages as JSON, as forgiving as a client must be that may overlook nothing."""

from __future__ import annotations

import json
from typing import Any

import orjson


def parsed(frame: bytes) -> Any:  # noqa: ANN401 - JSON has no better type
    """A message as JSON; None where it is none.

    What common libraries send without being asked is forgiven: half of a character, where a
    text was cut, and `NaN`.
    """
    try:
        return orjson.loads(frame)
    except orjson.JSONDecodeError:
        pass
    try:
        text = frame.decode("utf-8", "replace")
        whole = json.dumps(json.loads(text, parse_constant=lambda _: None), ensure_ascii=False)
        return orjson.loads(whole.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
