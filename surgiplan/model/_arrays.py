"""Arrays that no one can change by accident."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["frozen"]


def frozen(
    array: npt.ArrayLike, dtype: npt.DTypeLike, shape: tuple[int | None, ...]
) -> npt.NDArray[Any]:
    """Return ``array`` as a read-only ``dtype`` array, checked against ``shape``.

    ``None`` in ``shape`` accepts any length.  The caller's own array stays writeable.
    """
    result = np.asarray(array, dtype=dtype)
    fits = result.ndim == len(shape) and all(
        n in (None, m) for n, m in zip(shape, result.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"expected shape {shape}, got {result.shape}")
    view = result.view()
    view.flags.writeable = False
    return view
