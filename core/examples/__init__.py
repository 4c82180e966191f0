"""Recordings that come with the service, so that examples and the demo run on real data."""

from dataclasses import dataclass
from pathlib import Path

from core.dataset import blob_hash, dataset_id


@dataclass(frozen=True)
class Example:
    """A bundled file; the service installs it as a dataset when it starts."""

    name: str
    path: Path

    @property
    def dataset_id(self) -> str:
        """The id that the file has on every installation."""
        return dataset_id(blob_hash(self.path.read_bytes()), None)


GOLUB_BCI = Example("golub_bci_sessions", Path(__file__).parent / "golub_bci_sessions.npz")
REACHING_UNDER_BLOCK = Example(
    "reaching_under_block", Path(__file__).parent / "reaching_under_block.npz"
)
EXAMPLES = (GOLUB_BCI, REACHING_UNDER_BLOCK)
