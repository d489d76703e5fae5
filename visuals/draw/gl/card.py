"""The picture on the card: one layer a look, blended, kept safe, with the small print over it.

Enters: looks' light, or surfaces drawn in software. Leaves: pixels in the window. One thread, the
one that opened the window. Nothing here is released by hand: it goes with its context.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import moderngl
import numpy as np

from visuals.draw.avatar.avatar import Avatar
from visuals.draw.avatar.light import BodyLight
from visuals.draw.gl import CardError, shaders
from visuals.draw.gl.skin import CardBody
from visuals.draw.safety import tiles_of
from visuals.draw.surfaces import black, pygame
from visuals.scene.scene import RenderScene

_CELLS = (48, 27)  # of what the safety reads back: both can be cut into thirds
_LAYERS = 2  # the look shown, and the one that is faded in
# (its code, its textures)
_PASSES = {
    "copy": (shaders.COPY, ("source",)),
    "fade": (shaders.FADE, ("source",)),
    "blur": (shaders.BLUR, ("source",)),
    "blend": (shaders.BLEND, ("first", "second")),
    "measure": (shaders.MEASURE, ("source",)),
    "show": (shaders.SHOW, ("source", "text")),
}


class Light(Enum):
    """How what is drawn meets what is there."""

    PLACED = 0  # it replaces it
    ADDED = 1
    OVER = 2  # by its alpha, with which its colour is multiplied
    BRIGHTER = 3  # the brighter of the two stays: light that crosses itself does not add up


@dataclass
class CardTarget:
    """A picture to draw on and to draw with; `frame` and `texture` are the same pixels."""

    size: tuple[int, int]
    texture: Any
    frame: Any


class Card:
    """The card behind one OpenGL context. screen: the frame to show on, the window's by default.

    Raises CardError, from every method, when the card fails.
    """

    def __init__(self, context: Any, screen: Any = None):
        self.size = (1, 1)  # pixels of the window
        self.context = context
        self._screen = screen
        self._uploads: dict[str, Any] = {}
        self._gain = 1.0
        self.pin: np.ndarray | None = None  # of `scene.corner_pin`, for the screen alone
        with _told():
            self._passes = {name: self._pass(*code) for name, code in _PASSES.items()}
            self._shapes = Stream(context, *_SHAPES)
            self._sheets = Stream(context, *_SHEETS)
            self._cells = self.target(_CELLS, channels=1, kind="f4")
            self._layers = [self.target((1, 1)) for _ in range(_LAYERS)]
            self._shown: list[Any] = [layer.texture for layer in self._layers]
            self._picture = self.target((1, 1), kind="f1")
            self._text: Any = None
            _ = context.error  # what others have left behind is not this card's failure

    @property
    def name(self) -> str:
        """What the driver calls the card."""
        return self.context.info["GL_RENDERER"]

    def resize(self, size: tuple[int, int]) -> None:
        """The window has this size now, in pixels."""
        if size != self.size:
            with _told():
                self.size = size
                self._layers = [self.target(size) for _ in range(_LAYERS)]
                self._picture = self.target(size, kind="f1")

    # One picture: its layers, then `blend`, `light`, `show`.

    def begin(self, layer: int, under: pygame.Surface | None) -> CardTarget:
        """The layer to paint on, with a surface drawn in software under it, or black."""
        target = self._layers[layer]
        with _told():
            target.frame.clear()
            if under is not None:
                self.run("copy", target, Light.PLACED, self._upload("under", under), gain=1.0)
        self._shown[layer] = target.texture
        return target

    def upload(self, layer: int, canvas: pygame.Surface) -> None:
        """Take a picture drawn in software, of any size, as this layer."""
        with _told():
            self._shown[layer] = self._upload(f"layer {layer}", canvas)

    def blend(self, share: float, level: float = 1.0) -> None:
        """The layers to one picture; share 0..1 of the second, 0: it need not be there.

        level: what its light is multiplied by, 0..1.
        """
        with _told():
            textures = (self._shown[0], self._shown[1 if share > 0 else 0])
            self.run("blend", self._picture, Light.PLACED, *textures, share=share, level=level)

    def black(self) -> None:
        """A black picture."""
        with _told():
            self._picture.frame.clear()

    def light(self, gain: float) -> np.ndarray:
        """Relative luminance [9] of the picture's tiles at this gain, as `draw.safety` has it."""
        with _told():
            self.run(
                "measure", self._cells, Light.PLACED, self._picture.texture,
                gain=gain, cells=tuple(map(float, _CELLS)),
            )  # fmt: skip
            cells = np.frombuffer(self._cells.frame.read(components=1, dtype="f4"), np.float32)
        return tiles_of(cells.reshape(_CELLS[::-1]).T)

    def show(self, gain: float, text: pygame.Surface | None) -> None:
        """Put the picture at this gain on the screen, text (with alpha) over it."""
        with _told():
            self._gain = gain
            self._text = None if text is None else self._upload("text", text)
            screen = self._screen or self.context.screen
            screen.viewport = (0, 0, *self.size)
            self._finish(CardTarget(self.size, None, screen), flip=1.0)
            error = self.context.error
        if error != "GL_NO_ERROR":
            raise CardError(f"the graphics card reports {error}")

    def picture(self, printed: bool = True, gain: float | None = None) -> pygame.Surface:
        """The last picture as it was shown; or without the print, at another gain."""
        text, shown = self._text, self._gain
        with _told():
            copy = self.target(self.size, kind="f1")
            self._text = text if printed else None
            self._gain = shown if gain is None else gain
            self._finish(copy, flip=0.0)
            self._text, self._gain = text, shown
            pixels = copy.frame.read(components=4)
        surface = black(self.size)
        surface.blit(pygame.image.frombytes(pixels, self.size, "RGBA"), (0, 0))
        return surface

    # What looks draw with; all places in pixels of the window.

    def target(self, size: tuple[int, int], channels: int = 4, kind: str = "f2") -> CardTarget:
        """A black picture; kind as moderngl's dtype: f1 is 8 bit, f2 half floats."""
        size = (max(size[0], 1), max(size[1], 1))
        texture = self.context.texture(size, channels, dtype=kind)
        texture.repeat_x = texture.repeat_y = False
        texture.filter = (moderngl.LINEAR, moderngl.LINEAR)
        frame = self.context.framebuffer(color_attachments=[texture])
        frame.clear()
        return CardTarget(size, texture, frame)

    def soft_target(self, rows: int) -> CardTarget:
        """A black picture of the window's shape and so many rows, whatever the window's size.

        What is blurred there by texels is as wide on a projector as on a laptop.
        """
        width, height = self.size
        return self.target((round(rows * width / height), rows))

    def run(self, name: str, to: CardTarget, light: Light, *textures: Any, **uniforms: Any) -> None:
        """Fill a target by one of the passes; textures in the order of its list."""
        program, whole = self._passes[name]
        for place, texture in enumerate(textures):
            texture.use(place)
        for key, value in {"flip": 0.0, **uniforms}.items():
            program[key].value = value
        self._aim(to, light)
        whole.render(moderngl.TRIANGLES, vertices=3)

    def shapes(self, to: CardTarget, rows: np.ndarray, light: Light) -> None:
        """Draw chains and quadrilaterals, float32 [N, 22] (`draw.gl.body_rows`), in this order."""
        if len(rows):
            self._aim(to, light)
            self._shapes.program["size"].value = self.size
            self._shapes.program["pixel"].value = self.size[1] / to.size[1]
            vertices = self._shapes.vertices(rows)
            vertices.render(moderngl.TRIANGLE_STRIP, vertices=4, instances=len(rows))

    def sheets(self, to: CardTarget, corners: np.ndarray, light: Light) -> None:
        """Draw triangles; corners float32 [N, 5]: x, y, and a colour (0..1) that runs between."""
        if len(corners):
            self._aim(to, light)
            self._sheets.program["size"].value = self.size
            self._sheets.vertices(corners).render(moderngl.TRIANGLES, vertices=len(corners))

    def body(self, avatar: Avatar) -> CardBody:
        """An avatar, ready to stand on this card."""
        with _told():
            return CardBody(self.context, avatar)

    def stand(self, to: CardTarget, body: CardBody, scene: RenderScene, light: BodyLight) -> None:
        """Draw an avatar as every dancer, over what lies there; scene is of the window's size."""
        with _told():
            self.run("copy", to, Light.OVER, body.paint(scene, self.size, light), gain=1.0)

    def blur(self, picture: CardTarget, spare: CardTarget, sigma: float) -> None:
        """A Gaussian over a target, sigma in its texels; spare has the same size."""
        width, height = picture.size
        for source, to, stride in (
            (picture, spare, (1 / width, 0.0)),
            (spare, picture, (0.0, 1 / height)),
        ):
            self.run("blur", to, Light.PLACED, source.texture, stride=stride, sigma=sigma)

    def _finish(self, to: CardTarget, flip: float) -> None:
        # Where there is no text the shader still wants a texture to look at.
        textures = (self._picture.texture, self._text or self._picture.texture)
        printed = float(self._text is not None)
        pin = np.eye(3) if self.pin is None or not flip else self.pin
        self._passes["show"][0]["pin"].value = tuple(map(float, pin.T.ravel()))
        self.run("show", to, Light.PLACED, *textures, gain=self._gain, printed=printed, flip=flip)

    def _aim(self, to: CardTarget, light: Light) -> None:
        to.frame.use()
        context = self.context
        if light is Light.PLACED:
            context.disable(moderngl.BLEND)
            return
        context.enable(moderngl.BLEND)
        over = light is Light.OVER
        context.blend_func = (moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA if over else moderngl.ONE)
        context.blend_equation = moderngl.MAX if light is Light.BRIGHTER else moderngl.FUNC_ADD

    def _upload(self, name: str, surface: pygame.Surface) -> Any:
        """A texture of a 32-bit surface; one a name is kept."""
        texture = self._uploads.get(name)
        if texture is None or texture.size != surface.get_size():
            texture = self.context.texture(surface.get_size(), 4)
            texture.repeat_x = texture.repeat_y = False
            # pygame's pixels are blue, green, red, and alpha or a spare byte.
            texture.swizzle = "BGRA" if surface.get_flags() & pygame.SRCALPHA else "BGR1"
            self._uploads[name] = texture
        texture.write(surface.get_view("0"))
        return texture

    def _pass(self, code: str, samplers: tuple[str, ...]) -> tuple[Any, Any]:
        program = self.context.program(vertex_shader=shaders.WHOLE, fragment_shader=code)
        for place, sampler in enumerate(samplers):
            program[sampler].value = place
        return program, self.context.vertex_array(program, [])


