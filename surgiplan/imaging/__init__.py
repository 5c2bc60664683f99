"""From voxels to segments: sampling, cropping, and the segmentation methods."""

from .crop import Box, bounding_box, cropped_segment
from .method import Method
from .methods import METHODS
from .sample import trilinear

__all__ = ["METHODS", "Box", "Method", "bounding_box", "cropped_segment", "trilinear"]
