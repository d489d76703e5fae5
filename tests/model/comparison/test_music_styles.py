"""The style extractor's table: measured once, and as lines."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from model.baselines.music_style_table import StyleRow
from model.comparison import music_styles
from model.comparison.recipe import Recipe, Run

RUN = Run("systems", "lstm", "lstm", {}, "body", 4, 1.0, 8)


def table(data, recordings, minutes, seed):
    confusion = np.array([[6, 2], [0, 8]])
    return [
        StyleRow("GRU 30", "rendered", 14 / 16, 1.0, 0.5, 4, 16, confusion, ("house", "salsa"),
                 minutes, seed)
    ]  # fmt: skip


def test_it_is_measured_once_and_says_what_is_mistaken_for_what(tmp_path, monkeypatch):
    recipe = Recipe((RUN,), style_extractor_minutes=2.0)
    monkeypatch.setattr(music_styles, "music_style_table", table)
    first = music_styles.music_styles(recipe, tmp_path, None, tmp_path, lambda line: None)
    monkeypatch.setattr(music_styles, "music_style_table", None)
    again = music_styles.music_styles(recipe, tmp_path, None, tmp_path, lambda line: None)
    assert again == first
    assert first[0]["minutes"], first[0]["steps"] == (2.0, 4)
    (line,) = music_styles.lines(first)
    assert line == ["GRU 30", "rendered", "87.5", "100.0", "50.0", "16", "salsa for house"]


def test_without_minutes_there_is_no_table(tmp_path):
    recipe = replace(Recipe((RUN,)), style_extractor_minutes=0.0)
    assert music_styles.music_styles(recipe, tmp_path, None, tmp_path, lambda line: None) == []
