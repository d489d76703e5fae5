"""The report of a lesson: one page to look at, before and after, figures, and what to improve.

Enters: the network before and after, and the clips. Leaves: report.html with its pictures inside,
and report.json with the figures.
"""

import base64
import html
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from live.body.pose import FRAME_RATE
from live.safe_write import write_text
from model.evaluation.contact_sheet import draw
from model.evaluation.take import Take, real_takes
from model.learning.judge import Verdict, judged, old_styles_moved
from model.network.config import NetworkConfig
from model.network.dance_network import DanceNetwork

_SHEET_S, _COLUMNS = 6.0, 10  # into the dance

_SAID = {
    "wrist_up": "hands above the head, share of time", "ankle_p99": "highest kicks, m",
    "foot_speed_p95": "fast steps, m/s", "hand_speed_p95": "fast hands, m/s",
    "stance_p95": "widest stance, m", "pelvis_p1": "lowest hips, m",
    "turn_rate": "turning, rad/s", "travel": "travel in 2 s, m",
    "straight_arms": "straight arms, share",
}  # fmt: skip


def write_report(network: DanceNetwork, donor: dict, data: Path, model: Path, folder: Path) -> Path:
    """report.html in the lesson's folder; returns its path. donor: what the lesson began with."""
    old = DanceNetwork(NetworkConfig.from_dict(donor["network_config"]))
    old.load_state_dict(donor["weights"])
    manifest = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    style = network.config.styles[-1]
    verdict = judged(
        network.eval(), old.eval(), data, folder / "judge", manifest["energy_offset"][style]
    )
    moved = old_styles_moved(network, old)
    real = sorted(real_takes(data), key=lambda take: -len(take.joints))
    sheet = folder / "before-after.png"
    _sheet(real, verdict, style, sheet)
    advice = advice_on(real, verdict, manifest)
    figures = {
        "style": style,
        "called_by_its_name": verdict.called,
        "judge_on_held_out_clips": verdict.judge,
        "range_within_25_percent": sum(verdict.within.values()) / len(verdict.within),
        "old_styles_moved": moved,
        "dances": verdict.figures,
        "clips": verdict.real,
        "advice": advice,
    }
    write_text(folder / "report.json", json.dumps(_finite(figures), indent=1) + "\n")
    path = folder / "report.html"
    write_text(path, _page(model.name, style, verdict, moved, manifest, advice, sheet))
    return path


