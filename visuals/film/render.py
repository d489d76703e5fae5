"""`posejockey render DANCE -o OUT`: a dance as a film, with its music, without a screen.

DANCE: a session made with --record, a take of `posejockey perform`, or a sound file, which is
danced to first. OUT: .mp4, .mov or .webm, or a folder for numbered PNG pictures.
"""

import argparse
import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from live.cli.options import CHOREOGRAPHED, add_settings, config_of
from live.errors import ConfigError
from live.monotonic import monotonic_s
from live.osc.schema import MAX_DANCERS
from live.progress import Progress, add_progress
from visuals.draw import matte
from visuals.draw.options import add_picture_options, picture_options
from visuals.draw.remote import PlayedPicture
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import black
from visuals.feed.recorded import (
    Dance,
    FileSound,
    RecordedSession,
    RecordedTake,
    SessionSound,
    Sound,
)
from visuals.feed.view import View
from visuals.film.writers import Writer, check_out, open_writer

RATES = (24, 25, 30, 50, 60)
_SIZE = (1280, 720)
_MAX_SIDE = 7680
_SETTLE_S = 1.0  # drawn before the first picture: trails and camera as in the middle of a show
_REPORT_S = 1.0
_REPORT_COLUMNS = 40
_PERFORMING = (
    "model", "device", "style", "seed", "energy", "openness", "travel", "temperature",
    "beat_tracker", *(name for name in CHOREOGRAPHED if name != "canon"), "cues",
)  # fmt: skip
# The picture's controls, and the options that settle them.
_OPTION_OF = {
    "look": "look", "palette": "palette", "camera": "camera", "lineup": "lineup",
    "pairs": "mirror", "picture_canon": "canon", "cast": "dancers", "glow": "glow",
    "zoom": "zoom", "trail": "trail", "glow_by": "glow", "zoom_by": "zoom", "trail_by": "trail",
    "picture_fade": "fade",
}  # fmt: skip
_PICTURE = ("look", "palette", "camera", "lineup", "mirror", "canon")


@dataclass(frozen=True)
class FilmSettings:
    """Which part of a dance is drawn, and how. start_s, seconds: on the dance's own time."""

    size: tuple[int, int] = _SIZE
    fps: int = 30
    start_s: float = 0.0
    seconds: float = 0.0
    dancers: int | None = None  # of those there are, the first so many
    transparent: bool = False
    picture: PictureSettings = field(default_factory=PictureSettings)
    fixed: frozenset[str] = frozenset()  # of live.osc.schema.PICTURE: what is not as it was played

    @property
    def pictures(self) -> int:
        return max(round(self.seconds * self.fps), 1)


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    settings = _settings(args)  # a mistake is better said before the dance
    check_out(args.out, settings.size, settings.transparent, _read_by(args))
    started_s = monotonic_s()
    dance, sound = open_dance(args)
    settings = _cut(settings, dance, args.start, args.seconds)
    seconds = settings.pictures / settings.fps
    opened = (sound, sound.blocks(settings.start_s, seconds)) if sound else None
    writer = open_writer(args.out, settings.size, settings.fps, settings.transparent, opened)
    film(dance, settings, writer, _report(args.progress, settings.pictures))
    took_s = max(monotonic_s() - started_s, 1e-6)
    if args.progress:
        return 0
    width, height = settings.size
    print(
        f"{args.out}: {seconds:.1f} s, {width}x{height} at {settings.fps}, "
        f"made in {took_s:.1f} s ({seconds / took_s:.1f} times real time)"
    )
    return 0


def _settings(args: argparse.Namespace) -> FilmSettings:
    given = {name: getattr(args, name) for name in _PICTURE}
    if not _is_danced(args.dance):
        given["canon"] = None  # it is danced here, and in canon already
    picture = PictureSettings(
        **{name: value for name, value in given.items() if value is not None},
        body=args.body,
        **picture_options(args),
        flashes_per_s=args.flashes,
        brightness=args.brightness,
    )
    if args.transparent and args.background:
        raise ConfigError("--transparent leaves out all but the figures; leave --background out")
    for name, seconds in (("start", args.start), ("seconds", args.seconds)):
        if seconds is not None and not math.isfinite(seconds):
            raise ConfigError(f"--{name} {seconds} is no time")
    if args.dancers is not None and not 1 <= args.dancers <= MAX_DANCERS:
        raise ConfigError(f"--dancers {args.dancers} is not between 1 and {MAX_DANCERS}")
    fixed = [name for name, option in _OPTION_OF.items() if getattr(args, option) is not None]
    return FilmSettings(
        _size(args.size), args.fps, dancers=args.dancers, transparent=args.transparent,
        picture=picture, fixed=frozenset(fixed),
    )  # fmt: skip


def film(
    dance: Dance,
    settings: FilmSettings,
    writer: Writer,
    report: Callable[[int], object] = lambda _: None,
) -> None:
    """Draw every picture of a film and write it; report: told how many are done.

    Whatever ends it early, an interrupt included, leaves no half film.
    """
    picture = PlayedPicture(settings.picture, stage=not settings.transparent, in_window=False)
    canvas = matte.transparent(settings.size) if settings.transparent else black(settings.size)
    aspect = settings.size[0] / settings.size[1]
    pixels = matte.straight if settings.transparent else matte.memory
    settle = min(
        round(_SETTLE_S * settings.fps), round((settings.start_s - dance.start_s) * settings.fps)
    )
    try:
        for k in range(-max(settle, 0), settings.pictures):
            time_s = settings.start_s + k / settings.fps
            for name, value in dance.take_controls(time_s):
                if name not in settings.fixed:
                    picture.play(name, value)
            view = _first(dance.view(time_s), settings.dancers)
            view = picture.ensemble.arrange(view, 1 / settings.fps, aspect)
            picture.renderer.draw(canvas, view, 1 / settings.fps, hud=False)
            if k >= 0:
                writer.picture(pixels(canvas))
                report(k + 1)
        writer.finish()
    except BaseException:
        writer.abandon()
        raise


