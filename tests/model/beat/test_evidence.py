"""What the evidence network learns from is what it will hear on stage."""

import numpy as np
import pytest
import torch

from live.audio.features import SAMPLE_RATE, extract
from live.beat.evidence import EVIDENCE_LATENCY_S, INPUT_DIM, BeatEvidence
from live.errors import ArtifactError
from model.beat import train_evidence
from model.beat.annotated_music import Piece
from model.beat.evidence_songs import N_TICKS, SONG_S, TICK_RATE_HZ, write_songs
from model.beat.real_songs import write_real_songs
from model.beat.songbook import Disguise, Songbook, read_songs, whole
from model.beat.train_evidence import REAL, RENDERED, BeatTraining, EvidenceNetwork
from model.beat.weights_file import half_precision, write_weights


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
    for kind in RENDERED:
        write_songs(folder / kind, range(3), clicks)
    return folder


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A waltz nobody may learn from, and a march whose bars nobody marked."""
    folder = tmp_path_factory.mktemp("real")
    audio, beats_s, _ = clicks(0)
    march = Piece(
        "march", audio[: 20 * SAMPLE_RATE], SAMPLE_RATE, beats_s[4:30], np.zeros(0), "march", "open"
    )
    waltz = Piece(
        "waltz",
        audio[: 8 * SAMPLE_RATE],
        SAMPLE_RATE,
        beats_s[:15],
        beats_s[:15:3],
        "waltz",
        "research",
    )
    write_real_songs(folder, [march, waltz], versions=2)
    return folder


def test_training_is_told_what_the_stage_hears(folder):
    torch.manual_seed(0)
    config = BeatTraining(held_out=1, hidden=16, embedding=8)
    network = EvidenceNetwork(config)
    weights = folder / "any.weights"
    write_weights(weights, half_precision(network.named()))
    x, _, _ = whole(read_songs(folder / "midi"))
    with torch.no_grad():
        logits = network(x[2:])[0][0].numpy().reshape(-1, 4, 2)
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
    with pytest.raises(ArtifactError, match="make them first"):
        read_songs(tmp_path)


def test_real_songs_say_what_is_known_of_them(real):
    with np.load(real / "songs-march.npz") as march:
        label, known = march["label"][0].astype(float), march["known"][0]
    assert known[:, 1].sum() == 0  # nobody marked a bar
    seconds = np.flatnonzero(known[:, 0])[[0, -1]] / TICK_RATE_HZ
    assert seconds == pytest.approx([2.5 - 0.2, 15.0 + 0.2], abs=0.02)
    assert label[int((2.5 + EVIDENCE_LATENCY_S) * TICK_RATE_HZ) - 1, 0] > 0.8


def test_a_genre_and_a_tier_are_kept_from_the_network(real):
    both = read_songs(real)
    assert len(read_songs(real, without=("waltz",))) < len(both)
    assert len(read_songs(real, tier="open")) == 2  # the march alone, shorter than a song
    with pytest.raises(ArtifactError, match="may be learned from"):
        read_songs(real, without=("march",), tier="open")
    # Each of the two is heard alike often, however long it is.
    assert both.share[:2].sum() == pytest.approx(0.5)


def beats_of(labels) -> np.ndarray:
    """Ticks of the beats of one stretch, [T, 8]."""
    beat = labels.numpy().reshape(-1, 2)[:, 0]
    return (
        np.flatnonzero((beat[1:-1] > 0.5) & (beat[1:-1] >= beat[:-2]) & (beat[1:-1] > beat[2:])) + 1
    )


def test_a_song_that_plays_slower_has_its_beats_further_apart(folder):
    songs = read_songs(folder / "midi")
    slow = Disguise(speed=1.0, speeds=(0.799999, 0.8), fast=0.0)
    _, labels, known = Songbook([songs], [1.0], slow, 0).batch(2, 300)
    for stretch in labels:
        assert np.median(np.diff(beats_of(stretch))) == pytest.approx(60 / 0.8, abs=1)
    assert known.min() == 1


def test_every_second_beat_of_fast_music_is_the_beat(folder):
    songs = read_songs(folder / "midi")
    book = Songbook([songs], [1.0], Disguise(fast=1.0), 0)
    x, labels, known = book.batch(4, 300)
    for stretch in labels:
        bpm = 60 * TICK_RATE_HZ / np.median(np.diff(beats_of(stretch)))
        assert 105 <= bpm <= 166  # 120 BPM, 1.75 to 2.2 times as fast, every second one
    assert known.reshape(-1, 2)[:, 1].max() == 0  # which of them opens a bar is not said
    assert torch.isfinite(x).all()


def test_a_network_is_fitted_and_read_on_stage(folder, real, tmp_path):
    (folder / REAL).mkdir(exist_ok=True)
    for file in real.iterdir():
        (folder / REAL / file.name).write_bytes(file.read_bytes())
    config = BeatTraining(
        held_out=1, batch=2, frames=60, settling_frames=10, iterations=2, hidden=8
    )
    train_evidence.train(folder, tmp_path / "any.weights", config)
    assert len(BeatEvidence(tmp_path / "any.weights").initial_state().hidden) == 8


def test_a_wider_network_goes_on_from_what_a_narrow_one_knows(tmp_path):
    torch.manual_seed(0)
    narrow = EvidenceNetwork(BeatTraining(hidden=16, embedding=8))
    with torch.no_grad():
        narrow.out.weight.mul_(20)
    write_weights(tmp_path / "narrow.weights", half_precision(narrow.named()))
    wide = EvidenceNetwork(BeatTraining(hidden=24, embedding=12))
    x = torch.rand(1, 80, INPUT_DIM)
    with torch.no_grad():
        before = (wide(x)[0] - narrow(x)[0]).std()
        wide.go_on_from(tmp_path / "narrow.weights")
        assert (wide(x)[0] - narrow(x)[0]).std() < 0.2 * before
    with pytest.raises(ArtifactError, match="go on from"):
        EvidenceNetwork(BeatTraining(hidden=8)).go_on_from(tmp_path / "narrow.weights")


def test_the_mean_lies_between_a_network_and_what_became_of_it(tmp_path):
    torch.manual_seed(0)
    config = BeatTraining(hidden=16, embedding=8)
    files = [tmp_path / name for name in ("old.weights", "new.weights", "mean.weights")]
    for file in files[:2]:
        write_weights(file, half_precision(EvidenceNetwork(config).named()))
    train_evidence.mean(files[0], files[1], files[2], config)
    old, new, between = (np.load(file)["output"].astype(float) for file in files)
    assert between == pytest.approx((old + new) / 2, abs=1e-3)
