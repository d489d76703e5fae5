"""Ableton Link: a session made here, and two real peers in a network of their own."""

import importlib.util
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from live.beat.link import LinkLeader, LinkSource
from tests.helpers.own_network import NAMESPACE, ROOT, has_own_network


class Session:
    """A Link session as `link.Link` shows it, at 120 BPM from Link's 0 s on."""

    def __init__(self, peers):
        self.peers, self.enabled = peers, False

    def clock(self):
        return SimpleNamespace(micros=lambda: 5_000_000)

    def numPeers(self):  # noqa: N802, Link's own name
        return self.peers

    def captureAppSessionState(self):  # noqa: N802
        return SimpleNamespace(
            tempo=lambda: 120.0, phaseAtTime=lambda micros, quantum: micros / 5e5 % quantum
        )


def test_link_speaks_only_among_peers(monkeypatch):
    monkeypatch.setattr("live.beat.link.monotonic_s", lambda: 70.0)
    alone = Session(peers=0)
    assert LinkSource(session=alone).poll(0.0, 70.0) is None
    assert LinkSource(always=True, session=alone).poll(0.0, 70.0) is not None
    source = LinkSource(session=Session(peers=2))
    estimate = source.poll(480.0, 70.25)  # Link's 5.25 s
    assert (source.peers, estimate.sample, estimate.tempo_bpm) == (2, 480.0, 120.0)
    assert estimate.bar_beat == pytest.approx(2.5)
    source.close()


TWO_PEERS = """
import json, sys, time
import link
import numpy as np
from live.beat.link import LinkSource
from live.audio.features import FRAME, SAMPLE_RATE, extract
from live.beat.clock import BeatClock, TempoConfig

other = link.Link(128.0)
other.enabled = True
source = LinkSource()
frames = extract(np.zeros(20 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
clock = BeatClock(TempoConfig())
start = time.perf_counter()
joined, errors, tempi = None, [], []
for frame in frames:
    due = start + frame.end / SAMPLE_RATE
    while (now := time.perf_counter()) < due:  # as the show does: poll, then push what has come
        time.sleep(min(0.002, due - now))
    sample = (now - start) * SAMPLE_RATE
    clock.offer("link", source.poll(sample, now))
    clock.push(frame)
    joined = joined or (now if source.peers else None)
    if joined and now > joined + 6:
        micros, now = other.clock().micros(), time.perf_counter()
        theirs = other.captureAppSessionState().phaseAtTime(micros, 4.0)
        ours = 4 * clock.at((now - start) * SAMPLE_RATE).bar_phase
        tempo = other.captureAppSessionState().tempo()
        errors.append(((ours - theirs + 2) % 4 - 2) * 60 / tempo)
        tempi.append(clock.at(sample).tempo_bpm - tempo)
    if joined and now > joined + 8:
        break
source.close()
other.enabled = False
print(json.dumps({"peers": joined is not None, "errors_s": errors, "tempi": tempi}), flush=True)
"""


def why_no_link():
    """Link multicasts, so its peers meet in a network of their own, with nobody else in it."""
    if importlib.util.find_spec("link") is None:
        return "LinkPython-extern is not installed (pip install -e .[control])"
    return "" if has_own_network() else "no isolated network here (Linux, unshare and ip)"


def in_own_network(code):
    """What the code prints."""
    network = (
        "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo"
        ' && exec "$@"'
    )
    command = [*NAMESPACE, "sh", "-c", network, "sh", sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(bool(reason := why_no_link()), reason=reason or "it runs")
def test_two_link_peers_share_the_beat():
    report = json.loads(in_own_network(TWO_PEERS))
    assert report["peers"], "the two peers did not meet"
    assert len(report["errors_s"]) > 30
    assert np.abs(report["errors_s"]).max() < 0.005
    assert np.abs(report["tempi"]).max() < 0.1


# Leading ----------------------------------------------------------------------------------------


def test_the_leader_waits_until_our_beat_is_sure(monkeypatch):
    monkeypatch.setattr("live.beat.link.monotonic_s", lambda: 70.0)
    session = Session(peers=1)
    leader = LinkLeader(session)
    assert (session.enabled, leader.peers) == (True, 1)
    searching = SimpleNamespace(bar_phase=0.0, tempo_bpm=90.0, metre=4, state="searching")
    leader.lead(searching, 70.0)  # asks nothing of the session, which could not answer
    leader.close()
    assert not session.enabled


LEADING = """
import json, time
import link
import numpy as np
from live.beat.estimate import BeatReading
from live.beat.link import LinkLeader

other = link.Link(128.0)
other.enabled = True
leader = LinkLeader()
start = time.perf_counter()

def ours(now, bpm, at):
    beats = (now - at) * bpm / 60
    return BeatReading(beats % 1, beats / 4 % 1, bpm, 1.0, "locked", beats)

def theirs():
    state = other.captureAppSessionState()
    return state.phaseAtTime(other.clock().micros(), 4.0), state.tempo(), time.perf_counter()

report = {}
plan = [("steady", 126.0, start + 0.13, 5.0), ("faster", 131.0, start + 0.29, 5.0)]
for name, bpm, at, seconds in plan:
    errors, tempi, began = [], [], None
    while began is None or time.perf_counter() < began + seconds:
        now = time.perf_counter()
        leader.lead(ours(now, bpm, at), now)
        if began is None and leader.peers:
            began = now
        if began is None and now - start > 40:
            break
        if began is not None and now > began + seconds / 2:
            phase, tempo, then = theirs()
            off = (phase - (then - at) * bpm / 60 + 2) % 4 - 2
            errors.append(off * 60 / bpm)
            tempi.append(tempo - bpm)
        time.sleep(0.01)
    report[name] = {"errors_s": errors, "tempi": tempi}
# A drift of 20 ms is slewed: the others never jump.
at, before, steps = plan[1][2] - 0.02, None, []
began = time.perf_counter()
while time.perf_counter() < began + 4.0:
    now = time.perf_counter()
    leader.lead(ours(now, 131.0, at), now)
    phase, tempo, then = theirs()
    if before is not None:
        moved = (phase - before[0] + 2) % 4 - 2
        steps.append(abs(moved - (then - before[1]) * 131 / 60) * 60 / 131)
    before = (phase, then)
    time.sleep(0.01)
left = (phase - (then - at) * 131 / 60 + 2) % 4 - 2
report["slew"] = {"step_s": max(steps), "left_s": left * 60 / 131}
print(json.dumps(report), flush=True)
leader.close()
other.enabled = False
"""


@pytest.mark.skipif(bool(reason := why_no_link()), reason=reason or "it runs")
def test_another_peer_takes_over_our_tempo_and_phase():
    report = json.loads(in_own_network(LEADING))
    for name in ("steady", "faster"):
        assert len(report[name]["errors_s"]) > 30, "the two peers did not meet"
        assert np.median(np.abs(report[name]["errors_s"])) < 0.005
        assert np.median(np.abs(report[name]["tempi"])) < 0.5
    assert report["slew"]["step_s"] < 0.004
    assert abs(report["slew"]["left_s"]) < 0.008