def _read_by(args: argparse.Namespace) -> list[Path | None]:
    """What a film is made from, none of which it may overwrite."""
    read = [args.dance, args.music, args.config]
    if _is_danced(args.dance):
        return read
    config = config_of(args, latency_ms=0.0)
    return [*read, *(Path(name) for name in (config.model, config.cues, config.score) if name)]


def _is_danced(dance: Path) -> bool:
    """Whether it holds a dance already; else it is sound."""
    return dance.suffix.lower() in (".npz", ".mcap")


def open_dance(args: argparse.Namespace) -> tuple[Dance, Sound | None]:
    """The dance of the command line and its sound; a sound file is danced to here."""
    path: Path = args.dance
    given = [name for name in _PERFORMING if getattr(args, name) is not None]
    if _is_danced(path) and (given or args.config):
        option = "--" + (given[0] if given else "config").replace("_", "-")
        raise ConfigError(f"{option} is for sound files; the dance of {path} is made already")
    music = FileSound(args.music) if args.music else None
    if path.suffix.lower() == ".npz":
        return RecordedTake.read(path), music
    if path.suffix.lower() == ".mcap":
        return RecordedSession(path), music or SessionSound(path)
    return _perform(args, path), music or FileSound(path)


def _perform(args: argparse.Namespace, path: Path) -> RecordedTake:
    # Imported here: what is danced already needs no network.
    from live.audio.files import read_audio
    from live.beat.clock import TempoConfig
    from live.dance.performer import Performer
    from live.show.offline import run_offline
    from live.show.programme import open_programme

    config = config_of(args, latency_ms=0.0)
    audio, rate = read_audio(path)
    performer = Performer(config.model, config.device, config.dancers, config.seed)
    tempo = TempoConfig(tracker=config.beat_tracker)
    programme = open_programme(config, performer.styles)
    take = run_offline(audio, rate, performer, config.style, config.controls, tempo, programme)
    return RecordedTake(take)


def _first(view: View, dancers: int | None) -> View:
    if dancers is None or dancers >= len(view.dancers):
        return view
    return replace(view, dancers=view.dancers[:dancers], joints=view.joints[:dancers])


def _cut(
    settings: FilmSettings, dance: Dance, start_s: float | None, seconds: float | None
) -> FilmSettings:
    """The film with its part of the dance: from start_s (None: its beginning), so many seconds."""
    start_s = dance.start_s if start_s is None else max(start_s, dance.start_s)
    left_s = dance.end_s - start_s
    if left_s < 0:
        raise ConfigError(f"--start {start_s:g}: the dance ends after {dance.end_s:.1f} s")
    if seconds is not None and not seconds > 0:
        raise ConfigError(f"--seconds {seconds:g}; it must be above 0")
    return replace(settings, start_s=start_s, seconds=min(left_s, seconds or left_s))


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})[xX](\d{2,4})", text.strip())
    if not found or max(map(int, found.groups())) > _MAX_SIDE:
        raise ConfigError(f"--size {text!r}; write it as 1280x720, sides of 10 to {_MAX_SIDE}")
    width, height = found.groups()
    return int(width), int(height)


def _report(kind: str | None, pictures: int) -> Callable[[int], object]:
    """What is told how many pictures are done."""
    if kind:
        progress = Progress(kind)
        return lambda done: progress(done / pictures)
    return _Line(pictures) if sys.stderr.isatty() else lambda _: None


class _Line:
    """One line on the terminal, written anew once a second."""

    def __init__(self, pictures: int):
        self._pictures = pictures
        self._started_s = self._last_s = monotonic_s()

    def __call__(self, done: int) -> None:
        now_s = monotonic_s()
        if done == self._pictures:
            self._show("")
        elif now_s - self._last_s >= _REPORT_S:
            self._last_s = now_s
            left_s = (now_s - self._started_s) / done * (self._pictures - done)
            share = 100 * done / self._pictures
            self._show(f"{share:3.0f} %, {left_s:.0f} s to go")

    def _show(self, text: str) -> None:
        # Over the old text by spaces: old consoles of Windows print codes instead of obeying them.
        print(f"\r{text:<{_REPORT_COLUMNS}}\r{text}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey render", description=__doc__)
    add = parser.add_argument
    add("dance", type=Path, help="a session (.mcap), a take (.npz) or a sound file")
    add("-o", "--out", type=Path, required=True, help=".mp4, .mov, .webm, or a folder for PNGs")
    add("--music", type=Path, metavar="FILE", help="the sound of the film; a take has none itself")
    add("--size", default="1280x720", metavar="WxH", help="pixels (%(default)s)")
    add_picture_options(parser, **dict.fromkeys((*_PICTURE, "glow", "zoom", "trail", "fade")))
    add("--fps", type=int, choices=RATES, default=30, help="pictures a second (%(default)s)")
    add("--start", type=float, metavar="S", help="seconds into the dance")
    add("--seconds", type=float, metavar="S", help="how much of it")
    add("--transparent", action="store_true", help="no stage, only figures (.mov, .webm, PNG)")
    add("--dancers", type=int, metavar="N", help="how many dance; of a session, the first N")
    add_progress(parser)
    add_settings(parser, *_PERFORMING)
    return parser
