#!/usr/bin/env python3
"""Damaged copies of whole songs through the decoder of a program built with ASan and UBSan. By hand:

    tests/e2e/by_hand/mutated_songs.py build/dev/msst [COPIES_OF_EACH_FORMAT [SEED]]

A copy has one bit in some hundred to some thousand flipped, as zzuf does it, all over or in its first kilobyte; or a piece of it is
missing, doubled, zeroed or taken from another song. Each is separated, or refused with a sentence; nothing else may happen."""
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

FORMATS = {
    "wav": [], "flac": [], "mp3": ["-c:a", "libmp3lame"], "ogg": ["-c:a", "libvorbis"], "opus.ogg": ["-c:a", "libopus", "-ar", "48000"],
    "m4a": ["-c:a", "aac"], "alac.m4a": ["-c:a", "alac"],
}
BATCH = 50
HEAD_BYTES = 1024
SECONDS_EACH = 60
ALARMS = ("Sanitizer", "runtime error:", "terminate called", "Assertion")


def make_songs(folder):
    songs = {}
    for suffix, options in FORMATS.items():
        path = folder / f"whole.{suffix}"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=frequency=330:duration=0.4:sample_rate=44100", "-f", "lavfi",
                        "-i", "anoisesrc=duration=0.4:sample_rate=44100:amplitude=0.2:seed=1", "-filter_complex", "amerge=inputs=2",
                        *options, path], check=True)
        songs[suffix] = path.read_bytes()
    return songs


def flip_bits(song, end, chance):
    for _ in range(max(1, int(8 * end * chance))):
        bit = random.randrange(8 * end)
        song[bit // 8] ^= 1 << bit % 8


def mutate(songs, suffix):
    song = bytearray(songs[suffix])
    begin, end = sorted(random.randrange(len(song)) for _ in range(2))
    match random.randrange(7):
        case 0 | 1:
            flip_bits(song, len(song), random.choice([0.0001, 0.001, 0.004]))
        case 2:
            flip_bits(song, min(HEAD_BYTES, len(song)), random.choice([0.001, 0.004, 0.02]))
        case 3:
            del song[begin:end]
        case 4:
            song[end:end] = song[begin:end]
        case 5:
            song[begin:end] = bytes(end - begin)
        case 6:
            other = songs[random.choice(list(songs))]
            song[begin:end] = other[begin:end]
    return bytes(song)


def run_batch(program, files, folder):
    """How many were separated; exits when the program did anything but separate and refuse."""
    run = subprocess.run([program, "separate", "--disable_detailed_pbar", "--json", "-o", folder / "out", *files],
                         capture_output=True, timeout=SECONDS_EACH * len(files), cwd=folder, check=False)
    said = run.stderr.decode(errors="replace")
    if run.returncode not in (0, 1) or any(alarm in said for alarm in ALARMS):
        sys.exit(f"exit status {run.returncode}; the files stay in {files[0].parent}\n{said[-8000:]}")
    lines = run.stdout.decode().splitlines()
    if len(lines) != len(files):
        sys.exit(f"{len(files)} files, {len(lines)} answers; the files stay in {files[0].parent}\n{said[-2000:]}")
    return sum('"error"' not in line for line in lines)


def main():
    program = Path(sys.argv[1]).resolve()
    copies = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    random.seed(seed)
    folder = Path(tempfile.mkdtemp(prefix="msst-mutated-"))
    songs = make_songs(folder)
    separated = Counter()
    for suffix in songs:
        for first in range(0, copies, BATCH):
            batch = folder / "batch"
            batch.mkdir(exist_ok=True)
            files = [batch / f"{i}.{suffix}" for i in range(first, min(first + BATCH, copies))]
            for file in files:
                file.write_bytes(mutate(songs, suffix))
            separated[suffix] += run_batch(program, files, folder)
            for file in files:
                file.unlink()
        print(f"{suffix}: {separated[suffix]} of {copies} separated, the others refused", flush=True)
    subprocess.run(["rm", "-r", folder], check=True)
    print(f"{copies * len(songs)} songs, seed {seed}: no crash, no report of a sanitizer")


if __name__ == "__main__":
    main()
