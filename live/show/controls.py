"""What the operator has set: how the dance is steered, apart from its style."""

from dataclasses import dataclass


@dataclass
class Controls:
    """What the operator has set. Ranges as in `live.osc.schema.CONTROLS`."""

    energy: float = 0.0
    temperature: float = 1.0
    mirror: bool = False
    freeze: bool = False
    blackout: bool = False
    latency_ms: float = 0.0
    openness: float = 0.0
    travel: float = 0.0
    unison: float = 0.5
    canon: float = 0.0
    form: str = "AABA"
    phrase: int = 8
    variation: float = 0.2
    recall: bool = True
    formation: str = "auto"
    ensemble: str = "all"
    loop: bool = False
