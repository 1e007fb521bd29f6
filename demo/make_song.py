#!/usr/bin/python3
"""Makes a demo song and its true stems:  make_song.py OUT_DIR [--variant N] [--seed N] [--stems-only]

Writes vocals.wav drums.wav bass.wav other.wav (44.1 kHz, stereo, float32 on a grid of 24 bit, so that their sum is
exact) and song.flac, their sum in 16 bit (needs the ffmpeg command; not with --stems-only).
"""
import argparse
import struct
import subprocess
from pathlib import Path

import numpy as np

import instruments as play
from instruments import RATE
from scores import SONGS
from voice import sing

STEMS = ("vocals", "drums", "bass", "other")
LOUDNESS = {"X": 1.0, "x": 0.75, "O": 0.9, "o": 0.4}
TAIL_SECONDS = 1.6


class Song:
    """Where the stems are collected while the score is played."""

    def __init__(self, score, seed):
        self.score = score
        self.rng = np.random.RandomState(seed)
        self.beat = 60 / score["bpm"]
        bars = sum(len(s["chords"]) for s in score["sections"])
        self.frames = int((bars * 4 * self.beat + TAIL_SECONDS) * RATE)
        self.stems = {name: np.zeros((2, self.frames)) for name in STEMS}
        self.line = []

    def add(self, stem, seconds, sound, position=0.0):
        stereo = sound if sound.ndim == 2 else play.pan(sound, position)
        start = int(seconds * RATE)
        stereo = stereo[:, : self.frames - start]
        self.stems[stem][:, start : start + stereo.shape[1]] += stereo


def human(song, seconds=0.004):
    return max(0, song.rng.normal() * seconds)


def play_drums(song, section, bar, start):
    step, hat_pan = song.beat / 4, song.score["hat_pan"]
    for row in ("kick", "snare", "hat", "tom"):
        pattern = section.get(row, ["................"])
        for i, mark in enumerate(pattern[bar % len(pattern)]):
            if mark == ".":
                continue
            when, soft = start + i * step + human(song, 0.002), 1 - 0.15 * song.rng.uniform()
            if row == "tom":
                which = "abc".index(mark)
                song.add("drums", when, play.tom(song.rng, 0.6 * soft, 50 - 4 * which), -0.45 + 0.4 * which)
            elif row == "hat":
                decay = 0.16 if mark == "O" else 0.035
                song.add("drums", when, play.hat(song.rng, 0.75 * soft * LOUDNESS[mark], decay), hat_pan)
            else:
                sound = {"kick": play.kick, "snare": play.snare}[row]
                song.add("drums", when, sound(song.rng, soft * LOUDNESS[mark]))
    if bar == 0 and section.get("crash"):
        song.add("drums", start, play.crash(song.rng, 0.8), -hat_pan)


def play_bass(song, section, bar, chord, start):
    rows = section.get("bass", ["........"])
    row, step = rows[bar % len(rows)], song.beat / 2
    for i, mark in enumerate(row):
        if mark in ".-":
            continue
        held = len(row[i + 1 :]) - len(row[i + 1 :].lstrip("-")) + 1
        note = chord[0] + (12 if mark == "t" else int(mark))
        song.add("bass", start + i * step + human(song), play.bass(note, held * step * 0.93, song.score["bite"]))


def play_keys(song, section, chord, start):
    """Electric piano: broken chords, a little to the left and back. Strings: strummed twice, hard left and right."""
    bar_seconds, rng = 4 * song.beat, song.rng
    if "electric_piano" in section["keys"]:
        for i, beat in enumerate((0, 1.5, 2.5, 3)):
            for j, note in enumerate(chord[1:]):
                sound = play.electric_piano(note, song.beat * (1.4, 0.9, 0.5, 1)[i], (0.8, 0.5, 0.6, 0.45)[i])
                song.add("other", start + beat * song.beat + 0.012 * j + human(song), 0.30 * sound, -0.5 + 0.35 * j)
    if "pad" in section["keys"]:
        for note in chord[1:]:
            song.add("other", start, 0.11 * play.pad(rng, note, bar_seconds * 0.97, 1800))
    if "strings" in section["keys"]:
        for side in (-0.85, 0.85):
            for i, beat in enumerate((0, 1, 1.5, 2.5, 3, 3.5)):
                up = i in (2, 5)
                for j, note in enumerate(reversed(chord[1:]) if up else chord[1:]):
                    sound = play.plucked_string(rng, note, song.beat * 0.9, 0.35 if up else 0.5)
                    when = start + beat * song.beat + 0.009 * j + human(song, 0.006)
                    song.add("other", when, 0.5 * sound, side)


def perform(song):
    start = 0.0
    for section in song.score["sections"]:
        for at, length, note, syllable in section.get("melody", []):
            song.line.append((start + at * song.beat, length * song.beat, note, syllable))
        for bar, chord in enumerate(section["chords"]):
            play_drums(song, section, bar, start)
            play_bass(song, section, bar, chord, start)
            play_keys(song, section, chord, start)
            start += 4 * song.beat
    song.add("vocals", 0, sing(song.rng, song.line, song.frames, song.score["throat"]))


def mix(song):
    """Reverb, levels, a peak of -1 dBFS; samples on the grid of 24 bit, so that float32 sums are exact."""
    wet = {"vocals": (song.score["voice_reverb"], 1.3, 6000), "drums": (0.12, 0.45, 9000), "other": (0.22, 1.6, 5000)}
    for name, (amount, seconds, brightness) in wet.items():
        dry = song.stems[name]
        song.stems[name] = dry + amount * play.reverb(song.rng, dry, seconds, brightness)
    for name, level in zip(STEMS, song.score["levels"]):
        stem = song.stems[name]
        stem *= level / np.sqrt(np.mean(stem**2))
    song.stems["drums"] = 0.5 * np.tanh(song.stems["drums"] / 0.5)  # a drum bus is always a little compressed
    fade_out = np.minimum(1, np.arange(song.frames)[::-1] / (0.8 * RATE))
    peak = np.abs(sum(song.stems.values()) * fade_out).max()
    grid = 2.0**23
    return {n: np.round(s * fade_out * (10 ** (-1 / 20) / peak) * grid) / grid for n, s in song.stems.items()}


def write_float_wav(path, stereo):
    data = stereo.T.astype("<f4").tobytes()
    fmt = struct.pack("<HHIIHH", 3, 2, RATE, RATE * 8, 8, 32)
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)


def write_flac(path, stereo):
    pcm = np.clip(np.round(stereo.T * 32768), -32768, 32767).astype("<i2").tobytes()
    command = ["ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", "-", "-c:a", "flac",
               "-compression_level", "12", "-bitexact", "-map_metadata", "-1", str(path)]
    subprocess.run(command, input=pcm, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--variant", type=int, default=0, choices=range(len(SONGS)), help="which song (0: the demo)")
    parser.add_argument("--seed", type=int, default=20, help="of noise, detuning and timing")
    parser.add_argument("--stems-only", action="store_true", help="no song.flac")
    options = parser.parse_args()

    song = Song(SONGS[options.variant], options.seed)
    perform(song)
    stems = mix(song)
    options.out_dir.mkdir(parents=True, exist_ok=True)
    for name, stem in stems.items():
        write_float_wav(options.out_dir / f"{name}.wav", stem)
    if not options.stems_only:
        write_flac(options.out_dir / "song.flac", sum(stems.values()))


if __name__ == "__main__":
    main()
