"""Colours for directions: the hue goes round with the angle, equally light all the way.

The circle lies in OKLCH (B. Ottosson, A perceptual color space for image processing, 2020), so that
equal angles look about equally far apart and 350 degrees lies next to 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.drawing import alt

LIGHTNESS, CHROMA = 0.68, 0.125  # the whole circle is then within sRGB
FIRST_HUE_DEG = 25.0  # red points to 0 degrees

_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def circular_colours(angles_deg: Sequence[float] | NDArray[np.float64]) -> list[str]:
    """One hexadecimal colour per direction."""
    hue = np.deg2rad(np.asarray(angles_deg, dtype=np.float64) + FIRST_HUE_DEG)
    lab = np.stack([np.full_like(hue, LIGHTNESS), CHROMA * np.cos(hue), CHROMA * np.sin(hue)])
    linear = np.clip(_RGB @ (_LMS @ lab) ** 3, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    levels = np.rint(255 * encoded).astype(int).T.tolist()
    return ["#{:02x}{:02x}{:02x}".format(*level) for level in levels]


def target_scale(labels: Sequence[str], angles_deg: NDArray[np.float64] | None) -> alt.Scale:
    """The colours of targets by their angle; without angles, evenly round the circle."""
    even = np.arange(len(labels)) * 360.0 / max(len(labels), 1)
    colours = circular_colours(even if angles_deg is None else angles_deg)
    return alt.Scale(domain=list(labels), range=colours)
