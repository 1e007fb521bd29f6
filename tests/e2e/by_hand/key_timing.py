#!/usr/bin/python3
"""Whether the time of a refusal tells how much of a wrong API key is right. By hand, against a running server with enable_auth:

    tests/e2e/by_hand/key_timing.py PORT RIGHT_KEY [REQUESTS]

Asks in turn, in random order, with a key that differs from the right one in its last character only, and with one that differs in all.
Mann-Whitney: p below 0.01 would tell the two apart."""
import math
import random
import socket
import sys
import time

import numpy as np


def ask(connection, key):
    request = f"GET /livez HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    begin = time.perf_counter_ns()
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    assert head[9:12] == b"401", head
    return time.perf_counter_ns() - begin


def mann_whitney(a, b):
    both = np.concatenate([a, b])
    rank = np.empty(len(both))
    rank[both.argsort(kind="stable")] = np.arange(1, len(both) + 1)
    n, m = len(a), len(b)
    u = rank[:n].sum() - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return z, math.erfc(abs(z) / math.sqrt(2))


def main():
    port, right, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 50_000
    keys = {"near": right[:-1] + ("0" if right[-1] != "0" else "1"), "far": "~" * len(right)}
    times = {name: [] for name in keys}
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for turn in range(count + 500):
            for name in random.sample(list(keys), 2):
                taken = ask(connection, keys[name])
                if turn >= 500:  # warm by now
                    times[name].append(taken)
    z, p = mann_whitney(np.array(times["near"], float), np.array(times["far"], float))
    print(f"{count} each: median near {np.median(times['near']) / 1e3:.1f} us, far {np.median(times['far']) / 1e3:.1f} us; z = {z:.2f}, p = {p:.3f}")


if __name__ == "__main__":
    main()
