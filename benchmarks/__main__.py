"""`make bench`: every benchmark, one after the other."""

from benchmarks import service, simulation

for benchmark in (simulation, service):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
