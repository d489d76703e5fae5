"""Makes BVH of an FBX animation, in Blender: for `posejockey capture`, which cannot read FBX.

    blender --background --python tools/fbx_to_bvh.py -- dance.fbx dance.bvh
    posejockey capture dance.bvh -o clips

Runs in Blender's own Python (3.4 or newer), without PoseJockey. The first skeleton of the file is
taken, at the file's own frames.
"""

import sys
from pathlib import Path

import bpy  # of Blender


def main(argv):
    files = [Path(name).absolute() for name in argv]
    if len(files) != 2:
        return "give two files: dance.fbx dance.bvh"
    source, target = files
    if source.suffix.lower() != ".fbx" or target.suffix.lower() != ".bvh" or not source.is_file():
        return f"cannot make {target.name} of {source.name}: give an .fbx that is there, and a .bvh"
    try:
        return convert(source, target)
    except RuntimeError as error:  # what operators of Blender raise
        return str(error)


def convert(source, target):
    """target: written over. Returns what is wrong, or None."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(source), automatic_bone_orientation=False)
    armature = next((o for o in bpy.context.scene.objects if o.type == "ARMATURE"), None)
    action = armature and armature.animation_data and armature.animation_data.action
    if not armature or not action:
        return f"{source.name} holds no skeleton that moves"
    first, last = (round(frame) for frame in action.frame_range)
    bpy.ops.object.select_all(action="DESELECT")
    armature.select_set(True)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.export_anim.bvh(
        filepath=str(target),
        frame_start=first,
        frame_end=last,
        rotate_mode="NATIVE",
        root_transform_only=True,
    )
    print(f"{target}: {last - first + 1} frames at {bpy.context.scene.render.fps} a second")
    return None


if __name__ == "__main__":
    failed = main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    if failed:
        print(f"fbx_to_bvh: {failed}", file=sys.stderr)
        sys.exit(2)
