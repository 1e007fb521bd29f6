#!/usr/bin/env python3
"""Load on a running service, on this machine, over loopback: percentiles and ratios, each measured in one run.

    bench/service.py                 every experiment, about four minutes
    bench/service.py poll download   some of them; --list names them

Needs build/release/msst, wrk, nginx-light and ffmpeg. Stops by itself and removes what it made.
"""
import argparse
import http.client
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("MSST_BINARY", ROOT / "build/release/msst"))


class Service:
    """`msst serve` on a free port, with a data directory that goes away with it."""

    def __init__(self, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="msst-bench-"))
        settings = {"port": 0, "data_dir": f"{self.folder}/data", "degraded_free_disk": "1GB",
                    "reserve_free_disk": "100MB", **settings}
        self.config = self.folder / "msst.yaml"
        self.config.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        self.start()

    def start(self):
        self.process = subprocess.Popen([BINARY, "serve", "-c", self.config], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        match = re.search(r"http://([\d.]+):(\d+)", line)
        if not match:
            sys.exit(f"the server did not start: {line!r}")
        self.host, self.port = match[1], int(match[2])
        self.url = f"http://{self.host}:{self.port}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=90)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, path):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request("GET", path)
        response = connection.getresponse()
        return json.load(response)

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024

    def submit(self, path, fields=()):
        """Uploads a file piece by piece; returns (task, seconds from the last byte to the answer)."""
        head = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
        ) + '--b\r\nContent-Disposition: form-data; name="file"; filename="song.wav"\r\n\r\n'
        tail = b"\r\n--b--\r\n"
        size = os.path.getsize(path)
        connection = socket.create_connection((self.host, self.port))
        connection.sendall(
            (f"POST /api/v1/separate HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(head) + size + len(tail)}\r\n"
             "Content-Type: multipart/form-data; boundary=b\r\nConnection: close\r\n\r\n" + head).encode())
        with open(path, "rb") as file:
            while sent := os.sendfile(connection.fileno(), file.fileno(), None, 1 << 20):
                del sent
        connection.sendall(tail)
        last_byte = time.monotonic()
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        seconds = time.monotonic() - last_byte
        if not answer.startswith(b"HTTP/1.1 201"):
            sys.exit(f"submission refused: {answer[:600]!r}")
        return json.loads(answer.split(b"\r\n\r\n", 1)[1]), seconds

    def wait(self, task_id):
        while (task := self.get(f"/api/v1/tasks/{task_id}"))["status"] in ("pending", "processing"):
            time.sleep(0.2)
        if task["status"] != "completed":
            sys.exit(f"the task ended as {task['status']}: {task['error']}")
        return task


def make_wav(path, seconds, channels=2):
    """Pink noise, 16 bit; written by ffmpeg."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"anoisesrc=color=pink:r=44100:d={seconds}:a=0.3",
         "-ac", str(channels), path], check=True)


def wrk(url, connections, seconds, pause_ms=None, threads=1):
    """wrk's figures; with pause_ms every client waits that long between two requests, as a poller does."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if pause_ms is not None:
            script.write(f"function delay() return math.random(0, {2 * pause_ms}) end\n")
            script.flush()
            command += ["-s", script.name]
        text = subprocess.run(command + [url], capture_output=True, text=True, check=True).stdout
    units = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    scale = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
    transfer = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?B)", text)
    errors = re.search(r"Socket errors: (.*)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return {
        "p99_ms": float(p99[1]) * units[p99[2]],
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "bytes_per_second": float(transfer[1]) * scale[transfer[2]],
        "errors": (errors[1] if errors else "none") + (f", {bad[1]} not 2xx" if bad else ""),
    }


def report(name, text):
    print(f"  {name:<44}{text}", flush=True)


def poll():
    """200 clients poll a status while both cores separate: p99 below 50 ms, no error."""
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 600)
        tasks = [service.submit(song, [("use_tta", "true")])[0] for _ in range(6)]
        path = f"/api/v1/tasks/{tasks[-1]['task_id']}"
        busy = lambda: service.get("/api/v1/metrics")["active_tasks"]
        before = busy()
        polite = wrk(service.url + path, 200, 10, pause_ms=250)
        flat_out = wrk(service.url + path, 200, 5)
        report("status, 200 pollers, each 4/s: p99", f"{polite['p99_ms']:.1f} ms (limit 50), "
               f"{polite['requests_per_second']:.0f}/s, errors: {polite['errors']}, tasks active {before} to {busy()}")
        report("status, 200 clients without pause: p99", f"{flat_out['p99_ms']:.1f} ms, "
               f"{flat_out['requests_per_second']:.0f}/s, errors: {flat_out['errors']}")
        for task in tasks:
            connection = http.client.HTTPConnection(service.host, service.port)
            connection.request("POST", f"/api/v1/tasks/{task['task_id']}/cancel")
            connection.getresponse().read()


