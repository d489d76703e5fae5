"""The whole show as its users start it: a process, a sound server, and receivers on the wire.

What is said about rates and tempi is counted by the time stamps inside the packets, so that a busy
machine cannot change it.
"""

# ruff: noqa: F401, F811 (fixtures, which look unused and redefined)

import json
import os
import shutil
import signal
from contextlib import ExitStack

import numpy as np
import pytest
import soundfile

from live.audio.features import SAMPLE_RATE
from live.osc import encoding
from live.osc import schema as osc
from live.session.reader import SessionReader
from tests.helpers.live_process import (
    RATE,
    WAIT_S,
    Receiver,
    assert_summary,
    assert_whole,
    bundles_a_second,
    frames_of,
    live,
    song,
    summary_of,
)
from tests.helpers.oscdump import oscdump
from tests.helpers.sound_server import sound_server, wait_until

# A microphone ---------------------------------------------------------------------------------


def test_dances_to_what_the_microphone_hears(live, song, sound_server):
    show = live(env=sound_server.env)
    show.receiver.wait_for(60, "a show before the music")
    before = len(show.receiver.packets)
    with sound_server.play(song(9.0)):
        pass  # until it has been played
    after = len(show.receiver.packets)
    code, out, errors = show.stop()
    assert code == 0, errors  # ALSA may have had something to say, too
    told = assert_whole(show.receiver.packets)
    assert_summary(out, len(told))
    assert bundles_a_second(told) == pytest.approx(60, abs=2)
    level = np.array([t["/pj/level"][0] for t in told])
    assert level[:before].max() < 0.1
    assert np.median(level[after - 240 : after - 60]) > 0.3
    onset = np.array([max(t["/pj/onset"]) for t in told])
    assert onset[:before].max() < 0.1
    assert onset[after - 240 : after - 60].max() > 0.3
    bpm = told[after - 60]["/pj/beat"][2]
    assert min(abs(bpm / (120 * octave) - 1) for octave in (0.5, 1, 2)) < 0.02
    states = [osc.STATES[t["/pj/health"][-1]] for t in told if "/pj/health" in t]
    assert "idle" in states
    assert "dancing" in states


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump is missing (liblo-tools)")
def test_a_foreign_receiver_prints_the_same(live, song, tmp_path):
    with oscdump(tmp_path) as (port, lines):
        show = live("--input", song(20.0), "--no-play", "--osc", f"127.0.0.1:{port}")
        wait_until(lambda: len(lines()) > 1500, "printed messages", WAIT_S)
        code, out, _ = show.stop()
        assert code == 0
        printed = [line.split() for line in lines()]
    sent = {a: len(v) for t in show.receiver.told() for a, v in t.items()}
    frames = [line[1:] for line in printed if line[1] == "/pj/frame"]
    printed_sizes = {line[1]: len(line) - 3 for line in printed[:-30]}
    assert printed_sizes == sent
    numbers = [int(f[2]) for f in frames]
    assert numbers == sorted(set(numbers))
    late = int(summary_of(out)[3])
    assert numbers[-1] - numbers[0] + 1 - len(numbers) <= late  # only what was late is left out
    assert {f[1] for f in frames} == {"ii"}


def test_every_profile_leaves_the_show(live, song, tmp_path):
    """One target each, and a DMX patch; the whole stream goes on beside them."""
    patch = tmp_path / "patch.toml"
    patch.write_text("[[universe]]\nhost = '127.0.0.1'\n")
    kinds = ["native/rate=30", "flat", "lights/grandma3", "vmc", "vrchat/height=1.8"]
    with ExitStack() as stack:
        receivers = [Receiver(stack) for _ in kinds]
        targets = [f"127.0.0.1:{r.port}/{k}" for r, k in zip(receivers, kinds, strict=True)]
        options = [o for target in targets for o in ("--osc", target)]
        options += ["--dmx", patch]
        env = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
        show = live("--input", song(20.0), "--no-play", *options, env=env)
        for receiver in (show.receiver, *receivers):
            receiver.wait_for(20)
        code, out, errors = show.stop()
        assert code == 0
        # Nobody listens for the lights here: that is told once, and nothing else.
        assert all("sACN 1 to 127.0.0.1 cannot be reached" in e for e in errors.splitlines())
        assert errors.count("\n") <= 1
        heard = [{a for p in r.packets for a, _ in encoding.decode(p)} for r in receivers]
    signs = ["/pj/1/head", "/pj/1/pose", "/Page1/Fader201", "/VMC/Ext/T"]
    signs.append("/tracking/trackers/head/position")
    for sign, addresses in zip(signs, heard, strict=True):
        assert sign in addresses
        assert sum(other in addresses for other in signs) == 1
    assert all(target.partition("/")[0] in out for target in targets)
    assert str(patch) in out


