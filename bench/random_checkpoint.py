#!/usr/bin/python3
"""Writes a PyTorch checkpoint (zip) of random weights, to measure how long loading takes.

    random_checkpoint.py model.ckpt < weights.txt

A line of weights.txt is a weight's name and its sizes: `layers.0.0.norm.gamma 384`. Vectors named gamma are ones.
"""
import sys
import zipfile

import numpy as np


def strides_of(sizes):
    strides, step = [], 1
    for size in reversed(sizes):
        strides.insert(0, step)
        step *= size
    return tuple(strides)


def number(value):
    return b"J" + int(value).to_bytes(4, "little", signed=True)


def text(value):
    raw = value.encode()
    return b"X" + len(raw).to_bytes(4, "little") + raw


def numbers(values):
    return b"(" + b"".join(number(v) for v in values) + b"t"


def tensor(key, sizes):
    count = int(np.prod(sizes)) if sizes else 1
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(count) + b"tQ"
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(0) + numbers(sizes) + numbers(strides_of(sizes))
            + b"\x89" + b"ccollections\nOrderedDict\n)R" + b"tR")


def main():
    weights = [line.split() for line in sys.stdin if line.strip()]
    weights = [(words[0], [int(size) for size in words[1:]]) for words in weights]
    random = np.random.default_rng(1)
    with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_STORED) as file:
        body = b"".join(text(name) + tensor(str(i), sizes) for i, (name, sizes) in enumerate(weights))
        file.writestr("archive/data.pkl", b"\x80\x02}(" + body + b"u.")
        for i, (name, sizes) in enumerate(weights):
            values = random.standard_normal(sizes, dtype=np.float32) * 0.02
            if name.endswith(("gamma", "running_var")):
                values = np.ones(sizes, np.float32)
            file.writestr(f"archive/data/{i}", values.tobytes())
        file.writestr("archive/version", "3\n")


main()
