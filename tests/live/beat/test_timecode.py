"""Timecode: labels and seconds, MTC by its messages, LTC by its sound."""

from types import SimpleNamespace

import mido
import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE
from live.audio.source import Source
from live.beat.ltc import LtcDecoder, LtcSource
from live.beat.mtc import MidiTimecode, MtcSource
from live.beat.timecode import Label, RunningPosition, TimecodeReading
from tests.helpers.ltc import DROP_FPS, after, encode, labels

FPS = {(24, False): 24.0, (25, False): 25.0, (30, True): DROP_FPS, (30, False): 30.0}
KINDS = list(FPS)
RATE = 48_000


def start(rate, is_drop):
    """A little before a full minute, where drop-frame leaves labels out."""
    return Label(0, 59, 58, 3, rate, is_drop)


# Labels ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "is_drop"), KINDS)
def test_labels_count_on_and_are_shown_as_they_are(rate, is_drop):
    shown = labels(Label(0, 8, 57, 0, rate, is_drop), 70 * rate)
    counts = [label.count for label in shown]
    assert counts == list(range(counts[0], counts[0] + len(counts)))
    colon = ";" if is_drop else ":"
    for label in shown:
        assert label.is_possible
        reading = TimecodeReading(0.0, label.position_s, rate, is_drop)
        text = f"{label.hours:02}:{label.minutes:02}:{label.seconds:02}{colon}{label.frames:02}"
        assert str(reading) == text
        assert reading.label_s(label.minutes * 60 + label.seconds, label.frames) == pytest.approx(
            label.position_s
        )


def test_drop_frame_stays_true_to_the_clock_on_the_wall():
    hour = Label(1, 0, 0, 0, 30, True)
    assert hour.position_s == pytest.approx(3600.0, abs=0.004)
    assert hour.count == 107_892  # SMPTE ST 12-1


@pytest.mark.parametrize(
    "label",
    [
        Label(24, 0, 0, 0, 25), Label(0, 60, 0, 0, 25), Label(0, 0, 60, 0, 25),
        Label(0, 0, 0, 25, 25), Label(0, 0, 0, 0, 29), Label(0, 1, 0, 0, 30, True),
        Label(0, 0, 0, -1, 25),
    ],
)  # fmt: skip
def test_there_are_no_such_labels(label):
    assert not label.is_possible


def test_a_position_runs_on_jumps_and_ends():
    position, label = RunningPosition(), Label(0, 0, 10, 0, 25)
    assert position.reading(0.0, 5.0) is None
    position.tell(label, 10.0, 5.0)
    assert position.reading(480.0, 5.2) == TimecodeReading(480.0, 10.2, 25)
    position.tell(label, 10.31, 5.3)  # jitter
    assert position.reading(0.0, 5.3).seconds == pytest.approx(10.302)
    position.tell(label, 70.0, 5.4)  # a jump
    assert position.reading(0.0, 5.5).seconds == pytest.approx(70.1)
    assert position.reading(0.0, 5.95) is None


# MTC ------------------------------------------------------------------------------------------


def quarter_frames(label):
    """The eight messages that say a label, as mido parses their bytes."""
    code = {(24, False): 0, (25, False): 1, (30, True): 2, (30, False): 3}
    hours = label.hours | code[label.rate, label.is_drop] << 5
    data = []
    for number in (label.frames, label.seconds, label.minutes, hours):
        data += [number & 0xF, number >> 4]
    raw = bytes(b for kind, value in enumerate(data) for b in (0xF1, kind << 4 | value))
    parser = mido.Parser()
    parser.feed(raw)
    return list(parser)


@pytest.mark.parametrize(("rate", "is_drop"), KINDS)
def test_quarter_frames_say_where_a_tape_is(rate, is_drop):
    first, fps = start(rate, is_drop), FPS[rate, is_drop]
    port, now = SimpleNamespace(callback=None, close=lambda: None), [100.0]
    source = MtcSource(port, lambda: now[0])
    rng = np.random.default_rng(2)
    label, errors = first, []
    for _ in range(40):
        for message in quarter_frames(label):
            jitter_s = rng.uniform(0, 0.003)
            now[0] += jitter_s
            port.callback(message)
            now[0] += 0.25 / fps - jitter_s
            reading = source.poll(0.0, now[0])
            if reading is not None:
                # A tape at this frame rate, whatever its labels count as.
                frames = (now[0] - 100.0) * fps
                errors.append(reading.seconds - first.position_s - frames * first.frame_s)
                assert (reading.rate, reading.is_drop) == (rate, is_drop)
        label = after(after(label))
    assert len(errors) > 300
    assert np.abs(errors).max() < 0.004
    assert source.poll(0.0, now[0] + 0.6) is None  # it has stopped


def test_mtc_ignores_what_is_no_timecode_and_a_tape_that_runs_backwards():
    rng = np.random.default_rng(7)
    timecode, time_s = MidiTimecode(), 0.0
    for kind, value in zip(rng.integers(0, 8, 20_000), rng.integers(0, 16, 20_000), strict=True):
        timecode.quarter_frame(int(kind), int(value), time_s)
        time_s += 0.001
        reading = timecode.reading(0.0, time_s)
        assert reading is None or reading.is_possible
    backwards = MidiTimecode()
    for message in reversed(quarter_frames(Label(1, 2, 3, 4, 25)) * 3):
        backwards.quarter_frame(message.frame_type, message.frame_value, time_s)
    assert backwards.reading(0.0, time_s) is None


