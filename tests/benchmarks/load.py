"""Buyers: threads in processes of their own that send prepared requests over HTTP."""

import http.client
import math
import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from threading import Thread

PROCESSES = 4
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: str = ""
    cookie: str = ""


@dataclass(frozen=True)
class Reply:
    """Moments are of the clock that all processes of the machine share."""

    began: float
    ended: float
    status: int
    location: str


@dataclass(frozen=True)
class Load:
    replies: list[Reply]

    @property
    def seconds(self) -> float:
        began = min(reply.began for reply in self.replies)
        return max(reply.ended for reply in self.replies) - began

    @property
    def per_second(self) -> float:
        return len(self.replies) / self.seconds

    def milliseconds(self, percent: float) -> float:
        """The time within which this share of the replies came."""
        times = sorted(reply.ended - reply.began for reply in self.replies)
        return 1000 * times[math.ceil(percent / 100 * len(times)) - 1]

    def expect(self, status: int) -> "Load":
        """A shop that refuses is fast; what it did then is not what is measured."""
        found = Counter(reply.status for reply in self.replies)
        if set(found) != {status}:
            raise RuntimeError(f"expected {status} only, got {dict(found)}")
        return self


class Buyers:
    """Started once: new processes would measure their own start."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(
            PROCESSES, mp_context=multiprocessing.get_context("spawn")
        )

    def close(self) -> None:
        self._pool.shutdown()

    def send(self, port: int, requests: Sequence[Request], *, at_once: int) -> Load:
        """All requests, never more than `at_once` at a time; replies in their order."""
        processes = min(PROCESSES, at_once)
        jobs = [
            self._pool.submit(
                send_share, port, requests[n::processes], at_once // processes
            )
            for n in range(processes)
        ]
        replies: list[Reply | None] = [None] * len(requests)
        for n, job in enumerate(jobs):
            replies[n::processes] = job.result()
        return Load([reply for reply in replies if reply])


def send_share(port: int, requests: Sequence[Request], threads: int) -> list[Reply]:
    waiting = deque(enumerate(requests))
    replies: dict[int, Reply] = {}

    def buy() -> None:
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        while waiting:
            try:
                n, request = waiting.popleft()
            except IndexError:
                break
            replies[n] = _reply(server, request)
        server.close()

    buyers = [Thread(target=buy) for _n in range(threads)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()
    return [replies[n] for n in range(len(requests))]


def _reply(server: http.client.HTTPConnection, request: Request) -> Reply:
    headers = {"Accept-Encoding": "gzip"}
    if request.cookie:
        headers["Cookie"] = request.cookie
    if request.body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    began = time.monotonic()
    server.request(request.method, request.path, request.body or None, headers)
    response = server.getresponse()
    response.read()
    ended = time.monotonic()
    return Reply(began, ended, response.status, response.headers.get("Location", ""))
