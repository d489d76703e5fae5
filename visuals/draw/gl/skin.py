"""A body with a skin on the card: bones, light and depth in one pass, smooth edges.

Enters: an avatar and a scene. Leaves: light with alpha, multiplied by it, on a picture of its
own. One thread, the context's.
"""

from typing import Any

import moderngl
import numpy as np

from visuals.draw.avatar.avatar import Avatar
from visuals.draw.avatar.light import KEY, LEFT, BodyLight, lit
from visuals.scene.camera import Camera
from visuals.scene.scene import RenderScene

_SAMPLES = 4
_NEAR_M, _FAR_M = 0.3, 200.0

_VERTEX = """
#version 330 core
in vec3 place;
in vec3 normal;
in vec4 color;  // and how much of it is the dancer's left
in vec4 bones;
in vec4 weights;
uniform vec4 moves[63];  // three rows a bone
uniform mat4 seen;
out vec3 at, facing;
out vec4 own;
void main() {
    vec4 rest = vec4(place, 1.0);
    at = vec3(0.0);
    facing = vec3(0.0);
    for (int k = 0; k < 4; ++k) {
        int row = 3 * int(bones[k]);
        mat3x4 move = mat3x4(moves[row], moves[row + 1], moves[row + 2]);
        at += weights[k] * (rest * move);
        facing += weights[k] * (vec4(normal, 0.0) * move);
    }
    own = color;
    gl_Position = seen * vec4(at, 1.0);
}
"""

_FRAGMENT = """
#version 330 core
in vec3 at, facing;
in vec4 own;
out vec4 light;
uniform vec3 lens, key_from, body, left;
uniform vec4 shine;  // ambient, key, rim, tint
void main() {
    vec3 to_lens = normalize(lens - at);
    vec3 normal = normalize(facing);
    float straight = dot(normal, to_lens);
    if (straight < 0.0) { normal = -normal; straight = -straight; }
    vec3 dancer = mix(body, left, own.a);
    vec3 skin = mix(own.rgb, dancer, shine.w);
    float key = clamp(dot(normal, key_from) * 0.75 + 0.25, 0.0, 1.0);
    vec3 rgb = skin * (shine.x + shine.y * key) + dancer * shine.z * pow(1.0 - straight, 3.0);
    light = vec4(clamp(rgb, 0.0, 1.0), 1.0);
}
"""


class CardBody:
    """Draws one avatar as every dancer, on one OpenGL context."""

    def __init__(self, context: Any, avatar: Avatar):
        self._context, self._avatar = context, avatar
        self._program = context.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        skin = avatar.skin
        left = (LEFT[skin.bones] * skin.weights).sum(axis=1, keepdims=True)
        rows = np.concatenate(
            [skin.vertices, skin.normals, skin.colors, left, skin.bones, skin.weights], axis=1
        )
        content = context.buffer(np.ascontiguousarray(rows, np.float32).tobytes())
        corners = context.buffer(np.ascontiguousarray(skin.triangles, np.uint32).tobytes())
        names = ("place", "normal", "color", "bones", "weights")
        self._array = context.vertex_array(
            self._program, [(content, "3f 3f 4f 4f 4f", *names)], corners
        )
        self._size = (0, 0)

    def paint(self, scene: RenderScene, size: tuple[int, int], light: BodyLight) -> Any:
        """All dancers on a picture of this size; its texture, first row on top."""
        self._fit(size)
        context, program = self._context, self._program
        self._smooth.use()
        self._smooth.clear(0.0, 0.0, 0.0, 0.0)
        context.disable(moderngl.BLEND)
        context.enable(moderngl.DEPTH_TEST)
        self._aim(scene, size)
        ambient, key, rim = lit(light, scene)
        program["shine"].value = (ambient, key, rim, light.tint)
        for moves, pair in zip(self._moves(scene), scene.colors, strict=True):
            program["moves"].write(np.ascontiguousarray(moves))
            program["body"].value = tuple(v / 255 for v in pair[0])
            program["left"].value = tuple(v / 255 for v in pair[1])
            self._array.render(moderngl.TRIANGLES)
        context.disable(moderngl.DEPTH_TEST)
        context.copy_framebuffer(self._flat, self._smooth)
        return self._texture

    def pixels(self) -> bytes:
        """RGBA of what was painted last, rows from the top."""
        return self._flat.read(components=4)

    def _moves(self, scene: RenderScene) -> np.ndarray:
        return self._avatar.pose(scene.view.joints)

    def _aim(self, scene: RenderScene, size: tuple[int, int]) -> None:
        camera, program = scene.camera, self._program
        axes = np.stack([camera.right, [0.0, 1.0, 0.0], camera.toward])
        program["seen"].write(np.ascontiguousarray(seen_by(camera, size).T, np.float32))
        program["lens"].value = tuple(camera.position.tolist())
        program["key_from"].value = tuple((KEY @ axes).tolist())

    def _fit(self, size: tuple[int, int]) -> None:
        if self._size == size:
            return
        self._size = size
        context = self._context
        samples = min(_SAMPLES, context.max_samples)
        self._smooth = context.framebuffer(
            [context.renderbuffer(size, 4, samples=samples)],
            context.depth_renderbuffer(size, samples=samples),
        )
        self._texture = context.texture(size, 4)
        self._flat = context.framebuffer([self._texture])


def seen_by(camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """[4, 4]: stage points to OpenGL's clip space, rows from the top. Taken from `project` itself,
    which is a perspective: pixels times depth run straight along every axis."""
    width, height = size
    points = camera.focus + np.array([[0, 1, 0], [1, 1, 0], [0, 2, 0], [0, 1, 1]])
    depth = camera.depth(points)
    xy, _ = camera.project(points, size)
    clip = np.stack(
        [
            (2 * xy[:, 0] / width - 1) * depth, (2 * xy[:, 1] / height - 1) * depth,
            ((_FAR_M + _NEAR_M) * depth - 2 * _FAR_M * _NEAR_M) / (_FAR_M - _NEAR_M), depth,
        ]
    )  # fmt: skip
    matrix = np.empty((4, 4))
    matrix[:, :3] = clip[:, 1:] - clip[:, :1]
    matrix[:, 3] = clip[:, 0] - matrix[:, :3] @ points[0]
    return matrix
