#!/usr/bin/env python3
"""The main job, end to end: starts build/release/msst on a free port, sends demo/song.flac through the HTTP API,
watches the task, downloads the stems to out/ and checks them, prints what came out, and stops the server.

    tools/demo.py [SONG] [--out DIR]        any song of your own instead
"""
import argparse
import hashlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "build/release/msst"


class Server:
    """`msst serve` with a data directory of its own that goes away with it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="msst-demo-")
        config = Path(self.folder.name) / "msst.yaml"
        config.write_text(f"port: 0\ndata_dir: {self.folder.name}/data\ndegraded_free_disk: 1GB\n")
        self.process = subprocess.Popen([BINARY, "serve", "-c", config], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "http://" not in line:
            self.process.wait()
            sys.exit("The server did not start; what it said stands above.")
        self.host, port = line.split("http://")[1].split()[0].rstrip("/").rsplit(":", 1)
        self.port = int(port)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        return connection.getresponse()

    def get_json(self, path):
        return check_json(self.request("GET", path))


def check_json(response):
    answer = json.load(response)
    if response.status >= 400:
        sys.exit(f"The server answered {response.status}: {answer['message']}")
    return answer


def submit(server, song):
    """Uploads piece by piece, as `curl -F file=@song` does."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{song.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()

    def pieces():
        yield head
        with song.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece
        yield tail

    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(head) + song.stat().st_size + len(tail)),
    }
    return check_json(server.request("POST", "/api/v1/separate", pieces(), headers))


def show_bar(task):
    if not sys.stdout.isatty():
        return
    filled = round(task["progress"] / 100 * 32)
    left = task.get("estimated_seconds_remaining")
    eta = f"{left:4.0f} s left" if left is not None else ""
    bar = "█" * filled + "░" * (32 - filled)
    print(f"\r  {bar} {task['progress']:5.1f} %  {task['stage']:<14}{eta:<14}", end="", flush=True)


def wait_for(server, task):
    while task["status"] in ("pending", "processing"):
        time.sleep(0.1)
        task = server.get_json(task_path(task))
        show_bar(task)
    print()
    if task["status"] != "completed":
        sys.exit(f"The task ended as {task['status']}: {(task.get('error') or {}).get('message', '')}")
    return task


def task_path(task):
    return f"/api/v1/tasks/{task['task_id']}"


def download(server, source, folder):
    target = folder / source["filename"]
    digest = hashlib.sha256()
    with server.request("GET", source["url"]) as response, target.open("wb") as file:
        while piece := response.read(1 << 20):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != source["sha256"]:
        sys.exit(f"{target} does not have the checksum that the server gave.")
    return target


def shown(path):
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def print_table(rows):
    print(f"  {'stem':<14}{'file':<34}{'duration':>10}{'peak':>12}{'level':>12}")
    for source, target in rows:
        print(
            f"  {source['name']:<14}{shown(target):<34}{source['duration_seconds']:>8.2f} s"
            f"{source['peak_dbfs']:>7.1f} dBFS{source['rms_dbfs']:>7.1f} dBFS"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", nargs="?", type=Path, default=ROOT / "demo/song.flac")
    parser.add_argument("--out", type=Path, default=ROOT / "out")
    arguments = parser.parse_args()

    server = Server()
    try:
        print(f"\nServer: http://{server.host}:{server.port}   song: {shown(arguments.song)}\n")
        started = time.monotonic()
        task = wait_for(server, server.get_json(task_path(submit(server, arguments.song))))
        seconds = time.monotonic() - started
        results = server.get_json(task_path(task) + "/results")
        folder = arguments.out / arguments.song.stem
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print_table([(source, download(server, source, folder)) for source in results["sources"]])
        length = task["input"]["duration_seconds"]
        print(f"\n  {length:.1f} s of music in {seconds:.1f} s ({length / seconds:.0f} times real time),", end=" ")
        print(f"model \"{task['model_type']}\".")
    finally:
        server.stop()
    print(
        "\nGo on:\n"
        "  build/release/msst serve                      the server, on http://127.0.0.1:8000\n"
        "  http://127.0.0.1:8000/docs                    its API, to read and to try out\n"
        "  build/release/msst separate song.mp3 -o out   the same without a server\n"
        "  tools/demo.py song.mp3                        this demo with a song of yours\n"
    )


if __name__ == "__main__":
    main()
