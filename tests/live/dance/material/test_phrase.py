"""Phrases as files: written, read back, and refused where anything does not fit."""

import numpy as np
import pytest

from live.dance.material.phrase import StoredPhrase, checked_name, read_phrase, write_phrase
from live.errors import ArtifactError, ConfigError

RNG = np.random.default_rng(3)


def make_phrase(name="hook", beats=8, dancers=2, width=32, **rest):
    noise = RNG.standard_normal((beats, dancers, width)).astype(np.float32)
    return StoredPhrase(name, noise, {"street": 1.0}, {"energy": 0.5}, 123.0, **rest)


@pytest.fixture
def kept(tmp_path):
    """The path of a phrase on disk."""
    return write_phrase(make_phrase(), tmp_path)


def test_a_phrase_is_read_as_it_was_written(tmp_path):
    poses = RNG.standard_normal((8, 19, 3)).astype(np.float32)
    phrase = make_phrase(poses=poses, mirrored=True)
    found = read_phrase(write_phrase(phrase, tmp_path))
    np.testing.assert_array_equal(found.noise, phrase.noise)
    np.testing.assert_array_equal(found.poses, poses)
    assert (found.name, found.beats, found.dancers, found.bpm) == ("hook", 8, 2, 123.0)
    assert (found.style, found.controls, found.mirrored) == ({"street": 1.0}, {"energy": 0.5}, True)


def test_who_was_not_there_dances_what_another_one_did():
    phrase = make_phrase(dancers=2)
    noise = phrase.for_dancers(5)
    assert noise.shape == (8, 5, 32)
    np.testing.assert_array_equal(noise[:, 4], phrase.noise[:, 0])
    np.testing.assert_array_equal(noise[:, 3], phrase.noise[:, 1])


@pytest.mark.parametrize("name", ["hook", "Hook-2", " chorus_1 ", "x" * 40, "7"])
def test_names_that_every_system_can_store(name):
    assert checked_name(name) == name.strip().lower()


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", "a b", "-x", "con", "NUL", "com1", "x" * 41, "last",
     "h\u00f6ok", "a.b", "a\0", "C:x", "x" * 10_000],
)  # fmt: skip
def test_names_that_are_refused(name):
    with pytest.raises(ConfigError, match="cannot be a phrase's name"):
        checked_name(name)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version = 1", "version = 2", "version is 2"),
        ("beats = 8", "beats = 9", "9 beats"),
        ("beats = 8", "beats = 65", "whole number from 1 to 64"),
        ("dancers = 2", "dancers = 99", "from 1 to 16"),
        ('name = "hook"', 'name = "../hook"', "cannot be a phrase's name"),
        ("bpm = 123.0", "bpm = nan", "bpm is nan"),
        ('"energy" = 0.5', '"energy" = 9.0', "energy is 9.0"),
        ('"energy" = 0.5', '"volume" = 0.5', "unknown setting 'volume'"),
        ('"street" = 1.0', '"street" = -1.0', "style street"),
        ("beats = 8", "beats = ", "not valid TOML"),
        ("beats = 8", "", "beats is None"),
    ],
)
def test_what_does_not_fit_is_named(kept, before, after, said):
    text = kept.read_text("utf-8")
    assert before in text
    kept.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ArtifactError, match=said):
        read_phrase(kept)


@pytest.mark.parametrize(
    "arrays",
    [
        {"noise": np.zeros((8, 2, 32), np.int32)},
        {"noise": np.full((8, 2, 32), np.nan, np.float32)},
        {"noise": np.full((8, 2, 32), 1e9, np.float32)},
        {"noise": np.zeros((8, 2), np.float32)},
        {"poses": np.zeros((8, 19, 3), np.float32)},
        {"noise": np.zeros((8, 2, 32), np.float32), "poses": np.full((8, 19, 3), np.inf)},
        {"noise": np.zeros((8, 2, 32), np.float32), "poses": np.zeros((8, 17, 3))},
    ],
)
def test_arrays_that_are_no_phrase_are_refused(kept, arrays):
    np.savez(kept.with_suffix(".npz"), **arrays)
    with pytest.raises(ArtifactError, match=r"hook\.npz"):
        read_phrase(kept)


def test_objects_and_missing_halves_are_refused(kept):
    arrays = kept.with_suffix(".npz")
    np.savez(arrays, noise=np.array([{}], object), allow_pickle=True)
    with pytest.raises(ArtifactError, match="numbers or texts"):
        read_phrase(kept)
    arrays.write_bytes(b"PK\3\4 no archive")
    with pytest.raises(ArtifactError, match=r"hook\.npz"):
        read_phrase(kept)
    arrays.unlink()
    with pytest.raises(ArtifactError, match=r"hook\.npz"):
        read_phrase(kept)
