"""Segmentations from elsewhere, put onto the voxels of the scan of this case."""

import numpy as np
import pytest

from surgiplan.errors import SegmentationError
from surgiplan.io.exchange.placing import all_onto_scan
from surgiplan.model import Segment, VoxelGrid

SCAN = VoxelGrid((10, 12, 14), np.diag([1.0, 1.0, 1.0, 1.0]))


def box(name, low):
    grid = VoxelGrid((20, 20, 20), SCAN.affine).cropped(low, np.add(low, 3))
    return Segment(name, name, np.ones((3, 3, 3), bool), grid)


def test_a_structure_beside_the_scan_is_named_and_never_missed_in_silence():
    placed = all_onto_scan([box("liver", (2, 2, 2)), box("bladder", (15, 15, 15))], SCAN)
    assert [one.name for one in placed] == ["liver"]
    assert placed[0].remarks == ("Not imported, since outside the scan of this case: bladder.",)


def test_where_nothing_lies_in_the_scan_nothing_is_imported():
    with pytest.raises(SegmentationError, match="bladder lies outside the scan"):
        all_onto_scan([box("bladder", (15, 15, 15))], SCAN)
