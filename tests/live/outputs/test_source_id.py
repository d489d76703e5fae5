"""The UUID that sACN's receivers know a source by."""

import subprocess
import sys

import pytest

from live.outputs.source_id import SourceId, user_folder  # before the fixture hides it


def test_it_lasts_and_is_another_one_elsewhere(tmp_path):
    here, there = tmp_path / "a", tmp_path / "b"
    ids = []
    for folder in (here, here, there):
        with SourceId(folder) as source:
            ids.append(source.uuid)
    assert ids[0] == ids[1] != ids[2]
    assert {i.version for i in ids} == {5}


def test_shows_at_the_same_time_have_their_own(tmp_path):
    with SourceId(tmp_path) as first, SourceId(tmp_path) as second:
        assert first.uuid != second.uuid
        ask = f"from live.outputs.source_id import *; print(SourceId(Path({str(tmp_path)!r})).uuid)"
        command = [sys.executable, "-c", ask]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        assert told.stdout.strip() not in {str(first.uuid), str(second.uuid)}
    with SourceId(tmp_path) as again:
        assert again.uuid == first.uuid


def test_a_damaged_file_is_made_anew(tmp_path):
    (tmp_path / "sacn-source.txt").write_text("\0 nonsense")
    with SourceId(tmp_path) as source:
        first = source.uuid
    with SourceId(tmp_path) as source:
        assert source.uuid == first


def test_where_nothing_can_be_written_it_lasts_all_the_same(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")  # not even root writes below a file
    ids = []
    for _ in range(2):
        with SourceId(blocked / "below") as source:
            ids.append(source.uuid)
    assert ids[0] == ids[1]


def test_a_user_without_a_home_has_a_folder(monkeypatch):
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)

    def nobody():
        raise RuntimeError("no home")

    monkeypatch.setattr("live.outputs.source_id.Path.home", nobody)
    assert user_folder().name == "posejockey"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="their folders are elsewhere")
def test_the_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert user_folder() == tmp_path / "posejockey"
