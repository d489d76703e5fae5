"""Builds a PoseJockey receiver in TouchDesigner: instanced spheres that dance.

In TouchDesigner, put this text into a Text DAT and choose Run Script, or in the textport:
exec(open('/path/to/touchdesigner.py').read())
"""

# ruff: noqa: F821  (TouchDesigner itself defines op and the operators' types)

PORT = 10000

CALLBACKS = r'''
import re

# pj/1/head:1 is dancer 1, joint head, x. Builds differ in what they put before the number.
NAME = re.compile(r"^/?pj[/_](\d+)[/_]([a-z_]+?)[:_]?([123])$")
NOT_JOINTS = ("root",)


def onCook(scriptOp):
    """One sample a joint, channels tx ty tz, metres: what instancing wants."""
    joints = {}
    for channel in scriptOp.inputs[0].chans():
        found = NAME.match(channel.name)
        if found and found.group(2) not in NOT_JOINTS:
            key = (int(found.group(1)), found.group(2))
            joints.setdefault(key, {})[int(found.group(3))] = channel.vals[-1]
    whole = [joints[key] for key in sorted(joints) if len(joints[key]) == 3]
    scriptOp.clear()
    scriptOp.numSamples = max(len(whole), 1)
    for axis, name in enumerate(("tx", "ty", "tz"), 1):
        scriptOp.appendChan(name).vals = [joint[axis] for joint in whole] or [0.0]
'''


def build(parent):
    osc = parent.create(oscinCHOP, "posejockey")
    osc.par.port = PORT
    osc.par.queued = False  # the newest pose, not every pose
    osc.par.stripsegments = 0

    callbacks = parent.create(textDAT, "pose_callbacks1")
    callbacks.text = CALLBACKS
    pose = parent.create(scriptCHOP, "pose")
    pose.par.callbacks = callbacks
    pose.par.timeslice = False
    pose.inputConnectors[0].connect(osc)

    figure = parent.create(geometryCOMP, "figure")
    for inside in list(figure.children):
        inside.destroy()
    ball = figure.create(sphereSOP, "ball")
    ball.par.radx = ball.par.rady = ball.par.radz = 0.05
    ball.render = ball.display = True
    figure.par.instancing = True
    figure.par.instanceop = pose
    figure.par.instancetx, figure.par.instancety, figure.par.instancetz = "tx", "ty", "tz"

    camera = parent.create(cameraCOMP, "camera")
    camera.par.ty, camera.par.tz = 1.1, 4.5  # in front of the stage, the dancer faces it
    lamp = parent.create(lightCOMP, "lamp")
    lamp.par.tx, lamp.par.ty, lamp.par.tz = 2, 4, 4
    picture = parent.create(renderTOP, "picture")
    picture.par.camera, picture.par.geometry, picture.par.lights = camera, figure, lamp

    for place, node in enumerate((osc, pose, figure, camera, lamp, picture)):
        node.nodeX, node.nodeY = 200 * place, 0
    callbacks.nodeX, callbacks.nodeY = 200, -150
    return osc


build(op("/project1"))
