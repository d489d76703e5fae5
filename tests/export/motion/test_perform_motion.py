"""`posejockey perform -o` by suffix: the dance goes straight to the file of another program."""

import numpy as np
import pytest
import soundfile

import posejockey

RATE = 24_000


@pytest.fixture
def song(tmp_path, click_track):
    path = tmp_path / "song.wav"
    soundfile.write(path, click_track(120.0, 1.0, RATE), RATE)
    return path


def run(*argv):
    return posejockey.main([str(a) for a in argv])


def rows_of(path):
    return path.read_text().partition("Frame Time: ")[2].splitlines()[1:]


def test_the_same_dance_as_by_way_of_a_take(song, tiny_model, tmp_path):
    given = ("--model", tiny_model, "--dancers", 2, "--seed", 4)
    assert run("perform", song, "-o", tmp_path / "take.npz", *given) == 0
    assert run("export", tmp_path / "take.npz", "-o", tmp_path / "two.bvh") == 0
    assert run("perform", song, "-o", tmp_path / "one.bvh", *given) == 0
    for dancer in (1, 2):
        one, two = (rows_of(tmp_path / f"{name}-{dancer}.bvh") for name in ("one", "two"))
        assert one == two
        assert len(one) == 60
    assert run("perform", song, "-o", tmp_path / "few.bvh", "--fps", 30, "--dancer", 2, *given) == 0
    few, all_rows = (
        np.array([row.split() for row in rows_of(tmp_path / name)], float)
        for name in ("few.bvh", "two-2.bvh")
    )
    np.testing.assert_allclose(few, all_rows[::2], atol=1e-3)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["-o", "dance.fbx"], (".bvh", ".npz")),
        (["-o", "take.npz", "--fps", "30"], ("--fps",)),
        (["-o", "song.wav"], ("end its name",)),
    ],
)
def test_mistakes_are_said_before_the_dance(
    song, tiny_model, tmp_path, monkeypatch, capsys, argv, words
):
    monkeypatch.chdir(tmp_path)
    before = song.read_bytes()
    assert run("perform", song, *argv, "--model", tiny_model) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in words)
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]
    assert song.read_bytes() == before
