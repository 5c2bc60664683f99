"""All segmentation methods by name; none is imported before it is asked for."""

from collections.abc import Mapping

from .lazily import LazyClasses
from .method import Method

__all__ = ["METHODS"]

_GROUP = "surgiplan.segmentation"
"""Entry-point group in which other packages register methods."""

_OWN: Mapping[str, str] = {
    "threshold": "surgiplan.imaging.threshold:Threshold",
    "grow": "surgiplan.imaging.grow:Grow",
    "body": "surgiplan.imaging.organs.body:Body",
    "heart": "surgiplan.imaging.organs.heart:Heart",
    "lungs": "surgiplan.imaging.organs.lungs:Lungs",
    "bone": "surgiplan.imaging.organs.bone:Bone",
    "vessel": "surgiplan.imaging.vessel:Vessel",
    "aorta": "surgiplan.imaging.organs.aorta:Aorta",
    "liver_veins": "surgiplan.imaging.organs.liver_veins:LiverVeins",
    "liver": "surgiplan.imaging.organs.liver:Liver",
    "spleen": "surgiplan.imaging.organs.spleen:Spleen",
    "kidneys": "surgiplan.imaging.organs.kidneys:Kidneys",
    "tumour": "surgiplan.imaging.tumour:Tumour",
    "torso": "surgiplan.imaging.organs.torso:Torso",
    "onnx": "surgiplan.imaging.networks.onnx:Onnx",
    "totalsegmentator": "surgiplan.imaging.networks.totalsegmentator:TotalSegmentator",
}
_OPTIONAL = ("onnx", "totalsegmentator")
"""Listed only where the user has a network for them."""

METHODS: Mapping[str, type[Method]] = LazyClasses(_OWN, group=_GROUP, optional=_OPTIONAL)
"""Segmentation methods by the name that the command line uses."""
