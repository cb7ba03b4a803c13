"""What the platform used, as strips: tested by the numbers in their axes."""

from __future__ import annotations

import pytest

from isolation_checks.verdicts.capacity import Used
from reports import levels, sampled
from tests.reports import samples
from tests.reports.test_planned import capacity, step

WIDTHS = (860, 336)


def used(resource, mean, **more):
    plain = {"source": "processes", "unit": "cores", "peak": mean * 1.2, "most": 2.0}
    return Used(resource=resource, mean=mean, **(plain | more))


def planned():
    """Two loads at which CPU and connections were sampled, and one at which nothing was."""
    return capacity(
        steps=(
            step(0, 10, 9.0, 0.5, resources=(used("cpu", 0.5),)),
            step(1, 20, 17.0, 0.8, resources=(
                used("cpu", 1.5), used("connections", 30.0, source="=db", unit="count", most=100.0),
            )),
            step(2, 40, 29.0, 2.0),
        )
    )  # fmt: skip


def words(axes):
    return " ".join(text.get_text() for text in axes.texts)


def marks(axes, marker):
    line = next(line for line in axes.lines if line.get_marker() == marker)
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_strip_for_each_resource_against_the_users(width):
    """Its mean and its peak at each load, and all there is of it where that is near."""
    figure = levels.against_users(planned(), width=width)
    cpu, connections = figure.axes
    assert [(10, 0.5), (20, 1.5)] == marks(cpu, "o")
    assert [(10, 0.6), (20, pytest.approx(1.8))] == marks(cpu, "D")
    assert "CPU, cores (processes)" in words(cpu)
    assert any([2.0, 2.0] == list(line.get_ydata()) for line in cpu.lines)
    assert [(20, 30.0)] == marks(connections, "o")
    assert None is levels.against_users(capacity(), width=width)


def test_a_strip_for_each_resource_over_the_run():
    """What was not sampled leaves no mark; what never was, no strip; memory is in MB."""
    figure = levels.over_time(samples.passing().timeline, width=860)
    cpu, memory = figure.axes
    assert [(5.0, 0.2), (15.0, 0.4), (25.0, 0.9), (35.0, 1.9), (45.0, 2.0)] == marks(cpu, ".")
    assert 130.0 == marks(memory, ".")[-1][1]
    assert "all there is: 16,000, above" in words(memory)
    assert None is levels.over_time(None, width=860)


def test_a_capacity_as_tables():
    """A row a step, a row a resource of it; nothing that a spreadsheet would compute."""
    head, *rows = sampled.steps(planned()).decode().splitlines()
    assert head.startswith("number,users,confirms")
    assert "goodput_value,goodput_lower,goodput_upper" in head
    assert "p95_measured,p95_lower,p95_upper" in head
    assert 3 == len(rows)
    assert (
        "number,users,source,resource,unit,mean,peak,most\n"
        "0,10,processes,cpu,cores,0.5,0.6,2.0\n"
        "1,20,processes,cpu,cores,1.5,1.7999999999999998,2.0\n"
        "1,20,'=db,connections,count,30.0,36.0,100.0\n"
    ) == sampled.resources(planned()).decode()
