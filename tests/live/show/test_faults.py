"""Any stage of a show may raise: it is counted, done without, tried again; the show goes on."""

import logging

import numpy as np
import pytest

from live.limited_log import LimitedLog
from live.show.faults import Faults
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.timing import receive_margin_s
from tests.helpers.stage import BLOCK, GRACE_S, RATE, Receiver, punctual

BEGIN_S, END_S = 2.0, 3.0
TOP_SPEED_M_S = 8.0  # of a head; the dance of the tiny network has some 4


class Silent:
    """A controller, a source of beats, or a target, none of which says anything."""

    name, targets, sent, errors, rejected = "link", [], 0, 0, 0

    def poll(self, *args):
        return [] if not args else None

    def send(self, *args):
        pass


def staged(make, audio, path):
    """A show that has one of everything."""
    s = make(audio, record=path)
    s.feeds, s.midi, s.link = Silent(), Silent(), Silent()
    outputs = Outputs(s.receiver, s.control, s.recorder, s.feeds, Receiver(s.time))
    margin_s = receive_margin_s(BLOCK, RATE)
    s.show = Show(
        s.engine, s.source, outputs, 60, margin_s, s.time, s.time.sleep, [s.link], [s.midi]
    )
    return s


STAGES = {
    # what raises: (its owner in a show, its method, the stage it is counted as)
    "ring": (lambda s: s.source.ring, "read", "sound"),
    "sample clock": (lambda s: s.show.intake._clock, "observe", "sound"),
    "features": (lambda s: s.engine._features, "push", "features"),
    "beat tracker": (lambda s: s.engine.clock, "push", "beat clock"),
    "beat clock": (lambda s: s.engine.clock, "at", "beat clock"),
    "sections": (lambda s: s.engine._sections, "push", "sections"),
    "scenes": (lambda s: s.engine.steering, "step", "scenes"),
    "material": (lambda s: s.engine.steering, "see", "material"),
    "network": (lambda s: s.engine.performer, "step", "network"),
    "motion": (lambda s: s.engine._motion, "step", "motion"),
    "key frames": (lambda s: s.engine._keys, "at", "emission"),
    "loudness": (lambda s: s.engine._loudness, "step", "dance"),
    "OSC control": (lambda s: s.control, "poll", "OSC control"),
    "MIDI control": (lambda s: s.midi, "poll", "MIDI control"),
    "beats": (lambda s: s.link, "poll", "link beats"),
    "obeying": (lambda s: s.engine, "control", "control 'energy'"),
    "answering": (lambda s: s.control, "answer", "control 'energy'"),
    "health": (lambda s: s.show.report, "health_due", "health"),
    "memory": (lambda s: s.show.report.memory, "look", "health"),
    "encoder": (lambda s: s.show, "_encoder_for", "encoder"),
    "OSC out": (lambda s: s.receiver, "send", "OSC out"),
    "feeds": (lambda s: s.feeds, "send", "feeds"),
    "recording of sound": (lambda s: s.recorder, "audio", "recorder"),
    "recording of packets": (lambda s: s.recorder, "osc", "recorder"),
    "recording of controls": (lambda s: s.recorder, "control", "recorder"),
    "visualizers": (lambda s: s.show.outputs.visualizers, "send", "visualizers"),
    "sound device": (lambda s: s.source, "reopen", "sound device"),
}


@pytest.mark.parametrize("what", STAGES)
def test_a_stage_that_raises_is_counted_and_the_show_goes_on(stage, music, tmp_path, what):
    s = staged(stage, music(6.0), tmp_path / "show.mcap")
    owner, method, name = STAGES[what]

    def raises(*args):
        raise RuntimeError(f"no {what} today")

    broken = owner(s)
    s.at(BEGIN_S, lambda: setattr(broken, method, raises))
    s.at(BEGIN_S + 0.05, lambda: s.ask("energy", "f", 0.5))
    s.at(BEGIN_S + 0.1, lambda: setattr(s.source, "active", what != "sound device"))
    s.at(END_S, lambda: delattr(broken, method))
    s.at(END_S, lambda: setattr(s.source, "active", True))
    summary = s.run(5.5)
    assert summary["seconds"] == pytest.approx(5.5, abs=0.02)
    assert 1 <= summary["faults"][name] < 20  # it is not asked a thousand times
    assert s.show.snapshot().counted[f"{name} failed"] == summary["faults"][name]
    times, heads = np.array(s.receiver.times), s.receiver.messages("/pj/1/head")
    after = times[times > END_S + 1.1]
    assert len(after) > 60
    assert np.abs(np.diff(after) - 1 / 60).max() < 0.01
    samples = s.numbers[1] / 24_000
    assert np.abs(samples - times)[times > END_S + 1.1].max() < 0.06
    assert np.isfinite(heads).all()
    moved_s = np.diff(samples)
    speed = np.linalg.norm(np.diff(heads, axis=0), axis=1) / moved_s
    assert speed.max() < TOP_SPEED_M_S  # held and blended back, not thrown
    assert s.engine.state == "dancing"


