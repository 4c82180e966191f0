"""`make bench`: every benchmark, one after the other."""

from benchmarks import query, service, simulation

for benchmark in (simulation, service, query):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
