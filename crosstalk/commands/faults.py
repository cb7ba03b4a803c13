"""`crosstalk faults`: what the reference platform can be told to do wrong."""

from __future__ import annotations

import click

from crosstalk.trials import known_faults


@click.command(epilog="Examples: crosstalk faults · crosstalk demo --fault shared_socket")
def command() -> int:
    """All faults of the reference platform, with their opportunity and default rate."""
    for fault in known_faults().values():
        click.echo(click.style(fault.name, bold=True))
        click.echo(f"  {fault.sentence}")
        click.echo(
            f"  per {fault.opportunity}, at a rate of {fault.default_rate} unless said otherwise"
        )
    return 0
