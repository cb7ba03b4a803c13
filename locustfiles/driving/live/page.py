"""The live page of Locust's web UI, and the reports of the runs that it started.

What is written here is fixed text or JSON; the page's script writes it as text, never as markup.
Of files it serves the page's own three and those of a judged run's report, nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, redirect, request, send_file

from locustfiles.driving.live.board import Board

OWN = {
    "": ("page.html", "text/html"),
    "live.css": ("live.css", "text/css"),
    "live.js": ("live.js", "text/javascript"),
}
"""What the page is made of: address, file and type."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
)
REPORT_POLICY = (
    "sandbox allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'"
)
"""A report runs no script, and what a target wrote in it is no page of Locust's."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".json": "application/json",
}
"""Types of a report's files; every other one is shown as text, or saved where it is none."""
SAVED = (".parquet",)
TABLE = "crosstalk"
COLUMNS = {
    "victim": "Victim",
    "recipient": "Recipient",
    "times": "Times",
    "at": "First at",
    "place": "Frame",
}


def add(web_ui: Any, base: str | None, board: Board) -> None:  # noqa: ANN401 - Locust is untyped
    """Add the page to Locust's web UI, and a tab of leads to Locust's own page.

    A login that Locust demands is demanded here too.
    """
    blueprint = Blueprint("crosstalk", __name__, url_prefix=f"{base or ''}/crosstalk")
    closed: Callable[[Any], Any] = web_ui.auth_required_if_enabled

    @blueprint.before_request
    def refuse_strangers() -> None:
        """Locust lets every other site read its pages; evidence is not for them."""
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(403)

    @blueprint.after_request
    def guarded(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("")
    @closed
    def without_slash() -> Any:  # noqa: ANN401 - Flask's
        return redirect("crosstalk/")

    @blueprint.get("/", defaults={"name": ""})
    @blueprint.get("/<name>")
    @closed
    def own(name: str) -> Response:
        if name not in OWN:
            abort(404)
        file, kind = OWN[name]
        content = (resources.files(__package__) / file).read_bytes()
        return Response(content, content_type=f"{kind}; charset=utf-8")

    @blueprint.get("/data")
    @closed
    def data() -> Response:
        return jsonify(board.view(time.monotonic_ns()))

    @blueprint.get("/runs/<run>/<path:name>")
    @closed
    def report(run: str, name: str) -> Response:
        watched = board.runs.get(run)
        file = None if watched is None or watched.report is None else within(watched.report, name)
        if file is None:
            abort(404)
        answer = send_file(
            file,
            mimetype=TYPES.get(file.suffix, "text/plain; charset=utf-8"),
            as_attachment=file.suffix in SAVED,
        )
        answer.headers["Content-Security-Policy"] = REPORT_POLICY
        return answer

    web_ui.app.register_blueprint(blueprint)
    _add_tab(web_ui, base, board)
    web_ui.environment.events.reset_stats.add_listener(lambda **_: board.reset())


def within(folder: Path, name: str) -> Path | None:
    """The regular file of this name in a folder, or None: nothing beside it, nothing linked."""
    folder = folder.resolve()
    known = {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    found = known.get(name)
    if found is None or found.is_symlink() or not found.is_file():
        return None
    return found if found.resolve().is_relative_to(folder) else None


def _add_tab(web_ui: Any, base: str | None, board: Board) -> None:  # noqa: ANN401 - Locust is untyped
    """The leads in a tab of Locust's own page, which refreshes it while a run goes on."""
    structure = [{"key": key, "title": title} for key, title in COLUMNS.items()]
    web_ui.template_args["extended_tabs"] = [{"title": "Isolation leads", "key": TABLE}]
    web_ui.template_args["extended_tables"] = [{"key": TABLE, "structure": structure}]
    stats = f"{base or ''}/stats/requests"

    def extended(response: Response) -> Response:
        said = response.get_json(silent=True) if request.path == stats else None
        if isinstance(said, dict):
            said["extended_stats"] = [{"key": TABLE, "data": _rows(board)}]
            response.set_data(jsonify(said).get_data())
        return response

    web_ui.app.after_request(extended)


def _rows(board: Board) -> list[dict[str, Any]]:
    return [
        {
            "victim": lead["victim"],
            "recipient": lead["recipient"],
            "times": lead["times"],
            "at": f"{lead['at_s']:.1f} s",
            "place": f"{lead['stream']}, record {lead['index']}",
        }
        for lead in board.rows()
    ]
