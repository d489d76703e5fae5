"""Random and mutated packets at a real control port: `python -m benchmarks.control_fuzz`.

Nothing may raise, whatever is accepted must be a control of the schema in its range, and every
packet must be either obeyed, a button let go, a request for answers, or counted as rejected.
"""

import argparse
import socket

import numpy as np

from live.control.osc_in import ControlIn
from live.monotonic import monotonic_s
from live.osc.encoding import encode_message
from live.osc.schema import NEXT, PLAYED, PREVIOUS

_BYTES = b",[]TFNIifsbhdtcrm\0#/"
_AT_ONCE = 32  # fewer than a poll looks at, and than the socket holds


def valid_packets() -> list[bytes]:
    """One of every control, and bundles of them, one in another."""
    packets = [encode_message("/pj/control/ack", "T", (True,))]
    for control in PLAYED.values():
        text = control.choices[-1] if control.choices else "auto"
        kinds = {"": [("", ())], "s": [("s", (text,))], "f": [("f", (1.0,)), ("i", (1,))]}
        kinds["a"] = kinds["s"] + kinds["f"]
        for types, values in kinds[control.types]:
            packets.append(encode_message(control.address, types, values))
        if control.has_names:
            packets.append(encode_message(f"{control.address}/hook", "", ()))
    packets.append(_bundle(packets[:9]))
    packets.append(_bundle([packets[-1], *packets[9:12], _bundle([])]))
    return packets


def hostile(rng: np.random.Generator, valid: list[bytes]) -> bytes:
    """A valid packet with up to four changes, or in one of five cases nothing but noise."""
    if rng.random() < 0.2:
        head = (b"", b"/", b"#bundle\0", b"/pj/control/energy\0\0,f\0\0")[int(rng.integers(4))]
        return head + rng.bytes(int(rng.integers(0, 200)))
    packet = bytearray(valid[int(rng.integers(len(valid)))])
    for _ in range(int(rng.integers(0, 5))):
        at = int(rng.integers(len(packet) + 1))
        match int(rng.integers(4)):
            case 0:
                packet[at : at + 1] = rng.bytes(1)
            case 1:
                del packet[at:]
            case 2:
                packet[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case 3:
                packet[at : at + 1] = bytes([_BYTES[int(rng.integers(len(_BYTES)))]])
    return bytes(packet)


def run(count: int, seed: int = 0) -> dict[str, float]:
    """Send `count` packets. Returns what was accepted and rejected, and the times of a poll."""
    rng = np.random.default_rng(seed)
    valid = valid_packets()
    polls_ms, accepted = [], 0
    with (
        ControlIn("127.0.0.1", 0) as control,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.bind(("127.0.0.1", 0))
        sender.setblocking(False)
        for start in range(0, count, _AT_ONCE):
            for _ in range(min(_AT_ONCE, count - start)):
                sender.sendto(hostile(rng, valid), ("127.0.0.1", control.port))
            while True:
                began = monotonic_s()
                controls = control.poll()
                polls_ms.append(1000 * (monotonic_s() - began))
                accepted += len(controls)
                for name, value in controls:
                    _check(name, value)
                    control.answer(name, True, value)
                if not controls and not _waits(control):
                    break
            _drain(sender)
        rejected = control.rejected
    p50, p99 = np.percentile(polls_ms, (50, 99))
    return {
        "packets": count, "accepted": accepted, "rejected": rejected,
        "poll_ms_p50": round(float(p50), 3), "poll_ms_p99": round(float(p99), 3),
        "poll_ms_max": round(max(polls_ms), 3),
    }  # fmt: skip


def _check(name: str, value: object) -> None:
    control = PLAYED[name]
    known = (*control.choices, NEXT, PREVIOUS)
    fits = {
        "": value is None,
        "s": isinstance(value, str),
        "f": (value is None and control.is_switch)
        or (isinstance(value, float) and control.low <= value <= control.high),
        "a": (isinstance(value, str) and (not control.choices or value in known))
        or (isinstance(value, float) and control.low <= value <= control.high),
    }
    if not fits[control.types]:
        raise AssertionError(f"{name} was given {value!r}")


def _bundle(elements: list[bytes]) -> bytes:
    sized = (len(e).to_bytes(4) + e for e in elements)
    return b"#bundle\0" + (1).to_bytes(8) + b"".join(sized)


def _waits(control: ControlIn) -> bool:
    """Whether a packet is still to be looked at: a poll can end with releases alone."""
    try:
        return bool(control._socket.recv(1, socket.MSG_PEEK))
    except OSError:
        return False


def _drain(sender: socket.socket) -> None:
    """Take the answers, so that they do not stop coming."""
    while True:
        try:
            sender.recv(2048)
        except OSError:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    started = monotonic_s()
    figures = run(args.packets, args.seed)
    print(figures, f"{monotonic_s() - started:.0f} s")


if __name__ == "__main__":
    main()
