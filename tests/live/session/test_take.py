"""Takes: what is written comes back, and what is none is refused."""

import io
import zipfile

import numpy as np
import pytest

from live.errors import ArtifactError
from live.osc.encoding import StageFrame
from live.session import take as takes
from live.session.take import read_take, take_of, write_take


def frame(number, dancers=1):
    return StageFrame(
        frame=number,
        sample=number * 400,
        joints=np.full((dancers, 19, 3), number / 100, np.float32),
        heading=np.zeros(dancers, np.float32),
        beat=(0.25, 0.5, 120.0, 0.9),
        onset=(0.1, 0.2, 0.3),
        level=0.5,
        style=np.array([1.0, 0.0], np.float32),
    )


@pytest.fixture
def path(tmp_path):
    write_take(take_of([frame(i) for i in range(50)], ("a", "b")), tmp_path / "take.npz")
    return tmp_path / "take.npz"


def test_frames_become_arrays_alike_however_many_at_once(monkeypatch):
    frames = [frame(i, 1 + (i > 20) + (i > 70)) for i in range(100)]
    whole = take_of(frames, ("a", "b"))
    assert whole["joints"].shape == (100, 3, 19, 3)
    assert np.isnan(whole["joints"][:21, 1:]).all()
    monkeypatch.setattr(takes, "_CHUNK", 7)
    pieces = take_of(iter(frames), ("a", "b"))
    assert pieces.keys() == whole.keys()
    for name, array in whole.items():
        np.testing.assert_array_equal(pieces[name], array)
        assert pieces[name].dtype == array.dtype


def test_a_take_of_dancers_who_come_and_go_can_be_read(tmp_path):
    write_take(take_of([frame(0, 2), frame(1, 1)], ("a", "b")), tmp_path / "take.npz")
    assert np.isnan(read_take(tmp_path / "take.npz")["joints"][1, 1]).all()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("time_s", np.array(3.0)),
        ("time_s", np.arange(50.0)[::-1]),
        ("time_s", np.linspace(0, 1e9, 50)),
        ("bar_phase", np.zeros(3)),
        ("joints", np.zeros((50, 17, 19, 3), np.float32)),
        ("joints", np.full((50, 1, 19, 3), 1e30, np.float32)),
        ("joints", np.where(np.arange(19)[:, None] == 3, np.nan, np.zeros((50, 1, 19, 3)))),
        ("level", np.zeros(50, int)),
        ("style", np.zeros((50, 0), np.float32)),
    ],
)
def test_a_take_that_makes_no_sense_is_refused_by_its_name(path, name, array):
    arrays = dict(np.load(path))
    np.savez(path, **arrays | {name: array})
    with pytest.raises(ArtifactError, match=f"the take's? .*{name}|17 dancers"):
        read_take(path)


def _npy(shape: str, descr: str = "<f4") -> bytes:
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    "content",
    [_npy("(1099511627776,)"), _npy("(-1,)"), _npy("(1, 2"), _npy("(4,)") + bytes(15), b"\x93NUMPY",
     _npy("(2,)", "|O") + bytes(16), _npy("((((1,),),),)"), b""],
)  # fmt: skip
def test_an_array_that_lies_about_itself_is_refused_before_memory_is_given_to_it(path, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("time_s.npy", content)
    with pytest.raises(ArtifactError, match="cannot read"):
        read_take(path)


def test_a_small_file_that_unpacks_to_much_is_refused(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in "abcd":
            archive.writestr(f"{name}.npy", _npy("(10000000,)") + bytes(40_000_000))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(ArtifactError, match="claims 4 arrays of 152 MB"):
        read_take(path)


def test_objects_are_never_unpickled(path):
    content = io.BytesIO()
    np.save(content, np.array([print], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("time_s.npy", content.getvalue())
    with pytest.raises(ArtifactError, match="expected numbers or texts"):
        read_take(path)
