"""`posejockey evaluate`: a network's free-running dances measured beside the real ones.

With --model: files for the stage, each song through the whole engine. With a checkpoint: a quick
look at a run, the network alone on the true clock.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from live.body.pose import FRAME_RATE
from live.dance.performer import files_of
from live.errors import ConfigError
from live.safe_write import check_output, write_text
from model.evaluation import line_chart
from model.evaluation.beside_real import format_beside_real, format_markdown
from model.evaluation.checkpoint_report import WARM_UP_S, evaluate, format_report
from model.evaluation.contact_sheet import draw
from model.evaluation.marathon import Marathon, format_marathon, marathon
from model.evaluation.offsets import energy_offsets
from model.evaluation.on_stage import evaluate_motion_graph, evaluate_on_stage, score
from model.evaluation.reference import Reference, reference
from model.evaluation.segment_classifier import segment_classifier
from model.evaluation.stage_report import StageReport, format_stage_reports
from model.evaluation.style_classifier import style_classifier
from model.evaluation.take import Take, real_takes
from model.network.checkpoint import load_checkpoint, network_of

_WHOLE = (120.0, (90.0, 120.0, 150.0), 2)  # seconds of a dance, tempi, dancers to a song
_QUICK = (36.0, (105.0, 135.0), 4)
_LIMITS = {"seconds": (10.0, 3600.0), "hours": (0.0, 24.0), "dancers": (1, 16)}


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    if (args.checkpoint is None) == (args.model is None):
        raise ConfigError("name either a checkpoint or --model FILE.onnx, to be evaluated")
    for name, (low, high) in _LIMITS.items():
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise ConfigError(f"--{name} is {value:g}; it must be {low:g} to {high:g}")
    for tempo in args.tempi or ():
        if not 60.0 <= tempo <= 200.0:
            raise ConfigError(f"--tempi holds {tempo:g}; a tempo must be 60 to 200")
    if args.recordings and not args.recordings.is_dir():
        raise ConfigError(f"--recordings {args.recordings} is not a folder")
    _check_reports(args)
    takes = _evaluate_checkpoint(args) if args.model is None else _evaluate_weights(args)
    if args.sheet:
        draw({take.label: take.joints for take in takes}, args.sheet, FRAME_RATE)
    return 0


def _check_reports(args: argparse.Namespace) -> None:
    """Two pictures of one name would be one picture, and some files here are JSON, too."""
    if args.json:
        read = [path for model in _listed(args.model) for path in files_of(model)]
        check_output(args.json, (".json",), [*read, args.data / "prepared.json"])
    if args.markdown:
        check_output(args.markdown, (".md",))
    if args.curve:
        check_output(args.curve, (".png",))
    if args.sheet:
        check_output(args.sheet, (".png",), (args.curve,))


def _evaluate_checkpoint(args: argparse.Namespace) -> tuple[Take, ...]:

    network = network_of(load_checkpoint(args.checkpoint))
    energy = energy_offsets(network, args.data) if args.stage else None
    report = evaluate(args.checkpoint, args.data, args.seconds or 40.0, args.seed, energy=energy)
    print(format_report(report))
    if args.quick:
        ref = _reference(args)
        settled = tuple(t.after(WARM_UP_S) for t in report.takes if t.style in ref.styles)
        made = StageReport(args.checkpoint.parent.name, score(settled, ref), {}, settled)
        _print_beside_real(args, ref, [made], [])
    return report.takes


def _evaluate_weights(args: argparse.Namespace) -> tuple[Take, ...]:

    ref = _reference(args)
    styles = _listed(args.styles)
    reports, runs = [], []
    for model in _listed(args.model):
        reports.append(
            evaluate_on_stage(
                model,
                ref,
                styles,
                *_length(args),
                listen=not args.quick,
                recordings=args.recordings,
            )
        )
        if args.hours:
            runs.append(marathon(model, ref, styles, args.hours, seed=args.seed))
    print(format_stage_reports(ref, reports))
    for run in runs:
        print("\n" + format_marathon(run, ref))
    if runs and args.curve:
        _draw_curve(runs, args.curve)
    return _print_beside_real(args, ref, reports, runs)


def _reference(args: argparse.Namespace) -> Reference:
    return reference(
        args.data,
        style_classifier(args.data, report=print),
        segment_classifier(args.data, report=print),
    )


def _print_beside_real(
    args: argparse.Namespace, ref: Reference, reports: list[StageReport], runs: list[Marathon]
) -> tuple[Take, ...]:
    """The tables beside real dances and a motion graph, and the files; returns rows of a sheet."""

    danced = [s for s in ref.styles if any(s in r.rows for r in reports)]
    graph = evaluate_motion_graph(args.data, ref, danced, *_length(args))
    print("\n" + format_beside_real(ref, [*reports, graph]))
    if args.markdown:
        tables = [format_markdown(ref, r) for r in (*reports, graph)]
        write_text(args.markdown, "\n\n".join(tables) + "\n")
    if args.json:
        _write_json(args.json, ref, [*reports, graph], runs)
    return _side_by_side(args.data, danced, [*reports, graph])


def _side_by_side(data: Path, styles: list[str], reports: list[StageReport]) -> tuple[Take, ...]:
    """For each style two real dances, the longest ones, and two of each report."""
    real = sorted(real_takes(data), key=lambda t: -len(t.joints))
    rows = []
    for style in styles:
        own = [t for t in real if t.style == style][:2]
        rows += [replace(t, label=f"{style} real: {t.label}") for t in own]
        for report in reports:
            made = [t for t in report.takes if t.style == style]
            chosen = made[:1] + made[1:][-1:]
            rows += [replace(t, label=f"{t.label} by {report.name}") for t in chosen]
    return tuple(rows)


def _write_json(
    path: Path, ref: Reference, reports: list[StageReport], runs: list[Marathon]
) -> None:
    everything = {
        "judge": ref.classifier.accuracy,
        "judge_segment": ref.segments.accuracy,
        "real": {name: style.figures for name, style in ref.styles.items()},
        "made": {
            t.name: {"rows": t.rows, "heard": t.heard, "recorded": t.recorded} for t in reports
        },
        "hours": {
            r.name: {
                "minutes": r.minutes.tolist(),
                "distance": [d._asdict() for d in r.distance],
                "speed": r.speed,
                "frozen_longest": r.frozen_longest,
                "returns": r.returns,
            }
            for r in runs
        },
    }
    write_text(path, json.dumps(everything, indent=1) + "\n")


def _length(args: argparse.Namespace) -> tuple[float, list[float], int, int]:
    """Seconds of a dance, tempi, dancers to a song, seed."""
    seconds, tempi, dancers = _QUICK if args.quick else _WHOLE
    return (
        args.seconds or seconds,
        [float(t) for t in args.tempi or tempi],
        args.dancers or dancers,
        args.seed,
    )


def _draw_curve(runs: list, path: Path) -> None:

    chart = line_chart.Chart(
        {r.name: (r.minutes, [d.ratio for d in r.distance]) for r in runs},
        "FID over time, as multiples of real dances against each other",
        "minutes",
        {"real": 1.0, "twice real": 2.0},
    )
    line_chart.draw([chart], path)


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey evaluate", description=__doc__)
    add = parser.add_argument
    add("checkpoint", type=Path, nargs="?", help="checkpoint.pt of a training run")
    add("--model", metavar="FILE[,FILE]", help="weights for the stage: files, or names that ship")
    add("--data", type=Path, required=True, metavar="DIR", help="what `prepare` wrote")
    add("--seconds", type=float, metavar="S", help="length of a dance (120; a checkpoint's 40)")
    add("--seed", type=int, default=1, metavar="N", help="of music and dances (1)")
    add("--sheet", type=Path, metavar="PNG", help="draw the dances as a contact sheet")
    add("--stage", action="store_true", help="a checkpoint with the energy its export would ask")
    add("--styles", metavar="A,B", help="with --model: only these styles")
    add(
        "--tempi", type=float, nargs="+", metavar="BPM",
        help="with --model: of the songs (90 120 150)",
    )  # fmt: skip
    add("--dancers", type=int, metavar="N", help="with --model: to each song (2)")
    add(
        "--recordings", type=Path, metavar="DIR",
        help="with --model: also dance to recordings held out of training, from this folder",
    )  # fmt: skip
    add(
        "--quick",
        action="store_true",
        help="a few minutes, to compare candidates; of a checkpoint, with the tables beside real",
    )
    add("--hours", type=float, default=0.0, metavar="H", help="with --model: also dance this long")
    add("--curve", type=Path, metavar="PNG", help="draw the Frechet distance over these hours")
    add("--markdown", type=Path, metavar="MD", help="write the tables beside real for a document")
    add("--json", type=Path, metavar="FILE", help="with --model: write all figures")
    return parser
