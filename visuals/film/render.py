"""`posejockey render DANCE -o OUT`: a dance as a film, with its music, without a screen.

DANCE: a session made with --record, a take of `posejockey perform`, or a sound file, which is
danced to first. OUT: .mp4, .mov or .webm, or a folder for numbered PNG pictures.
"""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from live.cli.options import add_settings, config_of
from live.errors import ConfigError
from live.monotonic import monotonic_s
from visuals.draw import limits, looks, matte, safety
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black
from visuals.feed.recorded import Dance, FileSound, Session, SessionSound, Sound, Take
from visuals.feed.view import View
from visuals.film.writers import Writer, open_writer
from visuals.scene import palettes
from visuals.scene.camera import SHOTS
from visuals.scene.lineup import LINEUPS, Ensemble
from visuals.window.remote import played_on

RATES = (24, 25, 30, 50, 60)
_SIZE = (1280, 720)
_MAX_SIDE = 7680
_SETTLE_S = 1.0  # drawn before the first picture: trails and camera as in the middle of a show
_REPORT_S = 1.0
_PERFORMING = (
    "model", "device", "style", "seed", "energy", "temperature", "beat_tracker",
)  # fmt: skip
# The picture's controls and the options that settle them, and what holds where neither speaks.
_ASKED = {
    "look": "look", "palette": "palette", "camera": "camera", "lineup": "lineup",
    "pairs": "mirror", "canon": "canon", "cast": "dancers",
}  # fmt: skip
_UNASKED = {
    "look": looks.DEFAULT, "palette": palettes.DEFAULT, "camera": "front", "lineup": "stage",
    "mirror": False, "canon": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """Which part of a dance is drawn, and how. start_s, seconds: on the dance's own time."""

    size: tuple[int, int] = _SIZE
    fps: int = 30
    start_s: float = 0.0
    seconds: float = 0.0
    dancers: int | None = None  # of those there are, the first so many
    transparent: bool = False
    look: str = looks.DEFAULT
    palette: str = palettes.DEFAULT
    camera: str = "front"
    lineup: str = "stage"
    mirror: bool = False
    canon: float = 0.0  # beats
    flashes_per_s: int = limits.FLASHES_PER_S  # 0 to 30
    brightness: float = limits.BRIGHTNESS  # mean relative luminance of a picture, 0.05 to 1
    fixed: frozenset[str] = frozenset()  # of live.osc.schema.PICTURE: what the show's hand leaves

    def ensemble(self) -> Ensemble:
        return Ensemble(self.lineup, self.mirror, self.canon)

    def renderer(self) -> Renderer:
        guard = safety.Guard(self.flashes_per_s, self.brightness)
        stage = not self.transparent
        return Renderer(self.look, self.palette, guard, stage=stage, camera=self.camera)

    @property
    def pictures(self) -> int:
        return max(round(self.seconds * self.fps), 1)


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    # What was asked for stays, whatever was played; the rest is as it was played.
    fixed = frozenset(name for name, option in _ASKED.items() if getattr(args, option) is not None)
    for name, value in _UNASKED.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    shot = Shot(
        _size(args.size), args.fps, dancers=args.dancers, transparent=args.transparent,
        look=args.look, palette=args.palette, camera=args.camera, lineup=args.lineup,
        mirror=args.mirror, canon=args.canon, flashes_per_s=args.flashes,
        brightness=args.brightness, fixed=fixed,
    )  # fmt: skip
    shot.ensemble()  # a mistake is better said before the dance
    shot.renderer()
    started_s = monotonic_s()
    dance, sound = open_dance(args)
    shot = _cut(shot, dance, args.start, args.seconds)
    opened = (sound, sound.blocks(shot.start_s, shot.pictures / shot.fps)) if sound else None
    writer = open_writer(args.out, shot.size, shot.fps, shot.transparent, opened)
    report = _Progress(shot) if sys.stderr.isatty() else lambda _: None
    film(dance, shot, writer, report)
    took_s = max(monotonic_s() - started_s, 1e-6)
    seconds = shot.pictures / shot.fps
    print(
        f"{args.out}: {seconds:.1f} s, {shot.size[0]}x{shot.size[1]} at {shot.fps}, "
        f"made in {took_s:.1f} s ({seconds / took_s:.1f} times real time)"
    )
    return 0


def film(
    dance: Dance, shot: Shot, writer: Writer, report: Callable[[int], object] = lambda _: None
) -> None:
    """Draw every picture of a shot and write it; report: told how many are done.

    Whatever ends it early, an interrupt included, leaves no half film.
    """
    renderer = shot.renderer()
    ensemble = shot.ensemble()
    canvas = matte.transparent(shot.size) if shot.transparent else black(shot.size)
    pixels = matte.straight if shot.transparent else matte.memory
    settle = min(round(_SETTLE_S * shot.fps), round((shot.start_s - dance.start_s) * shot.fps))
    try:
        for k in range(-max(settle, 0), shot.pictures):
            time_s = shot.start_s + k / shot.fps
            for name, value in dance.take_played(time_s):
                if name not in shot.fixed:
                    played_on(renderer, ensemble, name, value)
            view = _first(dance.view(time_s), shot.dancers)
            view = ensemble.arrange(view, 1 / shot.fps)
            renderer.draw(canvas, view, 1 / shot.fps, hud=False)
            if k >= 0:
                writer.picture(pixels(canvas))
                report(k + 1)
        writer.finish()
    except BaseException:
        writer.abandon()
        raise


def open_dance(args: argparse.Namespace) -> tuple[Dance, Sound | None]:
    """The dance of the command line and its sound; a sound file is danced to here."""
    path: Path = args.dance
    made = path.suffix.lower() in (".npz", ".mcap")
    given = [name for name in _PERFORMING if getattr(args, name) is not None]
    if made and (given or args.config):
        option = "--" + (given[0] if given else "config").replace("_", "-")
        raise ConfigError(f"{option} is for sound files; the dance of {path} is made already")
    music = FileSound(args.music) if args.music else None
    if path.suffix.lower() == ".npz":
        return Take.read(path), music
    if path.suffix.lower() == ".mcap":
        return Session(path), music or SessionSound(path)
    return _perform(args, path), music or FileSound(path)


def _perform(args: argparse.Namespace, path: Path) -> Take:
    # Imported here: what is danced already needs no network.
    from live.audio.files import read_audio
    from live.beat.clock import TempoConfig
    from live.dance.performer import Performer
    from live.show.controls import Controls
    from live.show.offline import run_offline

    config = config_of(args, latency_ms=0.0)
    audio, rate = read_audio(path)
    performer = Performer(config.model, config.device, config.dancers, config.seed)
    controls = Controls(config.energy, config.temperature)
    tempo = TempoConfig(tracker=config.beat_tracker)
    return Take(run_offline(audio, rate, performer, config.style, controls, tempo))


def _first(view: View, dancers: int | None) -> View:
    if dancers is None or dancers >= len(view.dancers):
        return view
    return replace(view, dancers=view.dancers[:dancers], joints=view.joints[:dancers])


def _cut(shot: Shot, dance: Dance, start_s: float | None, seconds: float | None) -> Shot:
    """The shot with its part of the dance: from start_s (None: its beginning), so many seconds."""
    start_s = dance.start_s if start_s is None else max(start_s, dance.start_s)
    left_s = dance.end_s - start_s
    if left_s < 0:
        raise ConfigError(f"--start {start_s:g}: the dance ends after {dance.end_s:.1f} s")
    if seconds is not None and not seconds > 0:
        raise ConfigError(f"--seconds {seconds:g}; it must be above 0")
    return replace(shot, start_s=start_s, seconds=min(left_s, seconds or left_s))


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})[xX](\d{2,4})", text.strip())
    if not found or max(map(int, found.groups())) > _MAX_SIDE:
        raise ConfigError(f"--size {text!r}; write it as 1280x720, sides of 10 to {_MAX_SIDE}")
    width, height = found.groups()
    return int(width), int(height)


