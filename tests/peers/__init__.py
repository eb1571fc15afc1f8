"""The features of Kimi's API, and which clients have them, found out by running them.

`make peers` runs every probe with every client against the emulator, in environments of
their own, and writes `results.json` and `docs/features.md`. `make test` runs the probes
with ChatKimi.
"""
