"""The fuzz of files: that it mutates, and would notice what must not happen."""

import numpy as np
import pytest

from benchmarks import file_fuzz
from benchmarks.fuzz_formats import FORMATS
from live.errors import ArtifactError


def test_mutants_differ_and_can_be_made_again():
    content = bytes(range(256)) * 4
    made = [file_fuzz.mutated(content, content, np.random.default_rng(i)) for i in range(200)]
    assert made == [
        file_fuzz.mutated(content, content, np.random.default_rng(i)) for i in range(200)
    ]
    assert len(set(made)) > 190
    assert min(map(len, made)) < len(content) < max(map(len, made))
    assert file_fuzz.mutated(b"", b"", np.random.default_rng(0)) is not None


@pytest.mark.parametrize(
    ("error", "how"),
    [
        (None, "read"),
        (ArtifactError("a.wav is damaged"), "refused"),
        (ArtifactError("two\nlines"), "wordy"),
        (KeyError("style"), "raised"),
        (MemoryError(), "raised"),
        (SystemExit(1), "raised"),
    ],
)
def test_only_a_sentence_is_a_refusal(tmp_path, error, how):
    def read(folder):
        if error is not None:
            raise error

    assert file_fuzz._ended(read, tmp_path)[0] == how


def test_what_takes_too_long_is_slow(tmp_path, monkeypatch):
    monkeypatch.setattr(file_fuzz, "_SLOW_S", -1.0)
    assert file_fuzz._ended(lambda folder: None, tmp_path)[0] == "slow"


def test_a_batch_in_a_process_of_its_own_counts_every_file():
    assert "settings" in FORMATS
    counts = file_fuzz.run("settings", 30, 0, None)
    assert counts.total() == counts["read"] + counts["refused"] == 30
    assert counts["refused"] > 0
