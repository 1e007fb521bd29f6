#!/usr/bin/env python3
"""Load on a running service, on this machine, over loopback: percentiles and ratios, each measured in one run and held against
its limit.

    bench/service.py                 every experiment, under five minutes; `all` is the same
    bench/service.py poll download   some of them; --list names them

Needs build/release/msst (or MSST_BINARY), wrk, nginx-light and ffmpeg, and for `store` the bench preset's msst-store-bench. Starts and
stops its own servers and removes what it made. Exit status 1: a limit was missed.
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
STORE_BENCH = Path(os.environ.get("MSST_STORE_BENCH", ROOT / "build/bench/bench/store/msst-store-bench"))


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

    def worker_seconds(self):
        """Processor time of the workers so far."""
        seconds = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = stat.read_text().rsplit(") ", 1)[1].split()
                if int(words[1]) == self.process.pid and "worker" in (stat.parent / "cmdline").read_text().split("\0")[1:2]:
                    seconds += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
            except (OSError, ValueError):
                pass  # it ended meanwhile
        return seconds

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
    p50, p99 = (re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", text) for share in (50, 99))
    scale = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
    transfer = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?B)", text)
    errors = re.search(r"Socket errors: (.*)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return {
        "p50_ms": float(p50[1]) * units[p50[2]],
        "p99_ms": float(p99[1]) * units[p99[2]],
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "bytes_per_second": float(transfer[1]) * scale[transfer[2]],
        "errors": (errors[1] if errors else "none") + (f", {bad[1]} not 2xx" if bad else ""),
    }


ROWS = []


def report(name, text, limit="", holds=True):
    """One line of the table. limit: in words, empty where there is none; holds: whether it was kept."""
    verdict = ("pass" if holds else "FAIL") if limit else ""
    ROWS.append((name, text, limit, verdict))
    print(f"  {name}: {text}{f'; limit: {limit}: {verdict}' if limit else ''}", flush=True)


def print_table():
    rows = [("what", "figure", "limit", ""), *ROWS]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    missed = sum(row[3] == "FAIL" for row in ROWS)
    print(f"\n{missed} limits were missed" if missed else "\nevery limit holds")
    return missed


def poll():
    """200 clients poll a status while both cores separate: p99 below 50 ms, no error."""
    with Service(worker_threads=2, allow_cpu_concurrency="true") as service:
        song = service.folder / "song.wav"
        make_wav(song, 600)
        tasks = [service.submit(song, [("use_tta", "true")])[0] for _ in range(6)]
        path = f"/api/v1/tasks/{tasks[-1]['task_id']}"
        busy = lambda: service.get("/api/v1/metrics")["active_tasks"]
        while busy() < 2:
            time.sleep(0.1)
        for name, seconds, pause_ms in (("status, 200 pollers, each 4/s", 10, 250), ("status, 200 clients without pause", 5, None)):
            begin, used = time.monotonic(), service.worker_seconds()
            figures = wrk(service.url + path, 200, seconds, pause_ms=pause_ms)
            cores = (service.worker_seconds() - used) / (time.monotonic() - begin)
            is_busy = busy() == 2
            report(name, f"p99 {figures['p99_ms']:.1f} ms, {figures['requests_per_second']:.0f}/s, errors: {figures['errors']}, "
                   f"{cores:.1f} cores left to {'two songs' if is_busy else 'LESS THAN two songs'}", "p99 50 ms, no error",
                   figures["p99_ms"] < 50 and figures["errors"] == "none" and is_busy)
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
        report(f"{size:.0f} MB upload: id after the last byte", f"{seconds:.2f} s", "2 s", seconds < 2)
        peak, seconds_of = [before], []
        threads = [threading.Thread(target=lambda: seconds_of.append(service.submit(song)[1])) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak.append(service.resident_bytes())
            time.sleep(0.05)
        growth = (max(peak) - before) / 1e6
        report("8 such uploads at once: server's memory", f"+{growth:.1f} MB", "64 MB", growth < 64)
        report("8 such uploads at once: slowest id", f"{max(seconds_of):.2f} s", "2 s", max(seconds_of) < 2)


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
               f"{ours / theirs:.2f} (medians of 3, {ours / 1e9:.1f} and {theirs / 1e9:.1f} GB/s)", "0.5", ours / theirs >= 0.5)


def idle():
    """10,000 idle connections, then 500 slow ones, leave the service responsive."""
    wanted = 10_000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 25_000), hard))
    with Service() as service:
        before = service.resident_bytes()
        connections = [socket.create_connection((service.host, service.port)) for _ in range(wanted)]
        figures = wrk(service.url + "/api/v1/health", 20, 3)
        report(f"{wanted} idle connections: health", f"p99 {figures['p99_ms']:.1f} ms, errors: {figures['errors']}, "
               f"{(service.resident_bytes() - before) / wanted / 1024:.1f} KiB a connection", "p99 1 s, no error",
               figures["p99_ms"] < 1000 and figures["errors"] == "none")
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
        report("500 slowloris: health", f"p99 {figures['p99_ms']:.1f} ms, errors: {figures['errors']}, "
               f"{len(slow) - len(left)} of {len(slow)} cut off by the time limit", "p99 1 s, no error, all cut off",
               figures["p99_ms"] < 1000 and figures["errors"] == "none" and not left)


def list_tasks():
    """The list is as quick with 100,000 tasks as with 100."""
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 2)
        service.wait(service.submit(song, [("instruments", "bass")])[0]["task_id"])
        figures = {}
        targets = {"list of 50": "/api/v1/tasks?limit=50", "completed ones only": "/api/v1/tasks?limit=50&status=completed",
                   "metrics": "/api/v1/metrics"}
        for count in (100, 100_000):
            service.stop()
            clone_task(service.folder / "data" / "msst.db", count)
            service.start()
            figures[count] = [wrk(service.url + target, 8, 3) for target in targets.values()]
        for name, few, many in zip(targets, *figures.values()):
            ratio = many["p50_ms"] / few["p50_ms"]
            report(f"{name}: 100,000 tasks / 100", f"{ratio:.2f} (p50 {many['p50_ms']:.2f} / {few['p50_ms']:.2f} ms, "
                   f"p99 {many['p99_ms']:.1f} / {few['p99_ms']:.1f} ms)", "1.5", ratio < 1.5)


def clone_task(database, count, older_by_hours=0):
    """Fills the table of a stopped server up to `count` copies of its newest task, that ended some hours earlier."""
    connection = sqlite3.connect(database)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(tasks)")]
    existing = connection.execute("SELECT count(*) FROM tasks").fetchone()[0]
    row = dict(zip(columns, connection.execute("SELECT * FROM tasks ORDER BY seq DESC LIMIT 1").fetchone()))
    template, seq = row["task_id"], row["seq"]
    row |= {column: row[column] - older_by_hours * 3_600_000 for column in ("finished_at", "finished_tick")}
    rows = []
    for i in range(existing, count):
        row |= {"task_id": f"{template[:24]}{i:012x}", "seq": seq + i}
        rows.append([row[column] for column in columns])
    marks = ",".join("?" * len(columns))
    connection.executemany(f"INSERT OR IGNORE INTO tasks ({','.join(columns)}) VALUES ({marks})", rows)
    connection.commit()
    ids = [row[0] for row in connection.execute("SELECT task_id FROM tasks")]
    connection.close()
    return ids


def retention():
    """10,000 tasks whose files expire at once: nobody waits 100 ms for the right to write, and the files go."""
    count = 10_000
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 1)
        service.wait(service.submit(song, [("instruments", "bass")])[0]["task_id"])
        service.stop()
        database, results = service.folder / "data" / "msst.db", service.folder / "data" / "results"
        for task_id in clone_task(database, count, older_by_hours=25):
            (results / task_id / "1").mkdir(parents=True, exist_ok=True)
            (results / task_id / "1" / "bass.wav").write_bytes(bytes(1000))
        service.start()
        connection = sqlite3.connect(database, timeout=0, isolation_level=None)
        left, waits, begin = count, [], time.monotonic()
        while left > 1 and time.monotonic() - begin < 120:
            waits.append(wait_for_write_lock(connection))
            if len(waits) % 100 == 0:
                left = connection.execute("SELECT count(*) FROM tasks WHERE files_deleted_at IS NULL").fetchone()[0]
            time.sleep(0.002)
        seconds = time.monotonic() - begin
        connection.close()
        folders = sum(1 for _ in results.iterdir())
        longest = 1000 * max(waits)
        report(f"{count} tasks expire: another writer waits", f"at most {longest:.1f} ms of {len(waits)} times; all gone after {seconds:.1f} s",
               "100 ms, files gone", longest < 100 and left <= 1 and folders <= 1)


def wait_for_write_lock(connection):
    """Seconds until this connection may write; looks as often as a worker does."""
    begin = time.monotonic()
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            seconds = time.monotonic() - begin
            connection.execute("ROLLBACK")
            return seconds
        except sqlite3.OperationalError:
            time.sleep(0.0003)


def store():
    """16 clients of the task store submit durably: at least 300 a second."""
    if not STORE_BENCH.exists():
        report("durable submissions from 16 clients", f"{STORE_BENCH} is not built", "300 a second", False)
        return
    run = subprocess.run([STORE_BENCH, "--benchmark_filter=^AddDurably.*threads:16$", "--benchmark_format=json"],
                         capture_output=True, text=True, check=True)
    rate = json.loads(run.stdout)["benchmarks"][0]["items_per_second"]
    report("durable submissions from 16 clients", f"{rate:.0f} a second", "300 a second", rate >= 300)


def submissions():
    """16 clients submit a song of a second over HTTP: durable, and examined by a process of its own."""
    with Service() as service:
        song = service.folder / "song.wav"
        make_wav(song, 1)
        seconds_of, end = [], time.monotonic() + 5

        def client():
            while (begin := time.monotonic()) < end:
                service.submit(song, [("instruments", "bass")])
                seconds_of.append(time.monotonic() - begin)

        threads = [threading.Thread(target=client) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds_of.sort()
        p99 = seconds_of[len(seconds_of) * 99 // 100]
        report("submissions over HTTP from 16 clients", f"{len(seconds_of) / 5:.0f} a second, p99 {1000 * p99:.0f} ms", "p99 1 s", p99 < 1)


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


EXPERIMENTS = {"poll": poll, "upload": upload, "download": download, "idle": idle, "list": list_tasks, "retention": retention,
               "store": store, "submissions": submissions}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="*", choices=[[], "all", *EXPERIMENTS], default=[])
    parser.add_argument("--list", action="store_true", help="name the experiments and run none")
    arguments = parser.parse_args()
    names = [name for name in EXPERIMENTS if name in arguments.experiments] or list(EXPERIMENTS)
    begin = time.monotonic()
    for name in names:
        print(f"{name}: {EXPERIMENTS[name].__doc__}", flush=True)
        if not arguments.list:
            EXPERIMENTS[name]()
    if not arguments.list:
        missed = print_table()
        print(f"{time.monotonic() - begin:.0f} s")
        sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
