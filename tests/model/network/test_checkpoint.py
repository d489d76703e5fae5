"""Checkpoints: what is none of this program is refused, and nothing in it is executed."""

import pytest
import torch

from live.errors import ArtifactError
from model.network.checkpoint import CHECKPOINT, load_checkpoint, network_of


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
