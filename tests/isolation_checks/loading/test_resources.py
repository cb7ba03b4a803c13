from __future__ import annotations

import pyarrow as pa
import pytest

from isolation_checks.history.directory import RunDirectory, add_json
from isolation_checks.history.stream import StreamWriter
from isolation_checks.loading import resources
from isolation_checks.records import RESOURCES
from isolation_checks.resources.source import SEAL, STREAM
from tests.isolation_checks.plan.test_together import parsed

PLAN = parsed(resources={"processes": {"pids": [1]}})


def kept(folder, *samples, sealed=True):
    """A run with these samples: seconds, resource, value, and whether it counts."""
    run = RunDirectory(folder)
    run.resources.mkdir()
    writer = StreamWriter(run.resources / STREAM, RESOURCES)
    blank = dict.fromkeys(RESOURCES.names) | {"source": "processes", "unit": "cores"}
    records = [
        {**blank, "at_ns": int(at_s * 1e9), "resource": name, "value": value, "counts": counts}
        for at_s, name, value, counts in samples
    ]
    writer.write(pa.RecordBatch.from_pylist(records, schema=RESOURCES))
    said = writer.close()
    if sealed:
        streams = {"samples": {"octets": said.octets, "sha256": said.sha256}}
        add_json(run.resources / SEAL, {"streams": streams})
    return run


def loaded(run, plan=PLAN):
    return resources.load(run, plan, 0)


def test_what_counts_is_a_rate_and_what_does_not_a_level(tmp_path):
    """Weighted by how long each lasted; in a part of a stretch it is what it was in the whole."""
    counted = [(at_s, "cpu", value, True) for at_s, value in ((10, 5.0), (11, 5.5), (12, 7.5))]
    level = [(at_s, "memory", value, False) for at_s, value in ((10, 100.0), (12, 300.0))]
    found = loaded(kept(tmp_path, *counted, *level))
    cpu, memory = found.series
    assert () == found.missing
    assert (1.25, 2.0, 0.5) == (cpu.mean(10, 12), cpu.mean(11.5, 11.6), cpu.mean(0, 11))
    assert (2.0, 0.5) == (cpu.peak(10, 12), cpu.peak(10, 10.9))
    assert pytest.approx(200) == memory.mean(10, 12)
    assert (None, None) == (cpu.mean(20, 30), cpu.peak(20, 30))


def test_a_counter_that_began_anew_lost_nothing(tmp_path):
    """A platform that was restarted in mid-run counts from nothing."""
    found = loaded(kept(tmp_path, (0, "cpu", 90.0, True), (1, "cpu", 0.5, True)))
    assert 0.5 == found.series[0].mean(0, 1)


def test_over_a_hole_nothing_is_said(tmp_path):
    """What was not sampled for long is not made up from its ends."""
    at = [(0, 1.0), (1, 2.0), (31, 32.0), (32, 34.0)]
    cpu = loaded(kept(tmp_path, *((at_s, "cpu", used, True) for at_s, used in at))).series[0]
    assert (1.0, None, 2.0) == (cpu.mean(0, 1), cpu.mean(10, 20), cpu.mean(31, 32))


def test_what_was_not_sealed_or_changed_is_said(tmp_path):
    """What there is, is shown all the same."""
    for name in ("open", "altered", "never"):
        (tmp_path / name).mkdir()
    sample = (0, "cpu", 1.0, True)
    unsealed = loaded(kept(tmp_path / "open", sample, sealed=False))
    assert any("left no seal" in sentence for sentence in unsealed.missing)
    run = kept(tmp_path / "altered", sample)
    with (run.resources / STREAM).open("ab") as file:
        file.write(b"more")
    assert any("not as it was sealed" in sentence for sentence in loaded(run).missing)
    assert ("nothing was sampled: the sampler never began",) == loaded(
        RunDirectory(tmp_path / "never")
    ).missing
    assert resources.Sampled() == loaded(RunDirectory(tmp_path / "never"), parsed())
