"""GDTF profiles and MVR plans, made in the tests as their standards lay them out."""

import io
import zipfile
from xml.sax.saxutils import escape

_CHANNEL = (
    '<DMXChannel DMXBreak="1" Offset="{offset}" InitialFunction="{geometry}_{attribute}.{attribute}'
    '.{name}" Highlight="None" Geometry="{geometry}"><LogicalChannel Attribute="{attribute}" '
    'Snap="No" Master="None"><ChannelFunction Name="{name}" Attribute="{attribute}" DMXFrom="0/1" '
    'Default="{default}" PhysicalFrom="{low}" PhysicalTo="{high}">{sets}</ChannelFunction>'
    "</LogicalChannel></DMXChannel>"
)
_GDTF = (
    '<?xml version="1.0" encoding="UTF-8"?><GDTF DataVersion="1.2"><FixtureType Name="{name}" '
    'ShortName="S" LongName="L" Manufacturer="M" Description="" '
    'FixtureTypeID="8EAC5323-C63A-4C21-96CF-5DBF4AF049B6" RefFT="" Thumbnail="">'
    "<AttributeDefinitions><FeatureGroups/><Attributes/></AttributeDefinitions>"
    '<Geometries><Geometry Name="Body" Model="" Position="{{1,0,0,0}}{{0,1,0,0}}{{0,0,1,0}}'
    '{{0,0,0,1}}"/></Geometries><DMXModes>{modes}</DMXModes></FixtureType></GDTF>'
)
_FIXTURE = (
    '<Fixture name="{name}" uuid="{uuid}"><Matrix>{{1,0,0}}{{0,1,0}}{{0,0,1}}{{{x},{y},{z}}}'
    "</Matrix><GDTFSpec>{spec}</GDTFSpec><GDTFMode>{mode}</GDTFMode><Addresses>"
    '<Address break="0">{address}</Address></Addresses></Fixture>'
)
_MVR = (
    '<?xml version="1.0" encoding="UTF-8"?><GeneralSceneDescription verMajor="1" verMinor="6" '
    'provider="t" providerVersion="1"><Scene><Layers>{layers}</Layers></Scene>'
    "</GeneralSceneDescription>"
)

SPOT = (
    ("Pan", "1,2", "32768/2", -270, 270, ""), ("Tilt", "3,4", "32768/2", -135, 135, ""),
    ("Dimmer", "5", "0/1", 0, 1, ""),
    ("Shutter1", "6", "0/1", 0, 1, '<ChannelSet Name="Closed" DMXFrom="0/1"/>'
     '<ChannelSet Name="Open" DMXFrom="32/1"/>'),
    ("ColorAdd_R", "7", "255/1", 0, 1, ""), ("ColorAdd_G", "8", "255/1", 0, 1, ""),
    ("ColorAdd_B", "9", "255/1", 0, 1, ""), ("Zoom", "10", "128/1", 5, 50, ""),
)  # fmt: skip
PAR = (("ColorAdd_R", "1", "0/1", 0, 1, ""), ("ColorAdd_W", "2", "0/1", 0, 1, ""))


def gdtf(name="Spot", **modes):
    """Bytes of a profile. modes: name to rows as SPOT."""
    found = []
    for mode, rows in (modes or {"Standard": SPOT}).items():
        channels = "".join(
            _CHANNEL.format(
                attribute=a, offset=o, default=d, low=low, high=high, sets=sets, geometry="Body",
                name=f"{a} 1",
            )
            for a, o, d, low, high, sets in rows
        )  # fmt: skip
        found.append(
            f'<DMXMode Name="{mode}" Geometry="Body"><DMXChannels>{channels}</DMXChannels>'
            "<Relations/><FTMacros/></DMXMode>"
        )
    return zipped({"description.xml": _GDTF.format(name=name, modes="".join(found))})


def mvr(layers, **profiles):
    """Bytes of a plan. layers: lists of (name, spec, mode, address, (x, y, z) in mm)."""
    text = ""
    for number, layer in enumerate(layers):
        fixtures = "".join(
            _FIXTURE.format(
                name=escape(name, {'"': "&quot;", "\n": "&#10;"}),
                uuid=f"00000000-0000-0000-0000-{number:06d}{k:06d}",
                spec=spec, mode=mode, address=address, x=x, y=y, z=z,
            )
            for k, (name, spec, mode, address, (x, y, z)) in enumerate(layer)
        )  # fmt: skip
        text += f'<Layer name="L{number}" uuid="{number}"><ChildList>{fixtures}</ChildList></Layer>'
    files = {f"{name}.gdtf": content for name, content in profiles.items()}
    return zipped({"GeneralSceneDescription.xml": _MVR.format(layers=text), **files})


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()
