"""The show where other clocks are coarse, as on Windows before Python 3.13.

There `time.monotonic` and the time-outs of events go in steps of 15.6 ms. Here all of `time` is
made so before the program is imported, on a time that sleeping makes pass: it always runs alike.
"""

import json
import subprocess
import sys
import threading

import numpy as np
import pytest

from live.monotonic import monotonic_s, wait_until

_COARSE_WORLD = """
import sys, time, threading, json
STEP_S = 1 / 64
now = [1000.0]
def sleep(seconds):
    now[0] += max(seconds, 1e-4)
    for listener in listeners: listener(now[0])
def coarse(): return now[0] // STEP_S * STEP_S
def wait(event, timeout=None):
    if not event.is_set():
        sleep(-(-(timeout or 0.0) // STEP_S) * STEP_S)  # it wakes at a step of the system's timer
    return event.is_set()
listeners = []
time.sleep, time.perf_counter, time.monotonic = sleep, lambda: now[0], coarse
time.time = coarse
threading.Event.wait = wait
"""

_SHOW = """
import gc
import numpy as np
from live.audio.source import Source
from live.control.osc_in import ControlIn
from live.dance.performer import Performer
from live.outputs.udp import OscOut
from live.show.engine import Engine, EngineConfig
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.timing import lead_samples, receive_margin_s

RATE, BLOCK = 48_000, 256
class Card(Source):
    active, reopens, written = True, 0, 0
    def deliver(self, now_s):
        while (due_s := 1000.0 + (self.written + BLOCK) / RATE) <= now_s:
            ahead, now[0] = now[0], due_s  # its callback runs when the block is there
            self.push(np.full(BLOCK, 0.01, np.float32) * (-1) ** np.arange(BLOCK), self.heard_s())
            now[0] = ahead
            self.written += BLOCK
    def heard_s(self):
        from live.audio import microphone
        return microphone.monotonic_s()
    def reopen(self): pass
class Receiver(OscOut):
    def send(self, packets): gone_s.append(now[0])
card, gone_s = Card("card", RATE), []
listeners.append(card.deliver)
margin_s = receive_margin_s(BLOCK, RATE)
engine = Engine(EngineConfig(RATE, lead_samples(60, margin_s)), Performer(sys.argv[1], "cpu"))
with ControlIn("127.0.0.1", 0) as control, Receiver([]) as out:
    summary = Show(engine, card, Outputs(out, control), 60, margin_s).run(lambda: True, 10.0)
print(json.dumps({"gone_s": gone_s, "late": summary["late"]}))
"""

_MIDI_CLOCK = """
from live.beat.midi_clock import MidiClockSource
from types import SimpleNamespace
class Port:
    callback = None
    def close(self): pass
port = Port()
source, period_s, told = MidiClockSource(port), 60 / 174 / 24, []
for pulse in range(24 * 40):
    now[0] = 1000.0 + pulse * period_s
    port.callback(SimpleNamespace(type="clock"))
    estimate = source.poll(0.0, now[0])
    if estimate is not None and pulse > 100:
        told.append((estimate.tempo_bpm, estimate.phase - pulse / 24))
print(json.dumps(told))
"""

_PACED = """
from live.monotonic import wait_until
over, due_s, woken = threading.Event(), 1000.0, []
while not wait_until(due_s, over) and len(woken) < 100:
    woken.append(now[0] - due_s)
    due_s += 1 / 44
print(json.dumps(woken))
"""


def run(script, *args):
    """What a script prints, in the coarse world."""
    done = subprocess.run(
        [sys.executable, "-c", _COARSE_WORLD + script, *args],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_bundles_leave_at_a_steady_rate(tiny_model):
    told = run(_SHOW, str(tiny_model))
    gaps_ms = 1000 * np.diff(told["gone_s"])[30:]
    assert len(gaps_ms) > 500
    assert np.abs(gaps_ms - 1000 / 60).max() < 3.0  # the loop looks every 2 ms
    assert told["late"] == 0


def test_midi_clock_tells_the_tempo_and_the_beat():
    tempo, error = np.array(run(_MIDI_CLOCK)).T
    assert np.abs(tempo - 174.0).max() < 0.05
    beats_off = (error + 0.5) % 1.0 - 0.5
    assert np.abs(beats_off).max() * 60 / 174 < 0.001


def test_a_thread_is_woken_when_it_is_due():
    assert max(run(_PACED)) < 0.001


def test_waiting_ends_when_it_is_over():
    over = threading.Event()
    threading.Timer(0.1, over.set).start()
    started = monotonic_s()
    assert wait_until(started + 100.0, over)
    assert monotonic_s() - started < 50.0


def test_waiting_for_what_is_past_does_not_sleep():
    assert not wait_until(monotonic_s() - 1.0, threading.Event())


@pytest.mark.parametrize("call", ["time.monotonic()", "time.monotonic_ns()", "time.time()"])
def test_no_other_clock_passes_the_check(call, tmp_path):
    pytest.importorskip("ruff", reason="it is of the dev extra")
    file = tmp_path / "stage.py"
    file.write_text(f"import time\n\nprint({call})\n")
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", "pyproject.toml", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "TID251" in checked.stdout
