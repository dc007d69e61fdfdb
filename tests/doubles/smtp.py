"""A mail server on loopback that answers as told and keeps what arrived.

    with Smtp().running() as server:
        server.script["ani@example.com"] = ["450 greylisted"]   # then all is well
        server.faults += ["hang", "drop before answer"]          # of whole sessions

`python -m tests.doubles.smtp PORT [SECONDS]` runs one in a process of its own.
"""

import socket
import socketserver
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any, Self

# Longer than any test waits; a server that stops lets go at once.
FOR_EVER = 60.0
BACKLOG = 64


@dataclass(frozen=True)
class Arrived:
    """A mail the server has, whether or not it lived to say so."""

    to: str
    raw: bytes
    at: float

    @property
    def mail(self) -> Message:
        return message_from_bytes(self.raw)

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])


@dataclass
class Smtp:
    """`faults` end the next sessions or mails: `421` at the greeting; `hang` at it;
    `hang in data`, `drop before data`, `drop before answer` (the mail is not kept) and
    `drop after answer lost` (it is kept, and nobody is told)."""

    arrived: list[Arrived] = field(default_factory=list)
    # Answers to RCPT, in turn, for a recipient; "!" before one keeps it for ever.
    script: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    data_script: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    password: str = ""
    refused_sender: str = ""
    seconds_per_mail: float = 0.0
    seconds_of_each: float = 0.0
    mails_per_session: int = 0
    sessions: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.pace = threading.Lock()

    def fault(self, *names: str) -> str:
        """The next fault, if it is one of these."""
        with self.lock:
            if self.faults and self.faults[0] in names:
                return self.faults.pop(0)
        return ""

    def answer_to(self, recipient: str) -> str:
        with self.lock:
            answers = self.script.get(recipient)
            if not answers:
                return "250 ok"
            return answers[0][1:] if answers[0][0] == "!" else answers.pop(0)

    def keep(self, to: str, raw: bytes) -> None:
        with self.lock:
            self.arrived.append(Arrived(to, raw, time.monotonic()))

    def take_its_time(self) -> None:
        """For each mail; or one mail at a time for everybody, as if throttled."""
        if self.seconds_of_each:
            time.sleep(self.seconds_of_each)
        if self.seconds_per_mail:
            with self.pace:
                self.stopping.wait(self.seconds_per_mail)

    def recipients(self) -> list[str]:
        return [mail.to for mail in self.arrived]

    def copies(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(mail.message_id for mail in self.arrived)

    @contextmanager
    def running(self, port: int = 0) -> Iterator[Self]:
        server = _Server(("127.0.0.1", port), _handler_of(self))
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            server.shutdown()
            server.server_close()
            thread.join()


class Sink(Smtp):
    def keep(self, to: str, raw: bytes) -> None:
        """Taken, and forgotten."""


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = BACKLOG

    def handle_error(self, *_arguments: Any) -> None:
        """A client that gave up is part of the game."""


class _HangUp(Exception):
    """The session ends without another word."""


def _handler_of(server: Smtp) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(_HangUp, OSError):
                Session(server, self).run()

    return Handler


class Session:
    """One connection."""

    def __init__(self, server: Smtp, stream: Any) -> None:
        self.server, self.stream = server, stream
        self.recipient = ""
        self.mails = 0
        self.commands = {
            "EHLO": self.hello,
            "HELO": self.hello,
            "AUTH": self.auth,
            "MAIL": self.sender,
            "RCPT": self.rcpt,
            "DATA": self.data,
            "QUIT": self.quit,
        }

    def run(self) -> None:
        self.server.sessions += 1
        if self.server.fault("421"):
            self.say("421 too busy")
            raise _HangUp
        if self.server.fault("hang"):
            self.hang()
        self.say("220 double")
        while line := self.stream.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            self.commands.get(verb.upper(), self.well)(rest)

    def say(self, answer: str) -> None:
        self.stream.wfile.write(f"{answer}\r\n".encode())

    def say_last(self, answer: str) -> None:
        """In one packet with the end of the line: who reads it can see the end too."""
        sock = self.stream.connection
        sock.send(f"{answer}\r\n".encode(), socket.MSG_MORE)
        sock.shutdown(socket.SHUT_WR)
        raise _HangUp

    def hang(self) -> None:
        self.server.stopping.wait(FOR_EVER)
        raise _HangUp

    def well(self, _rest: str) -> None:
        self.say("250 ok")

    def hello(self, _rest: str) -> None:
        if self.server.password:
            self.say("250-double")
            self.say("250 AUTH PLAIN")
        else:
            self.say("250 double")

    def auth(self, _rest: str) -> None:
        # Whatever was given: the scripted password is never right.
        self.say("535 5.7.8 wrong password")

    def sender(self, _rest: str) -> None:
        self.say(self.server.refused_sender or "250 ok")

    def rcpt(self, rest: str) -> None:
        self.recipient = rest.partition("<")[2].partition(">")[0]
        self.say(self.server.answer_to(self.recipient))

    def data(self, _rest: str) -> None:
        if self.server.fault("drop before data"):
            raise _HangUp
        if self.server.fault("hang in data"):
            self.hang()
        self.say("354 go on")
        raw = self.body()
        if self.server.fault("drop before answer"):
            raise _HangUp
        if self.server.data_script:
            self.say(self.server.data_script.pop(0))
            return
        self.server.take_its_time()
        self.server.keep(self.recipient, raw)
        if self.server.fault("drop after answer lost"):
            raise _HangUp
        self.mails += 1
        if self.mails == self.server.mails_per_session:
            self.say_last("250 taken")
        self.say("250 taken")

    def body(self) -> bytes:
        lines = []
        while (line := self.stream.rfile.readline()) != b".\r\n":
            if not line:
                raise _HangUp
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def quit(self, _rest: str) -> None:
        self.say("221 bye")
        raise _HangUp


def main(port: int, seconds: float = 0.0) -> None:
    """For a terminal, or for measuring: takes each mail, in so many seconds."""
    sink = Sink(seconds_of_each=seconds)
    with suppress(KeyboardInterrupt), sink.running(port):
        print(sink.port, flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(float, sys.argv[2:]))
