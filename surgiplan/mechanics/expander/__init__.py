"""Devices that open inside a wall: their springs, and an axis that yields sideways."""

from .contact import Contact, DeviceTouch, Softening

__all__ = ["Contact", "DeviceTouch", "Softening"]
