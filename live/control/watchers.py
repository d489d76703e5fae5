"""Who has asked to be shown the show: a page, a second screen; everything goes there for a while.

Enters: requests (`/pj/control/watch`), from senders that the allow-list has let in. Leaves:
packets, from the control port to where the request came from and nowhere else, so that nobody can
have a flood sent to a third. Engine's thread; never waits, never raises.
"""

from collections.abc import Callable

from live.monotonic import monotonic_s

PATIENCE_S = 5.0  # without another request
_MOST = 4

Send = Callable[[tuple, bytes], None]


class Watchers:
    """At most four, the latest. send: (address, packet), must not wait. clock: in seconds.

    is_new: somebody has come since the last call of `take_new`.
    """

    def __init__(self, send: Send, clock: Callable[[], float] = monotonic_s):
        self._send, self._now = send, clock
        self._until_s: dict[tuple, float] = {}
        self._is_new = False

    def __bool__(self) -> bool:
        return bool(self._until_s)

    def ask(self, sender: tuple, is_wanted: bool) -> None:
        """Take somebody in for PATIENCE_S more, or let them go."""
        known = self._until_s.pop(sender, None) is not None
        if not is_wanted:
            return
        while len(self._until_s) >= _MOST:
            del self._until_s[next(iter(self._until_s))]
        self._is_new |= not known
        self._until_s[sender] = self._now() + PATIENCE_S

    def take_new(self) -> bool:
        """Whether somebody has come who knows nothing yet; said once."""
        is_new, self._is_new = self._is_new, False
        return is_new

    def send(self, packets: list[bytes]) -> None:
        """Every packet to everybody who is still there, in order."""
        now_s = self._now()
        for sender in [sender for sender, until_s in self._until_s.items() if until_s < now_s]:
            del self._until_s[sender]
        for sender in self._until_s:
            for packet in packets:
                self._send(sender, packet)
