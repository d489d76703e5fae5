"""Checkpoints: what is none of this program is refused, and nothing in it is executed."""

import random

import pytest
import torch

from live.errors import ArtifactError
from model.network.checkpoint import CHECKPOINT, VERSION, load_checkpoint, network_of


class Executed:
    def __reduce__(self):
        return (print, ("a checkpoint must not run code",))


FOREIGN = {"code": Executed(), "weights": {"model": torch.zeros(3)}, "a list": [1, 2]}


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "missing", *FOREIGN])
def test_a_damaged_checkpoint_is_refused(tiny_checkpoint, tmp_path, capsys, damage):
    whole, path = tiny_checkpoint.read_bytes(), tmp_path / CHECKPOINT
    if damage in FOREIGN:
        torch.save(FOREIGN[damage], path)
    elif damage != "missing":
        path.write_bytes(
            {
                "truncated": whole[: len(whole) // 2],
                "text": b"not a checkpoint",
                "empty": b"",
            }[damage]
        )
    with pytest.raises(ArtifactError, match=r"checkpoint\.pt is not a checkpoint of this program"):
        network_of(load_checkpoint(path))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "content",
    [b"hello " * 300, b"RIFF\x24\x08\0\0WAVEfmt ", b"\x89PNG\r\n\x1a\n", b"\x80\x02}q\0(X", b"e",
     *(random.Random(seed).randbytes(500) for seed in range(20))],
    ids=str,
)  # fmt: skip
def test_a_file_of_another_sort_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(ArtifactError, match="is not a checkpoint of this program") as caught:
        load_checkpoint(tmp_path / CHECKPOINT)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["network_config", "average"])
@pytest.mark.parametrize("value", [{}, [], None, 3, {"styles": 7}])
def test_a_checkpoint_whose_parts_do_not_fit_is_refused(tiny_checkpoint, tmp_path, part, value):
    state = load_checkpoint(tiny_checkpoint)
    with pytest.raises(ArtifactError, match="does not fit this program"):
        network_of(state | {part: value})
    torch.save({k: v for k, v in state.items() if k != part}, tmp_path / CHECKPOINT)
    with pytest.raises(ArtifactError, match=f"it lacks '{part}'"):
        load_checkpoint(tmp_path / CHECKPOINT)


def test_a_checkpoint_of_a_newer_version_says_so(tiny_checkpoint, tmp_path):
    state = load_checkpoint(tiny_checkpoint) | {"version": VERSION + 1}
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ArtifactError, match="written by a newer version"):
        load_checkpoint(tmp_path / CHECKPOINT)


@pytest.mark.parametrize("value", [None, {"x": torch.ones(1)}, torch.ones(1)], ids=str)
@pytest.mark.parametrize(
    "part",
    ["network_config", "train_config", "prepared", "progress", "machine",
     "train_config.lag_max", "prepared.tiers", "progress.seconds", "progress.iteration"],
)  # fmt: skip
def test_a_part_of_another_kind_is_named_before_it_is_used(tiny_checkpoint, tmp_path, part, value):
    table, _, field = part.partition(".")
    state = torch.load(tiny_checkpoint, weights_only=True)
    state[table] = state[table] | {field: value} if field else value
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ArtifactError, match=f"{table}' is damaged"):
        load_checkpoint(tmp_path / CHECKPOINT)


def test_a_run_from_before_the_lag_was_drawn_is_read(tiny_checkpoint, tmp_path):
    state = torch.load(tiny_checkpoint, weights_only=True)
    del state["train_config"]["lag_max"]
    torch.save(state, tmp_path / CHECKPOINT)
    assert load_checkpoint(tmp_path / CHECKPOINT)["progress"] == state["progress"]
