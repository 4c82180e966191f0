"""Section 4 and figure 2: the two-synapse network, and the critical lines of theory."""

from typing import Any

from core.presets.heat_maps import PAPER
from core.presets.preset import Panel, Picture, Preset, Scale


def _lines(points: int, joint: int, sampled: tuple[int, int, int]) -> tuple[Panel, ...]:
    ratios, fractions, draws = sampled
    spec: dict[str, Any] = {
        "compression_ratio": {"from": 1e-3, "to": 1e2, "points": points},
        "joint": {"compression_ratio": 0.3, "points": joint},
        "simulated": {"ratios": ratios, "fractions": fractions, "draws": draws},
    }
    pictures = (Picture("critical_lines"), Picture("joint_surface"))
    return (Panel("lines", "curl_descent.phase_diagram", spec, pictures),)


def _toy(starts: int) -> tuple[Panel, ...]:
    """Readout flipped (the paper's figure 1), and hidden flipped beside it."""
    return tuple(
        Panel(
            name=f"{flipped}_flipped",
            kind="curl_descent.toy",
            spec={"flipped": flipped, "starts": {"random": starts, "radius": 3.0}},
            pictures=(Picture("phase_portrait"), Picture("loss")),
        )
        for flipped in ("readout", "hidden")
    )


def _scales(quick: tuple[Panel, ...], full: tuple[Panel, ...]) -> dict[Scale, tuple[Panel, ...]]:
    return {"quick": quick, "full": full}


THEORY = (
    Preset(
        name="toy",
        summary="Two synapses, one flipped: where gradient descent and curl descent go from the "
        "same starts.",
        reference=f"{PAPER}, section on the two-synapse network",
        found="Flipping a synapse turns the saddle at the origin into a centre and makes half of "
        "the solutions unstable; from many starts learning is faster, and the loss may rise on "
        "the way.",
        quick="60 random starts.",
        panels=_scales(_toy(60), _toy(1000)),
    ),
    Preset(
        name="phase-diagram-theory",
        summary="The critical lines of both layers over the compression ratio, the border for "
        "joint flips at c = 0.3, and sampled networks beside them.",
        reference=f"{PAPER}, figure 2",
        found="Expansive networks bear many flips. A hidden layer that is compressive bears none; "
        "the readout bears fewer than half, whatever the compression.",
        quick="200 ratios, a joint map of 100 x 100, 9 x 9 sampled places.",
        panels=_scales(_lines(200, 100, (9, 9, 3)), _lines(500, 500, (20, 21, 20))),
    ),
)
