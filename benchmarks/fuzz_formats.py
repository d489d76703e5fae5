"""The formats that the commands read: real files of each, and how a command reads them.

For `benchmarks.file_fuzz`. A sample is a small folder: file names and their bytes.
"""

import dataclasses
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from live.audio import containers

Files = dict[str, bytes]
Remake = Callable[[Files, np.random.Generator], Files]

_RATE = 24_000
_SOUNDS = {
    "wav": ("WAV", "PCM_16"), "float.wav": ("WAV", "FLOAT"), "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"), "caf": ("CAF", "PCM_24"), "w64": ("W64", "PCM_16"),
    "au": ("AU", "PCM_16"), "rf64": ("RF64", "PCM_16"),
}  # fmt: skip
_VIDEOS = (("mp4", "aac"), ("webm", "libopus"))  # read by PyAV
_NUMBERS = (0, -1, 1e9, 1e300, -1e300, float("nan"), float("inf"), 1 << 62, -(1 << 62))
_VALUES = (None, True, "", "auto", "x" * 5000, [], {}, [[1]], {"a": 1}, *_NUMBERS)


@dataclass(frozen=True)
class Format:
    """seeds: real samples; takes a scratch folder. reader: what reads a sample's folder; made once
    a process. remake: a sample made anew around values that make no sense. share: of the runs."""

    seeds: Callable[[Path], list[Files]]
    reader: Callable[[], Callable[[Path], object]]
    share: float
    remake: Remake | None = None


def _one(folder: Path) -> Path:
    return next(path for path in folder.iterdir() if path.is_file())


def _pick(options, rng: np.random.Generator):
    return options[int(rng.integers(len(options)))]


# Sound ------------------------------------------------------------------------------------------


