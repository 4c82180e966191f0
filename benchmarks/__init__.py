"""Speed and memory, measured beside the plain way of doing the same in the same run.

Importing any benchmark sets one thread for BLAS and numba, before numpy reads these variables.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"
