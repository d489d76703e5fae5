"""The walk of one block of sound is measured, and has not grown."""

from benchmarks.walk import Follower, figures, follow


def test_the_walk_of_a_block_is_followed_from_the_ring_to_the_packet(tiny_model):
    walks = follow(5, str(tiny_model))  # some of so many fall on a beat, which walks further
    assert len(walks) == 5
    for walk in walks:
        path = ["audio/ring.py", "audio/features.py", "beat/clock.py", "dance/performer.py"]
        path += ["body/safe_motion.py", "osc/encoding.py", "outputs/udp.py"]
        for room in path:
            assert walk.entered[room] >= 1, room
    found = figures(walks)
    # 34 rooms, 365 calls and 220 moves before sections were heard, a score was written by beats,
    # phrases were kept and played, the bar was heard by beats, an octave was checked after a
    # jump of tempo, dancers were led home, feet held the floor, and were locked there: rooms on
    # a frame's way.
    assert found["rooms"] <= 50
    assert found["calls"] <= 475  # 472
    assert found["moves"] <= 306  # 304


def test_only_what_is_called_inside_live_counts():
    follower = Follower()
    follower.start()
    sorted([3, 1], key=lambda n: -n)
    walk = follower.stop()
    assert (walk.rooms, walk.calls, walk.moves) == (0, 0, 0)
