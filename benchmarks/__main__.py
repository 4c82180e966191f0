"""`make bench`: every benchmark, one after the other."""

from benchmarks import population, query, service, simulation, theory

for benchmark in (simulation, theory, population, service, query):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
