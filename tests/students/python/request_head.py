"""A request head, as rung 04 reads it; what 05_keep_alive.py begins each request with.

Strict, and for one reason: what one program reads in another way than the next one lets a request hide between them.
"""

import ipaddress
import os
import re
import sys

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HOST_NAME = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+")


def setting(name, default):
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        sys.exit(f"{name}={text!r} is no number")
    return int(text)


MAX_TARGET, MAX_FIELD = setting("MAX_TARGET", 8192), setting("MAX_FIELD", 8192)
MAX_FIELDS, MAX_HEAD = setting("MAX_FIELDS", 100), setting("MAX_HEAD", 16384)


class Refused(Exception):
    """Nobody knows where the next request begins: this answer is the last."""

    def __init__(self, status, why):
        self.status, self.why = status, why


def line_too_long(line):
    method = TOKEN.match(line)
    if method and method.end() > 54:
        return 501, "the method is too long"
    return (414, "the target is too long") if method and line[method.end() :][:1] == b" " else (400, "no method")


def is_authority(text, port_needed=False):
    if text.startswith("["):
        inner, bracket, rest = text[1:].partition("]")
        try:
            ipaddress.IPv6Address(inner)
        except ValueError:
            return False
        good = bracket and "%" not in inner
    else:
        name = HOST_NAME.match(text)
        good, rest = name, text[name.end() :] if name else ""
    if rest in ("", ":"):
        return bool(good) and not port_needed
    port = rest[1:]
    return bool(good) and rest[0] == ":" and port.isascii() and port.isdecimal() and int(port) < 65536


class Request:
    """One request head, judged strictly: what one program reads in another way than the next one lets requests hide."""

    def __init__(self, source, connection):
        room = MAX_HEAD
        line = source.line(min(MAX_TARGET + 65, room), line_too_long)
        if not line:
            line = source.line(min(MAX_TARGET + 65, room), line_too_long)  # One empty line before it is forgiven.
        room -= len(line) + 2
        self.start(line)
        connection.method = self.method
        self.fields = []
        while True:
            too_large = (431, "a field line or the head is too large")
            line = source.line(min(MAX_FIELD, max(room - 2, 0)), lambda _: too_large)
            room -= len(line) + 2
            if room < 0:
                raise Refused(*too_large)
            if not line:
                break
            if len(self.fields) == MAX_FIELDS:
                raise Refused(431, "too many field lines")
            self.fields.append(field(line))
        self.judge_host()
        self.judge_body()
        connection = self.tokens("connection")
        self.keep = "close" not in connection and (self.version == "HTTP/1.1" or "keep-alive" in connection)
        expected = self.tokens("expect")
        self.announced = "100-continue" in expected
        # HTTP/1.0 knows no interim answers, so there it is nothing to be obeyed (RFC 9110 §10.1.1).
        self.expects_continue = self.announced and self.version == "HTTP/1.1"
        self.expects_unknown = self.version == "HTTP/1.1" and any(token != "100-continue" for token in expected)

    def start(self, line):
        parts = line.split(b" ")
        if not parts[0] or not TOKEN.fullmatch(parts[0]):
            raise Refused(400, "no method")
        if len(parts) != 3 or not parts[1]:
            raise Refused(400, "method SP target SP version")
        self.method = parts[0].decode()
        if len(parts[1]) > MAX_TARGET:
            raise Refused(414, "the target is too long")
        if not re.fullmatch(rb"HTTP/[0-9]\.[0-9]", parts[2]):
            raise Refused(400, "no version")
        if parts[2][5:6] != b"1":
            raise Refused(505, "HTTP/1 is spoken here")
        self.version = "HTTP/1.0" if parts[2] == b"HTTP/1.0" else "HTTP/1.1"
        if not all(0x21 <= byte <= 0x7E and byte != 0x23 for byte in parts[1]):
            raise Refused(400, "the target has a byte that no target has")
        self.target = parts[1].decode()
        absolute = re.match(r"https?://([^/?]*)", self.target, re.IGNORECASE)
        if self.method == "CONNECT":
            good = is_authority(self.target, port_needed=True)
        else:
            good = self.target[0] == "/" or (self.target == "*" and self.method == "OPTIONS")
            good = good or (absolute and is_authority(absolute[1]))
        if not good:
            raise Refused(400, "the target has no form that this method may have")
        rest = self.target[absolute.end() :] if absolute and self.target[0] != "/" else self.target
        self.path, _, self.query = rest.partition("?")

    def values(self, name):
        return [value for its, value in self.fields if its.lower() == name]

    def tokens(self, name):
        elements = (token.strip(" \t").lower() for value in self.values(name) for token in value.split(","))
        return [token for token in elements if token]

    def judge_host(self):
        hosts = self.values("host")
        if len(hosts) > 1 or (not hosts and self.version == "HTTP/1.1"):
            raise Refused(400, "one Host, and no more")
        if hosts and not is_authority(hosts[0]) and not (hosts[0] == "" and self.target == "*"):
            raise Refused(400, "Host is no host")

    def judge_body(self):
        """Where the body ends (RFC 9112 §6.3). Two answers are none."""
        lengths, codings = self.values("content-length"), self.values("transfer-encoding")
        self.chunked, self.length = bool(codings), 0
        if len(lengths) > 1 or any(not re.fullmatch("[0-9]+", length) for length in lengths):
            raise Refused(400, "Content-Length is digits, once")
        if lengths:
            self.length = int(lengths[0][-4000:])
            if self.length >= 1 << 64:
                raise Refused(400, "Content-Length is too large")
        if not codings:
            return
        if lengths or self.version == "HTTP/1.0":
            raise Refused(400, "Transfer-Encoding beside a length, or in HTTP/1.0")
        codings = [coding.strip(" \t").lower() for value in codings for coding in value.split(",")]
        if "" in codings or codings.count("chunked") != 1 or codings[-1] != "chunked":
            raise Refused(400, "the last coding is chunked, and stands once")
        if len(codings) > 1:
            raise Refused(501, "no coding but chunked is known")


def field(line):
    name, colon, value = line.partition(b":")
    if not colon or not TOKEN.fullmatch(name):
        raise Refused(400, "name, colon, value; no space before either of the first two")
    return name.decode(), value.strip(b" \t").decode("latin-1")