def upload():
    """A 500 MB WAV has its id within 2 s of the last byte; 8 at once raise the server's memory by less than 64 MB."""
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 2834)  # 499.9 MB
        size = song.stat().st_size / 1e6
        before = service.resident_bytes()
        _, seconds = service.submit(song)
        report(f"{size:.0f} MB upload: id after the last byte", f"{seconds:.2f} s (limit 2)")
        peak, seconds_of = [before], []
        threads = [threading.Thread(target=lambda: seconds_of.append(service.submit(song)[1])) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak.append(service.resident_bytes())
            time.sleep(0.05)
        report("8 such uploads at once: server's memory", f"+{(max(peak) - before) / 1e6:.1f} MB (limit 64), "
               f"slowest id {max(seconds_of):.2f} s after its last byte")


def download():
    """Downloads reach at least half of what nginx serves for the same file."""
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 300)
        task = service.wait(service.submit(song, [("instruments", "vocals")])[0]["task_id"])
        url = service.get(f"/api/v1/tasks/{task['task_id']}/results")["results"]["vocals"]
        stem = next((service.folder / "data").rglob("vocals.wav"))
        www = service.folder / "www"
        www.mkdir()
        shutil.copy(stem, www / "vocals.wav")
        port = free_port()
        (service.folder / "nginx.conf").write_text(
            f"daemon off; pid {service.folder}/nginx.pid; error_log {service.folder}/nginx.log; worker_processes 2;\n"
            "events {} user root;\n"
            f"http {{ access_log off; sendfile on; server {{ listen 127.0.0.1:{port}; root {www}; }} }}\n")
        nginx = subprocess.Popen(["nginx", "-c", service.folder / "nginx.conf"])
        try:
            wait_for_port(port)
            ours, theirs = [], []
            for _ in range(3):
                ours.append(wrk(service.url + url, 4, 3)["bytes_per_second"])
                theirs.append(wrk(f"http://127.0.0.1:{port}/vocals.wav", 4, 3)["bytes_per_second"])
        finally:
            nginx.terminate()
            nginx.wait()
        ours, theirs = sorted(ours)[1], sorted(theirs)[1]
        report(f"download of {stem.stat().st_size / 1e6:.0f} MB: msst / nginx",
               f"{ours / theirs:.2f} (limit 0.5; medians of 3, {ours / 1e9:.1f} and {theirs / 1e9:.1f} GB/s)")


def idle():
    """10,000 idle connections, then 500 slow ones, leave the service responsive."""
    wanted = 10_000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 25_000), hard))
    with Service() as service:
        before = service.resident_bytes()
        connections = [socket.create_connection((service.host, service.port)) for _ in range(wanted)]
        figures = wrk(service.url + "/api/v1/health", 20, 3)
        report(f"{wanted} idle connections: health p99", f"{figures['p99_ms']:.1f} ms, errors: {figures['errors']}, "
               f"{(service.resident_bytes() - before) / wanted / 1024:.1f} KiB a connection")
        for connection in connections:
            connection.close()
        slow = [socket.create_connection((service.host, service.port)) for _ in range(500)]
        ended = threading.Event()

        def drip():
            while not ended.wait(1):
                for connection in slow:
                    try:
                        connection.send(b"G")
                    except OSError:
                        pass

        dripper = threading.Thread(target=drip)
        dripper.start()
        figures = wrk(service.url + "/api/v1/health", 20, 3)
        deadline = time.monotonic() + 60
        left = set(slow)
        while left and time.monotonic() < deadline:
            readable = select_many(left)
            left -= {connection for connection in readable if is_closed(connection)}
        ended.set()
        dripper.join()
        report("500 slowloris: health p99", f"{figures['p99_ms']:.1f} ms, errors: {figures['errors']}, "
               f"{len(slow) - len(left)} of {len(slow)} cut off by the time limit")


def list_tasks():
    """The list is as quick with 100,000 tasks as with 100."""
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 2)
        service.wait(service.submit(song, [("instruments", "bass")])[0]["task_id"])
        figures = []
        for count in (100, 100_000):
            service.stop()
            clone_task(service.folder / "data" / "msst.db", count)
            service.start()
            figures.append(wrk(service.url + "/api/v1/tasks?limit=50", 8, 3)["p99_ms"])
            figures.append(wrk(service.url + "/api/v1/tasks?limit=50&status=completed", 8, 3)["p99_ms"])
            figures.append(wrk(service.url + "/api/v1/metrics", 8, 3)["p99_ms"])
        report("list of 50, 100,000 tasks / 100: p99", f"{figures[3]:.1f} / {figures[0]:.1f} ms; completed only "
               f"{figures[4]:.1f} / {figures[1]:.1f} ms; metrics {figures[5]:.1f} / {figures[2]:.1f} ms")


def clone_task(database, count):
    """Fills the table of a stopped server up to `count` copies of its newest task."""
    connection = sqlite3.connect(database)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(tasks)")]
    existing = connection.execute("SELECT count(*) FROM tasks").fetchone()[0]
    row = dict(zip(columns, connection.execute("SELECT * FROM tasks ORDER BY seq DESC LIMIT 1").fetchone()))
    template, seq = row["task_id"], row["seq"]
    rows = []
    for i in range(existing, count):
        row |= {"task_id": f"{template[:24]}{i:012x}", "seq": seq + i}
        rows.append([row[column] for column in columns])
    marks = ",".join("?" * len(columns))
    connection.executemany(f"INSERT OR IGNORE INTO tasks ({','.join(columns)}) VALUES ({marks})", rows)
    connection.commit()
    connection.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def select_many(connections):
    poller = select.poll()
    by_fd = {connection.fileno(): connection for connection in connections}
    for fd in by_fd:
        poller.register(fd, select.POLLIN)
    return [by_fd[fd] for fd, _ in poller.poll(1000)]


def is_closed(connection):
    try:
        return connection.recv(4096, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


EXPERIMENTS = {"poll": poll, "upload": upload, "download": download, "idle": idle, "list": list_tasks}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="*", choices=[[], *EXPERIMENTS], default=[])
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.experiments or EXPERIMENTS:
        print(f"{name}: {EXPERIMENTS[name].__doc__}")
        if not arguments.list:
            EXPERIMENTS[name]()


if __name__ == "__main__":
    main()
