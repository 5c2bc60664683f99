"""A picture of a scene as an array: off screen, with or without a display."""

import ctypes
import os
import sys
import time
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2 as opengl
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from surgiplan.errors import SurgiplanError

from .scene import Scene

__all__ = ["Frame"]

Picture = npt.NDArray[np.uint8]


class Frame:
    """Draws a scene into memory.  One frame per view; a scene stays with its frame.

    Raises SurgiplanError if this machine has no OpenGL.
    """

    def __init__(self, width: int, height: int) -> None:
        if not _has_opengl():
            raise SurgiplanError(_NO_OPENGL)
        self._window: Any = _window()
        self._size = (max(int(width), 1), max(int(height), 1))
        self._scene: Scene | None = None
        self._started = False
        self._drawn = 0
        self._pixels = vtkUnsignedCharArray()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return self._size

    def resize(self, width: int, height: int) -> None:
        """Draw pictures of another size from now on."""
        self._size = (max(int(width), 1), max(int(height), 1))

    def picture(self, scene: Scene) -> Picture:
        """The scene as RGBA, shape (height, width, 4), top row first."""
        if self._window is None:
            raise ValueError("this frame is closed")
        if scene is not self._scene:
            self._take(scene)
        width, height = self._size
        if not self._started:
            self._start()
        if self._window.GetSize() != self._size:
            self._window.SetSize(width, height)
        if scene.size != self._size:
            scene.resize(width, height, scene.pixel_ratio)
        scene.prepare()
        began = time.perf_counter()
        self._window.Render()
        # The first pictures compile shaders, which says nothing about those to come.
        if self._drawn > 2:
            scene.took(time.perf_counter() - began)
        self._drawn += 1
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, self._pixels)
        rows = vtk_to_numpy(self._pixels).reshape(height, width, 4)[::-1].copy()
        rows[..., 3] = 255
        return rows

    def close(self) -> None:
        """Give the graphics memory back.  Nothing can be drawn afterwards."""
        if self._window is None:
            return
        if self._scene is not None:
            self._leave(self._scene)
        self._window.Finalize()
        self._window = None

    def _take(self, scene: Scene) -> None:
        if self._scene is not None:
            self._leave(self._scene)
        self._scene = scene
        self._window.SetNumberOfLayers(len(scene.layers))
        for renderer in scene.layers:
            self._window.AddRenderer(renderer)
        if not self._started:
            self._window.SetMultiSamples(scene.samples)

    def _leave(self, scene: Scene) -> None:
        for renderer in scene.layers:
            self._window.RemoveRenderer(renderer)
        self._scene = None

    def _start(self) -> None:
        self._window.SetSize(*self._size)
        self._started = True


_NO_OPENGL = (
    "No OpenGL could be started, so nothing can be drawn; install the system packages libegl1 "
    "and libgl1 (on Debian: apt-get install libegl1 libgl1 libgl1-mesa-dri)."
)


@cache
def _has_opengl() -> bool:
    """Whether anything can be drawn; VTK itself would crash where the library is missing."""
    if _is_headless() and not _loads("libEGL.so.1") and not _loads("libOSMesa.so.8"):
        return False
    return bool(_window().SupportsOpenGL())


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _window() -> vtkRenderWindow:
    window = _kind()()
    window.SetOffScreenRendering(1)
    window.SetShowWindow(False)
    window.SetAlphaBitPlanes(1)
    return window


def _kind() -> type:
    """The window class; without a display EGL at once, for trying X first prints a warning."""
    chosen = "VTK_DEFAULT_OPENGL_WINDOW" in os.environ
    if _is_headless() and not chosen and hasattr(opengl, "vtkEGLRenderWindow"):
        return opengl.vtkEGLRenderWindow
    return vtkRenderWindow


def _is_headless() -> bool:
    return sys.platform.startswith("linux") and not os.environ.get("DISPLAY")


# VTK finds its text renderer by this import alone.
_ = vtkmodules.vtkRenderingFreeType
