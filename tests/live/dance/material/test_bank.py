"""The bank: what is kept is found again, tonight and from its files."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import StoredPhrase
from live.errors import ArtifactError, ConfigError


def make_phrase(beats=4):
    noise = np.arange(beats * 2 * 3, dtype=np.float32).reshape(beats, 2, 3) / 10
    poses = np.zeros((beats, 19, 3), np.float32)
    poses[..., 1] = np.linspace(0, 1.7, 19)
    return StoredPhrase("", noise, {"salsa": 1.0}, {"energy": -0.5}, 100.0, poses)


def test_what_was_kept_is_there_the_next_time(tmp_path):
    folder = tmp_path / "my phrases"
    bank = PhraseBank.read(folder)
    assert bank.names == ()
    assert bank.keep(make_phrase(), "Hook").name == "hook"
    assert bank.keep(make_phrase(2)).name == "phrase-1"
    bank.close()
    again = PhraseBank.read(folder)
    assert sorted(again.names) == ["hook", "phrase-1"]
    np.testing.assert_array_equal(again.find("HOOK").noise, make_phrase().noise)
    picture = ET.parse(folder / "hook.svg").getroot()
    assert len([e for e in picture if e.tag.endswith("path")]) == 4 * 18
    assert not list(folder.glob("*.partial"))


def test_nothing_that_was_kept_is_written_over():
    bank = PhraseBank()
    names = [bank.keep(make_phrase(), name).name for name in ("hook", "hook", None, "Hook", None)]
    assert names == ["hook", "hook-2", "phrase-1", "hook-3", "phrase-2"]


def test_last_is_the_one_kept_last():
    bank = PhraseBank()
    with pytest.raises(ConfigError, match="none was kept yet"):
        bank.find("last")
    bank.keep(make_phrase(), "a")
    bank.keep(make_phrase(), "b")
    assert bank.find("last").name == "b"
    with pytest.raises(ConfigError, match="no phrase 'c'; there are a, b"):
        bank.find("c")


def test_a_name_that_is_no_file_keeps_nothing():
    bank = PhraseBank()
    with pytest.raises(ConfigError, match="cannot be a phrase's name"):
        bank.keep(make_phrase(), "../../etc/passwd")
    assert bank.names == ()


def test_a_folder_with_a_damaged_phrase_is_refused(tmp_path):
    (tmp_path / "bad.toml").write_text("version = 7", "utf-8")
    with pytest.raises(ArtifactError, match=r"bad\.toml: version is 7"):
        PhraseBank.read(tmp_path)
    with pytest.raises(ConfigError, match="is a file"):
        PhraseBank.read(tmp_path / "bad.toml")


def test_a_disk_that_refuses_loses_nothing_that_can_be_played(tmp_path):
    folder = tmp_path / "phrases"
    bank = PhraseBank.read(folder)
    folder.write_text("somebody else made a file of this name", "utf-8")
    bank.keep(make_phrase(), "hook")
    bank.close()
    assert bank.find("hook").beats == 4
