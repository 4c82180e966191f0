"""Solenoid's client: submit a spec, wait for it, read what came out.

>>> from solenoid import Client
>>> with Client() as client:
...     experiment = client.submit("curl_descent.simulation", {"replicates": 4})
...     rows = experiment.wait().results().to_pandas()
"""

from solenoid.client import Client
from solenoid.comparison import Comparison
from solenoid.dataset import Dataset
from solenoid.errors import (
    BadArgument,
    BadInput,
    Conflict,
    MissingPackage,
    NoResult,
    NotFound,
    ServiceError,
    SolenoidError,
    TimedOut,
    Unreachable,
)
from solenoid.events import Event
from solenoid.experiment import Experiment
from solenoid.figure import Figure
from solenoid.sweep import Sweep
from solenoid.table import Table

__all__ = [
    "BadArgument",
    "BadInput",
    "Client",
    "Comparison",
    "Conflict",
    "Dataset",
    "Event",
    "Experiment",
    "Figure",
    "MissingPackage",
    "NoResult",
    "NotFound",
    "ServiceError",
    "SolenoidError",
    "Sweep",
    "Table",
    "TimedOut",
    "Unreachable",
]
