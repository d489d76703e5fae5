"""`posejockey compare --recipe RECIPE --data DIR --out DIR`: the field's table in one command.

Trains the systems of the recipe, each for as long; lets all dance to the same songs; judges them in
one run; writes tables, curves, a contact sheet, and a page on which a person prefers blindly.
"""

import argparse
from pathlib import Path

from live.errors import ConfigError
from live.safe_write import check_output_folder
from live.settings_file import as_whole
from model.comparison.comparison import judge_all
from model.comparison.judge import Judge
from model.comparison.music_styles import music_styles
from model.comparison.page import write_page
from model.comparison.pictures import draw_pictures
from model.comparison.recipe import Recipe, read_recipe
from model.comparison.report import write_report
from model.comparison.runs import Outcome, by_ray, in_turn
from model.data.prepared import read_motion, read_music
from model.evaluation.body25_judge import FILMED, flat_reference
from model.evaluation.reference import reference
from model.evaluation.segment_classifier import segment_classifier
from model.evaluation.style_classifier import style_classifier
from model.evaluation.take import real_takes
from model.training.engine import engine


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    recipe = read_recipe(args.recipe)
    as_whole("--devices", args.devices, 1, 1024)
    as_whole("--nodes", args.nodes, 1, 1024)
    parted = args.devices * args.nodes > 1 or args.accelerator != "cpu"
    if args.address and not args.ray:
        raise ConfigError("--address is that of a Ray cluster; give --ray as well")
    if args.ray and parted:
        raise ConfigError("--ray gives each run one processor; without it, --devices and --nodes")
    if args.recordings and not args.recordings.is_dir():
        raise ConfigError(f"--recordings {args.recordings} is not a folder")
    check_output_folder(args.out)
    read_motion(args.data)  # in a second; what follows takes longer
    read_music(args.data)
    outcomes, judges = _trained(args, recipe)
    if not judges:
        return 0
    compared = judge_all(recipe, args.data, args.out, outcomes, _judge(args.data, recipe), _say)
    heard = music_styles(recipe, args.data, args.recordings, args.out / "judged", _say)
    write_report(recipe, args.out, compared, heard)
    draw_pictures(recipe, args.data, args.out, compared)
    if recipe.film_s and len(compared.dancers) > 1:
        write_page(recipe, compared, args.out / "page")
    print((args.out / "comparison.md").read_text(encoding="utf-8"))
    return 0


def _trained(args: argparse.Namespace, recipe: Recipe) -> tuple[list[Outcome], bool]:
    """What the runs came to, and whether this process is the one that judges."""
    folder = args.out / "runs"
    if args.ray:
        return by_ray(recipe.runs, args.data, folder, args.address, _say), True
    fabric = engine("32-true", args.accelerator, args.devices, args.nodes)
    first = fabric.is_global_zero
    say = _say if first else lambda text: None
    return in_turn(recipe.runs, args.data, folder, fabric, say), first


def _judge(data: Path, recipe: Recipe) -> Judge:
    ref = reference(
        data, style_classifier(data, report=_say), segment_classifier(data, report=_say)
    )
    flat = None
    if recipe.flat:
        flat = flat_reference(data, style_classifier(data, report=_say, sight=FILMED))
    return Judge(ref, real_takes(data), flat)


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey compare", description=__doc__)
    add = parser.add_argument
    add("--recipe", type=Path, required=True, metavar="TOML", help="systems, minutes, judging")
    add("--data", type=Path, required=True, metavar="DIR", help="what `prepare` wrote")
    add("--out", type=Path, required=True, metavar="DIR", help="runs, tables, pictures, the page")
    add(
        "--recordings", type=Path, metavar="DIR", help="to hear the style of, beside rendered songs"
    )
    add(
        "--ray", action="store_true", help="runs as tasks of Ray, on all processors of this machine"
    )
    add("--address", default="", metavar="HOST:PORT", help="with --ray: of a cluster")
    add("--accelerator", default="cpu", help="cpu, cuda, mps or auto (cpu)")
    add("--devices", type=int, default=1, metavar="N", help="for each run, a process each (1)")
    add("--nodes", type=int, default=1, metavar="N",
        help="machines with --devices each; torchrun starts it on every one (1)")  # fmt: skip
    return parser
