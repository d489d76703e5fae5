"""The studio's fuzz: what it sends is refused, and it would tell if it was not."""

import asyncio
import random

from benchmarks.studio_fuzz import is_refused, requests, run


def test_malformed_requests_are_refused_and_leave_nothing(tmp_path):
    found, wrong = asyncio.run(run(90, 1, tmp_path / "library"))
    assert wrong == []
    assert sum(found.values()) == 90
    assert len({kind for kind, _ in found}) > 8


def test_the_fuzz_is_the_same_for_a_seed_and_knows_a_refusal():
    one, other = (list(requests(random.Random(3), 60)) for _ in range(2))
    assert [kind for kind, _ in one] == [kind for kind, _ in other]
    raw = [(a, b) for a, b in zip(one, other, strict=True) if not a[0].startswith("upload")]
    assert len(raw) > 50  # a zip and an Ogg hold the hour and a number by chance
    assert all(a == b for a, b in raw)
    assert is_refused("413")
    assert not is_refused("200")
    assert not is_refused("500")
