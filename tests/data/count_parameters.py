#!/usr/bin/env python3
"""Counts the learned numbers in a checkpoint (torch.save's ZIP or older stream, safetensors), without msst and without
PyTorch: count_parameters.py FILE.... tests/parity/facts_test.cpp holds what it prints for the golden cases.

What stands under several names is counted once, as PyTorch's Module.parameters() does. Statistics that a batch norm
measured (running_mean, running_var, num_batches_tracked) were not learned. The pickles are the project's own: nothing in
them is called, but this is no reader for strangers' files."""
import collections
import json
import math
import pickle
import re
import struct
import sys
import zipfile

MEASURED = re.compile(r"(running_mean|running_var|num_batches_tracked)$")


class Stub:
    """Stands for whatever a pickle names."""

    def __init__(self, *arguments, **_):
        self.arguments = arguments

    def __setstate__(self, state):
        pass


class Tensor:
    def __init__(self, storage, offset, size, *_):
        self.place = (storage, offset, tuple(size))
        self.elements = math.prod(size)


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if name.startswith("_rebuild_tensor"):
            return Tensor
        if name == "_rebuild_parameter":
            return lambda tensor, *_: tensor
        if name == "OrderedDict":
            return collections.OrderedDict
        return type(name, (Stub,), {})

    def persistent_load(self, identifier):
        return identifier[2]  # the storage's key


def read_torch(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            (member,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
            with archive.open(member) as file:
                return Unpickler(file).load()
    with open(path, "rb") as file:
        for _ in range(3):  # magic number, protocol, system
            Unpickler(file).load()
        return Unpickler(file).load()


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    header.pop("__metadata__", None)
    return {name: Tensor(tuple(entry["data_offsets"]), 0, entry["shape"]) for name, entry in header.items()}


def unwrap(value):
    for wrapper in ("state", "state_dict", "model_state_dict"):
        if isinstance(value, dict) and isinstance(value.get(wrapper), dict):
            return unwrap(value[wrapper])
    return value


def count(path):
    tensors = unwrap(read_safetensors(path) if path.endswith(".safetensors") else read_torch(path))
    learned = {tensor.place: tensor.elements for name, tensor in tensors.items()
               if isinstance(tensor, Tensor) and not MEASURED.search(name)}
    return sum(learned.values())


for file in sys.argv[1:]:
    print(file, count(file))
