"""`make bench`: every benchmark, one after the other."""

from benchmarks import load, pages, population, populations, query, service, simulation, theory

for benchmark in (simulation, theory, population, populations, service, load, pages, query):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
