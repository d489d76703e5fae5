"""A recorded show danced again: the same bits, whatever went wrong in it."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import posejockey
from live.audio.features import SAMPLE_RATE
from live.beat.estimate import BeatEstimate
from live.beat.timecode import TimecodeReading
from live.control.scenes import parse_scenes, value_of
from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import StoredPhrase
from live.dance.material.score_file import parse_score
from live.dance.performer import Performer
from live.errors import ArtifactError
from live.osc import encoding
from live.session.reader import SessionReader
from live.session.writer import SessionWriter
from live.show.config import ShowConfig
from live.show.engine import stage_engine
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.programme import Programme, programme_of, recorded
from live.show.resimulate import Resimulation, settings_of, shipped_model_of
from live.show.timing import receive_margin_s
from tests.helpers.stage import BLOCK, RATE, START_S, away


@pytest.fixture
def record(stage, music, tmp_path, tiny_model):
    """A function that records a show in which `plan(show)` happens, and gives back its file."""

    def make(
        seconds, delays=None, plan=lambda s: None, set_text="", score="", phrase=None, beats=(),
        timecodes=(), **rest,
    ):  # fmt: skip
        path = tmp_path / "show.mcap"
        s = stage(music(seconds + 0.5), delays)
        config = ShowConfig(model=str(tiny_model), style="street", seed=3, **rest)
        performer = Performer(str(tiny_model), "cpu", config.dancers, config.seed)
        described = {"model_sha256": performer.sha256, "show": dict(vars(config))}
        described["offers"] = True
        bank = PhraseBank([] if phrase is None else [phrase])
        read_value = partial(value_of, styles=performer.styles)
        planned = parse_score(score, path, bank, read_value) if score else None
        scenes = parse_scenes(set_text, path, performer.styles) if set_text else ()
        follows = bool(config.ltc)
        programme = Programme(scenes, bank, planned, set_text, follows)
        described |= recorded(programme)
        with_recorder = SessionWriter(path, {"sample_rate": RATE} | described, capacity=1 << 20)
        s.engine = stage_engine(config, RATE, performer, programme)
        outputs = Outputs(s.receiver, s.control, with_recorder)
        margin_s = receive_margin_s(BLOCK, RATE)
        s.show = Show(
            s.engine, s.source, outputs, 60, margin_s, s.time, s.time.sleep, beats,
            timecodes=timecodes,
        )  # fmt: skip
        plan(s)
        s.summary = s.run(seconds)
        with_recorder.close()
        assert s.summary["recorder_lost"] == 0
        return path, s

    return make


def again(path, model):
    session = SessionReader(path)
    settings = settings_of(session)
    performer = Performer(str(model), "cpu", settings.dancers, settings.seed)
    show = Resimulation(session, performer)
    return list(show), show


def assert_same(path, model, s):
    frames, show = again(path, model)
    assert (show.same, show.packets) == (s.summary["packets"], s.summary["packets"])
    told = [dict(encoding.decode(packet)) for packet in s.receiver.packets]
    heads = [t["/pj/1/head"] for t in told if "/pj/1/head" in t]
    assert len(frames) == len(heads)
    np.testing.assert_array_equal(np.float32(heads), [f.joints[0, 4] for f in frames])


def test_a_steady_show_is_danced_again_bit_for_bit(record, tiny_model):
    path, s = record(3.0)
    assert_same(path, tiny_model, s)


def test_the_picture_is_recorded_and_changes_no_dance(record, tiny_model):
    """By a control that is passed on, and by a scene."""

    def plan(s):
        look = encoding.encode_message("/pj/visuals/look", "s", ["chalk"])
        s.at(0.8, lambda: (s.desk.send([look]), s.heed()))
        s.at(1.2, lambda: s.ask("cue", "f", 1.0))

    scenes = '[[cue]]\nname = "drop"\npalette = "ice"\nenergy = 1.0\nat = "now"\n'
    path, s = record(2.5, plan=plan, set_text=scenes)
    assert_same(path, tiny_model, s)
    said = [(name, value) for _, name, value in SessionReader(path).controls()]
    assert said[0] == ("look", "chalk")
    assert ("palette", "ice") in said


def test_controls_are_obeyed_at_the_same_frames(record, tiny_model):
    def plan(s):
        s.at(0.8, lambda: s.ask("energy", "f", 1.5))
        s.at(1.0, lambda: s.ask("dancers", "f", 3.0))
        s.at(1.3, lambda: s.ask("tap"))
        s.at(1.8, lambda: s.ask("tap"))
        s.at(2.1, lambda: s.ask("style", "s", "salsa"))
        s.at(2.4, lambda: s.ask("seed", "f", 7.0))
        s.at(2.6, lambda: s.ask("dancers", "f", 1.0))
        s.at(2.8, lambda: s.ask("freeze", "f", 1.0))

    path, s = record(3.5, plan=plan)
    assert_same(path, tiny_model, s)


def test_scenes_of_a_set_list_are_played_again(record, tiny_model):
    scenes = '[[cue]]\nname = "calm"\nenergy = -1.0\n[[cue]]\nname = "peak"\nenergy = 1.5\n'
    path, s = record(
        6.0, plan=lambda s: s.at(1.0, lambda: s.ask("cue", "s", "peak")), set_text=scenes
    )
    assert_same(path, tiny_model, s)


@pytest.mark.parametrize(
    ("start_s", "stop_s", "delay"),
    [
        (1.0, 2.2, lambda t: None),  # away
        (1.0, 3.0, lambda t: 3.0 - t),  # frozen, then the backlog at once
        (0.5, 3.0, lambda t: 0.02 * (hash(t) % 7) / 7),  # jitter
    ],
    ids=["away", "backlog", "jitter"],
)
def test_missing_and_stale_sound_is_missing_again(record, tiny_model, start_s, stop_s, delay):
    path, s = record(4.0, away(4.5, start_s, stop_s, delay))
    assert_same(path, tiny_model, s)


class Elsewhere:
    """A clock of another machine, or its timecode: from one second of the show to another."""

    rejected = 0

    def __init__(self, name, from_s, to_s, say):
        self.name, self._from_s, self._to_s, self._say = name, from_s, to_s, say

    def poll(self, sample, time_s):
        elapsed_s = time_s - START_S
        return self._say(sample, elapsed_s) if self._from_s <= elapsed_s < self._to_s else None

    def close(self):
        pass


def beat_at(bpm):
    """A source that is a few milliseconds off, differently each time."""

    def say(sample, elapsed_s):
        bar_beat = (elapsed_s * bpm / 60 + 0.01 * np.sin(1e4 * elapsed_s)) % 4
        return BeatEstimate(sample, bar_beat % 1, bpm, 1.0, bar_beat=bar_beat)

    return say


def test_other_clocks_and_their_silence_are_followed_again(record, tiny_model):
    beats = [
        Elsewhere("link", 1.0, 3.0, beat_at(126.0)),
        Elsewhere("midi", 2.0, 5.0, beat_at(117.0)),
        Elsewhere("os2l", 0.0, 7.0, beat_at(101.3)),
    ]

    def timecode(sample, elapsed_s):
        return TimecodeReading(sample, 3600.0 + elapsed_s, 30, True)

    delays = away(8.0, 3.5, 3.9, lambda t: None)
    path, s = record(
        8.0, delays, lambda s: None, beats=beats,
        timecodes=[Elsewhere("ltc", 1.0, 6.0, timecode)], clock="auto", ltc="2",
        set_text='[[cue]]\nname = "late"\nat = "0:02"\nenergy = -2.0\n'
        '[[cue]]\nname = "drop"\nat = "01:00:03;00"\nenergy = 1.5\n',
    )  # fmt: skip
    assert s.engine.value_of("energy") == 1.5
    events = [record.fields() for record in SessionReader(path) if record.topic == "event"]
    told = {e.get("source") for e in events if e["name"] == "beat"}
    assert told == {"link", "midi", "os2l"}
    assert sum(e["name"] == "timecode" for e in events) > 100
    assert len(events) < 8 * 30 * 4 + 20  # once a frame and source, not once a look
    assert_same(path, tiny_model, s)


def test_offers_that_are_damaged_are_none(tmp_path, tiny_model):
    performer = Performer(str(tiny_model), "cpu", 1, 0)
    path = tmp_path / "made up.mcap"
    settings = {"model_sha256": performer.sha256, "show": {"clock": "link"}, "offers": True}
    writer = SessionWriter(path, {"sample_rate": RATE} | settings)
    writer.audio(0, np.zeros(RATE, np.float32))
    odd = [
        {"source": "link"}, {"source": ["link"]}, {"source": "audio", "sample": 1.0},
        {"source": "link", "sample": 1.0, "phase": "x", "tempo_bpm": 120.0, "confidence": 1.0},
        {"source": "link", "sample": 10**400, "phase": 0, "tempo_bpm": 120, "confidence": 1},
        {"source": "midi", "sample": 9.0, "phase": 0.5, "tempo_bpm": -1, "confidence": 1.0},
    ]  # fmt: skip
    for fields in odd:
        writer._put("event", 0, {"name": "beat", **fields})
    for fields in ({}, {"sample": 1, "seconds": -5, "rate": 30}, {"sample": 1, "seconds": 9}):
        writer._put("event", 0, {"name": "timecode", **fields})
    writer.close()
    frames, show = again(path, tiny_model)
    assert (frames, show.packets) == ([], 0)
    assert show._engine.clock.active_source == "audio"
    assert show._engine.timecode is None


@pytest.mark.parametrize("stall_s", [0.7, 5.0])
def test_what_a_stall_lost_is_lost_again(record, tiny_model, stall_s):
    path, s = record(8.0, plan=lambda s: s.at(1.5, lambda: s.time.sleep(stall_s)))
    assert s.summary["skipped"] > 0
    assert (s.summary["dropped"] > 0) == (stall_s > 4)
    assert_same(path, tiny_model, s)


def test_the_command_writes_the_take_and_says_how_much_is_the_same(
    record, tiny_model, tmp_path, capsys
):
    path, s = record(2.0, plan=lambda s: s.at(1.0, lambda: s.ask("dancers", "f", 2.0)))
    out = tmp_path / "take.npz"
    argv = ["perform", path, "-o", out, "--device", "cpu", "--model", tiny_model]
    assert posejockey.main([str(a) for a in argv]) == 0
    n = s.summary["packets"]
    assert f"{n} of {n} recorded packets" in capsys.readouterr().out
    with np.load(out) as take:
        assert take["joints"].shape == (s.summary["frames"], 2, 19, 3)
        assert np.isnan(take["joints"][0, 1]).all()
        samples = np.unique(s.numbers[1])  # every dancer's bundle says it
        np.testing.assert_array_equal(np.rint(take["time_s"] * SAMPLE_RATE), samples)


def test_another_network_or_another_clock_is_refused(record, tiny_model, tmp_path):
    path, _ = record(0.5)
    with pytest.raises(ArtifactError, match="another network"):
        Resimulation(SessionReader(path), Performer("open", "cpu"))
    clocked = tmp_path / "clocked.mcap"
    show = dict(vars(ShowConfig(clock="link")))
    SessionWriter(clocked, {"sample_rate": RATE, "show": show}).close()
    with pytest.raises(ArtifactError, match="beats of another clock"):
        settings_of(SessionReader(clocked))


def test_settings_of_another_version_that_change_no_dance_are_no_matter(tmp_path):
    path = tmp_path / "show.mcap"
    show = {"energy": 0.5, "visuals": {"hologram": True}, "smell": 3, "osc": 7, "midi_map": None}
    SessionWriter(path, {"sample_rate": RATE, "show": show}).close()
    assert settings_of(SessionReader(path)).energy == 0.5


@pytest.mark.parametrize(
    "model", ["/etc/passwd", "\\\\host\\share\\a.onnx", "//host/share/a.onnx", "../a", 7, None, []]
)
def test_a_session_opens_no_model_file(tmp_path, model, capsys, monkeypatch):
    """It may come from anybody; on Windows, opening such a path hands out a password's hash."""
    path = tmp_path / "show.mcap"
    SessionWriter(path, {"sample_rate": RATE, "show": {"model": model}}).close()
    monkeypatch.setattr("live.cli.perform.Performer", None)
    assert posejockey.main(["perform", str(path), "-o", str(tmp_path / "take.npz")]) == 2
    assert "name its file with --model" in capsys.readouterr().err


