"""The papers' experiments by name, as data."""

from collections.abc import Mapping

from core.presets.heat_maps import HEAT_MAPS
from core.presets.preset import Preset
from core.presets.speedups import SPEEDUPS
from core.presets.theory import THEORY

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in (*THEORY, *HEAT_MAPS, *SPEEDUPS)}
