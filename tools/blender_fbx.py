"""Makes FBX of a dance, in Blender: for Unreal, Unity, Maya, MotionBuilder, Cascadeur, iClone.

    posejockey export take.npz -o dance.glb
    blender --background --python tools/blender_fbx.py -- dance.glb dance.fbx [--motion-only]

Runs in Blender's own Python (3.4 or newer), without PoseJockey. There is no free writer of FBX
outside of Blender. --motion-only: leaves the figure out, bones alone.
"""

import sys
from pathlib import Path

import bpy  # of Blender


def main(argv):
    options = [name for name in argv if name.startswith("--")]
    files = [Path(name).absolute() for name in argv if not name.startswith("--")]
    if len(files) != 2 or set(options) - {"--motion-only"}:
        return "give two files: dance.glb dance.fbx"
    source, target = files
    if source.suffix.lower() != ".glb" or target.suffix.lower() != ".fbx" or not source.is_file():
        return f"cannot make {target.name} of {source.name}: give a .glb that is there, and a .fbx"
    try:
        convert(source, target, with_figure="--motion-only" not in options)
    except RuntimeError as error:  # what operators of Blender raise
        return str(error)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return None


def convert(source, target, with_figure):
    """source: a GLB of `posejockey export`; target: written over."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = 60  # frames of the GLB fall on whole ones; set before it is read
    bpy.ops.import_scene.gltf(filepath=str(source))
    ends = [action.frame_range[1] for action in bpy.data.actions]
    scene.frame_start, scene.frame_end = 0, round(max(ends, default=1))
    kinds = {"ARMATURE", "MESH"} if with_figure else {"ARMATURE"}
    bpy.ops.export_scene.fbx(
        filepath=str(target),
        object_types=kinds,
        add_leaf_bones=False,
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        bake_anim_simplify_factor=0.0,  # every frame as it is
    )


if __name__ == "__main__":
    failed = main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    if failed:
        print(f"blender_fbx: {failed}", file=sys.stderr)
        sys.exit(2)