_SHAPES = (
    shaders.SHAPE_VERTEX, shaders.SHAPE,
    "4f 4f 4f 2f 4f 4f /i", ("ab", "cd", "radii", "form", "color", "shine"),
)  # fmt: skip
_SHEETS = (shaders.SHEET_VERTEX, shaders.SHEET, "2f 3f", ("corner", "color"))


class Stream:
    """A program and the numbers it draws, other ones every time."""

    def __init__(self, context: Any, vertex: str, fragment: str, layout: str, names: tuple):
        self.program = context.program(vertex_shader=vertex, fragment_shader=fragment)
        self._context = context
        self._layout = layout
        self._names = names
        self._buffer: Any = None
        self._array: Any = None

    def vertices(self, rows: np.ndarray) -> Any:
        """The vertex array of these rows, float32."""
        data = np.ascontiguousarray(rows, np.float32)
        if self._buffer is None or self._buffer.size < data.nbytes:
            self._buffer = self._context.buffer(reserve=2 * data.nbytes, dynamic=True)
            content = [(self._buffer, self._layout, *self._names)]
            self._array = self._context.vertex_array(self.program, content)
        self._buffer.orphan()  # or the driver waits until the last ones are drawn
        self._buffer.write(data)
        return self._array


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except moderngl.Error as error:
        raise CardError(f"the graphics card failed ({error})") from error
