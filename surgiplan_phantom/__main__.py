"""Command line: ``python -m surgiplan_phantom -o DIR --seed N``."""

import argparse
import re
import sys
from pathlib import Path

from .options import Disease, Options, Phase, Sex
from .study import make_study, write_study


def main(arguments: list[str] | None = None) -> int:
    """Writes one study; returns the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    folder: Path = chosen.output
    if chosen.seed < 0:
        parser.error("the seed must be 0 or more.")
    foreign = [p for p in folder.glob("ct/*") if not re.fullmatch(r"slice_\d{4}\.dcm", p.name)]
    if foreign:
        parser.error(
            f"{folder / 'ct'} holds other files ({foreign[0].name}). Choose another folder."
        )
    try:
        options = Options(
            seed=chosen.seed,
            age_years=chosen.age,
            sex=None if chosen.sex is None else Sex(chosen.sex),
            size_scale=chosen.size_scale,
            disease=Disease(chosen.disease),
            phase=Phase(chosen.phase),
            slice_step_mm=chosen.spacing_mm[0],
            in_plane_mm=(chosen.spacing_mm[1], chosen.spacing_mm[2]),
            noise_hu=chosen.noise_hu,
        )
    except ValueError as error:
        parser.error(f"{error}.")
    write_study(make_study(options), folder)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="surgiplan_phantom",
        description="Writes a synthetic torso CT (DICOM) and its truth. "
        "Research use only, not for clinical use.",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write into")
    parser.add_argument("--seed", type=int, default=1, help="the patient; 0 or more")
    parser.add_argument("--age", type=int, help="years; from the seed by default")
    parser.add_argument("--sex", choices=[s.value for s in Sex], help="from the seed by default")
    parser.add_argument(
        "--size-scale", type=float, default=1.0, help="1 is an adult of middle size"
    )
    parser.add_argument("--disease", choices=[d.value for d in Disease], default="both")
    parser.add_argument("--phase", choices=[p.value for p in Phase], default="split-bolus")
    parser.add_argument(
        "--spacing-mm",
        type=_spacing,
        default=(2.5, 0.85, 0.85),
        metavar="K,J,I",
        help="between slices, rows and columns; or two numbers, slices and in plane",
    )
    parser.add_argument("--noise-hu", type=float, default=11.0, help="in the middle of the trunk")
    return parser


def _spacing(text: str) -> tuple[float, float, float]:
    numbers = [float(part) for part in text.split(",")]
    if len(numbers) == 2:
        numbers.append(numbers[1])
    if len(numbers) != 3:
        raise argparse.ArgumentTypeError("give two or three numbers, such as 2.5,0.85,0.85")
    return numbers[0], numbers[1], numbers[2]


if __name__ == "__main__":
    sys.exit(main())
