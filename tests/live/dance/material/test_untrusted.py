"""Phrases, scores and takes from anybody: whatever is in them, one sentence and nothing worse."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from live.control.scenes import value_of
from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import StoredPhrase, read_phrase, write_phrase
from live.dance.material.score_file import parse_score
from live.errors import PerformanceError

ROOT = Path(__file__).resolve().parents[4]
READ = partial(value_of, styles=("salsa", "street"))
PIECES = (
    "nan", "-1", "1e400", "9" * 400, '""', "[]", "[[[1]]]", "true", '"../x"', "[[part]]\n",
    "at = 1\n", 'phrase = "hook"\n', 'form = "A~~~"\n', "dancers = [0]\n",
)  # fmt: skip


def spoilt(content, rng):
    """Bytes with some cut, changed or put in."""
    found = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(found) + 1))
        match int(rng.integers(4)):
            case 0:
                found[at : at + 1] = rng.bytes(1)
            case 1:
                del found[at : at + int(rng.integers(1, 40))]
            case 2:
                found[at:at] = PIECES[int(rng.integers(len(PIECES)))].encode()
            case 3:
                del found[at:]
    return bytes(found)


@pytest.mark.parametrize("suffix", [".toml", ".npz"])
def test_spoilt_phrases(tmp_path, suffix):
    rng = np.random.default_rng(11)
    noise = rng.standard_normal((4, 2, 8)).astype(np.float32)
    path = write_phrase(StoredPhrase("hook", noise, {"salsa": 1.0}, {"energy": 1.0}), tmp_path)
    content = path.with_suffix(suffix).read_bytes()
    refused = []
    for _ in range(200):
        path.with_suffix(suffix).write_bytes(spoilt(content, rng))
        try:
            phrase = read_phrase(path)
        except PerformanceError as error:
            refused.append(str(error))
        else:
            assert np.isfinite(phrase.noise).all()
    assert len(refused) > 100
    assert not any("\n" in said for said in refused)


def test_spoilt_scores():
    rng = np.random.default_rng(12)
    bank = PhraseBank([StoredPhrase("hook", np.zeros((4, 1, 8), np.float32))])
    content = (ROOT / "docs" / "score.toml").read_bytes()
    content += b'\n[[part]]\nat = 200\nphrase = ["hook"]\nform = "AA~"\ndancers = [1]\n'
    assert len(parse_score(content.decode(), Path("score.toml"), bank, READ).parts) == 5
    refused = 0
    for _ in range(300):
        text = spoilt(content, rng).decode("utf-8", "replace")
        try:
            parse_score(text, Path("score.toml"), bank, READ)
        except PerformanceError:
            refused += 1
    assert refused > 100
