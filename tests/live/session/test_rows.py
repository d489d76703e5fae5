"""A dance as rows for a page: the same from a take as from frames, and who is not there."""

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.session.rows import GONE, RowFile, row_width, rows_of_take
from live.session.take import take_of
from tests.helpers.frames import stage_frame


def frames(count, dancers):
    return [stage_frame(dancers, sample=k * SAMPLE_RATE // 60, seed=k) for k in range(count)]


def test_rows_are_the_same_from_a_take_as_while_it_is_made(tmp_path):
    made = frames(121, 2)
    file = RowFile(tmp_path / "rows", 2)
    for frame in made:
        file.step(frame)
    file.close()
    rows = np.fromfile(tmp_path / "rows", "<i2").reshape(-1, row_width(2))
    np.testing.assert_array_equal(rows, rows_of_take(take_of(made, tuple("abcdefgh"))))
    joints = rows[10, 2:].reshape(2, 19, 3) / 1000
    np.testing.assert_allclose(joints, made[20].joints, atol=0.0006)
    np.testing.assert_allclose(rows[10, :2] / 32767, made[20].beat[:2], atol=1e-4)


def test_who_is_not_on_stage_is_gone(tmp_path):
    file = RowFile(tmp_path / "rows", 2)
    for frame in frames(3, 1):
        file.step(frame)
    file.close()
    rows = np.fromfile(tmp_path / "rows", "<i2").reshape(-1, row_width(2))
    assert (rows[:, 2 + 57 :] == GONE).all()
    assert (rows[:, : 2 + 57] != GONE).all()


def test_a_body_far_off_stays_a_number():
    far = {"time_s": np.zeros(1), "beat_phase": np.ones(1), "joints": np.full((1, 1, 19, 3), 9e3)}
    assert (rows_of_take(far)[0, 2:] == 32767).all()
