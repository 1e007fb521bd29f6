"""Synthesised instruments. Every function returns float64 samples at RATE; mono is [frames], stereo [2, frames].

Only numpy, and only its frozen RandomState generator, so that the same score gives the same samples everywhere.
"""
import numpy as np

RATE = 44100


def hertz(midi):
    return 440.0 * 2.0 ** ((midi - 69) / 12.0)


def time_axis(seconds):
    return np.arange(int(seconds * RATE)) / RATE


def fade(sound, attack=0.002, release=0.01):
    """Removes the clicks at both ends."""
    rise, fall = int(attack * RATE), min(int(release * RATE), len(sound))
    sound[:rise] *= np.linspace(0, 1, rise)[: len(sound)]
    sound[len(sound) - fall :] *= np.linspace(1, 0, fall)
    return sound


def band_noise(rng, seconds, low, high):
    """Noise of unit RMS between two frequencies, with soft edges a third of an octave wide."""
    frames = int(seconds * RATE)
    size = 1 << (frames - 1).bit_length()
    spectrum = np.fft.rfft(rng.standard_normal(size))
    f = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 1.0)
    spectrum /= np.sqrt((1 + (low / f) ** 8) * (1 + (f / high) ** 8))
    noise = np.fft.irfft(spectrum)[:frames]
    return noise / np.sqrt(np.mean(noise**2))


def pan(mono, position):
    """Constant power; position -1 (left) … 1 (right)."""
    angle = (position + 1) * np.pi / 4
    return np.stack([mono * np.cos(angle), mono * np.sin(angle)]) * np.sqrt(2)


def reverb(rng, stereo, seconds, brightness):
    """Convolution with decaying noise, other noise on each side: only the wet part."""
    tail = time_axis(seconds * 1.5)
    wet = np.zeros_like(stereo)
    for side in range(2):
        impulse = band_noise(rng, seconds * 1.5, 250, brightness) * 10 ** (-3 * tail / seconds)
        impulse[: int(0.012 * RATE)] = 0
        impulse /= np.sqrt(np.sum(impulse**2))
        size = 1 << (stereo.shape[1] + len(impulse) - 1).bit_length()
        product = np.fft.rfft(stereo.mean(axis=0), size) * np.fft.rfft(impulse, size)
        wet[side] = np.fft.irfft(product)[: stereo.shape[1]]
    return wet


# Drums. Each takes a velocity 0 … 1.


def kick(rng, velocity):
    t = time_axis(0.42)
    pitch = 47 + 110 * np.exp(-t / 0.028)
    body = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-t / 0.13)
    click = np.zeros_like(t)
    tick = band_noise(rng, 0.012, 1500, 6000)
    click[: len(tick)] = tick * np.exp(-np.arange(len(tick)) / 130)
    return fade(np.tanh(1.6 * body) + 0.16 * click, 0.0005) * velocity


def snare(rng, velocity):
    t = time_axis(0.30)
    drop = 1 + 0.35 * np.exp(-t / 0.012)
    shell = sum(a * np.sin(2 * np.pi * np.cumsum(f * drop) / RATE) * np.exp(-t / d)
                for f, a, d in ((188, 0.75, 0.075), (331, 0.40, 0.05)))
    wires = band_noise(rng, 0.30, 1400, 9500) * (0.30 * np.exp(-t / 0.075) + 0.25 * np.exp(-t / 0.012))
    return fade(shell + wires, 0.0005) * velocity


def hat(rng, velocity, decay=0.035):
    t = time_axis(min(6 * decay, 0.6))
    metal = sum(np.sign(np.sin(2 * np.pi * f * t + p)) for f, p in
                zip((3137, 4231, 5407, 6229, 7393), rng.uniform(0, 6, 5)))
    spectrum = np.fft.rfft(metal)
    f = np.maximum(np.fft.rfftfreq(len(metal), 1 / RATE), 1.0)
    metal = np.fft.irfft(spectrum / np.sqrt(1 + (7000 / f) ** 8), len(metal))
    noise = band_noise(rng, len(t) / RATE + 1e-9, 7000, 15000)[: len(t)]
    return fade((0.10 * metal + 0.22 * noise) * np.exp(-t / decay), 0.0005) * velocity