def test_a_session_may_name_weights_that_ship(tmp_path):
    path = tmp_path / "show.mcap"
    SessionWriter(path, {"sample_rate": RATE, "show": {"model": "open"}}).close()
    assert shipped_model_of(SessionReader(path)) == "open"


def test_controls_out_of_range_are_brought_into_it(tmp_path, tiny_model):
    performer = Performer(str(tiny_model), "cpu")
    settings = {"sample_rate": RATE, "model_sha256": performer.sha256, "show": {}}
    path = tmp_path / "show.mcap"
    writer = SessionWriter(path, settings)
    writer.audio(0, np.zeros(RATE, np.float32))
    for name, value in (("dancers", 1e9), ("energy", 1e300), ("tap", "x"), ("nonsense", 1.0)):
        writer.control(0, name, value)
    writer.frame = 3
    writer.osc(2_400, encoding.encode_message("/pj/frame", "ii", (3, 2_400)))
    writer.close()
    (frame,) = Resimulation(SessionReader(path), performer)
    assert frame.joints.shape == (16, 19, 3)


@pytest.mark.parametrize("show", [None, 7, {"dancers": 99}, {"style": 3}])
def test_settings_that_are_damaged_are_refused(tmp_path, show):
    path = tmp_path / "show.mcap"
    SessionWriter(path, {"sample_rate": RATE, "show": show}).close()
    with pytest.raises(ArtifactError):
        settings_of(SessionReader(path))


