"""What the operator has set: how the dance is steered, apart from its style."""

from dataclasses import dataclass

from live.dance.choreography.settings import ChoreographySettings


@dataclass
class Controls:
    """What the operator has set. Ranges as in `live.osc.schema.CONTROLS`; form to ensemble as in
    `ChoreographySettings`."""

    energy: float = 0.0
    temperature: float = 1.0
    mirror: bool = False
    freeze: bool = False
    blackout: bool = False
    latency_ms: float = 0.0
    openness: float = 0.0
    travel: float = 0.0
    form: str = ChoreographySettings.form
    phrase: int = ChoreographySettings.phrase
    variation: float = ChoreographySettings.variation
    recall: bool = ChoreographySettings.recall
    unison: float = ChoreographySettings.unison
    canon: float = ChoreographySettings.canon
    formation: str = ChoreographySettings.formation
    ensemble: str = ChoreographySettings.ensemble
    loop: bool = ChoreographySettings.loop
    master: float = 1.0
    lights_out: bool = False

    @property
    def choreography(self) -> ChoreographySettings:
        return ChoreographySettings(
            form=self.form,
            phrase=self.phrase,
            variation=self.variation,
            recall=self.recall,
            unison=self.unison,
            canon=self.canon,
            formation=self.formation,
            ensemble=self.ensemble,
            loop=self.loop,
        )
