#!/usr/bin/env python3
"""Floating point operations of one chunk, on paper: products of matrices, convolutions, attention, LSTMs and Fourier
transforms, from the description of the networks and without msst. tests/parity/facts_test.cpp holds what it prints.

What is left out, additions and everything else that is done once to each number, is a few per cent of a network of
published size and up to a fifth of these small ones. The test has no figure of scnet: its decoder doubles channels before a
convolution, which msst folds into the weights, so that it does less than the description says."""
import math


def fourier(rows, length):
    return 2.5 * rows * length * math.log2(length)


def transformer_layer(tokens, sequence, dim, heads, head_dim):
    inner = heads * head_dim
    return tokens * (2 * dim * (3 * inner + heads + inner + 8 * dim) + 4 * sequence * inner)


def roformer(chunk, hop, n_fft, widths, dim, depth, heads, head_dim, hidden_layers, hidden, stems=1, channels=2):
    frames, bands = 1 + chunk // hop, len(widths)
    features = [2 * channels * width for width in widths]
    trunk = depth * (transformer_layer(frames * bands, frames, dim, heads, head_dim) +
                     transformer_layer(frames * bands, bands, dim, heads, head_dim))
    masks = sum(dim * hidden + (hidden_layers - 1) * hidden * hidden + hidden * 2 * width for width in features)
    return (2 * frames * dim * sum(features) + trunk + 2 * frames * masks * stems +
            fourier(channels * frames * (1 + stems), n_fft))


