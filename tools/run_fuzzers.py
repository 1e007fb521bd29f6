#!/usr/bin/env python3
"""Runs the fuzz targets: tools/run_fuzzers.py [--seconds 60] [--jobs 2] [NAME ...]

Each target of build/fuzz runs for a while on its seeds (fuzz/seeds/<name>, and for `decode` what ffmpeg makes) and on what
earlier runs have found worth keeping (build/fuzz/corpus). An input that ends a target is left in build/fuzz/findings, its
last words are printed, and the exit status is 1.
"""
import argparse
import concurrent.futures
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "fuzz"
FINDINGS = BUILD / "findings"
# Bytes; the files that these read are larger than what libFuzzer tries by itself.
MAX_LENGTH = {"decode": 100_000, "checkpoint": 20_000}
PATIENCE_SECONDS = 50   # of one input
MEMORY_MB = 2048


def targets():
    return {path.name.removeprefix("msst-").removesuffix("-fuzzer"): path for path in sorted(BUILD.glob("fuzz/msst-*-fuzzer"))}


def corpus_of(name):
    folder = BUILD / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    if name == "decode" and not any(folder.iterdir()):
        subprocess.run([sys.executable, TOP / "fuzz" / "make_decode_seeds.py", folder], check=True)
    seeds = TOP / "fuzz" / "seeds" / name
    return [folder, seeds] if seeds.is_dir() else [folder]


def run(name, program, seconds):
    options = [f"-max_total_time={seconds}", f"-timeout={PATIENCE_SECONDS}", f"-rss_limit_mb={MEMORY_MB}",
               f"-artifact_prefix={FINDINGS}/{name}-", "-print_final_stats=1"]
    if name in MAX_LENGTH:
        options.append(f"-max_len={MAX_LENGTH[name]}")
    done = subprocess.run([program, *options, *corpus_of(name)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=BUILD, errors="replace", check=False)
    return name, done.returncode, done.stdout


def report(name, status, output):
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    coverage = re.findall(r"cov: (\d+)", output)
    print(f"{name:14} {'ok' if status == 0 else 'FAILED':7} {runs[1] if runs else '?':>9} runs, coverage {coverage[-1] if coverage else '?'}",
          flush=True)
    if status != 0:
        print("\n".join(output.splitlines()[-60:]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    known = targets()
    unknown = set(options.names) - set(known)
    if unknown or not known:
        sys.exit(f"not built: {', '.join(sorted(unknown)) or 'any target'}; cmake --preset fuzz && cmake --build --preset fuzz")
    FINDINGS.mkdir(exist_ok=True)
    failures = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run, name, known[name], options.seconds) for name in options.names or known]
        for finished in concurrent.futures.as_completed(runs):
            name, status, output = finished.result()
            report(name, status, output)
            if status != 0:
                failures.append(name)
    print(f"{len(runs) - len(failures)} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