def tom(rng, velocity, midi):
    t = time_axis(0.5)
    pitch = hertz(midi) * (1 + 0.5 * np.exp(-t / 0.04))
    skin = band_noise(rng, 0.5, 300, 3000) * np.exp(-t / 0.02)
    return fade(np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-t / 0.16) + 0.12 * skin, 0.0005) * velocity


def crash(rng, velocity):
    t = time_axis(2.2)
    noise = band_noise(rng, 2.2, 3000, 14000)
    return fade(0.30 * noise * (np.exp(-t / 0.45) + 0.6 * np.exp(-t / 0.03)), 0.001) * velocity


# Pitched instruments. Each takes a MIDI note and a length in seconds.


def bass(midi, seconds, bite):
    """A plucked sawtooth behind a closing low-pass. bite: how far the filter opens, in harmonics of the note."""
    t = time_axis(seconds + 0.06)
    f = hertz(midi)
    cutoff = f * (2.0 + bite * np.exp(-t / 0.16))
    sound = np.zeros_like(t)
    for k in range(1, int(3500 / f)):
        closed = 1 / np.sqrt(1 + (k * f / cutoff) ** 4)
        sound += closed / k * np.sin(2 * np.pi * k * f * t)
    return fade(sound * (0.35 + 0.65 * np.exp(-t / 0.55)), 0.004, 0.06)


def pad(rng, midi, seconds, brightness):
    """Two detuned sawtooths a side, slow attack. Stereo: the sides share no oscillator."""
    t = time_axis(seconds + 0.35)
    sides = []
    for _ in range(2):
        mono = np.zeros_like(t)
        for cents in (-7, 6):
            f = hertz(midi) * 2 ** ((cents + rng.uniform(-3, 3)) / 1200)
            base = 2 * np.pi * f * t + rng.uniform(0, 6)
            turn, step = np.exp(1j * base), np.exp(1j * base)
            for k in range(1, int(min(6000, 6 * brightness) / f) + 1):
                mono += turn.imag / (k * (1 + (k * f / brightness) ** 2))
                turn = turn * step
        sides.append(fade(mono, 0.12, 0.35))
    return np.stack(sides)


def electric_piano(midi, seconds, velocity):
    """Two-operator frequency modulation, as the electric pianos of the eighties."""
    t = time_axis(seconds + 0.25)
    f = hertz(midi)
    strike = velocity * (1.5 * np.exp(-t / 0.25) + 0.3)
    body = np.sin(2 * np.pi * f * t + strike * np.sin(2 * np.pi * f * t))
    tine = 0.10 * velocity * np.sin(2 * np.pi * f * t + 1.2 * np.sin(2 * np.pi * 14 * f * t)) * np.exp(-t / 0.08)
    return fade((body + tine) * np.exp(-t / 0.9), 0.003, 0.2) * velocity


def plucked_string(rng, midi, seconds, velocity):
    """Harmonics that die the faster the higher they are, a little stretched, as a steel string's."""
    t = time_axis(seconds + 0.12)
    f = hertz(midi) * 2 ** (rng.uniform(-4, 4) / 1200)
    point = 0.13 + 0.05 * rng.uniform()
    sound = np.zeros_like(t)
    for k in range(1, min(int(8000 / f), 32)):
        stretched = k * f * np.sqrt(1 + 4e-5 * k * k)
        level = np.sin(np.pi * k * point) / k**1.1
        sound += level * np.exp(-t * (1.3 + 0.30 * k)) * np.sin(2 * np.pi * stretched * t)
    return fade(sound, 0.002, 0.12) * velocity
