"""What a network dances while it is still being trained: figures and a sheet to look at.

Losses say little about a dance. Now and then the averaged weights dance freely to songs no training
saw: `rollouts.csv` gets a row for each style, `rollouts/` a contact sheet.
"""

import csv
from pathlib import Path

from live.body.pose import FRAME_RATE
from live.monotonic import monotonic_s
from model.evaluation.checkpoint_report import Report
from model.evaluation.contact_sheet import draw
from model.evaluation.figures import summarise
from model.evaluation.rollout import rollout
from model.evaluation.take import real_takes
from model.network.dance_network import DanceNetwork

_TEMPO_BPM = (120.0,)
_SECONDS, _SETTLED_S = 24.0, 4.0
FIGURES = ("speed_ratio", "frozen_longest", "coherence", "null", "accent_ms", "skate")


class Watcher:
    """Looks at a run in `folder` at most every `every_s` seconds."""

    def __init__(self, data: Path, folder: Path, every_s: float):
        self.folder, self.every_s = folder, every_s
        self._looked = monotonic_s()
        takes = real_takes(data)
        self._real = {s: [t for t in takes if t.style == s] for s in {t.style for t in takes}}

    def look(self, network: DanceNetwork, iteration: int) -> None:
        """Dance, measure and draw, if it is time to."""
        if monotonic_s() - self._looked < self.every_s:
            return
        report = self.report(network, iteration)
        self._write(report)
        sheets = self.folder / "rollouts"
        sheets.mkdir(exist_ok=True)
        draw({t.label: t.joints for t in report.takes}, sheets / f"{iteration:06d}.png", FRAME_RATE)
        self._looked = monotonic_s()

    def report(self, network: DanceNetwork, iteration: int) -> Report:
        """A row of figures for each style, one take of each."""
        styles = [s for s in network.config.styles if s in self._real]
        takes = rollout(network, styles, _TEMPO_BPM, _SECONDS, seed=iteration, dancers=1)
        rows = {}
        for take in takes:
            of_real = summarise(self._real[take.style], 1.0)
            rows[take.style] = summarise(
                [take.after(_SETTLED_S)], of_real["speed"], of_real["harmonic"]
            )
        return Report(rows, takes=tuple(takes), iteration=iteration)

    def _write(self, report: Report) -> None:
        path = self.folder / "rollouts.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(("iteration", "style", *FIGURES))
            for style, figures in report.rows.items():
                values = (f"{figures[name]:.4f}" for name in FIGURES)
                writer.writerow((report.iteration, style, *values))
