"""`make bench`: every benchmark, one after the other."""

from benchmarks import populations, query, service, simulation, theory

for benchmark in (simulation, theory, populations, service, query):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
