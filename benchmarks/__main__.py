"""`make bench`: every benchmark, one after the other."""

from benchmarks import load, query, service, simulation, theory

for benchmark in (simulation, theory, service, load, query):
    print(f"\n{benchmark.__name__}\n")
    benchmark.main()