def _finite(value: Any) -> Any:
    """The same, with null for what is no number: JSON has none of those."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def advice_on(real: Sequence[Take], verdict: Verdict, manifest: dict) -> list[str]:
    """What would make the style better, most useful first."""
    found = []
    seconds = sum(len(take.joints) for take in real) / FRAME_RATE
    longest = max(len(take.joints) for take in real) / FRAME_RATE
    told, there = verdict.figures, verdict.real
    minutes = manifest["recipe"]["wall_minutes"]
    if seconds < 180:
        found.append(
            f"More material: {seconds / 60:.1f} minutes are little to choose from, so phrases come "
            "back often. Three to ten minutes of varied dancing are a good measure."
        )
    if verdict.called < 0.9:
        found.append(
            f"More time: {verdict.called:.0%} of the dance is recognised. Learn again with "
            f"--minutes {max(30, round(3 * minutes, -1)):.0f} and another -o."
        )
    if longest < 15:
        found.append("Longer takes: what follows what is learned from 15 seconds on.")
    weak = there["beat_seen"] < 1.3 * there["beat_seen_null"]
    if weak:
        found.append(
            "A clearer beat: in the clips hardly anything falls on it. Capture with the song the "
            "dance was made to (posejockey capture --music), or dance to a click."
        )
    elif told["coherence"] < 1.5 * told["null"]:
        found.append("It keeps the beat loosely; more time (--minutes) usually mends that.")
    if told["skate"] > 1.5 * there["skate"] + 0.05:
        found.append("Feet slide more than in the clips; more time (--minutes) usually mends that.")
    if there["skate"] > 0.6:
        found.append(
            "Feet slide in the clips already. From video: film the whole body, from a tripod, with "
            "the feet always in the picture."
        )
    small = [_SAID[name] for name, well in verdict.within.items()
             if not well and told[name] < there[name]]  # fmt: skip
    if small:
        found.append(f"Smaller than in the clips: {'; '.join(small)}. Turn Energy up a little, or "
                     "give it more time.")  # fmt: skip
    return found or ["Nothing stands out. Play with it."]


def _share(value: float) -> str:
    return f"{value:.0%}" if math.isfinite(value) else "too short to tell"


def _sheet(real: Sequence[Take], verdict: Verdict, style: str, path: Path) -> None:
    def some(takes: Sequence[Take], what: str) -> list[Take]:
        return [replace(take, label=f"{what}: {take.label}") for take in takes]

    after = [verdict.after[0], verdict.after[-1]]
    rows = some(real[:2], "a clip of yours")
    rows += some(verdict.before[:1], f"before, the nearest style ({verdict.nearest})")
    rows += some(after, f"after, {style}")
    draw({t.label: t.joints for t in rows}, path, FRAME_RATE, columns=_COLUMNS, start_s=_SHEET_S)


def _page(
    file: str,
    style: str,
    verdict: Verdict,
    moved: float,
    manifest: dict,
    advice: Sequence[str],
    sheet: Path,
) -> str:
    picture = base64.b64encode(sheet.read_bytes()).decode("ascii")
    told, there = verdict.figures, verdict.real
    within = sum(verdict.within.values())
    lines = [
        ("called by its name", f"{verdict.called:.0%}",
         f"held-out parts of your clips: {_share(verdict.judge)}"),
        ("on the beat", f"{told['coherence']:.2f}",
         f"{there['coherence']:.2f} in your clips, {told['null']:.2f} by luck"),
        ("mean speed, m/s", f"{told['speed']:.2f}", f"{there['speed']:.2f}"),
        ("feet that slide, share", f"{told['skate']:.2f}", f"{there['skate']:.2f}"),
        *((_SAID[name] + ("" if well else " (!)"), f"{told[name]:.2f}", f"{there[name]:.2f}")
          for name, well in verdict.within.items()),
    ]  # fmt: skip
    rows = "\n".join(
        f"<tr><td>{html.escape(a)}</td><td>{html.escape(b)}</td><td>{html.escape(c)}</td></tr>"
        for a, b, c in lines
    )
    recipe, name = manifest["recipe"], html.escape(style)
    kept = f"to {1000 * moved:.2g} mm" if moved else "number for number"
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ background: #101116; color: #e6e6ea; font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
img {{ width: 100%; border-radius: 6px }}
td, th {{ padding: .15rem 1rem .15rem 0; text-align: left; border-bottom: 1px solid #2a2c36 }}
code {{ background: #1c1e27; padding: .1rem .3rem; border-radius: 4px }}
</style>
<h1>{name}</h1>
<p>Learned in {recipe["wall_minutes"]:.0f} minutes from {recipe["data"]["motion_minutes"]} minutes
of clips ({recipe["data"]["clips"]}). Terms: {html.escape(manifest["licence"])}.</p>
<p><code>posejockey live --model {html.escape(file)} --style {name}</code></p>
<h2>Before and after</h2>
<img src="data:image/png;base64,{picture}" alt="Your clips, the dance before, the dance after">
<h2>Figures</h2>
<table><tr><th></th><th>{name}</th><th>your clips</th></tr>
{rows}
</table>
<p>{within} of {len(verdict.within)} figures of range are within 25 % of your clips. The old styles
dance as before: {kept}.</p>
<h2>What to improve</h2>
<ul>{"".join(f"<li>{html.escape(text)}</li>" for text in advice)}</ul>
</html>
"""
