#!/usr/bin/env python3
"""Makes the seeds of decode_fuzzer: make_decode_seeds.py FOLDER

A twentieth of a second in every format that msst reads; the byte in front chooses the fuzzer's options."""
import subprocess
import sys
from pathlib import Path

SEEDS = {
    "s16.wav": "-c:a pcm_s16le",
    "f32.wav": "-c:a pcm_f32le -ac 6",
    "rf64.wav": "-c:a pcm_s24le -rf64 always",
    "s16.flac": "-c:a flac",
    "surround.flac": "-c:a flac -ac 6",
    "cbr.mp3": "-c:a libmp3lame",
    "mono.mp3": "-c:a libmp3lame -ac 1 -ar 16000",
    "vorbis.ogg": "-c:a libvorbis",
    "opus.ogg": "-c:a libopus",
    "flac.ogg": "-c:a flac",
    "aac.m4a": "-c:a aac",
    "fragmented.m4a": "-c:a aac -movflags frag_keyframe+empty_moov",
    "alac.m4a": "-c:a alac",
}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in SEEDS.items():
        file = folder / name
        subprocess.run(["ffmpeg", "-loglevel", "error", "-nostdin", "-y", "-f", "lavfi", "-i",
                        "sine=frequency=440:sample_rate=48000,aformat=channel_layouts=stereo", "-t", "0.05",
                        *arguments.split(), file], check=True)
        file.write_bytes(b"\1" + file.read_bytes())
    chain = (folder / "vorbis.ogg").read_bytes()
    (folder / "chained.ogg").write_bytes(chain + (folder / "opus.ogg").read_bytes()[1:] + chain[1:])


if __name__ == "__main__":
    main()
