"""What the doubles of payment gateways share: a small real HTTP server with faults.

A double keeps the gateway's own truth in memory, answers in the shapes of its
documentation, and can be told to misbehave. It listens on loopback only.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request, urlopen

Json = Any
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
# Longer than any test waits; a server that stops lets go at once.
FOR_EVER = 60.0


@dataclass(frozen=True)
class Call:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Json


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json
    is_html: bool = False


class Refusal(Exception):
    """An answer other than the usual one, from deep within."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(status)
        self.answer = Answer(status, body)


@dataclass
class Double:
    """Faults: `hang`, `error` and `html` do nothing first; `lost` does what it was
    asked for and then never answers; `garbled` does it and answers no JSON."""

    calls: list[Call] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)
    base: str = ""

    def __post_init__(self) -> None:
        self.stopping = threading.Event()
        self.lock = threading.RLock()

    def fail(self, what: str, *faults: str) -> None:
        """The next calls of `what` end like this, in turn; then all is well."""
        self.faults.setdefault(what, []).extend(faults)

    def called(self, what: str) -> int:
        """How many calls of this kind have arrived."""
        return sum(self.name_of(call) == what for call in self.calls)

    def name_of(self, call: Call) -> str:
        raise NotImplementedError

    def serve(self, call: Call) -> Answer:
        raise NotImplementedError

    def answer(self, call: Call) -> Answer:
        with self.lock:
            self.calls.append(call)
            waiting = self.faults.get(self.name_of(call))
            fault = waiting.pop(0) if waiting else ""
        if fault == "hang":
            self.stopping.wait(FOR_EVER)
        if fault in ("hang", "error"):
            return Answer(500, {"status_code": "500", "message": "try later"})
        if fault == "html":
            return Answer(502, HTML, is_html=True)
        with self.lock:
            done = self._served(call)
        if fault == "lost":
            self.stopping.wait(FOR_EVER)
        return Answer(200, HTML, is_html=True) if fault == "garbled" else done

    def _served(self, call: Call) -> Answer:
        try:
            return self.serve(call)
        except Refusal as refusal:
            return refusal.answer

    @contextmanager
    def running(self, port: int = 0) -> Iterator[Self]:
        server = _Server(("127.0.0.1", port), _handler_of(self.answer))
        self.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def run_until_stopped(self, port: int) -> None:
        """For a terminal: until Ctrl-C."""
        with suppress(KeyboardInterrupt), self.running(port):
            while True:
                time.sleep(1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_arguments: Any) -> None:
        """A client that gave up is part of the game."""


def _handler_of(answer: Callable[[Call], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            self._send(answer(_call(self, raw)))

        do_POST = do_GET

        def _send(self, done: Answer) -> None:
            kind = "text/html" if done.is_html else "application/json"
            text = done.body if done.is_html else json.dumps(done.body)
            raw = text.encode()
            with suppress(OSError):
                self.send_response(done.status)
                if done.status == 303:
                    self.send_header("Location", str(done.body))
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        def log_message(self, *_arguments: Any) -> None:
            """The journal is kept by the double."""

    return Handler


def _call(handler: BaseHTTPRequestHandler, raw: bytes) -> Call:
    url = urlsplit(handler.path)
    query = {key: values[-1] for key, values in parse_qs(url.query).items()}
    headers = {key.lower(): value for key, value in handler.headers.items()}
    body: Json = None
    if raw and "json" in headers.get("content-type", ""):
        body = json.loads(raw)
    elif raw:
        body = {key: value[-1] for key, value in parse_qs(raw.decode()).items()}
    return Call(handler.command, unquote(url.path), query, headers, body)


def deliver(url: str, raw: bytes, headers: dict[str, str]) -> None:
    """Post a notification as the gateway would; a shop that is down misses it."""
    headers = {"Content-Type": "application/json"} | headers
    with suppress(OSError):
        urlopen(Request(url, raw, headers), timeout=5).close()  # noqa: S310
