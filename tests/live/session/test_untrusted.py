"""Session files that were cut off, damaged or made up."""

import os

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import MCAP0_MAGIC

from live.errors import ArtifactError
from live.session import format, mcap_reader
from live.session.reader import SessionReader
from tests.helpers.sessions import PACKET, SETTINGS, forged, record


def test_cut_anywhere_all_whole_chunks_are_there(tmp_path, small_chunks):
    path, cut = tmp_path / "show.mcap", tmp_path / "cut.mcap"
    record(path, 0.2)
    data = path.read_bytes()
    whole = list(SessionReader(path))
    with path.open("rb") as file:
        indexes = make_reader(file).get_summary().chunk_indexes
    assert len(indexes) >= 5
    head_end = indexes[0].chunk_start_offset
    ends = [i.chunk_start_offset + i.chunk_length for i in indexes]
    counts = np.cumsum([_messages(i) for i in indexes])
    near_ends = {end + by for end in (head_end, *ends) for by in range(-3, 4)}
    tail = range(ends[-1], len(data), 7)
    for length in sorted({*range(0, len(data), 211), *near_ends, *tail, len(data) - 1}):
        cut.write_bytes(data[:length])
        if length < head_end:
            with pytest.raises(ArtifactError):
                SessionReader(cut)
            continue
        expected = max((n for end, n in zip(ends, counts, strict=True) if end <= length), default=0)
        session = SessionReader(cut)
        assert list(session) == whole[:expected], length
        assert not session.complete


def _messages(index):
    """Messages of a chunk, from its message indexes: 15 bytes each, and 16 a message."""
    n_channels = len(index.message_index_offsets)
    return (index.message_index_length - 15 * n_channels) // 16


def test_damage_costs_one_chunk_and_is_told(tmp_path, small_chunks):
    path = tmp_path / "show.mcap"
    record(path, 0.2)
    whole = list(SessionReader(path))
    with path.open("rb") as file:
        index = make_reader(file).get_summary().chunk_indexes[1]
    data = bytearray(path.read_bytes())
    data[index.chunk_start_offset + index.chunk_length - 50] ^= 0xFF
    path.write_bytes(data)
    session = SessionReader(path)
    assert len(list(session)) == len(whole) - _messages(index)
    assert session.damaged == 1
    assert not session.complete


def test_no_damage_raises_anything_but_an_artifact_error(tmp_path, small_chunks):
    path = tmp_path / "show.mcap"
    record(path, 0.1)
    data = path.read_bytes()
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(400):
        bad = bytearray(data)
        at = rng.integers(0, len(bad), 4) if rng.random() < 0.5 else rng.integers(0, 500, 2)
        for position in at:
            bad[position] = rng.integers(0, 256)
        path.write_bytes(bad)
        try:
            session = SessionReader(path)
            list(session.controls()), list(session.health()), list(session.packets())
            for _ in session.blocks():
                pass
        except ArtifactError:
            refused += 1
    assert 0 < refused < 400


@pytest.mark.parametrize("content", [b"", b"x", b"RIFF" * 1000, MCAP0_MAGIC])
def test_a_file_that_is_no_session_is_refused(tmp_path, content):
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="not a PoseJockey session"):
        SessionReader(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.mcap", tmp_path):
        with pytest.raises(ArtifactError, match="cannot read"):
            SessionReader(path)


@pytest.mark.parametrize("settings", [{"sample_rate": "fast"}, {"sample_rate": 10**9}, {}])
def test_settings_that_make_no_sense_are_refused(tmp_path, settings):
    with pytest.raises(ArtifactError, match="sample_rate"):
        SessionReader(forged(tmp_path / "forged.mcap", settings, []))


def test_what_is_quoted_of_a_file_is_short(tmp_path):
    for settings in ({"session_version": "x" * 5000}, {**SETTINGS, "sample_rate": "x" * 5000}):
        with pytest.raises(ArtifactError) as refused:
            SessionReader(forged(tmp_path / "forged.mcap", settings, []))
        assert len(str(refused.value)) < 1000


def test_a_session_of_another_version_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="version 99"):
        SessionReader(forged(tmp_path / "forged.mcap", {**SETTINGS, "session_version": 99}, []))