def test_a_network_that_raises_holds_the_pose(stage, music):
    s = stage(music(4.5))
    step = s.engine.performer.step

    def raises(*args):
        raise RuntimeError("out of memory")

    s.at(2.0, lambda: setattr(s.engine.performer, "step", raises))
    s.at(3.0, lambda: setattr(s.engine.performer, "step", step))
    s.run(4.0)
    times, heads = np.array(s.receiver.times), s.receiver.messages("/pj/1/head")
    assert np.ptp(heads[(times > 2.1) & (times < 2.95)], axis=0).max() < 1e-4
    assert "holding" in {state for _, state in s.states}
    assert np.ptp(heads[times > 3.8], axis=0).max() > 1e-4
    assert len(times) > 230  # the beat and the pose are sent all the while


def test_a_visualizer_that_cannot_be_looked_after_does_not_end_the_show(stage, music):
    s = stage(music(2.5))

    def raises():
        raise PermissionError("locked by another program")

    summary = s.show.run(raises, 2.0)
    assert summary["seconds"] == pytest.approx(2.0, abs=0.02)
    assert summary["faults"]["visualizer"] > 0


def test_the_summary_is_there_whatever_ends_the_show(stage, music):
    s = stage(music(2.5))
    s.at(1.0, lambda: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        s.run(2.0)
    s.time.now += 100.0  # closing what is open takes its time
    summary = s.show.summary()
    assert summary["seconds"] == pytest.approx(1.0, abs=0.02)
    assert summary["frames"] == pytest.approx(60, abs=3)


def test_a_new_seed_does_not_throw_the_figure(stage, music):
    s = stage(music(4.5))
    fresh = s.engine.performer.reset

    def reset(dancers, seed):  # as a network whose first pose is far from any other
        fresh(dancers, seed)
        step = s.engine.performer.step

        def far(*args):
            pose, logits = step(*args)
            return pose + np.float32(0.4), logits

        s.engine.performer.step = far

    s.engine.performer.reset = reset
    s.at(2.0, lambda: s.ask("seed", "f", 7.0))
    s.run(4.0)
    heads = s.receiver.messages("/pj/1/head")
    assert 60 * np.linalg.norm(np.diff(heads, axis=0), axis=1).max() < 5.0
    assert s.engine.performer.seed == 7


def test_a_flood_of_refused_controls_is_two_lines_of_log(stage, music, caplog):
    s = stage(music(4.5))
    poll, refused = s.control.poll, [("style", "polka")] * 60
    s.at(1.0, lambda: setattr(s.control, "poll", lambda: refused))
    s.at(2.0, lambda: setattr(s.control, "poll", poll))
    with caplog.at_level(logging.WARNING):
        summary = s.run(4.0)
    assert summary["rejected"] > 10_000
    assert len([r for r in caplog.records if "polka" in r.getMessage()]) <= 2


def test_a_flood_of_controls_that_take_long_keeps_no_bundle_waiting(stage, music):
    s = stage(music(3.5))
    poll, reset = s.control.poll, s.engine.performer.reset

    def slow(*args):
        reset(*args)
        s.time.now += 0.001

    s.engine.performer.reset = slow
    s.at(1.0, lambda: setattr(s.control, "poll", lambda: 64 * [("seed", 3.0)]))
    s.at(2.0, lambda: setattr(s.control, "poll", poll))
    s.at(2.2, lambda: s.ask("energy", "f", 1.5))
    summary = s.run(3.0)
    assert (summary["late"], summary["skipped"]) == (0, 0)
    assert punctual(s) < GRACE_S
    assert s.engine.controls.energy == 1.5  # and who comes after it is heard


def test_a_warning_says_how_many_were_left_out(caplog):
    log = LimitedLog()
    for tenth in range(101):
        log.warn(tenth / 10, "no style %r", "polka")
    said = [record.getMessage() for record in caplog.records]
    assert said == ["no style 'polka'", "no style 'polka' (99 more like it)"]


def test_a_stage_is_tried_again_more_and_more_rarely_and_at_once_when_it_was_well():
    faults, asked = Faults(), []

    def raises(now_s):
        asked.append(now_s)
        raise ValueError

    for hundredth in range(1000):
        faults.run("lights", hundredth / 100, raises, hundredth / 100)
    gaps = np.diff(asked)
    assert gaps[0] < 0.05
    assert gaps[-1] == pytest.approx(1.0, abs=0.02)
    assert (np.diff(gaps) > -0.02).all()
    assert faults.counted == {"lights": len(asked)}
    assert faults.run("lights", 30.0, lambda: 5) == 5
    assert faults.run("lights", 60.0, raises, 60.0) is None
    assert faults.run("lights", 60.05, lambda: 6) == 6


def test_off_stage_what_raises_is_raised():
    with pytest.raises(ValueError, match="broken"):
        Faults(survives=False).run(
            "network", 0.0, lambda: (_ for _ in ()).throw(ValueError("broken"))
        )
