"""The pictures of each kind's results: a spec and a result in, an Altair chart out."""
