"""What the tests of data and training need besides: windows of the small prepared folder."""

import pytest

from model.data.windows import PairedWindows
from tests.helpers.training import TINY


@pytest.fixture
def windows(prepared):
    return PairedWindows(prepared, TINY)