class _Progress:
    """One line on the terminal, written anew once a second."""

    def __init__(self, shot: Shot):
        self._shot = shot
        self._started_s = self._last_s = monotonic_s()

    def __call__(self, done: int) -> None:
        now_s = monotonic_s()
        if done == self._shot.pictures:
            print("\r\x1b[K", end="", file=sys.stderr)
        elif now_s - self._last_s >= _REPORT_S:
            self._last_s = now_s
            left_s = (now_s - self._started_s) / done * (self._shot.pictures - done)
            share = 100 * done / self._shot.pictures
            text = f"\r\x1b[K{share:3.0f} %, {left_s:.0f} s to go"
            print(text, end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey render", description=__doc__)
    add = parser.add_argument
    add("dance", type=Path, help="a session (.mcap), a take (.npz) or a sound file")
    add("-o", "--out", type=Path, required=True, help=".mp4, .mov, .webm, or a folder for PNGs")
    add("--music", type=Path, metavar="FILE", help="the sound of the film; a take has none itself")
    add("--size", default="1280x720", metavar="WxH", help="pixels (%(default)s)")
    for name, names in (
        ("look", looks.LOOKS), ("palette", palettes.PALETTES), ("camera", SHOTS),
        ("lineup", LINEUPS),
    ):  # fmt: skip
        add(f"--{name}", help=f"{', '.join(names)} (as it was played; else {_UNASKED[name]})")
    add(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="every second dancer dances mirrored",
    )
    add("--canon", type=float, metavar="BEATS", help="each dancer so much later, 0-2")
    limits.add_options(parser)
    add("--fps", type=int, choices=RATES, default=30, help="pictures a second (%(default)s)")
    add("--start", type=float, metavar="S", help="seconds into the dance")
    add("--seconds", type=float, metavar="S", help="how much of it")
    add("--transparent", action="store_true", help="no stage, only figures (.mov, .webm, PNG)")
    add("--dancers", type=int, metavar="N", help="how many dance; of a session, the first N")
    add_settings(parser, *_PERFORMING)
    return parser
