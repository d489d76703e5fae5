"""What draws an avatar in place of a look's own figures, on the card, beside it, or in software.

Enters: scenes and the looks whose light falls on it. Leaves: pixels on a canvas or on the card. One
thread. A film has no window, so it opens OpenGL beside the screen; a window without a card draws in
software, for there two kinds of OpenGL in one process end some drivers.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live.errors import ArtifactError
from visuals.draw.avatar.avatar import Avatar
from visuals.draw.avatar.light import light_of
from visuals.draw.avatar.shipped import SHIPPED
from visuals.draw.avatar.software import SoftwareBody
from visuals.draw.surfaces import pygame
from visuals.scene.scene import RenderScene

if TYPE_CHECKING:
    from visuals.draw.gl.card import Card, CardTarget
    from visuals.draw.gl.skin import CardBody

SHIPPED_NAME = "dancer"


class StandIn:
    """body: "dancer" for the figure that ships, else a GLB or VRM file; ArtifactError for others.

    beside: whether OpenGL may be opened beside the screen.
    """

    def __init__(self, body: str, beside: bool):
        self._avatar = read(body)
        self._in_software: SoftwareBody | None = None
        self._beside = beside
        self._own: CardBody | None = None
        self._on_card: tuple[Any, CardBody] | None = None

    def ink(self, canvas: pygame.Surface, scene: RenderScene, look: object) -> None:
        """Draw all dancers over what a look has drawn behind them."""
        if not scene.figures:
            return
        own = self._opened()
        if own is None:
            self._in_software = self._in_software or SoftwareBody(self._avatar)
            self._in_software.ink(canvas, scene, light_of(look))
            return
        own.paint(scene, scene.size, light_of(look))
        pixels = pygame.image.frombuffer(own.pixels(), scene.size, "RGBA")
        canvas.blit(pixels, (0, 0), special_flags=pygame.BLEND_PREMULTIPLIED)

    def paint(self, card: Card, layer: CardTarget, scene: RenderScene, look: object) -> None:
        """The same on the card."""
        if not scene.figures:
            return
        if self._on_card is None or self._on_card[0] is not card:
            self._on_card = (card, card.body(self._avatar))
        card.stand(layer, self._on_card[1], scene, light_of(look))

    def _opened(self) -> CardBody | None:
        """The avatar on OpenGL of its own; None where there is none, which is said once."""
        if not self._beside or self._own is not None:
            return self._own
        self._beside = False
        try:
            import moderngl

            from visuals.draw.gl.skin import CardBody

            backend: dict[str, Any] = {"backend": "egl"} if sys.platform == "linux" else {}
            context = moderngl.create_context(standalone=True, require=330, **backend)
            self._own = CardBody(context, self._avatar)
        except Exception as error:  # whatever a driver lacks, the film is made
            print(f"posejockey: no OpenGL 3.3 ({error}); a coarser body instead", file=sys.stderr)
        return self._own


@lru_cache(maxsize=2)
def _read(path: str, changed: float) -> Avatar:
    return Avatar.read(Path(path))


def read(body: str) -> Avatar:
    """ "dancer", or a file; the last two are remembered. ArtifactError if it is no figure."""
    path = SHIPPED if body == SHIPPED_NAME else Path(body)
    try:
        changed = path.stat().st_mtime
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(
            f"cannot read {path}: {reason}; give a figure as .glb or .vrm, or {SHIPPED_NAME!r}"
        ) from None
    return _read(str(path), changed)