def _clicks(seconds: float) -> np.ndarray:
    audio = np.random.default_rng(0).normal(0, 0.01, round(seconds * _RATE))
    audio[:: _RATE // 2] = 0.8
    return audio.astype(np.float32)


def _sound_seeds(_scratch: Path) -> list[Files]:
    samples = []
    for suffix, (container, subtype) in _SOUNDS.items():
        if container not in soundfile.available_formats():
            continue
        content = io.BytesIO()
        for_channels = np.repeat(_clicks(1.0)[:, None], 2, axis=1)
        soundfile.write(content, for_channels, _RATE, format=container, subtype=subtype)
        samples.append({f"song.{suffix}": content.getvalue()})
    if containers.is_installed():
        samples += [{f"song.{suffix}": _contained(suffix, codec)} for suffix, codec in _VIDEOS]
    return samples


def _contained(suffix: str, codec: str) -> bytes:
    """A second of sound in a container that libsndfile does not know."""
    import av

    content = io.BytesIO()
    with av.open(content, "w", format=suffix) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        sound = av.AudioFrame.from_ndarray(np.repeat(_clicks(1.0), 2)[None], "fltp", "mono")
        sound.rate, sound.pts = 48_000, 0
        fifo = av.AudioFifo()
        for frame in av.AudioResampler(stream.format.name, "mono", 48_000).resample(sound):
            fifo.write(frame)
        while frame := fifo.read(stream.frame_size or 1024):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


def _sound_reader() -> Callable[[Path], object]:
    from live.audio.files import read_audio
    from visuals.feed.recorded import FileSound

    def read(folder: Path) -> None:
        read_audio(_one(folder))
        for _ in FileSound(_one(folder)).blocks(0.1, 1.0):
            pass

    return read


# Sessions ---------------------------------------------------------------------------------------


def _session_seeds(scratch: Path) -> list[Files]:
    """Half a second of show with everything in it: sound, packets, controls, health, a loss."""
    from live.dance.performer import Performer
    from live.osc.encoding import FrameEncoder
    from live.session.writer import SessionWriter
    from live.show.config import ShowConfig
    from live.show.engine import stage_engine

    config = ShowConfig(style="street", visuals=False)
    performer = Performer("open", "cpu")
    path = scratch / "seed.mcap"
    described = {
        "sample_rate": _RATE, "seed": 0, "model_sha256": performer.sha256,
        "styles": list(performer.styles), "show": dict(vars(config)),
        "set_list": '[[cue]]\nname = "drop"\nenergy = 1.0\nat = "now"\n',
    }  # fmt: skip
    engine = stage_engine(config, _RATE, performer)
    writer = SessionWriter(path, described, overwrite=True)
    audio = _clicks(0.5)
    for number in range(30):
        block = audio[number * 400 : (number + 1) * 400]
        writer.audio(number * 400, block)
        engine.push(block)
        while engine.step():
            writer.frame = engine.frames
        if number == 12:
            writer.control(number * 400, "energy", 0.5)
            writer.control(number * 400, "cue", "drop")
            writer.control(number * 400, "look", "chalk")
        frame = engine.emit(number, number * 400)
        if frame is not None:
            for packet in FrameEncoder(len(frame.joints), len(frame.style)).encode(frame):
                writer.osc(number * 400, packet)
    writer.event(30 * 400, "skip", 2_000)
    writer.audio(30 * 400 + 2_000, audio[:400])
    writer.health(400, {"fps": 60.0})
    writer.close()
    return [{"show.mcap": path.read_bytes()}]


def _session_reader() -> Callable[[Path], object]:
    from live.dance.performer import Performer
    from live.session.reader import SessionReader
    from live.session.replay import replay
    from live.show.resimulate import Resimulation, settings_of
    from visuals.feed.recorded import RecordedSession, SessionSound

    performer = Performer("open", "cpu")

    def read(folder: Path) -> None:
        path = _one(folder)
        now = [0.0]
        replay(path, lambda packets: None, 1.0, lambda: now[0], lambda s: _wind(now, s))
        film = RecordedSession(path)
        for time_s in np.linspace(film.start_s, min(film.end_s, film.start_s + 2.0), 20):
            film.view(float(time_s))
            film.take_controls(float(time_s))
        for _ in SessionSound(path).blocks(0.0, min(film.end_s, 60.0)):
            pass
        session = SessionReader(path)
        session.audio()
        settings = settings_of(session)
        performer.reset(settings.dancers, settings.seed)
        for _ in Resimulation(session, performer):
            pass

    return read


def _wind(now: list[float], seconds: float) -> None:
    now[0] += seconds
    if now[0] > 1e4:
        from live.errors import ArtifactError

        raise ArtifactError("it is as long as it says; nobody waits for the end here")


def _session_remade(files: Files, rng: np.random.Generator) -> Files:
    """Well-formed, with correct checksums, but with times, counts and texts that make no sense."""
    import tempfile

    from live.session.mcap_writer import McapWriter
    from live.session.reader import SessionReader

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "a.mcap"
        path.write_bytes(files["show.mcap"])
        session = SessionReader(path)
        records, settings = list(session), dict(session.settings)
    if rng.random() < 0.4:
        show = dict(settings["show"])
        show[_pick([*show, "unknown"], rng)] = _pick(_VALUES, rng)
        settings["show"] = show
    if rng.random() < 0.2:
        settings[_pick(list(settings), rng)] = _pick(_VALUES, rng)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(records)))
        record = records[at]
        times = (0, 1, 1 << 40, 1 << 50, 1 << 62, (1 << 64) - 1, record.time_ns + 3_600 * 10**9)
        match int(rng.integers(6)):
            case 0:
                records[at] = dataclasses.replace(record, time_ns=_pick(times, rng))
            case 1:
                records[at] = dataclasses.replace(record, frame=_pick((0, 1 << 16, 1 << 31), rng))
            case 2:
                message = {name: _pick(_VALUES, rng) for name in ("value", "count", "at")}
                text = json.dumps(message | {"name": _pick(_NAMES, rng)})
                topic = _pick(("control", "event"), rng)
                records.insert(at, dataclasses.replace(record, topic=topic, data=text.encode()))
            case 3:
                records[at] = dataclasses.replace(
                    record, data=rng.bytes(int(rng.integers(0, 5000)))
                )
            case 4:
                records[at : at + 1] = []
            case 5:
                data = rng.normal(0, 1e30, 8_000).astype("<f4").tobytes()
                records.insert(at, dataclasses.replace(record, topic="audio", data=data))
    out = io.BytesIO()
    texts = {name: json.dumps(value) for name, value in settings.items()}
    mcap = McapWriter(out, texts)
    for record in records:
        mcap.add(record.topic, record.time_ns, record.data, record.frame)
    mcap.flush()
    mcap.finish()
    return {"show.mcap": out.getvalue()}