def test_a_full_frame_says_that_a_machine_stands_elsewhere():
    port = SimpleNamespace(callback=None, close=lambda: None)
    source = MtcSource(port, lambda: 5.0)
    for message in quarter_frames(Label(1, 2, 3, 4, 25)):
        port.callback(message)
    assert source.poll(0.0, 5.0) is not None
    for data in ([0x7E, 0x7F, 0x06, 0x01], [], [0x7F, 0x7F, 0x01, 0x01, 0x21, 0, 0, 0]):
        was = source.poll(0.0, 5.0)
        port.callback(mido.Message("sysex", data=data))
        port.callback(mido.Message("note_on"))
    assert was is not None
    assert source.poll(0.0, 5.0) is None


# LTC ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("kind", [*KINDS, (24, None)])
def test_ltc_is_read_to_the_frame_at_every_rate(rate, kind):
    fps = 24_000 / 1001 if kind[1] is None else FPS[kind]
    shown = labels(start(kind[0], bool(kind[1])), 100)
    audio = encode(shown, fps, rate) + 0.02 * np.random.default_rng(1).normal(
        size=round(101 / fps * rate)
    ).astype(np.float32)
    found = LtcDecoder(rate).push(audio)
    assert [label for label, _ in found] == shown[1 : 1 + len(found)]
    assert len(found) >= 97  # the first is what the second follows; a block waits for its end
    late = [end / rate - (shown.index(label) + 1) / fps for label, end in found]
    assert np.abs(late).max() < 1e-4


@pytest.mark.parametrize("distort", ["quiet", "turned round", "dc", "thin", "clipped"])
def test_ltc_is_read_through_a_bad_cable(distort):
    shown = labels(start(25, False), 60)
    audio = encode(shown, 25.0, RATE)
    match distort:
        case "quiet":
            audio = audio * 0.02
        case "turned round":
            audio = -audio
        case "dc":
            audio = audio * 0.2 + 0.3
        case "thin":  # a transformer loses the bass
            audio = audio - np.convolve(audio, np.full(200, 1 / 200), "same")
        case "clipped":
            audio = np.clip(20 * audio, -1, 1)
    found = LtcDecoder(RATE).push(audio.astype(np.float32))
    assert len(found) >= 55
    assert {label for label, _ in found} <= set(shown)


def test_any_chopping_gives_the_same_labels():
    audio = encode(labels(start(30, True), 40), DROP_FPS, RATE)
    whole = LtcDecoder(RATE).push(audio)
    rng, decoder, found, at = np.random.default_rng(3), LtcDecoder(RATE), [], 0
    while at < len(audio):
        size = int(rng.integers(1, 700))
        found += decoder.push(audio[at : at + size])
        at += size
    assert found == whole


@pytest.mark.parametrize("sound", ["noise", "music", "nan", "loud", "bits"])
def test_sound_that_is_no_ltc_says_nothing(sound, click_track):
    rng = np.random.default_rng(9)
    match sound:
        case "noise":
            audio = rng.normal(scale=0.3, size=10 * RATE)
        case "music":
            audio = click_track(120.0, 10.0, RATE)
        case "nan":
            audio = np.full(RATE, np.nan)
        case "loud":
            audio = 1e30 * rng.normal(size=RATE)
        case _:  # random bits at the right speed
            audio = np.repeat(rng.choice([-0.4, 0.4], 48_000), 10)
    with np.errstate(all="ignore"):
        assert LtcDecoder(RATE).push(audio.astype(np.float32)) == []


class Feed(Source):
    """A channel whose card is the test."""

    active = True


def test_a_source_of_ltc_tells_the_time_of_the_sound_and_survives_a_gap():
    shown = labels(start(25, False), 200)
    audio = encode(shown, 25.0, RATE)
    feed = Feed("channel 2", RATE)
    source, errors, block = LtcSource(feed), [], 480
    for k in range(len(audio) // block):
        now_s = 50.0 + (k + 1) * block / RATE
        if not 300 <= k < 320:  # 0.2 s are lost, and no silence stands in for them
            feed.push(audio[k * block : (k + 1) * block], now_s)
        reading = source.poll(now_s * SAMPLE_RATE, now_s)
        if reading is not None:
            errors.append(reading.seconds - shown[0].position_s - (now_s - 50.0))
    assert len(errors) > 0.9 * len(audio) / block
    assert np.abs(errors).max() < 0.006
    assert source.poll(0.0, now_s + 1.0) is None


def test_a_stalled_show_reads_the_newest_ltc():
    shown = labels(start(25, False), 100)
    audio = encode(shown, 25.0, RATE)
    feed = Feed("channel 2", RATE)
    source = LtcSource(feed)
    feed.push(audio[: 3 * RATE], 53.0)
    reading = source.poll(0.0, 53.0)
    assert reading.seconds == pytest.approx(shown[0].position_s + 3.0, abs=0.01)
