#!/usr/bin/env python3
"""Makes the audio files of the tests: make_audio.py FOLDER

Sources are raw float files (`stereo44.f32`, interleaved) with a sweep per channel, exact in 24 bits. ffmpeg encodes
each to every format that msst promises, and to some that it refuses. Nothing here is random."""
import array
import math
import struct
import subprocess
import sys
from pathlib import Path

# name: (rate, channels, frames)
SOURCES = {
    "stereo44": (44100, 2, 100000),
    "mono48": (48000, 1, 100001),
    "stereo48": (48000, 2, 99999),
    "surround48": (48000, 6, 60007),
    "mono8": (8000, 1, 30011),
    "stereo96": (96000, 2, 123457),
    "stereo192": (192000, 2, 99991),
}

# file: (source, encoder arguments)
ENCODED = {
    "s16.wav": ("stereo44", "-c:a pcm_s16le"),
    "s24.wav": ("stereo44", "-c:a pcm_s24le"),
    "s32.wav": ("stereo44", "-c:a pcm_s32le"),
    "f32.wav": ("stereo44", "-c:a pcm_f32le"),
    "u8.wav": ("stereo44", "-c:a pcm_u8"),
    "rf64.wav": ("stereo44", "-c:a pcm_s24le -rf64 always"),
    "mono.wav": ("mono48", "-c:a pcm_s24le"),
    "surround.wav": ("surround48", "-c:a pcm_s24le"),
    "s16.flac": ("stereo44", "-c:a flac -sample_fmt s16"),
    "s24.flac": ("stereo44", "-c:a flac -sample_fmt s32"),
    "stereo96.flac": ("stereo96", "-c:a flac -sample_fmt s32"),
    "stereo192.flac": ("stereo192", "-c:a flac -sample_fmt s32"),
    "surround.flac": ("surround48", "-c:a flac -sample_fmt s32"),
    "cbr.mp3": ("stereo44", "-c:a libmp3lame -b:a 192k"),
    "vbr.mp3": ("stereo44", "-c:a libmp3lame -q:a 2"),
    "mono8.mp3": ("mono8", "-c:a libmp3lame -b:a 64k"),
    "vorbis.ogg": ("stereo44", "-c:a libvorbis -q:a 7 -page_duration 100000"),
    "opus.ogg": ("stereo48", "-c:a libopus -b:a 256k"),
    "flac.ogg": ("stereo44", "-c:a flac -sample_fmt s32 -frame_size 1024 -page_duration 50000"),
    "aac.m4a": ("stereo44", "-c:a aac -b:a 256k"),
    "aac_mono48.m4a": ("mono48", "-c:a aac -b:a 128k"),
    "aac_surround.m4a": ("surround48", "-c:a aac -b:a 640k"),
    "aac96.m4a": ("stereo96", "-c:a aac -b:a 512k"),
    "aac_front.m4a": ("stereo44", "-c:a aac -b:a 256k -movflags +faststart"),
    "aac_fragmented.m4a": ("stereo44", "-c:a aac -b:a 256k -movflags frag_keyframe+empty_moov+default_base_moof "
                           "-frag_duration 500000 -f mp4"),
    "aac_plain.m4a": ("stereo44", "-c:a aac -b:a 256k -use_editlist 0 -fflags +bitexact"),
    "alac16.m4a": ("stereo44", "-c:a alac -sample_fmt s16p"),
    "alac24.m4a": ("stereo44", "-c:a alac -sample_fmt s32p"),
    "other.mkv": ("stereo44", "-c:a flac -f matroska"),
    "other.avi": ("stereo44", "-c:a libmp3lame -f avi"),
    "other.w64": ("stereo44", "-c:a pcm_s16le -f w64"),
    "other.aac": ("stereo44", "-c:a aac -f adts"),
    "adpcm.wav": ("stereo44", "-c:a adpcm_ms"),
    "mp2.mp3": ("stereo44", "-c:a mp2 -f mp2"),
    "speex.ogg": ("mono8", "-c:a libspeex -f ogg"),
}


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def make_source(folder, name, rate, channels, frames):
    """A rising sweep and a steady tone per channel, each channel with its own pitch."""
    scale = 1 << 23
    samples = array.array("f", bytes(4 * frames * channels))
    for c in range(channels):
        low, high = 150 + 90 * c, min(5000, rate // 5) + 130 * c
        for i in range(frames):
            t = i / rate
            sweep = math.sin(2 * math.pi * (low + (high - low) * i / frames / 2) * t)
            tone = math.sin(2 * math.pi * (331 + 61 * c) * t + c)
            samples[i * channels + c] = round((0.35 * sweep + 0.2 * tone) * scale) / scale
    (folder / f"{name}.f32").write_bytes(samples.tobytes())


def from_source(folder, source):
    rate, channels, _ = SOURCES[source]
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    return ["-f", "f32le", "-ar", rate, "-ac", channels, "-channel_layout", layout, "-i", folder / f"{source}.f32"]


def make_covers(folder):
    """Songs with a picture beside the audio."""
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=640x640", "-frames:v", 1, folder / "cover.png")
    picture = ["-i", folder / "cover.png", "-map", "0:a", "-map", "1:v", "-disposition:v", "attached_pic"]
    ffmpeg(*from_source(folder, "stereo44"), *picture, "-c:v", "copy", "-c:a", "libmp3lame", folder / "cover.mp3")
    ffmpeg(*from_source(folder, "stereo44"), *picture, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "aac", "-b:a",
           "256k", folder / "cover.m4a")


def make_chains(folder):
    """OGG files one after the other in one file, as RFC 3533 allows."""
    ffmpeg(*from_source(folder, "mono48"), "-c:a", "libvorbis", folder / "mono48.ogg")
    first = (folder / "vorbis.ogg").read_bytes()
    (folder / "chained.ogg").write_bytes(first + (folder / "second.ogg").read_bytes())
    (folder / "chained_opus.ogg").write_bytes((folder / "opus.ogg").read_bytes() + (folder / "opus2.ogg").read_bytes())
    (folder / "chained_change.ogg").write_bytes(first + (folder / "mono48.ogg").read_bytes())


def box(kind, payload):
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def make_itunes_tag(folder):
    """aac_plain.m4a (no edit list) with the tag that iTunes writes instead. Its moov is last, so it may grow."""
    plain = (folder / "aac_plain.m4a").read_bytes()
    at = plain.rindex(b"moov") - 4
    frames = SOURCES["stereo44"][2]
    padding = -(frames + 1024) % 1024
    text = f" 00000000 {1024:08X} {padding:08X} {frames:016X}" + " 00000000" * 8
    full = bytes(4)
    tag = box(b"----", box(b"mean", full + b"com.apple.iTunes") + box(b"name", full + b"iTunSMPB") +
              box(b"data", struct.pack(">II", 1, 0) + text.encode()))
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    moov = plain[at + 8:] + box(b"udta", box(b"meta", full + handler + box(b"ilst", tag)))
    (folder / "aac_itunes.m4a").write_bytes(plain[:at] + box(b"moov", moov))


def make_not_finite(folder):
    """1000 stereo float frames with a NaN, two infinities and silence between."""
    samples = array.array("f", [0.25] * 2000)
    samples[10], samples[11], samples[500] = math.nan, math.inf, -math.inf
    (folder / "nan.f32").write_bytes(samples.tobytes())
    data = samples.tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 2, 44100, 44100 * 8, 8, 32,
                       b"data", len(data))
    (folder / "nan.wav").write_bytes(head + data)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (rate, channels, frames) in SOURCES.items():
        make_source(folder, name, rate, channels, frames)
    for name, (source, arguments) in ENCODED.items():
        ffmpeg(*from_source(folder, source), *arguments.split(), folder / name)
    ffmpeg(*from_source(folder, "stereo44"), "-c:a", "libvorbis", "-q:a", "7", "-serial_offset", 99, folder / "second.ogg")
    ffmpeg(*from_source(folder, "stereo48"), "-c:a", "libopus", "-b:a", "256k", "-serial_offset", 99, folder / "opus2.ogg")
    make_covers(folder)
    make_chains(folder)
    make_itunes_tag(folder)
    make_not_finite(folder)
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", 3600, "-c:a", "flac", folder / "silent_hour.flac")
    (folder / "done").touch()


if __name__ == "__main__":
    main()