_NAMES = ("skip", "give_up", "dancers", "seed", "tap", "bpm", "style", "energy", "cue", "latency",
          "look", "cast", "nudge", "sync", "freeze", "x")  # fmt: skip


# Arrays -----------------------------------------------------------------------------------------


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _arrays_of(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content)) as file:
        return {name: file[name] for name in file.files}


def _remade_npz(content: bytes, rng: np.random.Generator) -> bytes:
    """One array of another shape, kind, or with numbers that make no sense."""
    arrays = _arrays_of(content)
    name = _pick(list(arrays), rng)
    array = arrays[name]
    spoilt = array.copy()
    if array.dtype.kind in "fiu" and array.size:
        with np.errstate(all="ignore"):
            number = np.array(_pick(_NUMBERS, rng), np.float64).astype(array.dtype)
            spoilt.flat[rng.integers(0, array.size, int(rng.integers(1, 50)))] = number
    options = [
        spoilt, array[:0], array[..., :1], array[None], array.astype(str), np.array(7.0),
        array.astype(complex) if array.dtype.kind in "fiu" else array[::-1],
        np.zeros(5 << 20, np.float32), array[: len(array) // 2] if array.ndim else array,
        np.broadcast_to(np.float32(0), (1 << 20, 19, 3)) if rng.random() < 0.05 else spoilt,
    ]  # fmt: skip
    arrays[name] = _pick(options, rng)
    if rng.random() < 0.1:
        del arrays[name]
    return _npz(arrays)


def _take_seeds(scratch: Path) -> list[Files]:
    from live.dance.performer import Performer
    from live.session.take import write_take
    from live.show.offline import run_offline

    path = scratch / "take.npz"
    write_take(run_offline(_clicks(0.6), _RATE, Performer("open", "cpu", 2)), path)
    return [{"take.npz": path.read_bytes()}]


def _take_reader() -> Callable[[Path], object]:
    from visuals.feed.recorded import RecordedTake

    def read(folder: Path) -> None:
        take = RecordedTake.read(_one(folder))
        for time_s in np.linspace(take.start_s, take.end_s, 20):
            take.view(float(time_s))

    return read


def _clips_seeds(scratch: Path) -> list[Files]:
    take = _arrays_of(_take_seeds(scratch)[0]["take.npz"])
    clip = np.tile(take["joints"][::2, 0], (20, 1, 1)).astype(np.float32)
    entry = {"style": "street", "tier": "open", "tempo_bpm": 120.0, "beat_phase_at_frame0": 0.0}
    index = {"a": entry | {"fps": 30, "frames": len(clip)}, "b": entry | {"style": "salsa"}}
    return [{
        "index.json": json.dumps(index).encode(),
        "motion/a.npz": _npz({"joints": clip}), "motion/b.npz": _npz({"joints": clip[20:]}),
    }]  # fmt: skip


def _clips_reader() -> Callable[[Path], object]:
    from model.data.prepare import read_clips

    return lambda folder: read_clips(folder, ("open",))


def _clips_remade(files: Files, rng: np.random.Generator) -> Files:
    if rng.random() < 0.5:
        name = _pick(["motion/a.npz", "motion/b.npz"], rng)
        return files | {name: _remade_npz(files[name], rng)}
    index = json.loads(files["index.json"])
    entry = index[_pick(list(index), rng)]
    field = _pick([*entry, "fps", "frames"], rng)
    entry[field] = _pick(_VALUES, rng)
    if rng.random() < 0.2:
        del entry[field]
    if rng.random() < 0.1:
        index = _pick([list(index.values()), None, 3, {}, {"../a": entry}, {"a": 3}], rng)
    return files | {"index.json": json.dumps(index).encode()}


def _prepared_seeds(_scratch: Path) -> list[Files]:
    rng = np.random.default_rng(0)
    frames, songs = np.arange(300), np.arange(3) * 300
    motion = {
        "pose": rng.normal(size=(600, 60)).astype(np.float32),
        "control": np.zeros((600, 4), np.float32), "start": songs, "split": songs[:2] + 264,
        "style": np.arange(2), "tempo_bpm": np.full(2, 120.0), "phase": np.zeros(2),
        "styles": np.array(["salsa", "street"]), "names": np.array(["a", "b"]),
    }  # fmt: skip
    music = {
        "features": np.zeros((600, 83), np.float16), "beat": np.tile(frames / 15, 2),
        "tempo_bpm": np.full(600, 120.0), "start": songs, "genre": np.array(["salsa", "house"]),
    }  # fmt: skip
    summary = json.dumps({"styles": ["salsa", "street"], "tiers": ["open"]}).encode()
    return [{"motion.npz": _npz(motion), "music.npz": _npz(music), "prepared.json": summary}]


def _prepared_reader() -> Callable[[Path], object]:
    from model.data.prepared import read_summary
    from model.data.windows import PairedWindows
    from model.network.config import TrainConfig

    config = TrainConfig(batch=4, dancers=2, window=60, context=20)

    def read(folder: Path) -> None:
        windows = PairedWindows(folder, config)
        read_summary(folder, windows.styles)
        windows.batch(np.random.default_rng(0))

    return read


def _prepared_remade(files: Files, rng: np.random.Generator) -> Files:
    name = _pick(["motion.npz", "music.npz"], rng)
    return files | {name: _remade_npz(files[name], rng)}


# Settings ---------------------------------------------------------------------------------------


def _settings_seeds(_scratch: Path) -> list[Files]:
    root = Path(__file__).parents[1]
    names = ("docs/show.toml", "docs/set-list.toml", "docs/midi.toml", "docs/lights.toml",
             "model/recipes/dance.toml")  # fmt: skip
    return [{Path(name).name: (root / name).read_bytes()} for name in names]


def _settings_reader() -> Callable[[Path], object]:
    from live.control import midi_map
    from live.control.scenes import load_scenes
    from live.outputs.patch import load_patch
    from live.show import config
    from model.cli.train import read_config

    readers: dict[str, Callable[[Path], object]] = {
        "show.toml": lambda path: config.load(path, {}).feeds,
        "set-list.toml": lambda path: load_scenes(path, ("street", "salsa")),
        "midi.toml": midi_map.load,
        "lights.toml": load_patch,
        "dance.toml": read_config,
    }

    def read(folder: Path) -> None:
        readers[_one(folder).name](_one(folder))

    return read


# Networks ---------------------------------------------------------------------------------------


def _model_seeds(_scratch: Path) -> list[Files]:
    from live.dance.performer import find_model

    return [{"a.onnx": find_model("open").read_bytes()}]


def _model_reader() -> Callable[[Path], object]:
    from live.dance.performer import Performer

    return lambda folder: Performer(str(_one(folder)), "cpu")


def _model_remade(files: Files, rng: np.random.Generator) -> Files:
    """Another manifest: it stands as text at the end of the file."""
    content = files["a.onnx"]
    at = content.rfind(b'{"')
    spoilt = bytearray(content)
    digits = [i for i in range(at, len(content)) if content[i] in b"0123456789"]
    for _ in range(int(rng.integers(1, 20))):
        spoilt[_pick(digits, rng)] = _pick(b"0123456789-eN", rng)
    return {"a.onnx": bytes(spoilt)}


def _checkpoint_seeds(_scratch: Path) -> list[Files]:
    import torch

    out = io.BytesIO()
    torch.save({"network_config": {"styles": ["a"]}, "average": {"w": torch.zeros(50)}}, out)
    return [{"checkpoint.pt": out.getvalue()}]


def _checkpoint_reader() -> Callable[[Path], object]:
    from model.network.checkpoint import load_checkpoint

    return lambda folder: load_checkpoint(_one(folder))


FORMATS: dict[str, Format] = {
    "sound": Format(_sound_seeds, _sound_reader, 20),
    "session": Format(_session_seeds, _session_reader, 25, _session_remade),
    "take": Format(
        _take_seeds, _take_reader, 16, lambda f, rng: {"take.npz": _remade_npz(f["take.npz"], rng)}
    ),
    "clips": Format(_clips_seeds, _clips_reader, 12, _clips_remade),
    "prepared": Format(_prepared_seeds, _prepared_reader, 8, _prepared_remade),
    "settings": Format(_settings_seeds, _settings_reader, 10),
    "model": Format(_model_seeds, _model_reader, 5, _model_remade),
    "checkpoint": Format(_checkpoint_seeds, _checkpoint_reader, 4),
}
