"""Who asks to see the show gets it, for as long as they ask; nobody else does."""

from live.control.watchers import PATIENCE_S, Watchers


class Wire:
    """What went to whom, and the time."""

    def __init__(self):
        self.sent, self.now_s = [], 0.0
        self.watchers = Watchers(lambda to, packet: self.sent.append((to, packet)), self.time)

    def time(self):
        return self.now_s

    def reached(self):
        self.sent.clear()
        self.watchers.send([b"a", b"b"])
        return [to for to, packet in self.sent if packet == b"a"]


def test_a_watcher_is_served_until_it_asks_no_more():
    wire = Wire()
    assert not wire.watchers
    wire.watchers.ask(("here", 1), True)
    wire.watchers.send([b"a", b"b"])
    assert wire.sent == [(("here", 1), b"a"), (("here", 1), b"b")]
    wire.now_s = PATIENCE_S - 0.1
    wire.watchers.ask(("here", 1), True)
    wire.now_s += PATIENCE_S - 0.1
    assert wire.reached() == [("here", 1)]
    wire.now_s += 0.2
    assert wire.reached() == []
    assert not wire.watchers


def test_a_watcher_may_leave_and_a_newcomer_is_told_of_once():
    wire = Wire()
    wire.watchers.ask(("here", 1), True)
    assert wire.watchers.take_new()
    assert not wire.watchers.take_new()
    wire.watchers.ask(("here", 1), True)
    assert not wire.watchers.take_new()
    wire.watchers.ask(("here", 1), False)
    assert wire.reached() == []
    wire.watchers.ask(("here", 1), True)
    assert wire.watchers.take_new()


def test_a_crowd_takes_the_places_of_the_first():
    wire = Wire()
    for port in range(9):
        wire.watchers.ask(("here", port), True)
    assert wire.reached() == [("here", port) for port in (5, 6, 7, 8)]
