#!/usr/bin/env python3
"""Golden cases of roformer variants without reference code at hand: written out in numpy, from the description of them.

    python3 tests/data/make_variants.py        writes tests/data/goldens/bs_roformer-{large,siamese}

The plain network in here is checked against PyTorch's result (goldens/bs_roformer-plain) before anything is written.
Needs numpy. Everything is computed in double precision and stored as float32.
"""
import json
import math
import pathlib
import pickle
import struct
import zipfile

import numpy as np

GOLDENS = pathlib.Path(__file__).parent / "goldens"
DIM, HEADS, HEAD_DIM, DEPTH, HOP, N_FFT, CHUNK = 12, 2, 6, 2, 32, 128, 1600
BANDS = [3, 5, 8, 16, 33]
erf = np.vectorize(math.erf)


def read_safetensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    body = data[8 + size:]
    return {name: np.frombuffer(body[slice(*t["data_offsets"])], "<f4").reshape(t["shape"]).astype(float)
            for name, t in header.items()}


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


class TorchZip(pickle.Unpickler):
    """Our own files only: float32 tensors by name."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.top = next(n for n in self.zip.namelist() if n.endswith("data.pkl"))[:-len("data.pkl")]
        super().__init__(self.zip.open(self.top + "data.pkl"))

    def find_class(self, module, name):
        if name == "OrderedDict":
            return type("Names", (dict,), {})
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *rest: np.lib.stride_tricks.as_strided(
                storage[offset:], size, [4 * s for s in stride]).astype(float)
        assert name == "FloatStorage", name
        return name

    def persistent_load(self, key):
        return np.frombuffer(self.zip.read(self.top + "data/" + key[2]), "<f4")


def rms_norm(x, gamma):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12) * math.sqrt(x.shape[-1]) * gamma


def rotate(x, frequencies):  # [..., positions, head_dim]
    angle = np.arange(x.shape[-2])[:, None] * frequencies
    cosine, sine = np.repeat(np.cos(angle), 2, -1), np.repeat(np.sin(angle), 2, -1)
    other = np.stack([-x[..., 1::2], x[..., 0::2]], -1).reshape(x.shape)
    return x * cosine + other * sine


class Roformer:
    def __init__(self, weights, heads, head_dim, depth, bands, n_fft, hop):
        self.w, self.heads, self.head_dim, self.depth = weights, heads, head_dim, depth
        self.bands, self.n_fft, self.hop = bands, n_fft, hop
        self.window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)

    def attention(self, x, name):  # x [batch, positions, d]
        u = rms_norm(x, self.w[name + ".norm.gamma"])
        qkv = u @ self.w[name + ".to_qkv.weight"].T
        q, k, v = np.moveaxis(qkv.reshape(*qkv.shape[:2], 3, self.heads, self.head_dim), (2, 3), (0, 2))
        frequencies = self.w[name + ".rotary_embed.freqs"]
        scores = rotate(q, frequencies) @ np.swapaxes(rotate(k, frequencies), -1, -2) / math.sqrt(self.head_dim)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        out = scores / scores.sum(-1, keepdims=True) @ v
        gates = 1 / (1 + np.exp(-(u @ self.w[name + ".to_gates.weight"].T + self.w[name + ".to_gates.bias"])))
        out = np.moveaxis(out * np.moveaxis(gates, -1, 1)[..., None], 1, 2)
        return out.reshape(*out.shape[:2], -1) @ self.w[name + ".to_out.0.weight"].T

    def feed_forward(self, x, name):
        u = rms_norm(x, self.w[name + ".net.0.gamma"])
        u = u @ self.w[name + ".net.1.weight"].T + self.w[name + ".net.1.bias"]
        u = 0.5 * u * (1 + erf(u / math.sqrt(2)))
        return u @ self.w[name + ".net.4.weight"].T + self.w[name + ".net.4.bias"]

    def blocks(self, x, prefix, depth):  # x [frames, bands, d]
        for block in range(depth):
            for axis in (0, 1):
                x = np.swapaxes(x, 0, 1) if axis == 0 else x
                name = f"{prefix}{block}.{axis}.layers.0"
                x = x + self.attention(x, name + ".0")
                x = x + self.feed_forward(x, name + ".1")
                x = np.swapaxes(x, 0, 1) if axis == 0 else x
        return x

    def siamese_blocks(self, x):
        y, number = x, 0
        for block in range(self.depth):
            for axis in (0, 1):
                if axis == 0:
                    x, y = np.swapaxes(x, 0, 1), np.swapaxes(y, 0, 1)
                name, number = f"layers.{block}.{axis}.", number + 1
                factor = 1 + 1 / math.sqrt(number)

                def norm(z, which, name=name):
                    return rms_norm(z, self.w[f"{name}{which}.0.gamma"])

                a = self.attention(x * self.w[name + "y_attn.0"] + norm(y, "ln_y_attn"), name + "layers.0.0")
                y = y + a
                x = norm(x + factor * a, "ln_x_attn")
                f = self.feed_forward(x + norm(y, "ln_y_mlp"), name + "layers.0.1")
                y = y + f
                x = norm(x + factor * f, "ln_x_mlp")
                if axis == 0:
                    x, y = np.swapaxes(x, 0, 1), np.swapaxes(y, 0, 1)
        return x + rms_norm(y, self.w["final_norm.gamma"])

    def mask(self, x, stem):
        head = f"mask_estimators.{stem}."
        if head + "norm.gamma" in self.w:
            depth = 0
            while f"{head}layers.{depth}.0.layers.0.0.norm.gamma" in self.w:
                depth += 1
            x = rms_norm(self.blocks(x, head + "layers.", depth), self.w[head + "norm.gamma"])
        parts = []
        for band in range(len(self.bands)):
            u, layer = x[:, band], 0
            while (name := f"{head}to_freqs.{band}.0.{layer}.weight") in self.w:
                u = np.tanh(u) if layer else u
                u = u @ self.w[name].T + self.w[name.replace("weight", "bias")]
                layer += 2
            a, b = np.split(u, 2, -1)
            parts.append(a / (1 + np.exp(-b)))
        return np.concatenate(parts, -1)

    def forward(self, song):  # [channels, samples] -> [stems, channels, samples]
        half = self.n_fft // 2
        padded = np.pad(song, ((0, 0), (half, half)), mode="reflect")
        starts = range(0, song.shape[1] + 1, self.hop)
        spectrum = np.stack([np.fft.rfft(padded[:, s:s + self.n_fft] * self.window) for s in starts])
        spectrum = np.swapaxes(spectrum, 1, 2)  # [frames, bins, channels]
        features = np.stack([spectrum.real, spectrum.imag], -1).reshape(len(spectrum), -1)
        tokens, at = [], 0
        for band, bins in enumerate(self.bands):
            width, name = 2 * song.shape[0] * bins, f"band_split.to_features.{band}."
            u = rms_norm(features[:, at:at + width], self.w[name + "0.gamma"])
            tokens.append(u @ self.w[name + "1.weight"].T + self.w[name + "1.bias"])
            at += width
        x = np.stack(tokens, 1)
        if "layers.0.0.ln_x_attn.0.gamma" in self.w:
            x = self.siamese_blocks(x)
        else:
            x = rms_norm(self.blocks(x, "layers.", self.depth), self.w["final_norm.gamma"])
        stems = []
        while f"mask_estimators.{len(stems)}.to_freqs.0.0.0.weight" in self.w:
            pairs = self.mask(x, len(stems)).reshape(*spectrum.shape, 2)
            stems.append(self.inverse(spectrum * (pairs[..., 0] + 1j * pairs[..., 1]), song.shape[1]))
        return np.stack(stems)

    def inverse(self, spectrum, samples):
        spectrum = spectrum.copy()
        spectrum[:, 0] = 0  # zero_dc
        half, frames = self.n_fft // 2, len(spectrum)
        out = np.zeros((spectrum.shape[2], self.n_fft + self.hop * (frames - 1)))
        weight = np.zeros(out.shape[1])
        for t in range(frames):
            part = slice(t * self.hop, t * self.hop + self.n_fft)
            out[:, part] += np.fft.irfft(spectrum[t].T, self.n_fft) * self.window
            weight[part] += self.window ** 2
        return (out / np.maximum(weight, 1e-30))[:, half:half + samples]


class Maker:
    """Random weights of the right size for every name."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.w = {}

    def matrix(self, name, rows, columns, bias=True):
        self.w[name + ".weight"] = self.random.normal(0, 1 / math.sqrt(columns), (rows, columns))
        if bias:
            self.w[name + ".bias"] = self.random.normal(0, 0.2, rows)

    def gamma(self, name, width=DIM):
        self.w[name] = self.random.uniform(0.5, 1.5, width)

    def blocks(self, prefix, depth, heads, head_dim):
        for block in range(depth):
            for axis in (0, 1):
                name = f"{prefix}{block}.{axis}.layers.0"
                self.gamma(name + ".0.norm.gamma")
                self.matrix(name + ".0.to_qkv", 3 * heads * head_dim, DIM, bias=False)
                self.matrix(name + ".0.to_gates", heads, DIM)
                self.matrix(name + ".0.to_out.0", DIM, heads * head_dim, bias=False)
                self.w[name + ".0.rotary_embed.freqs"] = 100.0 ** (-2 * np.arange(head_dim // 2) / head_dim)
                self.gamma(name + ".1.net.0.gamma")
                self.matrix(name + ".1.net.1", 4 * DIM, DIM)
                self.matrix(name + ".1.net.4", DIM, 4 * DIM)

    def network(self, stems, channels=2):
        for band, bins in enumerate(BANDS):
            self.gamma(f"band_split.to_features.{band}.0.gamma", 2 * channels * bins)
            self.matrix(f"band_split.to_features.{band}.1", DIM, 2 * channels * bins)
            for stem in range(stems):
                name = f"mask_estimators.{stem}.to_freqs.{band}.0."
                self.matrix(name + "0", 2 * DIM, DIM)
                self.matrix(name + "2", 4 * channels * bins, 2 * DIM)
        self.blocks("layers.", DEPTH, HEADS, HEAD_DIM)
        self.gamma("final_norm.gamma")

    def large_heads(self, stems):
        for stem in range(stems):
            self.blocks(f"mask_estimators.{stem}.layers.", 2, HEADS, HEAD_DIM)
            self.gamma(f"mask_estimators.{stem}.norm.gamma")

    def siamese(self):
        for block in range(DEPTH):
            for axis in (0, 1):
                for which in ("ln_x_attn", "ln_y_attn", "ln_x_mlp", "ln_y_mlp"):
                    self.gamma(f"layers.{block}.{axis}.{which}.0.gamma")
                self.gamma(f"layers.{block}.{axis}.y_attn.0")


def config(stems, more=""):
    return f"""audio: {{chunk_size: {CHUNK}, num_channels: 2, sample_rate: 44100}}
model:
  dim: {DIM}
  depth: {DEPTH}
  stereo: true
  num_stems: {len(stems)}
  time_transformer_depth: 1
  freq_transformer_depth: 1
  freqs_per_bands: !!python/tuple {BANDS}
  dim_head: {HEAD_DIM}
  heads: {HEADS}
  mlp_expansion_factor: 2
  stft_n_fft: {N_FFT}
  stft_hop_length: {HOP}
  stft_win_length: {N_FFT}
{more}training: {{instruments: [{', '.join(stems)}], target_instrument: null}}
inference: {{batch_size: 1, num_overlap: 2}}
"""


def write_case(name, maker, stems, more=""):
    folder = GOLDENS / name
    folder.mkdir(exist_ok=True)
    weights = {key: value.astype("<f4").astype(float) for key, value in maker.w.items()}
    song = maker.random.normal(0, 0.3, (2, CHUNK)).astype("<f4").astype(float)
    network = Roformer(weights, HEADS, HEAD_DIM, DEPTH, BANDS, N_FFT, HOP)
    (folder / "config.yaml").write_text(config(stems, more))
    write_safetensors(folder / "model.safetensors", weights)
    write_safetensors(folder / "golden.safetensors", {"input": song, "forward": network.forward(song)})


def check_against_pytorch():
    case = GOLDENS / "bs_roformer-plain"
    bands = [2] * 8 + [4] * 8 + [8] * 6 + [16] * 5 + [32, 32, 17]
    golden = read_safetensors(case / "golden.safetensors")
    network = Roformer(TorchZip(case / "model.ckpt").load(), 4, 8, 2, bands, 512, 126)
    ours = network.forward(golden["input"])
    error = np.linalg.norm(ours - golden["forward"]) / np.linalg.norm(golden["forward"])
    assert error < 1e-5, error
    print(f"bs_roformer-plain: {error:.1e} from PyTorch")


def main():
    check_against_pytorch()
    large = Maker(1)
    large.network(stems=2)
    large.large_heads(stems=2)
    write_case("bs_roformer-large", large, ["vocals", "other"])
    siamese = Maker(2)
    siamese.network(stems=1)
    siamese.siamese()
    write_case("bs_roformer-siamese", siamese, ["vocals"], "  siamese: true\n")


if __name__ == "__main__":
    main()