def test_controls_that_make_no_sense_are_left_out(tmp_path):
    bad = [
        b'{"name": "seed", "value": NaN}',
        b'{"name": "seed", "value": 1e999}',
        b'{"name": "seed", "value": ' + b"9" * 400 + b"}",
        b'{"name": "seed", "value": ' + b"9" * 5000 + b"}",
        b'{"name": "seed", "value": [1]}',
        b'{"name": 3, "value": 1}',
        b'["seed", 1]',
        b"[" * 60_000,
        b"\xff\xfe",
        b"",
    ]
    good = b'{"name": "seed", "value": 1}'
    session = SessionReader(
        forged(tmp_path / "forged.mcap", SETTINGS, [("control", 0, d) for d in [*bad, good]])
    )
    assert list(session.controls()) == [(0, "seed", 1.0)]


def test_a_message_or_a_chunk_too_large_is_left_out(tmp_path, monkeypatch):
    large = bytes(format.MAX_MESSAGE_BYTES + 1)
    session = SessionReader(
        forged(tmp_path / "forged.mcap", SETTINGS, [("osc", 0, large), ("osc", 1, PACKET)])
    )
    assert [data for _, data in session.packets()] == [PACKET]
    assert (session.damaged, session.complete) == (1, False)
    bomb = SessionReader(forged(tmp_path / "forged.mcap", SETTINGS, [("osc", 0, bytes(1 << 20))]))
    monkeypatch.setattr(mcap_reader, "MAX_RECORD_BYTES", 1 << 19)
    assert bomb.path.stat().st_size < 4_000
    assert list(bomb) == []
    assert bomb.damaged == 1


def test_audio_that_claims_to_be_endless_is_refused(tmp_path):
    session = SessionReader(
        forged(tmp_path / "forged.mcap", SETTINGS, [("audio", 1 << 63, bytes(4))])
    )
    with pytest.raises(ArtifactError, match="do not explain"):
        session.audio()


def test_a_gap_is_as_long_as_the_messages_explain(tmp_path):
    """Ten minutes without sound: of a show that went on all the while, or of nothing."""
    end = ("audio", 600_000_000_000, bytes(4))
    packets = [("osc", i * 100_000_000, PACKET) for i in range(6000)]
    audio, rate = SessionReader(forged(tmp_path / "a.mcap", SETTINGS, [*packets, end])).audio()
    assert len(audio) == 600 * rate + 1
    with pytest.raises(ArtifactError, match="do not explain 600 s without sound"):
        SessionReader(forged(tmp_path / "b.mcap", SETTINGS, [*packets[:9], end])).audio()


@pytest.mark.parametrize("limit", ["_FREE_BYTES", "_FREE_RECORDS"])
def test_what_unpacks_to_more_than_its_size_explains_is_refused(tmp_path, monkeypatch, limit):
    large, many = [("osc", 0, bytes(60_000))] * 1000, [("osc", 0, b"")] * 50_000
    messages = large if limit == "_FREE_BYTES" else many
    path = forged(tmp_path / "bomb.mcap", SETTINGS, messages)
    content = path.read_bytes()
    data_end = content.rindex(b"\x0f\x04\0\0\0\0\0\0\0")
    path.write_bytes(_without_indexes(content[:data_end]))
    assert len(list(SessionReader(path))) == len(messages)
    monkeypatch.setattr(mcap_reader, limit, 30_000)
    with pytest.raises(ArtifactError, match="more than its size explains"):
        list(SessionReader(path))


def _without_indexes(content: bytes) -> bytes:
    """An MCAP file without its message indexes: the smallest that unpacks to as much."""
    out, at = bytearray(content[:8]), 8
    while at < len(content):
        size = 9 + int.from_bytes(content[at + 1 : at + 9], "little")
        if content[at] != 7:
            out += content[at : at + size]
        at += size
    return bytes(out)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "show.mcap")
    with pytest.raises(ArtifactError, match="a device or a pipe"):
        SessionReader(tmp_path / "show.mcap")
