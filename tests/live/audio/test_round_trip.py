"""Calibration: clicks in noise with a known delay, taps beside flashes, a sound server's loop."""

import io
import sys

import numpy as np
import pytest

import live.cli.calibrate as command
from live.audio.round_trip import find_delay, make_clicks, tap_delay
from live.osc import encoding
from posejockey import main
from tests.helpers.sound_server import sound_server  # noqa: F401, the fixture

RATE = 48_000
CLICKS = 10


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def room(delay_s, rng, rate=RATE, gain=0.05, noise=0.0, echoes=False):
    """What a microphone hears of the clicks: late, quiet, in noise, with echoes."""
    played = gain * make_clicks(CLICKS, rate)
    response = np.zeros(round((delay_s + 0.2) * rate))
    start = round(delay_s * rate)
    response[start] = 1.0
    if echoes:
        tail = rng.standard_normal(len(response) - start - 1)
        response[start + 1 :] = 0.05 * tail * np.exp(-np.arange(len(tail)) / (0.03 * rate))
    size = 1 << (len(played) + len(response)).bit_length()
    heard = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(response, size), size)
    heard = heard[: len(played)] + noise * rng.standard_normal(len(played))
    return heard.astype(np.float32)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("delay_s", [0.0, 0.0107, 0.093, 0.31])
def test_a_delay_is_found_to_the_sample(rng, rate, delay_s):
    delay = find_delay(room(delay_s, rng, rate), CLICKS, rate)
    assert delay.count == CLICKS
    assert abs(delay.median_s - delay_s) <= 1 / rate
    assert delay.spread_s == 0


def test_clicks_are_found_in_noise_as_loud_as_they_are(rng):
    delay = find_delay(room(0.0431, rng, noise=0.02, echoes=True), CLICKS, RATE)
    assert delay.count >= CLICKS - 2
    assert abs(delay.median_s - 0.0431) < 0.0005


def test_noise_and_silence_are_no_clicks(rng):
    for noise in (0.0, 0.1):
        heard = room(0.05, rng, gain=0.0, noise=noise)
        delay = find_delay(heard, CLICKS, RATE)
        assert delay is None or delay.count <= 2


def test_a_shout_does_not_move_the_median(rng):
    heard = room(0.05, rng, noise=0.001)
    heard[3 * RATE : 3 * RATE + 4000] += rng.standard_normal(4000).astype(np.float32)
    delay = find_delay(heard, CLICKS, RATE)
    assert delay.count >= CLICKS - 2
    assert abs(delay.median_s - 0.05) < 1e-4


def test_taps_are_compared_with_their_flash(rng):
    flashes_s = 100.0 + 0.8 * np.arange(12)
    taps_s = flashes_s + 0.085 + rng.normal(scale=0.01, size=12)
    taps_s[5] += 0.35  # a slip
    delay = tap_delay(taps_s, flashes_s, 0.8)
    assert delay.median_s == pytest.approx(0.085, abs=0.01)
    assert delay.count == 11
    assert tap_delay(taps_s[:3], flashes_s, 0.8) is None
    early = tap_delay(flashes_s - 0.04, flashes_s, 0.8)
    assert early.median_s == pytest.approx(-0.04)


class Person:
    """Sees a flash, taps `late_s` after it; the time passes where the command sleeps."""

    def __init__(self, late_s):
        self.time_s, self._late_s = 50.0, late_s
        self._due, self._was_bright = [], False

    def sleep(self, seconds):
        self.time_s += seconds

    def send(self, packets):
        bright = dict(encoding.decode(packets[0]))["/pj/level"] == [1.0]
        if bright and not self._was_bright:
            self._due.append(self.time_s + self._late_s)
        self._was_bright = bright

    def taps(self):
        done = [t for t in self._due if t <= self.time_s]
        self._due = [t for t in self._due if t > self.time_s]
        return done


def test_flashes_over_osc_are_tapped():
    person = Person(0.12)
    show = command.OscFlash(person)
    flashes_s, taps_s = command.flash(8, show, person.taps, lambda: person.time_s, person.sleep)
    assert len(flashes_s) == len(taps_s) == 8
    delay = tap_delay(taps_s, flashes_s, 0.8)
    assert 0.12 <= delay.median_s < 0.12 + 1 / 60 + 0.002


def test_the_report_adds_the_inputs_share():
    report = command._sound_report(command.Delay(0.05, 0.001, 11), 12, (0.01, 0.03))
    assert "11 of 12" in report
    assert "50.0 ms" in report
    assert "--latency-ms 72" in report  # 60 + 50 / 4


class DeafLoopback:
    rate, names, latencies_s = RATE, ("mic", "out"), (0.01, 0.01)

    def __init__(self, *_):
        pass

    def run(self, audio):
        return np.zeros_like(audio)


def test_errors_are_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(command, "Loopback", DeafLoopback)
    assert main(["calibrate", "--clicks", "4"]) == 2
    assert "0 of 4 clicks were heard; turn up" in capsys.readouterr().err
    assert main(["calibrate", "--clicks", "1"]) == 2
    assert "--clicks is 1" in capsys.readouterr().err


MEASURE = """
import contextlib, io, json
from posejockey import main
out = io.StringIO()
with contextlib.redirect_stdout(out):
    code = main(["calibrate", "--clicks", "9"])
print(json.dumps({"code": code, "out": out.getvalue()}), flush=True)
"""


def test_a_sound_server_is_measured(sound_server):  # noqa: F811
    child = sound_server.start_python(MEASURE)
    report = child.wait_for(lambda report: True, "the report", 30)
    assert report["code"] == 0
    lines = dict(line.split(maxsplit=1) for line in report["out"].splitlines()[1:])
    # A busy machine loses a block, and the click in it; more than it needs are played.
    assert lines["heard"].endswith(" of 9 clicks")
    assert 1.0 < float(lines["round"].split()[1]) < 250.0
    child.finish()


@pytest.mark.parametrize(
    ("encoding", "letter"), [("utf-8", "\u2588"), ("cp437", "\u2588"), ("cp1252", "#")]
)
def test_the_flash_in_the_terminal_is_bright_on_every_code_page(monkeypatch, encoding, letter):
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    command.terminal_flash(0, 0.0)
    command.terminal_flash(1, 0.5)
    monkeypatch.undo()
    screen.seek(0)
    assert screen.read() == "\n" + 40 * letter + "\n" + 40 * " "
