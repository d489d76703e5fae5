"""Binary glTF of a moving body, written by pygltflib."""

import numpy as np
import pygltflib as gltf
from scipy.spatial.transform import Rotation

from live.body.humanoid import BONE, BONES
from tests.helpers.motion_files import SCHEMES


def write_glb(path, body, scheme="Mixamo", way="LINEAR", vrma=False, scale=0.01, skin=True):
    """A file whose armature is scaled and turned to z up, as Blender and Mixamo leave it."""
    rows = SCHEMES[scheme]
    file = gltf.GLTF2(asset=gltf.Asset(version="2.0"))
    blob = bytearray()
    times = np.arange(len(body.hips), dtype=np.float32) / body.fps
    file.animations = [gltf.Animation(name="dance", channels=[], samplers=[])]
    file.nodes = [gltf.Node(name="Armature", scale=[scale] * 3, children=[1])]
    clock = _accessor(file, blob, times[:, None], "SCALAR")
    number = {name: i + 1 for i, (name, _, _) in enumerate(rows)}
    for name, parent, bone in rows:
        offset = np.array(BONES[BONE[bone]].offset if bone and parent else (0.0, 0.0, 0.0)) / scale
        node = gltf.Node(name=name, translation=offset.tolist(), children=[])
        file.nodes.append(node)
        if parent:
            file.nodes[number[parent]].children.append(number[name])
        if bone:
            turns = Rotation.from_matrix(body.turns[:, BONE[bone]]).as_quat()
            _channel(file, blob, clock, number[name], "rotation", turns, way)
        if not parent:
            _channel(file, blob, clock, number[name], "translation", body.hips / scale, way)
    if skin:
        file.skins = [gltf.Skin(joints=list(number.values()))]
    if vrma:
        bones = {
            bone[0].lower() + bone[1:]: {"node": number[name]} for name, _, bone in rows if bone
        }
        file.extensions = {
            "VRMC_vrm_animation": {"specVersion": "1.0", "humanoid": {"humanBones": bones}}
        }
        file.extensionsUsed = ["VRMC_vrm_animation"]
    file.buffers = [gltf.Buffer(byteLength=len(blob))]
    file.set_binary_blob(bytes(blob))
    file.save_binary(str(path))


def _channel(file, blob, clock, node, path, values, way):
    if way == "CUBICSPLINE":  # with the tangents of a straight way
        slope = np.gradient(values, axis=0) * 30.0
        values = np.stack([slope, values, slope], axis=1).reshape(-1, values.shape[1])
    kind = "VEC4" if path == "rotation" else "VEC3"
    output = _accessor(file, blob, values, kind)
    animation = file.animations[0]
    animation.samplers.append(gltf.AnimationSampler(input=clock, output=output, interpolation=way))
    animation.channels.append(
        gltf.AnimationChannel(
            sampler=len(animation.samplers) - 1,
            target=gltf.AnimationChannelTarget(node=node, path=path),
        )
    )


def _accessor(file, blob, values, kind):
    content = np.asarray(values, "<f4").tobytes()
    file.bufferViews.append(
        gltf.BufferView(buffer=0, byteOffset=len(blob), byteLength=len(content))
    )
    blob.extend(content)
    file.accessors.append(
        gltf.Accessor(
            bufferView=len(file.bufferViews) - 1, componentType=gltf.FLOAT, count=len(values),
            type=kind,
        )
    )  # fmt: skip
    return len(file.accessors) - 1
