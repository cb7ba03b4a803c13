"""`crosstalk faults`: what the reference platform can be told to do wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import click

from isolation_checks.errors import HarnessError


@click.command(epilog="Examples: crosstalk faults · crosstalk demo --fault shared_socket")
def command() -> int:
    """All faults of the reference platform, with their opportunity and default rate."""
    asked = [sys.executable, "-m", "reference_platform", "--faults"]
    done = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise HarnessError(f"the reference platform cannot say: {done.stderr.decode()[-500:]}")
    for fault in json.loads(done.stdout):
        click.echo(click.style(fault["name"], bold=True))
        click.echo(f"  {fault['sentence']}")
        click.echo(
            f"  per {fault['opportunity']}, at a rate of {fault['default_rate']} "
            "unless said otherwise"
        )
    return 0
