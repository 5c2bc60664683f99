"""What every 3D view has: its lamps, and the cube that says where the patient's left is."""

from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

from .colours import rgb

__all__ = ["light", "orientation_cube"]

_LIGHTS = (
    ((-0.55, 0.75, 1.0), 0.95, "#fff8ee"),
    ((0.9, 0.1, 0.7), 0.38, "#dfe9ff"),
    ((0.1, -0.8, 0.35), 0.22, "#ffffff"),
)
"""Direction from the patient in the eye's frame, strength and colour: key, fill and floor."""


def light(renderer: vtkRenderer) -> None:
    """Light a view from where its reader sits."""
    renderer.AutomaticLightCreationOff()
    for direction, strength, colour in _LIGHTS:
        lamp = vtkLight()
        lamp.SetLightTypeToCameraLight()
        lamp.SetPosition(*direction)
        lamp.SetFocalPoint(0.0, 0.0, 0.0)
        lamp.SetIntensity(strength)
        lamp.SetColor(*rgb(colour))
        renderer.AddLight(lamp)


def orientation_cube() -> vtkRenderer:
    """A view of its own with a cube that carries the letters of the sides."""
    cube = vtkAnnotatedCubeActor()
    for axis, (plus, minus) in zip("XYZ", (("L", "R"), ("P", "A"), ("S", "I")), strict=True):
        getattr(cube, f"Set{axis}PlusFaceText")(plus)
        getattr(cube, f"Set{axis}MinusFaceText")(minus)
    cube.SetZFaceTextRotation(90)
    cube.SetFaceTextScale(0.6)
    cube.GetCubeProperty().SetColor(*rgb("#323d4b"))
    cube.GetCubeProperty().SetAmbient(0.45)
    cube.GetTextEdgesProperty().SetOpacity(0)
    for face in ("XPlus", "XMinus", "YPlus", "YMinus", "ZPlus", "ZMinus"):
        letter = getattr(cube, f"Get{face}FaceProperty")()
        letter.SetColor(*rgb("#d9dfe6"))
        letter.LightingOff()
    renderer = vtkRenderer()
    renderer.SetLayer(1)
    renderer.InteractiveOff()
    renderer.AddActor(cube)
    renderer.GetActiveCamera().ParallelProjectionOn()
    renderer.GetActiveCamera().SetParallelScale(0.92)
    return renderer
