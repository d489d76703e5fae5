"""One reader for every settings file: what it takes, and that each mistake is one sentence."""

import os

import pytest

from live.control.midi_map import load as load_midi_map
from live.control.scenes import load_scenes
from live.errors import ConfigError
from live.outputs.patch import load_patch
from live.settings_file import as_choice, as_number, as_tables, as_whole, read_toml
from live.show.config import load as load_settings

STYLES = ("street", "salsa")
READERS = {
    "settings": lambda path: load_settings(path, {}),
    "set list": lambda path: load_scenes(path, STYLES),
    "MIDI mapping": lambda path: load_midi_map(path, STYLES),
    "DMX patch": load_patch,
}
GOOD = {
    "settings": "dancers = 2",
    "set list": '[[cue]]\nname = "a"\nenergy = 1',
    "MIDI mapping": '[[map]]\ncc = 1\ncontrol = "energy"',
    "DMX patch": "[[universe]]",
}


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_begins_with_windows_mark_is_read(tmp_path, kind):
    (tmp_path / "file.toml").write_text(GOOD[kind], encoding="utf-8-sig")
    READERS[kind](tmp_path / "file.toml")


HUGE = f"0x{'f' * 9000}"  # Python turns such a number into no text
BAD = {
    "nested": f"a = {'[' * 5000}{']' * 5000}".encode(),
    "tables": b"[" + b".".join([b"a"] * 5000) + b"]",
    "bytes": b"a = '\xff'",
    "utf-16": "dancers = 2".encode("utf-16"),
    "open": b'a = "',
    "huge": f"dancers = {HUGE}\nport = {HUGE}".encode(),
    "huge entries": f"cue = {HUGE}\nmap = {HUGE}\nuniverse = {HUGE}\nosc = [{HUGE}]".encode(),
    "control character": b"a = '\x00'",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
@pytest.mark.parametrize("kind", READERS)
def test_no_file_is_answered_with_a_traceback(tmp_path, kind, content):
    (tmp_path / "file.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"file\.toml") as caught:
        READERS[kind](tmp_path / "file.toml")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("name", ["none.toml", "", "a\0b.toml", "x" * 300])
def test_what_cannot_be_read_is_told(tmp_path, kind, name):
    with pytest.raises(ConfigError, match="cannot read the"):
        READERS[kind](tmp_path / name)


def test_huge_numbers_within_targets_patches_and_maps_are_told(tmp_path):
    for kind, text in {
        "settings": f"osc = [{{target = {HUGE}}}]",
        "set list": f'[[cue]]\nname = "a"\nenergy = {HUGE}',
        "MIDI mapping": f'[[map]]\ncc = {HUGE}\ncontrol = "energy"',
        "DMX patch": f"[[universe]]\n[[universe.fixture]]\naddress = {HUGE}",
    }.items():
        (tmp_path / "file.toml").write_text(text)
        with pytest.raises(ConfigError, match="a number of thousands of digits"):
            READERS[kind](tmp_path / "file.toml")
    (tmp_path / "file.toml").write_text(f'osc = [{{target = "a:1", dancers = [{HUGE}]}}]')
    with pytest.raises(ConfigError, match="dancers is a number of thousands"):
        READERS["settings"](tmp_path / "file.toml")


def test_kinds_are_not_mixed_up():
    assert as_number("x", 1, 0, 2) == 1.0
    assert as_choice("x", 60, (30, 60)) == 60
    assert as_tables("x", [{"a": 1}]) == [{"a": 1}]
    for check, value in [
        (lambda v: as_number("x", v, 0, 2), True), (lambda v: as_number("x", v, 0, 2), "1"),
        (lambda v: as_number("x", v, 0, 2), float("nan")), (lambda v: as_whole("x", v, 0, 2), 1.0),
        (lambda v: as_whole("x", v, 0, 2), True), (lambda v: as_choice("x", v, (0, 1)), True),
        (lambda v: as_tables("x", v), {"a": 1}),
    ]:  # fmt: skip
        with pytest.raises(ConfigError, match=r"x is .*; it must be"):
            check(value)


def test_a_folder_is_no_settings_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the settings"):
        read_toml(tmp_path, "the settings")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are made so on POSIX alone")
@pytest.mark.parametrize("kind", READERS)
def test_a_pipe_is_not_waited_for(tmp_path, kind):
    os.mkfifo(tmp_path / "file.toml")
    with pytest.raises(ConfigError, match=r"cannot read the .*a device or a pipe, not a file"):
        READERS[kind](tmp_path / "file.toml")


def test_a_file_far_too_large_for_settings_is_not_read(tmp_path):
    (tmp_path / "file.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(ConfigError, match=r"cannot read the settings .*more than 1 MB"):
        read_toml(tmp_path / "file.toml", "the settings")
