"""Operations of the hand on a full CT, beside SimpleITK on the whole scan and in the same box."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from benchmarks.row import Row

__all__ = ["rows"]

SHAPE, SPACING_MM = (400, 512, 512), (1.0, 0.7, 0.7)
ORGAN_MM = (80.0, 55.0, 70.0)
"""Half axes of an ellipsoid like a liver."""
ORGAN_HU, NOISE_HU = 110, 10
RANGE_HU = (80.0, 140.0)
MARGIN_MM = 5.0


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """One scan, one organ; every pair of answers is compared once before it is timed."""
    bench = _Bench()
    bench.require_equal()
    yield (
        Row("grow an organ by 5 mm", bench.margin, "SimpleITK, whole scan", bench.maurer,
            ratio=1 / 8),
        Row("fill an organ's holes", bench.holes, "SimpleITK, whole scan", bench.fill_holes,
            ratio=1 / 8),
        Row("flood from a click, whole scan", bench.flood, "ConnectedThreshold",
            bench.connected, ratio=0.3),
        Row("flood from a click, organ's box", bench.flood_box, "ConnectedThreshold",
            bench.connected_box, ratio=0.45),
        Row("watershed in the organ's box", bench.watershed, "MorphologicalWatershedFromMarkers",
            bench.markers, ratio=0.4),
    )  # fmt: skip


class _Bench:
    """The scan, the organ with a hole, seeds; and each piece of work."""

    def __init__(self) -> None:
        from surgiplan.imaging import cropped_segment
        from surgiplan.imaging.editing.operation import box_of_segments
        from surgiplan.imaging.editing.patch import Patch
        from surgiplan.imaging.editing.seeded import steepness
        from surgiplan.model import Volume, VoxelGrid

        affine = np.eye(4)
        affine[:3, :3] = np.eye(3)[:, ::-1] * SPACING_MM
        grid = VoxelGrid(SHAPE, affine)
        radius = _radius()
        organ = (radius < 1) & ~(radius < 0.15)
        values = np.where(organ, np.int16(ORGAN_HU), np.int16(0))
        noise = np.random.default_rng(1).standard_normal(SHAPE, np.float32)
        values += np.rint(NOISE_HU * noise).astype(np.int16)
        self.scan = Volume("ct", values, grid)
        self.organ = cropped_segment(organ, grid, segment_id="organ", volume_id="ct")
        self.seed_kji = np.array([SHAPE]) // 2 + [[0, 50, 0]]
        self.whole = self.image(values)
        box = box_of_segments(self.scan, [self.organ], 8 * max(SPACING_MM))
        self.box = box
        self.boxed = np.ascontiguousarray(values[box.slices])
        self.boxed_image = self.image(self.boxed)
        self.mask_image = self.image(organ.view(np.uint8))
        patch = Patch(self.scan, box, (self.organ,), np.zeros((0, 3)))
        self.relief = steepness(patch, 1.0)
        inside, outside = radius[box.slices] < 0.7, radius[box.slices] > 1.15
        self.seeds = inside.astype(np.uint8) + 2 * outside.astype(np.uint8)
        self.relief_image, self.seed_image = self.image(self.relief), self.image(self.seeds)
        self.truth = radius[box.slices] < 1

    @staticmethod
    def image(array: Any) -> Any:
        import SimpleITK as sitk

        image = sitk.GetImageFromArray(array)
        image.SetSpacing(SPACING_MM[::-1])
        return image

    def require_equal(self) -> None:
        """Raise AssertionError where ours and the peer's answers differ."""
        assert self.margin().voxels == np.count_nonzero(self.maurer())
        assert self.holes().voxels == np.count_nonzero(self.fill_holes())
        assert np.array_equal(self.flood(), self.connected())
        assert np.array_equal(self.flood_box(), self.connected_box())
        ours, theirs = (_dice(one == 1, self.truth) for one in (self.watershed(), self.markers()))
        assert abs(ours - theirs) < 1e-3, f"watershed: Dice {ours:.4f} and {theirs:.4f}"

    def run(self, name: str, **settings: Any) -> Any:
        from surgiplan.imaging.editing import OPERATIONS
        from surgiplan.jobs_report import silent

        operation = OPERATIONS[name]
        chosen = operation.Settings(**settings)
        return operation().run(self.scan, [self.organ], np.zeros((0, 3)), chosen, silent)[0]

    def margin(self) -> Any:
        return self.run("margin", margin_mm=MARGIN_MM)

    def maurer(self) -> Any:
        import SimpleITK as sitk

        found = sitk.SignedMaurerDistanceMap(self.mask_image, False, False, True)
        return sitk.GetArrayViewFromImage(found) <= MARGIN_MM + 0.25 * min(SPACING_MM)

    def holes(self) -> Any:
        return self.run("fill_holes")

    def fill_holes(self) -> Any:
        import SimpleITK as sitk

        return sitk.GetArrayFromImage(sitk.BinaryFillhole(self.mask_image, False, 1))

    def flood(self) -> Any:
        return self._flooded(self.scan.values, self.seed_kji)

    def connected(self) -> Any:
        return self._connected(self.whole, self.seed_kji)

    def flood_box(self) -> Any:
        return self._flooded(self.boxed, self.seed_kji - np.array(self.box.low))

    def connected_box(self) -> Any:
        return self._connected(self.boxed_image, self.seed_kji - np.array(self.box.low))

    def watershed(self) -> Any:
        from surgiplan.imaging.editing._kernels import watershed

        labels = self.seeds.copy()
        watershed(self.relief, labels)
        return labels

    def markers(self) -> Any:
        import SimpleITK as sitk

        found = sitk.MorphologicalWatershedFromMarkers(
            self.relief_image, self.seed_image, markWatershedLine=False, fullyConnected=False
        )
        return sitk.GetArrayFromImage(found)

    @staticmethod
    def _flooded(values: Any, seeds: Any) -> Any:
        from surgiplan.imaging.editing._kernels import flood

        found = np.zeros(values.shape, bool)
        flood(values, *RANGE_HU, seeds, found)
        return found

    @staticmethod
    def _connected(image: Any, seeds: Any) -> Any:
        import SimpleITK as sitk

        starts = [[int(n) for n in seed[::-1]] for seed in seeds]
        found = sitk.ConnectedThreshold(image, starts, *RANGE_HU, 1)
        return sitk.GetArrayViewFromImage(found) == 1


def _radius() -> Any:
    """Distance of each voxel from the scan's middle in half axes of the organ."""
    k, j, i = (
        ((np.arange(size, dtype=np.float32) - size // 2) * step / half) ** 2
        for size, step, half in zip(SHAPE, SPACING_MM, ORGAN_MM, strict=True)
    )
    return np.sqrt(k[:, None, None] + j[:, None] + i)


def _dice(one: Any, other: Any) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))
