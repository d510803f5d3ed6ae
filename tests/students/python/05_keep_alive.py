"""Rung 05 in Python: one connection, many requests, with a thread for each client and the standard library.

steps/05-keep-alive/CONTRACT.md says what it must do. To put the tests to it:

    make check STEP=05 SERVER='python3 tests/students/python/05_keep_alive.py'

A thread reads what it needs and sleeps meanwhile, so there is no state machine here: where the program stands is the
state. What stays is that every byte must belong to somebody. `Input` is read first, then `Connection.serve`;
request_head.py has what rung 04 teaches.
"""

import json
import re
import signal
import socket
import threading
import time
from email.utils import formatdate

from request_head import Refused, Request, field, setting

KNOWN = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"}
ALLOW = ("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
PAGE = b"<!doctype html><title>05 keep-alive</title><p>Ask /count twice on one connection.\n"
# What one write may carry before it leaves although more requests stand in the input.
FULL = 64 * 1024

MAX_BODY, MAX_DRAIN = setting("MAX_BODY", 1024 * 1024), setting("MAX_DRAIN", 64 * 1024)
MAX_TRAILERS, MIN_BODY_RATE = setting("MAX_TRAILERS", 4096), setting("MIN_BODY_RATE", 500)
IDLE, HEAD = setting("IDLE_TIMEOUT_MS", 60000) / 1000, setting("HEAD_TIMEOUT_MS", 10000) / 1000
BODY = setting("BODY_TIMEOUT_MS", 60000) / 1000


class Over(Exception):
    """The connection ends without another answer."""


class Late(Exception):
    """The deadline has passed."""


class Input:
    """What has come and is not used yet. One `recv` may bring half a request, or three and a half."""

    def __init__(self, connection):
        self.connection = connection
        self.bytes = bytearray()
        self.deadline = None
        # Called before it sleeps: answers must not wait for the client's next bytes.
        self.before_sleep = lambda: None

    def more(self):
        """False: FIN, the client sends no more."""
        self.before_sleep()
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Late
        self.connection.settimeout(left)
        try:
            came = self.connection.recv(65536)
        except TimeoutError:
            raise Late from None
        self.bytes += came
        return bool(came)

    def line(self, longest, too_long):
        """A line without its CRLF. Controls, a bare CR and a bare LF are refused as soon as they are there."""
        searched = 0
        while True:
            found = CONTROL.search(self.bytes, searched)
            end = found.start() if found else len(self.bytes)
            if end > longest:
                raise Refused(*too_long(bytes(self.bytes[: longest + 1])))
            if found and not (self.bytes[end] == 0x0D and self.bytes[end + 1 : end + 2] in (b"", b"\n")):
                raise Refused(400, "a line ends with CRLF, and no control stands in it")
            if found and len(self.bytes) > end + 1:
                line = bytes(self.bytes[:end])
                del self.bytes[: end + 2]
                return line
            searched = end
            if not self.more():
                raise Refused(400, "FIN in the middle of a request")

    def take(self, most):
        """Some bytes, at least one."""
        if not self.bytes and not self.more():
            raise Refused(400, "FIN in the middle of a body")
        taken = bytes(self.bytes[:most])
        del self.bytes[:most]
        return taken


class Counts:
    lock = threading.Lock()
    requests = connections = 0


class Connection:
    def __init__(self, connection):
        self.connection = connection
        self.input = Input(connection)
        self.input.before_sleep = self.flush
        self.out = bytearray()
        self.requests = 0
        # The method of the request that is being read: what answers HEAD has no body, a refusal too.
        self.method = ""

    def flush(self):
        if self.out:
            # A client that does not read stops this thread, and with it the reading of its requests: backpressure.
            self.connection.settimeout(60)
            self.connection.sendall(self.out)
            self.out.clear()

    def answer(self, status, body=b"", *fields, head=False, keep=True, old=False):
        reasons = {200: "OK", 204: "No Content", 400: "Bad Request", 405: "Method Not Allowed", 408: "Request Timeout"}
        reasons |= {413: "Content Too Large", 414: "URI Too Long", 417: "Expectation Failed"}
        reasons |= {431: "Request Header Fields Too Large", 501: "Not Implemented"}
        reasons |= {505: "HTTP Version Not Supported"}
        fields = [("Date", formatdate(usegmt=True)), *fields]
        if status != 204:
            fields.append(("Content-Length", len(body)))
        if not keep:
            fields.append(("Connection", "close"))
        elif old:
            fields.append(("Connection", "keep-alive"))
        lines = [f"HTTP/1.1 {status} {reasons[status]}", *(f"{name}: {value}" for name, value in fields), "", ""]
        # Head and body in one write; with answers to other requests, where those came together.
        self.out += "\r\n".join(lines).encode("latin-1") + (b"" if head else body)
        if len(self.out) > FULL:
            self.flush()

    def serve(self):
        """Requests, until one is the last."""
        try:
            while self.one():
                pass
        except Refused as refused:
            self.answer(refused.status, f"{refused.why}\n".encode(), head=self.method == "HEAD", keep=False)
        except Late:
            self.answer(408, b"too slow\n", head=self.method == "HEAD", keep=False)
        except Over:
            pass
        self.flush()

    def one(self):
        """One request, from its first byte to its answer. False: it was the last."""
        source = self.input
        # An empty line is no request yet, nor is a CR that may become one.
        source.deadline = time.monotonic() + IDLE
        while bytes(source.bytes[:2]) in (b"", b"\r", b"\r\n"):
            if bytes(source.bytes[:3]).startswith(b"\r\n") and len(source.bytes) > 2:
                break
            try:
                if not source.more():
                    raise Over
            except Late:
                # Nobody asked, so nobody is told.
                raise Over from None
        source.deadline = time.monotonic() + HEAD
        self.method = ""
        request = Request(source, self)
        self.requests += 1
        with Counts.lock:
            Counts.requests += 1
            Counts.connections += self.requests == 1
        return self.handle(request)

    def handle(self, request):
        body = b""
        method, keep = request.method, request.keep
        has_body = request.chunked or request.length
        refusal = None
        if method not in KNOWN:
            refusal = 501
        elif method in ("CONNECT", "TRACE"):
            refusal = 405
        elif request.expects_unknown:
            refusal = 417
        wanted = method == "POST" and refusal is None
        if wanted and request.length > MAX_BODY:
            raise Refused(413, "the body is too large")
        if wanted:
            if request.expects_continue and has_body and not self.input.bytes:
                self.out += b"HTTP/1.1 100 Continue\r\n\r\n"
            body = b"".join(self.body(request, MAX_BODY, Refused(413, "the body is too large")))
        elif (request.announced and has_body) or method == "CONNECT" or request.length > MAX_DRAIN:
            # The client may send the body that it announced, or its next request; or what belongs into its tunnel.
            keep = False
        if request.path == "/count" and request.query == "close":
            keep = False
        self.respond(request, refusal, body, keep)
        if keep and not wanted:
            try:
                for _ in self.body(request, MAX_DRAIN, Over()):
                    pass
            except (Refused, Late):
                raise Over from None  # It has its answer. A second one would be taken for the next request's.
        return keep

    def respond(self, request, refusal, body, keep):
        method, path = request.method, request.path
        more = {"head": method == "HEAD", "keep": keep, "old": request.version == "HTTP/1.0"}
        text = ("Content-Type", "text/plain; charset=utf-8")
        if refusal:
            allow = [ALLOW] if refusal == 405 else []
            self.answer(refusal, b"no\n", text, *allow, **more)
        elif method == "OPTIONS":
            self.answer(204, b"", ALLOW, **more)
        elif method == "POST":
            kind = (request.values("content-type") or ["application/octet-stream"])[0]
            self.answer(200, body, ("Content-Type", kind), **more)
        elif method not in ("GET", "HEAD"):
            self.answer(200, b"done\n", text, **more)
        elif path == "/echo":
            lines = "".join(f"{name}: {value}\n" for name, value in request.fields)
            self.answer(200, lines.encode("latin-1"), text, **more)
        elif path == "/cookie":
            cookies = (cookie.strip() for value in request.values("cookie") for cookie in value.split(";"))
            lines = "".join(f"{cookie}\n" for cookie in cookies if cookie)
            self.answer(200, lines.encode("latin-1"), text, **more)
        elif path == "/count":
            with Counts.lock:
                counts = {"requests": Counts.requests, "connections": Counts.connections}
            counts["onThisConnection"] = self.requests
            counts = json.dumps(counts, separators=(",", ":")).encode()
            self.answer(200, counts, ("Content-Type", "application/json"), **more)
        else:
            self.answer(200, PAGE, ("Content-Type", "text/html; charset=utf-8"), **more)

    def body(self, request, most, too_much):
        """The content of a body, piece by piece, whoever wants it. More of it than `most` is `too_much`."""
        source = self.input
        content = 0
        source.deadline = time.monotonic() + BODY
        weighed = 0
        pieces = chunks(source, lambda: MAX_TRAILERS) if request.chunked else whole(source, request.length)
        while True:
            try:
                piece = next(pieces, None)
            except Late:
                # A large body on a slow line gets as long again. A byte now and then prolongs nothing.
                if content - weighed < MIN_BODY_RATE * BODY:
                    raise
                weighed = content
                source.deadline = time.monotonic() + BODY
                continue
            if piece is None:
                return
            content += len(piece)
            if content > most:
                raise too_much
            yield piece


class Pieces:
    """An iterator that can be asked again after a deadline was moved: a generator would be over."""

    def __iter__(self):
        return self


class whole(Pieces):
    def __init__(self, source, length):
        self.source, self.left = source, length

    def __next__(self):
        if not self.left:
            raise StopIteration
        piece = self.source.take(self.left)
        self.left -= len(piece)
        return piece


class chunks(Pieces):
    """RFC 9112 §7.1. It remembers what comes next: a size, data, the end of data, or the trailers."""

    SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})([ \t]*;.*)?")

    def __init__(self, source, room):
        self.source, self.room = source, room()
        self.next, self.left = self.size, 0

    def __next__(self):
        while True:
            piece = self.next()
            if piece:
                return piece

    def line(self):
        return self.source.line(self.room + 20, lambda _: (431, "extensions or trailers are too large"))

    def spend(self, count):
        self.room -= count
        if self.room < 0:
            raise Refused(431, "extensions or trailers are too large")

    def size(self):
        line = self.line()
        found = self.SIZE.fullmatch(line)
        if not found or not good_extensions(found[2] or b""):
            raise Refused(400, "a chunk begins with its size")
        self.spend(len(found[2] or b""))
        self.left = int(found[1], 16)
        self.next = self.data if self.left else self.trailer

    def data(self):
        piece = self.source.take(self.left)
        self.left -= len(piece)
        self.next = self.data if self.left else self.end
        return piece

    def end(self):
        while len(self.source.bytes) < 2:
            if self.source.bytes[:1] not in (b"", b"\r") or not self.source.more():
                break
        if self.source.take(2) != b"\r\n":
            raise Refused(400, "a chunk is longer than it said")
        self.next = self.size

    def trailer(self):
        line = self.line()
        if not line:
            raise StopIteration
        field(line)
        self.spend(len(line) + 2)


def good_extensions(text):
    token = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    value = rb"(?:" + token + rb'|"(?:[^"\\]|\\.)*")'
    one = rb"[ \t]*;[ \t]*" + token + rb"(?:[ \t]*=[ \t]*" + value + rb")?"
    return re.fullmatch(rb"(?:" + one + rb")*[ \t]*", text) is not None


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        Connection(connection).serve()
        # FIN first, then read on until the client's: closed with bytes unread, the kernel would send RST, and that
        # destroys what the client has not read yet, the last answer.
        connection.shutdown(socket.SHUT_WR)
        end = time.monotonic() + 2
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(65536):
                break
    except OSError:
        pass  # It is the client's connection, and the client's affair.
    finally:
        connection.close()


def main():
    # Blocked in all threads, since new ones inherit it. A handler would run in the main thread only, and a signal that
    # is given to another thread does not interrupt the call in which that one sleeps.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    listener = socket.create_server(("127.0.0.1", setting("PORT", 8080)), backlog=1024)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def serve_all():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=serve_all, daemon=True).start()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
