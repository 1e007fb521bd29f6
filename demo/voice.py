"""A voice-like lead: a glottal pulse train through five moving formants, with vibrato, portamento and consonants."""
import numpy as np

from instruments import RATE, band_noise, hertz

# Centre frequencies of an adult's formants, in Hz.
VOWELS = {
    "a": (730, 1090, 2440, 3400, 4500),
    "e": (530, 1840, 2480, 3500, 4500),
    "i": (300, 2250, 2950, 3600, 4500),
    "o": (570, 840, 2410, 3300, 4500),
    "u": (320, 870, 2240, 3300, 4500),
    "m": (250, 1050, 2200, 3000, 4300),
}
BANDWIDTHS = (80, 95, 130, 180, 260)
CONTROL = 220  # frames between two values of the slowly moving parameters

# Noise of a consonant: low and high Hz, seconds, level. Voiced ones start as a hum instead.
CONSONANTS = {
    "s": (5200, 11000, 0.085, 0.10),
    "z": (4500, 9500, 0.050, 0.06),
    "f": (2500, 9000, 0.060, 0.04),
    "h": (900, 5000, 0.070, 0.04),
    "t": (3000, 9000, 0.022, 0.12),
    "k": (1500, 4500, 0.025, 0.12),
    "d": (2500, 6000, 0.015, 0.08),
    "b": (300, 1500, 0.012, 0.06),
}
HUMMED = "mnlrvwy"


def smooth(values, seconds):
    """Moving average of a parameter over a time, with the ends held."""
    width = max(int(seconds * RATE / CONTROL), 1)
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, (width, width), mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="same")[width:-width]


def sing(rng, line, frames, throat=1.0, vibrato_cents=38):
    """line: [(start seconds, length seconds, midi, syllable)]; throat scales the formants (1.15: a smaller singer)."""
    points = frames // CONTROL + 2
    at = np.arange(points) * CONTROL / RATE
    midi = np.full(points, float(line[0][2]))
    open_ = np.zeros(points)
    wobble = np.zeros(points)
    formants = np.tile(np.array(VOWELS["a"], float)[:, None], points)
    noise = np.zeros(frames)
    for start, length, note, syllable in line:
        consonant, vowels = syllable[0], [v for v in syllable if v in "aeiou"]
        first, last = np.searchsorted(at, [start, start + length * 0.96])
        midi[first:] = note
        open_[first:last] = 1
        wobble[first:last] = np.clip((at[first:last] - start - 0.22) / 0.3, 0, 1)
        for i, vowel in enumerate(vowels):  # two vowels make a diphthong
            part = first + (last - first) * i * 2 // 3
            formants[:, part:] = np.array(VOWELS[vowel], float)[:, None]
        if consonant in HUMMED:
            hum = slice(max(first - 4, 0), first + 10)
            formants[:, hum] = np.array(VOWELS["m"], float)[:, None]
            open_[hum] = np.minimum(np.maximum(open_[hum], 0.25), 0.35)
        elif consonant in CONSONANTS:
            low, high, seconds, level = CONSONANTS[consonant]
            burst = band_noise(rng, seconds, low, high) * np.hanning(int(seconds * RATE)) * level
            begin = max(int((start - seconds * 0.8) * RATE), 0)
            noise[begin : begin + len(burst)] += burst[: max(frames - begin, 0)]
            open_[first : first + 3] *= 0.3
    drift = smooth(rng.standard_normal(points), 0.12) * 0.35
    vibrato = vibrato_cents / 100 * smooth(wobble, 0.1) * np.sin(2 * np.pi * 5.4 * at + 0.4 * np.sin(1.7 * at))
    pitch = hertz(smooth(midi, 0.07) + 0.25 * drift + vibrato)
    loudness = smooth(open_, 0.045) * (1 + 0.10 * np.sin(2 * np.pi * 5.4 * at + 1) * wobble)
    formants = np.stack([smooth(f, 0.07) for f in formants]) * throat
    return _voiced(rng, pitch, loudness, formants, frames) + noise


def _tract(frequency, formants):
    """Complex response of the vocal tract; source slope and lips together fall by 6 dB an octave."""
    response = 1.0
    for f, width in zip(formants, BANDWIDTHS):
        response = response * f**2 / (f**2 - frequency**2 + 1j * frequency * width)
    return response


def _voiced(rng, pitch, loudness, formants, frames):
    grid, t = np.arange(len(pitch)) * CONTROL, np.arange(frames)
    turn = np.exp(2j * np.pi * np.cumsum(np.interp(t, grid, pitch)) / RATE)
    harmonic, sound = turn.copy(), np.zeros(frames)
    for k in range(1, int(9000 / pitch.min()) + 1):
        level = _tract(k * pitch, formants) * loudness / (k * (1 + k * pitch / 5500))
        level[k * pitch > 9500] = 0
        sound += np.interp(t, grid, level.real) * harmonic.real - np.interp(t, grid, level.imag) * harmonic.imag
        harmonic *= turn
    breath = band_noise(rng, frames / RATE + 1e-9, 1500, 7500)[:frames]
    return 0.25 * sound + 0.006 * breath * np.interp(t, grid, loudness) * (1 + turn.real)
