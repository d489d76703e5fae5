"""The soak: simulated time, faults on schedule, and what it reports of them."""

import gc
import json
from contextlib import ExitStack

import pytest
from PIL import Image

from benchmarks import bench, soak
from model.evaluation import line_chart


@pytest.fixture
def short(monkeypatch):
    """Every fault lasts half a second, one every second and a half."""
    monkeypatch.setattr(soak, "EVERY_S", 1.5)
    monkeypatch.setattr(soak, "FIRST_S", 2.0)
    monkeypatch.setattr(soak, "AFTER_S", 0.5)
    monkeypatch.setattr(soak, "MINUTE_S", 5.0)
    faults = tuple(soak.Fault(f.name, 0.5, f.what) for f in soak.FAULTS)
    monkeypatch.setattr(soak, "FAULTS", faults)
    yield
    gc.unfreeze()


def test_every_fault_strikes_and_is_reported(short, tiny_model, tmp_path):
    report_file, picture = tmp_path / "soak.json", tmp_path / "soak.png"
    seconds = 2.0 + 1.5 * len(soak.FAULTS)
    hours = str(seconds / 3600)
    options = ["--model", tiny_model, "--device", "cpu", "--json", report_file, "--png", picture]
    assert bench.main(["--soak", hours, *map(str, options)]) == 0
    report = json.loads(report_file.read_text())
    done = {outcome["fault"]: outcome for outcome in report["faults"]}
    assert list(done) == [fault.name for fault in soak.FAULTS]
    assert done["unplugged"]["counted"]["reopened"] == 1
    assert done["bad network"]["counted"]["resets"] == 1
    assert "holding" in done["bad network"]["states"]
    assert done["unreachable"]["counted"]["send_errors"] > 20
    assert done["flood"]["counted"]["rejected"] > 100
    assert done["stall"]["missed"] > 20
    assert report["summary"]["frames"] > 55 * seconds - 200  # a second of stalls
    assert len(report["minutes"]) == int(seconds / 5.0)
    with Image.open(picture) as drawn:
        assert drawn.size == (line_chart.WIDTH, 3 * soak._PANEL_HEIGHT)


def test_time_is_skipped_and_not_waited_for(tiny_model):
    with ExitStack() as stack:
        show = soak.Soak(2.0 / 3600, str(tiny_model), "cpu", stack)
        report = show.run()
    gc.unfreeze()
    seconds = report["summary"]["seconds"]
    assert 2.0 <= seconds < 4.0  # a step that is cut off costs what it costs
    assert report["faults"] == []
    assert report["summary"]["frames"] == pytest.approx(60 * seconds, rel=0.25)
    assert report["memory_growth_mb"] is None
