"""From voxels to segments: sampling, cropping, and the segmentation methods."""

from .crop import Box, bounding_box, cropped_segment
from .sample import trilinear

__all__ = ["Box", "bounding_box", "cropped_segment", "trilinear"]
