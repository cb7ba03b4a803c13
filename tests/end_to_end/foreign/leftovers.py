"""What a drive left behind that it must not have: credentials, however they are written.

It shares nothing with the screen that keeps them out.
"""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse

from isolation_checks import canary
from tests.end_to_end.foreign.strangers import Drive, Stranger

_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")


def secrets_in(over: Drive, server: Stranger) -> list[str]:
    """Which credentials stand in which file of a run, or in what was printed."""
    assert over.directory is not None, over.output
    known = {note["secret"] for note in server.notes("secrets")} | set(server.env.values())
    assert len(known) > 2, "the server noted no secrets, so that none could be found"
    forms = {form: secret for secret in known for form in _forms(secret.encode())}
    files = [path for path in over.directory.path.rglob("*") if path.is_file()]
    contents = {path.name: path.read_bytes() for path in files}
    asked = b"".join(path.read_bytes() for path in files if path.name == "queries.arrow")
    assert canary.PATTERN.search(asked), "records are not stored so that they can be searched"
    found = []
    for name, content in (*contents.items(), ("the output", over.output.encode())):
        found += [f"{name}: {secret[:6]}…" for form, secret in forms.items() if form in content]
        found += [f"{name}: a token" for _ in _JWT.findall(content)]
    return found


def _forms(secret: bytes) -> set[bytes]:
    forms = {
        secret,
        secret.hex().encode(),
        binascii.hexlify(secret).upper(),
        urllib.parse.quote(secret, safe="").encode(),
        "".join(f"\\u{octet:04x}" for octet in secret).encode(),
    }
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret)
        inner = whole[4 if before else 0 : -4]  # the part that its neighbours do not touch
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in forms if len(form) >= 16}