def mel_widths(bands, n_fft, rate):
    """Bins of each mel band, Slaney's scale."""
    def to_hz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)
    top = 15 + 27 * math.log(rate / 2 / 1000) / math.log(6.4)
    points = [to_hz(top * i / (bands + 1)) for i in range(bands + 2)]
    bins = [k * rate / n_fft for k in range(n_fft // 2 + 1)]
    inside = [[low < hz < high for hz in bins] for low, high in zip(points, points[2:])]
    inside[0][0] = inside[-1][-1] = True
    return [sum(row) for row in inside]


def mdx23c(frames, bins, n_fft, subbands, scales, blocks, channels, growth, bottleneck, stems):
    def tfc_tdf(wide, narrow, time, freq):  # channels of the input and of the output
        total = 0
        for block in range(blocks):
            first = wide if block == 0 else narrow
            total += 2 * time * freq * (9 * first * narrow + 9 * narrow * narrow + first * narrow)
            total += 2 * narrow * time * 2 * freq * (freq // bottleneck)
        return total
    mixed, time, freq, width = 4 * subbands, frames, bins // subbands, channels
    total = 2 * time * freq * (mixed * width + (width + mixed) * width + width * mixed * stems)
    for _ in range(scales):
        total += tfc_tdf(width, width, time, freq)
        time, freq = time // 2, freq // 2
        total += 2 * (2 * 2 * width * (width + growth) * time * freq)  # down here, and up again
        width += growth
        total += tfc_tdf(2 * (width - growth), width - growth, time * 2, freq * 2)  # the decoder's
    total += tfc_tdf(width, width, time, freq)
    return total + fourier(2 * frames * (1 + stems), n_fft)


def scnet(chunk, hop, n_fft, dims, ratios, strides, kernels, depths, compress, layers, stems):
    padding = hop - chunk % hop
    frames = (chunk + padding) // hop
    frames = 1 + (frames + 1 if frames % 2 == 0 else frames)
    total, bins = 0, n_fft // 2 + 1
    for below, width in zip(dims, dims[1:]):
        a, b = math.ceil(bins * ratios[0]), math.ceil(bins * (ratios[0] + ratios[1]))
        lengths, last = [], bins
        for size, stride, kernel, depth in zip((a, b - a, last - b), strides, kernels, depths):
            length = math.ceil(size / stride)
            lengths.append(length)
            total += 2 * length * frames * below * width * kernel  # down
            hidden = width // compress
            total += depth * 2 * length * frames * (width * 2 * hidden * 3 + hidden * 3 + hidden * width)
            up = below * stems if below == dims[0] else below
            total += 2 * length * frames * width * up * kernel
        bins = sum(lengths)
        total += 2 * bins * frames * 9 * (width * width + 2 * width * 2 * width)  # the encoder's, the decoder's
    for layer in range(layers):
        width = dims[-1] * (1 + layer % 2)
        columns = frames if layer % 2 == 0 else frames // 2 + 1
        total += 2 * bins * columns * (2 * 2 * 4 * width * 2 * width + 2 * 2 * width * width)
        total += fourier(bins * dims[-1], frames) * 2
    return total + fourier(2 * frames * (1 + stems), n_fft)


def htdemucs(length, n_fft, channels, depth, compress, bottom, layers, stems, dconv_depth=2):
    hop = n_fft // 4
    frames, bins = math.ceil(length / hop), n_fft // 2
    def convolutions(below, width, size, up, rewrite_taps):
        hidden = width // compress
        dconv = dconv_depth * 2 * size * (3 * width * hidden + hidden * 2 * width)
        down = 2 * size * (8 * below * width + 2 * width * width)
        return down + 2 * dconv + 2 * size * (rewrite_taps * width * 2 * width + 8 * width * up)
    total, samples = 0, length
    for level in range(depth):
        width, below = channels * 2**level, channels * 2**(level - 1)
        bins, samples = bins // 4, math.ceil(samples / 4)
        total += convolutions(4 if level == 0 else below, width, bins * frames, 4 * stems if level == 0 else below, 9)
        total += convolutions(2 if level == 0 else below, width, samples, 2 * stems if level == 0 else below, 3)
    deepest, dim = channels * 2**(depth - 1), bottom
    tokens = bins * frames
    total += 2 * 2 * (tokens + samples) * deepest * dim
    for layer in range(layers):
        for own, other in ((tokens, samples), (samples, tokens)):
            keys = own if layer % 2 == 0 else other
            total += 2 * dim * dim * (2 * own + 2 * keys + 8 * own) + 4 * own * keys * dim
    return total + fourier(2 * frames * (1 + stems), n_fft)


SMALL_BANDS = [2] * 8 + [4] * 8 + [8] * 6 + [16] * 5 + [32, 32, 17]
for name, operations in {
    "bs_roformer-plain": roformer(8820, 126, 512, SMALL_BANDS, 24, 2, 4, 8, hidden_layers=1, hidden=96),
    "mel_band_roformer-plain": roformer(8820, 210, 1024, mel_widths(24, 1024, 44100), 16, 2, 4, 8, hidden_layers=2, hidden=64),
    "mdx23c-instance": mdx23c(32, 512, 1024, 2, 2, 2, 8, 8, 4, 2),
    "scnet-small": scnet(8192, 256, 1024, [4, 8, 12, 16], [.175, .392], [1, 4, 16], [3, 4, 16], [3, 2, 1], 4, 2, 4),
    "htdemucs-4stem": htdemucs(8000, 1024, 8, 4, 8, 16, 3, 4),
    "published mel_band_roformer": roformer(352800, 441, 2048, mel_widths(60, 2048, 44100), 384, 6, 8, 64, 2, 1536),
    "published bs_roformer": roformer(352800, 441, 2048, [2] * 24 + [4] * 12 + [12] * 8 + [24] * 8 + [48] * 8 + [128, 129],
                                      512, 12, 8, 64, 1, 2048),
    "published mdx23c": mdx23c(256, 4096, 8192, 4, 5, 2, 128, 128, 4, 2),
    "published scnet": scnet(485100, 1024, 4096, [4, 32, 64, 128], [.175, .392], [1, 4, 16], [3, 4, 16], [3, 2, 1], 4, 6, 4),
    "published htdemucs": htdemucs(485100, 4096, 48, 4, 8, 512, 5, 4),
}.items():
    print(f"{name}: {operations / 1e6:.1f} million")
