#!/usr/bin/env python3
"""Fails if a file of src/ includes a folder that its CMakeLists.txt does not name after USES, if the folders
form a circle, or if the first include of x.cpp is not its own x.h."""
import graphlib
import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<][^">]+[">])', re.M)


def read_floors():
    """{folder: folders it may include}, from every msst_library(folder ... USES a b ...)."""
    floors = {}
    for lists in SRC.rglob("CMakeLists.txt"):
        for body in re.findall(r"msst_library\(([^)]*)\)", lists.read_text()):
            folder, *words = body.split()
            uses = words[words.index("USES") + 1 :] if "USES" in words else []
            stop = next((i for i, w in enumerate(uses) if w.isupper() or w.endswith("LINKS")), len(uses))
            floors[folder] = uses[:stop]
    return floors


def folder_of(path, floors):
    """The library a file belongs to: its nearest parent folder that is one."""
    return next((str(p) for p in Path(path).parents if str(p) in floors), None)


def complaints(file, floors):
    mine = folder_of(file.relative_to(SRC), floors)
    included = INCLUDE.findall(file.read_text())
    own = file.with_suffix(".h")
    if file.suffix == ".cpp" and own.exists():
        wanted = f'"{own.relative_to(SRC)}"'
        if included[:1] != [wanted]:
            yield f"the first include must be {wanted}"
    for header in (h[1:-1] for h in included if h[0] == '"'):
        theirs = folder_of(header, floors)
        if mine and theirs and theirs != mine and theirs not in floors[mine]:
            yield f"{mine} may not include {header}"


def main():
    floors = read_floors()
    tuple(graphlib.TopologicalSorter(floors).static_order())  # raises CycleError
    files = sorted(p for p in SRC.rglob("*") if p.suffix in {".h", ".cpp", ".cu", ".cuh"})
    wrong = [f"{file.relative_to(SRC)}: {text}" for file in files for text in complaints(file, floors)]
    print("\n".join(wrong) if wrong else f"{len(files)} files keep to {len(floors)} floors")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
