"""Many buyers at one shop, each a process of its own: no Django, only HTTP.

Reads `{"port": ..., "buyers": [{...}, ...]}` as one line of standard input, forks one
child for each buyer, and writes `ready` when all of them have the checkout page before
them. Another line of input lets all press the button at once. Every answer is a line of
JSON: see `Buyer._tell`.

A buyer is `{"page": path, "fields": {...}, "orders": n}`. He orders so many times in
turn, and goes when a page refuses him, unless he is `patient`. A button that is not
answered, or is answered by a server error, is pressed again with the same form, as a
browser would; `fresh_key` is for controls.
"""

import html
import http.client
import json
import os
import re
import secrets
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

TIMEOUT_SECONDS = 60
PATIENCE_SECONDS = 90
PAUSE_SECONDS = 0.1
PROGRAM_FAILED = 70

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
NOTICE = re.compile(r'<div class="notice is-warn.*?</div>', re.DOTALL)
ERRORS = re.compile(r'<div class="[^"]*error-summary.*?</div>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")


@dataclass
class Reply:
    """`status` is 0 when the connection broke before an answer."""

    status: int
    location: str = ""
    body: str = ""


@dataclass
class Buyer:
    number: int
    port: int
    page: str
    fields: dict[str, str]
    orders: int = 1
    patient: bool = False
    fresh_key: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)
    began: float = 0

    def open_page(self) -> bool:
        """False when the page itself refuses; that is told."""
        self.form, self.seen, self.began = {}, [], time.time()
        reply = self._insist("GET", self.page)
        if reply.status != http.client.OK:
            self._tell("page", reply)
            return False
        self.form = {name: html.unescape(v) for name, v in HIDDEN.findall(reply.body)}
        return True

    def press(self) -> None:
        self.seen, self.began = [], time.time()
        path = self.page.partition("?")[0]
        self._tell("order", self._insist("POST", path))

    def order_in_turn(self) -> None:
        """The first page is open already."""
        if self.form:
            self.press()
        for _n in range(1, self.orders):
            if self.open_page():
                self.press()
            elif not self.patient:
                return

    def _insist(self, method: str, path: str) -> Reply:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            reply = self._ask(method, path)
            self.seen.append(reply.status)
            is_answer = 0 < reply.status < http.client.INTERNAL_SERVER_ERROR
            if is_answer or time.monotonic() > end:
                return reply
            if self.fresh_key:
                self.form["submit_key"] = secrets.token_urlsafe(32)
            time.sleep(PAUSE_SECONDS)

    def _ask(self, method: str, path: str) -> Reply:
        body = urlencode(self.form | self.fields) if method == "POST" else None
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        server = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=TIMEOUT_SECONDS
        )
        try:
            server.request(method, path, body, headers)
            response = server.getresponse()
            self._keep_cookies(response)
            location = response.headers.get("Location", "")
            return Reply(response.status, location, response.read().decode())
        except (OSError, http.client.HTTPException):
            return Reply(0)
        finally:
            server.close()

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value

    def _tell(self, step: str, reply: Reply) -> None:
        line = {
            "buyer": self.number,
            "step": step,
            "status": reply.status,
            "seen": self.seen[-20:],
            "location": reply.location,
            "notice": notice_of(reply.body)[:600],
            "key": self.form.get("submit_key", ""),
            "version": int(self.form.get("schedule_version", 0)),
            "began": self.began,
            "ended": time.time(),
        }
        # One write below the size of a pipe's buffer is never mixed with another's.
        os.write(sys.stdout.fileno(), json.dumps(line).encode() + b"\n")


def notice_of(body: str) -> str:
    """What the page says in its warning, or what is wrong with the form."""
    found = NOTICE.search(body) or ERRORS.search(body)
    return " ".join(html.unescape(TAG.sub(" ", found.group())).split()) if found else ""


def main() -> int:
    plan: dict[str, Any] = json.loads(sys.stdin.readline())
    buyers = [
        Buyer(number=n, port=plan["port"], **buyer)
        for n, buyer in enumerate(plan["buyers"])
    ]
    at_the_door, knock = os.pipe()
    gate, opener = os.pipe()
    children = [fork(buyer, knock, gate, opener) for buyer in buyers]
    os.close(knock)
    for _buyer in buyers:
        os.read(at_the_door, 1)
    os.write(sys.stdout.fileno(), b"ready\n")
    sys.stdin.readline()
    os.close(opener)  # The end of the file is what all children wait for.
    results = [os.waitpid(child, 0)[1] for child in children]
    return PROGRAM_FAILED if any(results) else 0


def fork(buyer: Buyer, knock: int, gate: int, opener: int) -> int:
    """The child's process id; the child itself never returns."""
    child = os.fork()
    if child:
        return child
    try:
        os.close(opener)
        is_offered = buyer.open_page()
        os.write(knock, b".")
        os.close(knock)
        os.read(gate, 1)
        if is_offered or buyer.patient:
            buyer.order_in_turn()
        os._exit(0)
    except BaseException:  # noqa: BLE001  told, and never more than this one child
        traceback.print_exc()
        os._exit(PROGRAM_FAILED)


if __name__ == "__main__":
    sys.exit(main())
