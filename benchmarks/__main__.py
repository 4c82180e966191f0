"""`make bench`: every benchmark, one after the other."""

from benchmarks import (
    adaptation_and_decoding,
    capacity,
    load,
    memory,
    pages,
    query,
    representation_geometry,
    service,
    simulation,
    theory,
)

ALL = (
    *(simulation, memory, theory, representation_geometry, adaptation_and_decoding),
    *(service, load, pages, query, capacity),
)

for benchmark in ALL:
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
