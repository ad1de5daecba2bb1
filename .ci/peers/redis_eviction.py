#!/usr/bin/env python3
"""Hit ratios of a real redis-server under traces at a given pace: one row per case to standard output.

The server's clock is driven from here (given_clock.c), so that minutes of traffic take seconds. A read and, after a miss, the
write are one Lua script, so that batches can be sent without changing what is seen. The room is given in bytes, as
Redis wants it; how many items that is on average is measured and is part of the row. What Redis draws is chance: hits are the
mean of several servers.
"""

import csv
import gzip
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "tests", "data")

# policy, trace, requests per second, items wanted
CASES = [
    ("redis_lru", "zipf08", 200, 1000),
    ("redis_lru", "zipf10", 1_000, 1000),
    ("redis_lru", "zipf08", 20_000, 1000),
    ("redis_lru", "shop", 100, 500),
    ("redis_lfu", "zipf08", 200, 1000),
    ("redis_lfu", "zipf10", 1_000, 3000),
    ("redis_lfu", "zipf08", 20_000, 1000),
    ("redis_lfu", "shop", 100, 500),
]
# What is sent at one time: a fifth of a second of traffic, since Redis looks at its clock ten times a second.
BATCHES_PER_S = 5
# Servers per case: hits of one differ by up to 0.24 percentage points (one standard deviation, at 20,000 requests a second).
SERVERS = 6
VALUE = "v" * 2000
# The value is made by the script: what clients send counts as used memory while it is read.
SCRIPT = "if redis.call('get',KEYS[1]) then return 1 end redis.call('set',KEYS[1],string.rep('v',2000)) return 0"


def trace(name):
    file, column = {"shop": ("cache2k_web07.csv.gz", 1)}.get(name, (name + ".gz", 0))
    with gzip.open(os.path.join(DATA, file), "rt") as lines:
        cells = (line.strip().split(",") for line in lines)
        keys = [row[column] for row in cells if len(row) > column and row[column].isdigit()]
    return keys[:100_000]


class Redis:
    """A server with a clock of its own, and a connection to it."""

    def __init__(self, folder, library, policy):
        self.file = open(os.path.join(folder, "clock"), "w+b")
        self.file.write(bytes(8))
        self.file.flush()
        self.clock = mmap.mmap(self.file.fileno(), 8)
        address = os.path.join(folder, "socket")
        settings = ["--port", "0", "--unixsocket", address, "--save", "", "--appendonly", "no", "--dir", folder]
        policy = "allkeys-" + policy.removeprefix("redis_")
        self.server = subprocess.Popen(
            ["redis-server", *settings, "--maxmemory-policy", policy],
            env={**os.environ, "GIVEN_CLOCK": self.file.name, "LD_PRELOAD": library},
            stdout=subprocess.DEVNULL,
        )
        self.connection = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                self.connection.connect(address)
                break
            except OSError:
                time.sleep(0.05)
        else:
            sys.exit("redis-server does not come up")
        self.answers = self.connection.makefile("rb")
        self.now = 0

    def pass_time(self, to_ns):
        self.clock[:] = struct.pack("<Q", to_ns)

    @staticmethod
    def encoded(*words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)

    def answer(self):
        line = self.answers.readline()
        if line[:1] == b"-" or not line:
            sys.exit(f"redis-server says {line!r}")
        if line[:1] == b"$":
            return self.answers.read(int(line[1:]) + 2)[:-2]
        if line[:1] == b"*":
            return [self.answer() for _ in range(int(line[1:]))]
        return line[1:].strip()

    def ask(self, *words):
        self.connection.sendall(self.encoded(*words))
        return self.answer()

    def used(self):
        memory = self.ask("info", "memory").decode().split()
        return int(next(line for line in memory if line.startswith("used_memory:")).partition(":")[2])

    def close(self):
        # Not terminate(): Redis looks at signals by its clock, which stands still.
        self.server.kill()
        self.server.wait()


def bytes_for(redis, items):
    """The room that so many items of this size take, tables included."""
    before = redis.used()
    for item in range(items):
        redis.ask("set", f"filler{item}", VALUE)
    room = redis.used()
    redis.ask("flushall", "sync")
    return room if room > before else sys.exit("items take no room")


def run(redis, keys, rate, items):
    script = redis.ask("script", "load", SCRIPT)
    redis.ask("config", "set", "maxmemory", bytes_for(redis, items))
    began = int(redis.ask("time")[0])
    hits, sizes, size = 0, [], min(rate // BATCHES_PER_S, 500)
    for first in range(0, len(keys), size):
        redis.pass_time(first * 1_000_000_000 // rate)
        batch = keys[first : first + size]
        redis.connection.sendall(b"".join(redis.encoded("evalsha", script, 1, key) for key in batch))
        hits += sum(redis.answer() == b"1" for _ in batch)
        if first // size % 20 == 0 and first > len(keys) // 4:
            sizes.append(int(redis.ask("dbsize")))
    passed = int(redis.ask("time")[0]) - began
    if abs(passed - len(keys) / rate) > 2:
        sys.exit(f"the server's clock went {passed} s instead of {len(keys) / rate} s")
    return hits, sum(sizes) / len(sizes)


def once(folder, library, case):
    policy, name, rate, items = case
    redis = Redis(tempfile.mkdtemp(dir=folder), library, policy)
    try:
        keys = trace(name)
        return len(keys), *run(redis, keys, rate, items)
    finally:
        redis.close()


def measure(folder, library, case):
    requests, hits, held = zip(*(once(folder, library, case) for _ in range(SERVERS)))
    return [*case[:3], round(sum(held) / SERVERS), requests[0], round(sum(hits) / SERVERS)]


def main():
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["policy", "trace", "rate_per_s", "items", "requests", "hits"])
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(4) as threads:
        library = os.path.join(folder, "given_clock.so")
        source = os.path.join(HERE, "given_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source], check=True)
        for row in threads.map(lambda case: measure(folder, library, case), CASES):
            out.writerow(row)
            sys.stdout.flush()


main()