def test_numbers_that_claim_too_much_are_refused(tmp_path, tiny_model):
    """A session may come from anybody: it cannot make this program dance or be silent for ever."""
    performer = Performer(str(tiny_model), "cpu")
    settings = {
        "sample_rate": RATE, "model_sha256": performer.sha256, "show": dict(vars(ShowConfig())),
    }  # fmt: skip
    for name, spoil in {
        "frames": lambda w: (setattr(w, "frame", 0xFFFFFFFF), w.osc(0, b"x")),
        "silence": lambda w: w.audio(1 << 40, np.zeros(4, np.float32)),
        "silences": lambda w: [w.audio(i * 5 * RATE, np.zeros(4, np.float32)) for i in range(9)],
        "given up": lambda w: w.event(0, "give_up", 1 << 39),
        "lost": lambda w: w.event(0, "skip", 1 << 39),
    }.items():
        path = tmp_path / f"{name}.mcap"
        writer = SessionWriter(path, settings)
        spoil(writer)
        writer.close()
        with pytest.raises(ArtifactError, match="damaged"):
            list(Resimulation(SessionReader(path), performer))


def test_phrases_that_were_kept_and_played_and_a_score(record, tiny_model):
    """What is kept during the show is kept again; what was there before is in the file."""
    width = Performer(str(tiny_model), "cpu").manifest.latent_dim
    noise = np.random.default_rng(8).standard_normal((4, 2, width)).astype(np.float32)
    hook = StoredPhrase("hook", noise, {"salsa": 1.0}, {"energy": 1.0}, 120.0)

    def plan(s):
        def play(name, value=None):
            return lambda: s.show._obey_one(name, value, s.time())

        s.time.plan = [
            (6.0, play("keep", "mine")), (6.2, play("phrase", "hook")), (8.0, play("loop", 1.0)),
            (10.0, play("loop", 0.0)), (10.1, play("phrase", "mine")), (10.6, play("unison", 1.0)),
            (11.0, play("keep", None)), (11.1, play("phrase", "nobody")),
        ]  # fmt: skip

    text = '[[part]]\nat = "0:03"\nphrase = "hook"\nmirror = true\nstyle = "salsa"\n'
    path, s = record(12.0, None, plan, score=text, phrase=hook, dancers=2)
    assert s.engine.steering.material.bank.names == ("hook", "mine", "phrase-1")
    assert s.summary["rejected"] == 1
    assert_same(path, tiny_model, s)


@pytest.mark.parametrize(
    "phrases",
    [7, [7], [{}], [{"noise": "AAAA"}], [{"noise": "x", "beats": 1, "dancers": 1}],
     [{"version": 1, "name": "a/b", "beats": 1, "dancers": 1, "noise": "AAAAAA=="}]],
)  # fmt: skip
def test_phrases_that_nobody_kept_are_refused(phrases):
    with pytest.raises(ArtifactError):
        programme_of({"phrases": phrases}, Path("show.mcap"), ("street", "salsa"))
