"""What is done to a full map before a user opens it."""

from __future__ import annotations

from dataclasses import dataclass

WIENER, ROOT = "2F/(1+F)", "√(2F/(1+F))"
COSINE, GAUSSIAN, BUTTERWORTH = "cosine", "Gaussian", "Butterworth"


@dataclass(frozen=True)
class Treatment:
    """How a full map is treated. Lengths in Å.

    Attributes
    ----------
    kind : by which program, or in which way
    weights : `WIENER` (what refinement leaves) or `ROOT` (post-processing; Rosenthal & Henderson
        2003) of the half-map FSC that is measured, up to its first zero; None for none
    fsc_in_mask : that FSC is the one inside the mask, corrected for it; else that of the whole box
    sharpening : fraction of the overall B factor that is taken back
    guinier : between which resolutions the Guinier plot is fitted whose B factor is taken back,
        see `weights.guinier_b_factor`; None for none
    low_pass : half-height of the final filter, or None
    filter_shape : `COSINE`, `BUTTERWORTH` or `GAUSSIAN`, which is 1/e there as that of ``pdb2mrc``
    filter_edge : relative width of the cosine's edge
    local_filter : every place filtered at so many times its own resolution, or None
    modified : how far density modification quiets what is not above the noise around it, 0 to 1
    mask_distance : how far outside the molecule the mask cuts (negative: inside), None for no mask
    mask_edge : width of the mask's soft edge, 0 for a hard one
    solvent_kept : what the mask leaves of the amplitudes outside it: 0 of a mask proper, more where
        denoising or regularized refinement only quiets the solvent
    solvent_low_pass : half-height of a filter of what is left, or None
    sphere : everything outside the sphere that fits the box set to 0, as reconstruction does
    clipped : values below so much of the 99.5th percentile, 0 or a contour level, set to 0; None
        for none
    bits : 32, or 8 for a map stored as int8
    """

    kind: str = "raw"
    weights: str | None = None
    fsc_in_mask: bool = True
    sharpening: float = 0.0
    guinier: tuple[float, float] | None = None
    low_pass: float | None = None
    filter_shape: str = COSINE
    filter_edge: float = 0.1
    local_filter: float | None = None
    modified: float = 0.0
    mask_distance: float | None = None
    mask_edge: float = 5.0
    solvent_kept: float = 0.0
    solvent_low_pass: float | None = None
    sphere: bool = False
    clipped: float | None = None
    bits: int = 32

    @property
    def limit(self) -> float:
        """Beyond which resolution the filter of the whole map leaves nothing, Å; 0 without one."""
        return 0.0 if self.filter_shape == GAUSSIAN else self.low_pass or 0.0
