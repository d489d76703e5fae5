"""What the evidence network learns from is what it will hear on stage."""

import numpy as np
import pytest
import torch

from live.audio.features import SAMPLE_RATE, extract
from live.beat.evidence import EVIDENCE_LATENCY_S, BeatEvidence
from live.errors import ArtifactError
from model.beat import train_evidence
from model.beat.evidence_songs import N_TICKS, SONG_S, TICK_RATE_HZ, write_songs
from model.beat.train_evidence import BeatTraining, EvidenceNetwork, Songbook
from model.beat.weights_file import half_precision


def clicks(seed: int):
    """Forty seconds of strokes and chords at 120 BPM, and where they are."""
    rng = np.random.default_rng(seed)
    beats_s = np.arange(0.5, SONG_S, 0.5)
    audio = 1e-3 * rng.standard_normal(int(SONG_S * SAMPLE_RATE))
    t = np.arange(int(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    for beat, start in enumerate((beats_s * SAMPLE_RATE).astype(int)):
        stroke = np.sin(2 * np.pi * (220 if beat % 8 < 4 else 330) * t) * np.exp(-t / 0.05)
        room = len(audio) - start
        audio[start : start + len(t)] += 0.4 * stroke[:room]
    return audio.astype(np.float32), beats_s, beats_s[::4]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    for kind in train_evidence.KINDS:
        write_songs(folder / kind, range(3), clicks)
    return folder


def test_training_is_told_what_the_stage_hears(folder):
    torch.manual_seed(0)
    config = BeatTraining(held_out=1, hidden=16, embedding=8)
    network = EvidenceNetwork(config)
    weights = folder / "any.weights"
    with weights.open("wb") as file:
        np.savez(file, **half_precision(network.named()))
    x, _ = Songbook(folder, config).held_out(0)
    with torch.no_grad():
        logits = network(x)[0][0].numpy().reshape(-1, 4, 2)
    stage = BeatEvidence(weights)
    state, heard = stage.initial_state(), []
    for frame in extract(clicks(2)[0], SAMPLE_RATE):
        evidence, state = stage.step(frame, state)
        heard.append(evidence)
    apart = np.stack(heard) - logits[: len(heard)]
    # The stage adds what counts as no evidence, a constant; float16 weights and songs differ.
    assert np.abs(apart - apart[50:].mean(axis=(0, 1))).max() < 0.05


def test_labels_stand_where_the_stroke_is_heard(folder):
    with np.load(folder / "midi" / "songs-0000000.npz") as songs:
        label = songs["label"][0].astype(float)
    assert label.shape == (N_TICKS, 2)
    tick = int((0.5 + EVIDENCE_LATENCY_S) * TICK_RATE_HZ) - 1
    assert label[tick, 0] > 0.8
    assert label[tick, 1] > 0.8
    assert label[tick + 60, 1] < 0.01  # the second beat opens no bar


def test_songs_that_are_there_are_not_rendered_again(folder):
    def never(seed):
        raise AssertionError(seed)

    write_songs(folder / "midi", range(3), never)


def test_says_where_no_songs_are(tmp_path):
    with pytest.raises(ArtifactError, match="render them first"):
        Songbook(tmp_path, BeatTraining())


def test_a_network_is_fitted_and_read_on_stage(folder, tmp_path):
    config = BeatTraining(
        held_out=1, batch=2, frames=60, settling_frames=10, iterations=2, hidden=8
    )
    train_evidence.train(folder, tmp_path / "any.weights", config)
    assert len(BeatEvidence(tmp_path / "any.weights").initial_state().hidden) == 8
