"""A body with a skin without OpenGL: flat triangles from far to near.

Enters: an avatar and a scene. Leaves: pixels on a surface. The skin is made coarse first, for each
triangle takes two microseconds: at most `_TRIANGLES` a dancer.
"""

import numpy as np

from visuals.draw.avatar.avatar import Avatar
from visuals.draw.avatar.light import KEY, LEFT, BodyLight, lit
from visuals.draw.avatar.mesh_file import Skin
from visuals.draw.surfaces import pygame
from visuals.scene.scene import RenderScene

_TRIANGLES = 2600


class SoftwareBody:
    """Draws one avatar as every dancer."""

    def __init__(self, avatar: Avatar):
        self._avatar = avatar
        self._skin = coarse(avatar.skin, _TRIANGLES)
        self._points = np.concatenate(
            [self._skin.vertices, np.ones((len(self._skin.vertices), 1))], 1
        )
        self._left = (LEFT[self._skin.bones] * self._skin.weights).sum(axis=1)

    def ink(self, canvas: pygame.Surface, scene: RenderScene, light: BodyLight) -> None:
        """All dancers, the far ones first."""
        if not scene.figures:
            return
        moves = self._avatar.pose(scene.view.joints)
        far = np.argsort(-scene.camera.depth(scene.points[:, 0]))
        for figure in far.tolist():
            self._draw(canvas, scene, light, moves[figure], scene.colors[figure])

    def _draw(self, canvas, scene: RenderScene, light: BodyLight, moves: np.ndarray, pair) -> None:
        skin = self._skin
        carried = np.einsum("vk,vkij->vij", skin.weights, moves[skin.bones])
        places = np.einsum("vij,vj->vi", carried, self._points)
        normals = np.einsum("vij,vj->vi", carried[..., :3], skin.normals)
        xy, _ = scene.camera.project(places, scene.size)
        a, b, c = (xy[skin.triangles[:, k]] for k in range(3))
        turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (
            c[:, 0] - a[:, 0]
        )
        front = np.flatnonzero(turned < 0)
        depth = scene.camera.depth(places)[skin.triangles[front]].sum(axis=1)
        order = front[np.argsort(-depth)]
        rgb = self._shaded(scene, light, places, normals, pair)
        colors = rgb[skin.triangles[order]].mean(axis=1).astype(int).tolist()
        corners = xy[skin.triangles[order]].tolist()
        polygon = pygame.draw.polygon
        for color, triangle in zip(colors, corners, strict=True):
            polygon(canvas, color, triangle)

    def _shaded(self, scene: RenderScene, light: BodyLight, places, normals, pair) -> np.ndarray:
        """Colours [V, 3], 0..255."""
        ambient, key, rim = lit(light, scene)
        camera = scene.camera
        axes = np.stack([camera.right, [0.0, 1.0, 0.0], camera.toward])
        normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        to_lens = camera.position - places
        to_lens /= np.linalg.norm(to_lens, axis=1, keepdims=True)
        facing = np.abs((normals * to_lens).sum(axis=1))
        shine = np.clip(normals @ (KEY @ axes) * 0.75 + 0.25, 0, 1)
        body, own_left = (np.array(color, np.float64) / 255 for color in pair)
        own = body + (own_left - body) * self._left[:, None]
        skin = self._skin.colors * (1 - light.tint) + own * light.tint
        rgb = skin * (ambient + key * shine)[:, None] + own * (rim * (1 - facing) ** 3)[:, None]
        return 255 * np.clip(rgb, 0, 1)


def coarse(skin: Skin, most: int) -> Skin:
    """The skin with at most so many triangles: vertices of one cell and bone become one."""
    if len(skin.triangles) <= most:
        return skin
    cell_m = 0.02
    while True:
        cells = np.floor(skin.vertices / cell_m).astype(np.int64)
        keys = np.concatenate([cells, skin.bones[:, :1]], axis=1)
        _, first, where = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        where = where.ravel()
        triangles = where[skin.triangles]
        a, b, c = triangles.T
        triangles = triangles[(a != b) & (b != c) & (a != c)]
        if len(triangles) <= most:
            break
        cell_m *= 1.15
    count = np.bincount(where, minlength=len(first))[:, None]

    def mean(values: np.ndarray) -> np.ndarray:
        total = np.zeros((len(first), values.shape[1]))
        np.add.at(total, where, values)
        return total / count

    return Skin(
        mean(skin.vertices), mean(skin.normals), mean(skin.colors), skin.bones[first],
        skin.weights[first], triangles,
    )  # fmt: skip
