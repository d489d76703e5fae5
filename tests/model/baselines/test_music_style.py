"""The extractor of music style hears what it has learned, and is measured on other music."""

import numpy as np
import pytest
import torch

from live.audio.features import FEATURE_DIM, SAMPLE_RATE
from model.baselines import music_style_table as table
from model.baselines.music_style import LARGER, PUBLISHED, Form, MusicStyle
from model.data.beat_grid import Grid
from model.data.recordings import Recording


@pytest.mark.parametrize("form", [PUBLISHED, LARGER])
@pytest.mark.parametrize(("rate", "frames"), [(30.0, 45), (15.0, 23), (30.0, 1)])
def test_each_form_hears_music_of_any_length_at_any_rate(form, rate, frames):
    style, logits = MusicStyle(form, 4, rate)(torch.randn(2, frames, FEATURE_DIM))
    assert style.shape == (2, form.hidden)
    assert logits.shape == (2, 4)


def test_a_style_that_can_be_heard_is_learned():
    torch.manual_seed(0)
    network = MusicStyle(Form(8, 1, 0.0), 2, 30.0)
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    truth = torch.arange(32) % 2
    features = torch.randn(32, 60, FEATURE_DIM)
    features[truth == 1, ::3, 5] += 2.0
    for _ in range(30):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(features)[1], truth).backward()
        optimiser.step()
    assert (network(features)[1].argmax(dim=1) == truth).float().mean() > 0.9


def test_the_table_measures_both_forms_on_songs_it_rendered(prepared, monkeypatch):
    small = {"small": Form(8, 1, 0.0), "larger": Form(12, 2, 0.5)}
    monkeypatch.setattr(table, "FORMS", small)
    monkeypatch.setattr(table, "_SONG_S", 9.0)
    rows = table.music_style_table(prepared, None, 1e-6, 1, songs=1)
    assert [(r.form, r.music, r.steps) for r in rows] == [(f, "rendered", 1) for f in small]
    for row in rows:
        assert row.songs == len(row.classes)
        assert row.confusion.sum() == row.windows == 2 * row.songs
        assert row.accuracy == pytest.approx(row.confusion.trace() / row.windows)
        assert row.chance == pytest.approx(1 / len(row.classes))


def test_only_recordings_of_a_known_genre_are_judged():
    noise = np.random.default_rng(0).normal(0, 0.1, 9 * SAMPLE_RATE).astype(np.float32)
    nothing = np.zeros(0)

    def recording(genre):
        return Recording(genre, genre, nothing, nothing, Grid(90.0, 0.0, 1.0, 1.0)), noise

    heard = table._recorded([recording("tango"), recording("waltz")], ("salsa", "waltz"))
    assert [piece.genre for piece in heard] == [1]
    assert heard[0].windows.shape == (2, table.WINDOW, FEATURE_DIM)


def test_what_is_mistaken_for_what():
    confusion = np.array([[6, 2, 0], [0, 4, 0], [1, 0, 3]])
    row = table.StyleRow(
        "f", "rendered", 13 / 16, 1.0, 0.5, 3, 16, confusion, ("a", "b", "c"), 1.0, 1
    )
    assert table.confusions(row) == [("a", "b", 0.25), ("c", "a", 0.25)]
