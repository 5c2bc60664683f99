"""Mouse tools: they turn pointing into edits."""

from .distance import DistanceTool
from .navigate import NavigateTool
from .points import PointsTool
from .tool import Tool
from .window_level import WindowTool

__all__ = ["DistanceTool", "NavigateTool", "PointsTool", "Tool", "WindowTool"]
