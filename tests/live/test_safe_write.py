"""What may be written over, what is said before the work, and what a broken write leaves."""

import os
import socket
from pathlib import Path

import pytest

from live.errors import ArtifactError, ConfigError
from live.safe_write import check_output, check_output_folder, whole_file, write_text

ON_PROC = Path("/proc/take.npz")


def told(path, *args):
    with pytest.raises((ArtifactError, ConfigError)) as caught:
        check_output(path, *args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def song(tmp_path):
    (tmp_path / "song.wav").write_bytes(b"the only copy")
    return tmp_path / "song.wav"


def by_its_own_name(song):
    return song


def through_dots(song):
    (song.parent / "folder").mkdir()
    return song.parent / "folder" / ".." / "song.wav"


def through_a_link(song):
    (song.parent / "link.wav").symlink_to(song)
    return song.parent / "link.wav"


def through_links_of_folders(song):
    (song.parent / "folder").symlink_to(song.parent, target_is_directory=True)
    return song.parent / "folder" / "song.wav"


def through_a_hard_link(song):
    os.link(song, song.parent / "hard.wav")
    return song.parent / "hard.wav"


def from_the_folder_it_is_in(song):
    return Path(os.path.relpath(song))


@pytest.mark.parametrize(
    "name",
    [by_its_own_name, through_dots, through_a_link, through_links_of_folders,
     through_a_hard_link, from_the_folder_it_is_in],
)  # fmt: skip
def test_what_is_read_is_never_written(song, name):
    assert "it would overwrite" in told(name(song), (), [None, song])
    assert song.read_bytes() == b"the only copy"


def test_two_results_go_to_two_files(tmp_path):
    (tmp_path / "folder").mkdir()
    same = tmp_path / "folder" / ".." / "a.png"  # none of them is there yet
    assert "it would overwrite" in told(tmp_path / "a.png", (".png",), [same])


def test_a_name_of_another_kind_is_refused(tmp_path):
    for name in ("take.bvh", "take", "take.npz.wav", ".npz"):
        assert "end its name in .npz" in told(tmp_path / name, (".npz",))
    assert "end its name in .mov or .mp4" in told(tmp_path / "film.avi", (".mov", ".mp4"))
    check_output(tmp_path / "take.NPZ", (".npz",))


def test_what_is_no_file_is_refused(tmp_path):
    assert "it is a folder; name a file in it" in told(tmp_path)
    assert "it is a folder" in told(Path(""))
    assert "there is no folder" in told(tmp_path / "none" / "take.npz")
    (tmp_path / "file").touch()
    told(tmp_path / "file" / "take.npz")
    assert "cannot write" in told(tmp_path / ("x" * 300 + ".npz"))
    assert "cannot write" in told(tmp_path / "take\0.npz")


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs a device with a name")
def test_no_device_is_replaced_by_a_file():
    assert "it is a device or a pipe" in told(Path("/dev/null"))


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs a file that is none")
def test_no_socket_is_replaced_by_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind("take.npz")
        assert "it is a device or a pipe" in told(Path("take.npz"))


@pytest.mark.skipif(not ON_PROC.parent.is_dir(), reason="needs a folder nobody may write to")
def test_a_folder_that_takes_nothing_is_told(tmp_path):
    assert f"cannot write {ON_PROC}" in told(ON_PROC)
    with pytest.raises(ArtifactError, match="cannot write /proc/run"):
        check_output_folder(Path("/proc/run/data"))


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anything")
def test_a_file_that_is_protected_stays(tmp_path):
    (tmp_path / "take.npz").touch(mode=0o444)
    assert "write-protected" in told(tmp_path / "take.npz")


def test_looking_leaves_nothing_and_changes_nothing(tmp_path):
    (tmp_path / "take.npz").write_bytes(b"older")
    check_output(tmp_path / "take.npz", (".npz",), [tmp_path / "song.wav"])
    check_output_folder(tmp_path / "run" / "deeper")
    assert [p.name for p in tmp_path.iterdir()] == ["take.npz"]
    assert (tmp_path / "take.npz").read_bytes() == b"older"


def test_folders_that_cannot_be_filled_are_told(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(ArtifactError, match=r"file is a file, not a folder|Not a directory"):
            check_output_folder(folder)
    with pytest.raises(ArtifactError, match="it would overwrite"):
        check_output_folder(tmp_path / "x" / "..", [tmp_path])


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError, SystemExit])
def test_a_write_that_breaks_leaves_the_older_file_and_no_half(tmp_path, failure):
    write_text(tmp_path / "report.json", "older")

    def fail():
        with whole_file(tmp_path / "report.json") as partial:
            partial.write_text("half")
            raise failure

    with pytest.raises(failure):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "older"


def test_a_name_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("x" * 246 + ".json")
    check_output(path)
    write_text(path, "whole")
    assert path.read_text() == "whole"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.json")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system has no such names")
    check_output(path)
    write_text(path, "whole")
    assert path.read_text() == "whole"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_told_in_one_sentence(tmp_path):
    def fill():
        with whole_file(tmp_path / "take.npz") as partial:
            partial.symlink_to("/dev/full")
            partial.write_bytes(bytes(100_000))

    with pytest.raises(ArtifactError, match=r"cannot write .*take\.npz: No space left"):
        fill()
    assert list(tmp_path.iterdir()) == []
