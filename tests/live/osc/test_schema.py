"""The wire: words, bundles and their bytes."""

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from live.osc import encoding
from live.osc import schema as osc
from tests.helpers.frames import HEALTH, messages_of, stage_frame


def decoded(bundles):
    return [(address, values) for bundle in bundles for address, values in encoding.decode(bundle)]


@pytest.mark.parametrize("n_dancers", [1, 3, 16])
def test_what_is_encoded_is_decoded(n_dancers):
    frame = stage_frame(n_dancers)
    bundles = encoding.FrameEncoder(n_dancers, 8).encode(frame)
    assert len(bundles) == n_dancers
    for dancer, bundle in enumerate(bundles):
        expected = list(messages_of(frame, dancer))
        got = list(encoding.decode(bundle))
        assert [a for a, _ in got] == [a for a, _, _ in expected]
        for (_, values), (_, _, sent) in zip(got, expected, strict=True):
            np.testing.assert_array_equal(np.float32(values), np.float32(sent))


def test_health_rides_in_the_first_bundle():
    bundles = encoding.FrameEncoder(2, 8).encode(stage_frame(2), HEALTH)
    address, values = list(encoding.decode(bundles[0]))[-1]
    assert address == "/pj/health"
    assert values == [59.5, 1.25, 3.5, 2, 7, 60.0, osc.STATE["holding"]]
    assert "/pj/health" not in dict(encoding.decode(bundles[1]))


def test_a_template_carries_nothing_over():
    encoder = encoding.FrameEncoder(2, 8)
    first = encoder.encode(stage_frame(2, seed=1))
    encoder.encode(stage_frame(2, seed=2), HEALTH)
    assert encoder.encode(stage_frame(2, seed=1)) == first


@pytest.mark.parametrize("n_dancers", range(1, osc.MAX_DANCERS + 1))
def test_every_bundle_fits_one_ethernet_packet(n_dancers):
    bundles = encoding.FrameEncoder(n_dancers, 24).encode(stage_frame(n_dancers, 24), HEALTH)
    assert max(map(len, bundles)) <= osc.MAX_BUNDLE_BYTES


def test_the_bytes_are_those_of_python_osc():
    frame = stage_frame(3)
    for dancer, bundle in enumerate(encoding.FrameEncoder(3, 8).encode(frame)):
        builder = OscBundleBuilder(IMMEDIATELY)
        for address, types, values in messages_of(frame, dancer):
            message = OscMessageBuilder(address)
            for tag, value in zip(types, values, strict=True):
                message.add_arg(int(value) if tag == "i" else float(value), tag)
            builder.add_content(message.build())
        assert bundle == builder.build().dgram


def test_the_sample_wraps_within_an_int32():
    encoder = encoding.FrameEncoder(1, 8)
    for sample, sent in [
        (osc.SAMPLE_WRAP - 1, osc.SAMPLE_WRAP - 1),
        (osc.SAMPLE_WRAP, 0),
        (3 * osc.SAMPLE_WRAP + 5, 5),
    ]:
        messages = decoded(encoder.encode(stage_frame(sample=sample)))
        assert messages[0] == ("/pj/frame", [42, sent])


def test_no_control_of_the_picture_is_called_like_one_of_the_engine():
    assert len(osc.PLAYED) == len(osc.CONTROLS) + len(osc.PICTURE)


def test_as_many_style_names_are_told_as_fit_a_packet():
    told = dict(encoding.decode(encoding.encode_styles("street=2,salsa=1", ("street", "salsa"))))
    assert told == {"/pj/styles": ["street=2,salsa=1", "street", "salsa"]}
    names = [f"style number {n}" for n in range(200)]
    packet = encoding.encode_styles("auto", names)
    told = dict(encoding.decode(packet))["/pj/styles"]
    assert len(packet) <= osc.MAX_BUNDLE_BYTES
    assert 50 < len(told) < 200
    assert told[1:] == names[: len(told) - 1]
