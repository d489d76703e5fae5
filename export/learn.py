"""`posejockey learn CLIPS --style NAME`: a style of your own, from clips to a file for the stage.

CLIPS is a folder that `posejockey capture` made. The new file dances all styles of the old one as
before, and NAME besides: `--style NAME=1,street=1` mixes them. Stopped, even killed, the same
command goes on where it was. Beside the file a folder NAME-lesson holds pictures taken while it
learned, and report.html: before and after, figures, and what to improve.
"""

import argparse
import hashlib
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from export.to_onnx import export
from live.dance.performer import find_model
from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from live.safe_write import check_output, check_output_folder, write_text
from model.data.clip_index import TIERS
from model.evaluation.take import real_takes
from model.learning.growth import check_growth, grown
from model.learning.learner import SETTINGS, STAGES, Course, Learner
from model.learning.lesson import EXPECTED_S, course_of, picture
from model.learning.material import (
    Material,
    check_name,
    is_prepared,
    read_material,
    summary_of,
    write_data,
)
from model.learning.progress import KINDS, Progress
from model.learning.report import write_report
from model.network.checkpoint import CHECKPOINT
from model.network.weights import load_weights

_SAVE_EVERY_S = 20.0
_PACE_STEPS = 60  # of which the time left is reckoned
_PICTURES = 6  # while it learns to dance
_MINUTES = (1.0, 600.0)
_KEPT = ("energy_offset", "accent_delay_ms")


@dataclass(frozen=True)
class Lesson:
    """What was asked for. model: the file to begin with; folder: of what the lesson keeps."""

    style: str
    model: Path
    out: Path
    minutes: float

    @property
    def folder(self) -> Path:
        return self.out.with_name(f"{self.out.stem}-lesson")

    @property
    def data(self) -> Path:
        return self.folder / "data"


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    check_name(args.style)
    low, high = _MINUTES
    if not low <= args.minutes <= high:
        raise ConfigError(f"--minutes is {args.minutes:g}; it must be {low:g} to {high:g}")
    lesson = Lesson(
        args.style, find_model(args.model), args.out or Path(f"{args.style}.onnx"), args.minutes
    )
    check_output(lesson.out, (".onnx",), (lesson.model,))
    check_output_folder(lesson.folder, (args.clips, args.clips / "motion"))
    donor = load_weights(lesson.model)
    check_growth(donor, lesson.style, lesson.model)
    material = read_material(args.clips, lesson.style)
    _claim(lesson, material)
    _learn(lesson, material, donor, Progress(args.progress, EXPECTED_S))
    return 0


def _learn(lesson: Lesson, material: Material, donor: dict, progress: Progress) -> None:
    began = monotonic_s()
    progress.at("prepare", 0.0, "music to dance to")
    if not is_prepared(lesson.data, material):
        write_data(material, lesson.style, donor["network_config"]["styles"], lesson.data)
    learner = _learner(lesson, material, donor)
    if (lesson.folder / CHECKPOINT).is_file():
        learner.load()
    pace = learner.pace()
    if not learner.step:
        spare = lesson.minutes - (monotonic_s() - began - EXPECTED_S["prepare"]) / 60
        learner.course = course_of(spare, pace)
        learner.save()
    progress.resume(learner.seconds)
    progress.expect(**{s: getattr(learner.course, s) * pace[s] for s in STAGES})
    for _ in _steps(lesson, learner, progress):
        pass
    progress.at("export", 0.0, "checking that the stage dances what was learned")
    export([lesson.folder / CHECKPOINT], lesson.out, lesson.data)
    progress.at("report", 0.0, "before and after")
    report = write_report(learner.network, donor, lesson.data, lesson.out, lesson.folder)
    progress.end(
        f"{lesson.out}: {', '.join(learner.network.config.styles)}; try it with `posejockey live "
        f"--model {lesson.out} --style {lesson.style}`; {report}",
        model=lesson.out,
        report=report,
    )


def _learner(lesson: Lesson, material: Material, donor: dict) -> Learner:
    manifest = donor["manifest"]
    tiers = {*manifest.get("tiers", ()), *material.tiers}
    prepared = summary_of(material, lesson.style) | {
        "tiers": [tier for tier in TIERS if tier in tiers],
        "begun_with": _digest(lesson.model),
    }
    about = {"prepared": prepared, "kept": {name: manifest.get(name, {}) for name in _KEPT}}
    network = grown(donor, lesson.style, material.metre)
    settings = replace(SETTINGS, handed=lesson.style if material.is_handed else "")
    return Learner(network, lesson.data, lesson.folder, Course(1, 1, 1), settings, about)


def _steps(lesson: Lesson, learner: Learner, progress: Progress) -> Iterator[None]:
    """The lesson's steps; saved every now and then, on Ctrl-C too, with pictures on the way."""
    real = max(real_takes(lesson.data), key=lambda take: len(take.joints))
    before_dance = learner.course.units + learner.course.prior
    every = max(1, learner.course.dance // _PICTURES)
    saved, stage = monotonic_s(), learner.stage
    times = deque([saved], maxlen=_PACE_STEPS)
    try:
        for _ in learner.run():
            yield
            now_stage, through = learner.course.stage(learner.step)
            if now_stage != stage:
                stage = now_stage
                times.clear()
            times.append(monotonic_s())
            if len(times) > 5:
                pace = (times[-1] - times[0]) / (len(times) - 1)
                progress.expect(**{stage: pace * getattr(learner.course, stage)})
            shown = learner.step - before_dance
            figure = None
            if shown > 0 and shown % every == 0:
                figure = lesson.folder / "pictures" / f"{learner.step:06d}.png"
                picture(learner.network, real, figure, learner.step)
            progress.at(stage, through, f"step {learner.step} of {learner.course.steps}", figure)
            if monotonic_s() - saved > _SAVE_EVERY_S:
                learner.save()
                saved = monotonic_s()
    finally:
        learner.save()


def _claim(lesson: Lesson, material: Material) -> None:
    """Make the folder this lesson's; ConfigError where it is another's."""
    path = lesson.folder / "lesson.json"
    told = {
        "style": lesson.style,
        "minutes": lesson.minutes,
        "clips": material.key,
        "model": _digest(lesson.model),
    }
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        lesson.folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(told, indent=2) + "\n")
        return
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is damaged ({error}); take {lesson.folder} away") from error
    if not isinstance(there, dict):
        raise ArtifactError(f"{path} is damaged; take {lesson.folder} away")
    other = [name for name in told if there.get(name) != told[name]]
    if other:
        raise ConfigError(
            f"{lesson.folder} holds a lesson of other {' and '.join(other)}; take it away, or give "
            "another -o"
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="posejockey learn",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("clips", type=Path, metavar="CLIPS", help="folder of clips, from `posejockey capture`")
    add("--style", required=True, metavar="NAME", help="what the style is to be called on stage")
    add("--minutes", type=float, default=30.0, metavar="M",
        help="how long it may take on this machine (30; 10 are recognisable)")  # fmt: skip
    add("-o", "--out", type=Path, metavar="FILE.onnx", help="file for the stage (NAME.onnx)")
    add("--model", default="open", metavar="FILE",
        help="begin with this file, whose styles stay (open, or yours)")  # fmt: skip
    add("--progress", choices=KINDS, default="bar", help="json: a line of JSON a second")
    return parser
