"""`crosstalk checks`: all checks, and what each catches and is blind to."""

from __future__ import annotations

import inspect

import click


@click.command(epilog="Example: crosstalk checks")
def command() -> int:
    """All checks: what they ask, what they catch, what they are blind to."""
    from isolation_checks.checks import CHECKS  # noqa: PLC0415 - slow to import

    for check in CHECKS:
        cwe = f" · CWE-{check.cwe}" if check.cwe else ""
        click.echo(click.style(f"{check.name}", bold=True) + f"  ({check.part}{cwe})")
        click.echo(f"  {check.asks}")
        for line in inspect.cleandoc(check.doc).splitlines():
            click.echo(f"    {line}".rstrip())
        click.echo()
    return 0
