"""The `crosstalk` command: finds the subcommand, turns errors into exit codes, nothing else."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Mapping

import click

from isolation_checks.errors import EXIT_BROKEN, EXIT_USAGE, HarnessError, UsageError
from isolation_checks.plan.nearest import nearest

COMMANDS: Mapping[str, str] = {
    "demo": "drive the embedded platform and judge it",
    "collect": "read the platform's rows into a run",
    "judge": "judge a run (again), and render the judgement",
    "report": "render the newest judgement of a run again, or print it",
    "baseline": "a run as a small file that later runs are compared with",
    "compare": "what became better than a base, and what worse",
    "capacity": "how many users a platform serves within its objectives",
    "explain": "one finding, whole",
    "selftest": "would each fault of the reference platform have been noticed?",
    "control": "would a break have been found in this run?",
    "discover": "find the platform's tables, and propose the [rows] of a plan",
    "checks": "all checks: what they ask, catch and are blind to",
    "faults": "all faults of the reference platform",
    "cleanup": "remove what a run created on its platform",
    "ci-example": "a workflow for GitHub or GitLab that works as it is",
    "doctor": "is everything here that a run needs?",
    "step": "what a load showed: what a climb asks",
    "sample": "the platform's resources: what a drive samples",
    "conclude": "collect, judge and render: what a drive does at its end",
}
EXIT_UNREAD = 141
"""What a shell says of a program whose reader has gone: 128 and SIGPIPE."""
_HIDDEN = ("conclude", "sample", "step")
_EPILOG = """Exit codes: 0 PASS, 1 FAIL, 2 wrong usage, 3 UNKNOWN, 4 the harness broke.

\b
Examples:
  crosstalk demo
  crosstalk demo --fault shared_socket
  crosstalk explain latest F1
  crosstalk discover my-platform.toml
"""


class _Lazy(click.Group):
    """A group whose commands are imported when they are called, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name in COMMANDS if name not in _HIDDEN]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = f"crosstalk.commands.{cmd_name.replace('-', '_')}"
        command: click.Command = importlib.import_module(module).command
        command.epilog = _one_a_line(command.epilog or "")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            likely = nearest(args[0], self.list_commands(ctx))
            raise UsageError(
                f"there is no command {args[0]!r}{likely}; `crosstalk --help` lists them"
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@click.command(cls=_Lazy, epilog=_EPILOG)
@click.version_option(package_name="crosstalk-harness")
def group() -> None:
    """Does one user's context ever reach another?

    Crosstalk drives a multi-user platform, reads its rows, judges the two together, and
    proves each finding.
    """


def main() -> None:
    """Run the command; the user's mistakes end in 2, the harness's faults in 4."""
    try:
        code = group.main(standalone_mode=False, prog_name="crosstalk")
    except (UsageError, HarnessError) as error:
        _leave(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except click.ClickException as error:
        _leave(_sentence(error), EXIT_USAGE)
    except PermissionError as error:
        _leave(f"no permission for {error.filename}; a run is its driver's alone", EXIT_USAGE)
    except click.Abort:
        _leave("stopped", 130)
    except SystemExit:  # click's, with 1, where nobody reads any more; 1 is a verdict's
        sys.exit(EXIT_UNREAD)
    except Exception:  # noqa: BLE001 - whatever it is, it is our fault and not a FAIL
        traceback.print_exc()
        _leave("this is a fault of Crosstalk's, not of the platform's", EXIT_BROKEN)
    sys.exit(code if isinstance(code, int) else 0)


def _one_a_line(epilog: str) -> str:
    """Examples as they can be copied: each on a line of its own, which is never broken."""
    head, _, examples = epilog.partition(": ")
    if not examples or "\n" in epilog:
        return epilog
    return "\n".join(["\b", f"{head}:", *(f"  {each}" for each in examples.split(" · "))])


def _sentence(error: click.ClickException) -> str:
    """What click says is wrong, and where to read what would be right."""
    said = error.format_message().strip().rstrip(".")
    asked = getattr(error, "ctx", None)
    path = asked.command_path if asked is not None else "crosstalk"
    return f"{said[:1].lower()}{said[1:]}; `{path} --help` says what is right"


def _leave(sentence: str, code: int) -> None:
    click.echo(f"crosstalk: {sentence}", err=True)
    sys.exit(code)