def test_without_an_input_the_demo_plays(live, tmp_path):
    show = live(env=os.environ | {"PULSE_SERVER": f"unix:{tmp_path}/none"})
    show.receiver.wait_for(60)
    code, out, errors = show.stop()
    assert code == 0
    assert "Traceback" not in errors
    assert "the built-in demo plays instead" in out.splitlines()[0]
    assert "hears   demo" in out.splitlines()[1]
    told = assert_whole(show.receiver.packets)
    assert told[-1]["/pj/level"][0] > 0.3


# Ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_polite_kill_ends_the_show_with_its_summary(live, number):
    show = live("--input", "demo", "--no-play")
    show.receiver.wait_for(30)
    code, out, errors = show.stop(number)
    assert (code, errors) == (0, "")
    assert_summary(out, len(show.receiver.packets))


def test_a_file_ends_by_itself(live, song, tmp_path):
    options = ("--record", tmp_path / "show.mcap", "--summary", tmp_path / "summary.json")
    path = song(3.0)
    show = live("--input", path, "--no-play", *options)
    code, out, errors = show.wait()
    assert (code, errors) == (0, "")
    told = assert_whole(show.receiver.packets)
    assert_summary(out, len(told))
    assert bundles_a_second(told) == pytest.approx(60, abs=2)
    assert told[-1]["/pj/frame"][1] / SAMPLE_RATE == pytest.approx(3.0, abs=0.5)
    assert '"frames"' in (tmp_path / "summary.json").read_text()
    session = SessionReader(tmp_path / "show.mcap")
    recorded, rate = session.audio()
    played = soundfile.read(path, dtype="float32")[0]
    assert (rate, len(recorded)) == (RATE, pytest.approx(len(played), rel=0.2))
    both = min(len(played), len(recorded))
    # All of it, unless the machine was too busy to decode in time.
    assert np.mean(recorded[:both] == played[:both]) > 0.5
    assert [packet for _, packet in session.packets()] == show.receiver.packets
    assert session.complete


def test_a_show_of_so_many_seconds(live):
    show = live("--input", "demo", "--no-play", "--seconds", "1.5")
    code, out, _ = show.wait()
    assert code == 0
    last = show.receiver.told()[-1]["/pj/frame"][1]
    assert last / SAMPLE_RATE == pytest.approx(1.5, abs=0.5)
    assert_summary(out, len(show.receiver.packets))


_DIES = """
from live.show.loop import Show

def die(self, *args):
    if self.report.health.frames >= 30:
        raise {error}("nobody foresaw this")
    return tick(self, *args)

tick, Show._tick = Show._tick, die
"""


@pytest.mark.parametrize(
    "error", ["RuntimeError", "KeyboardInterrupt", "SystemExit", "MemoryError"]
)
def test_whatever_ends_the_show_what_was_counted_is_told(live, song, tmp_path, error):
    """And the recording is whole."""
    (tmp_path / "sitecustomize.py").write_text(_DIES.format(error=error))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    show = live(
        "--input", song(30.0), "--no-play", "--record", tmp_path / "show.mcap",
        "--summary", tmp_path / "counts.json", env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    code, out, errors = show.wait()
    assert code != 0
    assert "nobody foresaw this" in errors or error == "KeyboardInterrupt", errors
    assert frames_of(out) >= 30
    assert json.loads((tmp_path / "counts.json").read_text())["frames"] == frames_of(out)
    assert len(list(SessionReader(tmp_path / "show.mcap").blocks())) > 0
