"""Re-aiming: by how much the ring of target means turns from one block to another.

    z_c = projection of target mean c on the plane of the reference block, as a complex number
    s = sum_c conj(z_ref,c) z_x,c,   shift = arg s
    similarity = |s| / (|z_ref| |z_x|),   gain = |z_x| / |z_ref|

The plane is that of the first two principal components of the reference means, oriented so that
the target angle increases counter-clockwise: the population behaves as if it aimed at target +
shift. Each block's ring is centred on itself, so that a shift common to all targets is no turn.
The plane comes from one half of the reference trials and the reference ring from the other: with
one set for both, noise makes the reference fit its own plane.

The shift is the turn of the ring as it lies in the plane. An ellipse with axes s_1 and s_2 whose
targets move by an angle d along it shows arctan(2 s_1 s_2 / (s_1^2 + s_2^2) tan d), which is less,
and what does not turn with the rest of the code holds it back too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.kernels.folds import halves

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

COMPARED = -1
LEAST = 1e-300
FLAT = 1e-15  # of the largest eigenvalue: a ring of two targets has no second axis


@dataclass(frozen=True)
class Rings:
    """Reference and compared ring, "... targets" complex numbers each."""

    reference: Complex
    compare: Complex

    @property
    def overlap(self) -> Complex:
        """s, over the lengths of both rings: similarity times the turn."""
        lengths = np.linalg.norm(self.reference, axis=-1) * np.linalg.norm(self.compare, axis=-1)
        return np.asarray(self.turns.sum(axis=-1) / np.maximum(lengths, LEAST))

    @property
    def gain(self) -> Floats:
        """How much larger the compared ring is."""
        length = np.linalg.norm(self.reference, axis=-1)
        return np.asarray(np.linalg.norm(self.compare, axis=-1) / np.maximum(length, LEAST))

    @property
    def turns(self) -> Complex:
        """conj(z_ref,c) z_x,c: its angle is the shift of each target."""
        return np.asarray(self.reference.conj() * self.compare)


def rings(plane_means: Floats, reference: Floats, compare: Floats, angle_deg: Floats) -> Rings:
    """Both rings in the plane of `plane_means`; all means "... targets neurons".

    The plane comes from the eigenvectors of the targets' Gram matrix, far smaller than a covariance
    of neurons.
    """
    centred = _centred(plane_means)
    values, vectors = np.linalg.eigh(centred @ centred.swapaxes(-1, -2))
    size = np.sqrt(np.maximum(values[..., None, :-3:-1], FLAT * values[..., None, -1:] + LEAST))
    axes = centred.swapaxes(-1, -2) @ (vectors[..., :-3:-1] / size)
    own, aim = _projected(plane_means, axes), np.exp(-1j * np.deg2rad(angle_deg))
    mirrored = np.abs((aim * own.conj()).sum(axis=-1)) > np.abs((aim * own).sum(axis=-1))
    found = (_projected(means, axes) for means in (reference, compare))
    return Rings(*(np.where(mirrored[..., None], ring.conj(), ring) for ring in found))


def target_means(activity: Floats, condition: NDArray[np.int64], weights: Floats) -> Floats:
    """Means "targets neurons", each trial counted `weights` times."""
    member = np.zeros((int(condition.max()) + 1, len(condition)))
    member[condition, np.arange(len(condition))] = weights
    return np.asarray(member @ activity / member.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Reaiming:
    """The split-half estimate: mean overlap and turns over random halves, mean rings, mean gain."""

    overlap: complex
    turns: Complex
    reference: Complex
    compare: Complex
    gain: float

    @property
    def shift_deg(self) -> float:
        """arg s, counter-clockwise."""
        return float(np.degrees(np.angle(self.overlap)))


def split_half(
    activity: Floats,
    condition: NDArray[np.int64],
    half: NDArray[np.int64],
    angle_deg: Floats,
    weights: Floats | None = None,
) -> Reaiming:
    """The estimate over random halves of the reference trials, each half serving as plane once.

    half: "splits trials", 0 or 1 for the halves of the reference block and `COMPARED` for the other
    (see `halved`); weights: how often each trial counts, in whichever half it lies, so that no
    trial is ever in both. The rings of different splits lie in different planes; before they are
    averaged each is turned so that the reference lies as the targets do.
    """
    counted = np.ones(len(condition)) if weights is None else weights
    one, other = (_means(activity, condition, (half == k) * counted) for k in (0, 1))
    compared = _means(activity, condition, (half[:1] == COMPARED) * counted)
    found = rings(np.concatenate([one, other]), np.concatenate([other, one]), compared, angle_deg)
    aim = np.exp(1j * np.deg2rad(angle_deg))
    upright = np.exp(-1j * np.angle(found.reference @ aim.conj()))[:, None]
    return Reaiming(
        overlap=complex(found.overlap.mean()),
        turns=found.turns.mean(axis=0),
        reference=(upright * found.reference).mean(axis=0),
        compare=(upright * found.compare).mean(axis=0),
        gain=float(found.gain.mean()),
    )


def halved(
    condition: NDArray[np.int64],
    is_reference: NDArray[np.bool_],
    seeds: np.random.SeedSequence,
    n_splits: int,
) -> NDArray[np.int64]:
    """Random halves of the reference trials of every target: "splits trials" for `split_half`."""
    own = np.flatnonzero(is_reference)
    half = np.full((n_splits, len(condition)), COMPARED)
    for row, first in zip(half, halves(condition[own], seeds, n_splits), strict=True):
        row[own] = ~first
    return half


def averaged_together(
    condition: NDArray[np.int64], is_reference: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Of each trial, how many make up the mean that it is in: a half of the reference, or all."""
    cell = 2 * condition + is_reference
    return np.asarray(np.bincount(cell)[cell] // (1 + is_reference))


def decoder_turns(
    reference: Floats,
    reference_angle_deg: Floats,
    compare: Floats,
    compare_condition: NDArray[np.int64],
    angle_deg: Floats,
    ridge: float,
) -> Complex:
    """Mean decoded direction of each target relative to the target, "targets" complex numbers.

    W = (X'X + ridge I)^-1 X' (cos, sin), X the reference trials about their mean; the compared
    trials are taken about that same mean, so a shift common to all targets enters here.
    """
    centre = reference.mean(axis=0)
    X, aim = reference - centre, np.deg2rad(reference_angle_deg)
    Y = np.stack([np.cos(aim), np.sin(aim)], axis=1)
    W = np.linalg.solve(X.T @ X + ridge * np.eye(X.shape[1]), X.T @ Y)
    decoded = (compare - centre) @ W @ np.array([1.0, 1j])
    turned = decoded * np.exp(-1j * np.deg2rad(angle_deg))[compare_condition]
    sums = np.bincount(compare_condition, turned.real) + 1j * np.bincount(
        compare_condition, turned.imag
    )
    return np.asarray(sums / np.bincount(compare_condition))


def _means(activity: Floats, condition: NDArray[np.int64], weights: Floats) -> Floats:
    """Means "splits targets neurons" with the weights "splits trials" of each split."""
    means = np.empty((len(weights), int(condition.max()) + 1, activity.shape[1]))
    for c in range(means.shape[1]):
        own = condition == c
        w = weights[:, own]
        means[:, c] = w @ activity[own] / w.sum(axis=1, keepdims=True)
    return means


def _centred(means: Floats) -> Floats:
    return np.asarray(means - means.mean(axis=-2, keepdims=True))


def _projected(means: Floats, axes: Floats) -> Complex:
    flat = _centred(means) @ axes
    return np.asarray(flat[..., 0] + 1j * flat[..., 1])
