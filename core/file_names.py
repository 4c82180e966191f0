"""What a file's name says it is, compared with what it turned out to be.

Files are recognised by their content alone. A name that says something else is told, since the
sender may have sent the wrong file, or a reader would look for what is not there.
"""

from pathlib import PurePath

_CALLED = {
    "npz": "an NPZ archive",
    "zip": "a ZIP archive of files",
    "mat": "a MATLAB file",
    "nwb": "an NWB file",
    "hdf5": "an HDF5 file that is not NWB",
    "csv": "a text table",
    "parquet": "a Parquet table",
}
_READ_AS = {**dict.fromkeys(("zip", "npz"), ""), "csv": "; read as CSV", "hdf5": "; read as HDF5"}
_HDF5 = ("hdf5", "nwb", "mat")
_MEANT = {
    ".npz": ("npz",),
    ".zip": ("zip", "npz"),
    ".mat": ("mat", "hdf5"),
    ".nwb": ("nwb",),
    ".h5": _HDF5,
    ".hdf5": _HDF5,
    ".csv": ("csv",),
    ".tsv": ("csv",),
    ".parquet": ("parquet",),
    ".pq": ("parquet",),
}
"""The formats that the end of a name may stand for; of other ends nothing is said."""


def misnamed(name: str, format: str) -> str:
    """`named .npz, but it is a text table; read as CSV`; empty where name and content agree."""
    ending = PurePath(name).suffix.lower()
    if format in _MEANT.get(ending, (format,)):
        return ""
    return f"named {ending}, but it is {_CALLED[format]}{_READ_AS.get(format, '')}"
