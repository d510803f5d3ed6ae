"""Rung 09 in Python: the frames of WebSocket, with a thread for each client and nothing but the standard library.

steps/09-frames/CONTRACT.md says what it must do: send each frame back. To put the tests to it:

    make check STEP=09 SERVER='python3 tests/students/python/09_frames.py'

Read `Frames` first: it is all of RFC 6455 §5.2. Everything else is the way there: a request head, and the handshake.
"""

import base64
import binascii
import hashlib
import os
import signal
import socket
import threading

# RFC 6455 §1.3: proves that the server understands WebSocket, and is no secret.
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
PAGE = b"<!doctype html><title>09 frames</title><p>Connect a WebSocket to this address."


class Wrong(Exception):
    """The peer broke a rule of §5.2. Where its next frame begins is anybody's guess."""


class Gone(Exception):
    """The peer will send no more."""


class Stream:
    """A socket's bytes, as many at a time as somebody needs: TCP cuts them as it likes."""

    def __init__(self, connection):
        self.connection = connection
        self.bytes = bytearray()

    def more(self):
        came = self.connection.recv(65536)
        if not came:
            raise Gone
        self.bytes += came

    def take(self, count):
        # Only what has come is kept: a header may announce 2^63 bytes, and no memory is taken for a promise.
        while len(self.bytes) < count:
            self.more()
        taken = bytes(self.bytes[:count])
        del self.bytes[:count]
        return taken

    def take_until(self, end):
        while (at := self.bytes.find(end)) < 0:
            if len(self.bytes) > 65536:
                raise Gone
            self.more()
        return self.take(at + len(end))


class Frames:
    """§5.2, from the first bit to the last."""

    def __init__(self, stream):
        self.stream = stream

    def next(self):
        first, second = self.stream.take(2)
        fin, opcode = first & 0x80, first & 0x0F
        # The rules that two bytes can break are judged now, before anything is waited for.
        if first & 0x70:
            raise Wrong("an RSV bit, and no extension was agreed on")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise Wrong("a reserved opcode")
        if not second & 0x80:
            raise Wrong("a client's frame has a mask (§5.1)")
        length = second & 0x7F
        if opcode >= CLOSE and (not fin or length > 125):
            raise Wrong("a control frame is one frame, and small (§5.5)")
        if length == 126:
            length = int.from_bytes(self.stream.take(2))
            if length < 126:
                raise Wrong("a length in more bits than it needs")
        elif length == 127:
            length = int.from_bytes(self.stream.take(8))
            if length < 65536 or length >> 63:
                raise Wrong("a length in more bits than it needs, or of 64")
        mask = self.stream.take(4)
        return fin, opcode, unmasked(self.stream.take(length), mask)


def unmasked(payload, mask):
    """Each byte XOR the byte of the mask whose turn it is. As two large numbers: Python has no faster loop."""
    masks = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(masks)).to_bytes(len(payload))


def frame(fin, opcode, payload):
    """A server's frame: no mask, and the length as short as it goes."""
    length = len(payload)
    if length < 126:
        header = bytes([fin | opcode, length])
    elif length < 65536:
        header = bytes([fin | opcode, 126]) + length.to_bytes(2)
    else:
        header = bytes([fin | opcode, 127]) + length.to_bytes(8)
    return header + payload


def echo(connection, stream):
    """Sends each frame back until the client closes, or breaks a rule."""
    frames = Frames(stream)
    while True:
        try:
            fin, opcode, payload = frames.next()
        except Wrong as why:
            reason = (1002).to_bytes(2) + str(why).encode()[:123]
            return connection.sendall(frame(0x80, CLOSE, reason))
        if opcode == PING:
            connection.sendall(frame(0x80, PONG, payload))
        elif opcode != PONG:
            connection.sendall(frame(fin, opcode, payload))
        if opcode == CLOSE:
            return


def head_of(stream):
    """The request line and the fields of one request. Rung 04 judges them; this is only what a handshake needs."""
    lines = stream.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name:
            fields.setdefault(name.lower(), []).append(value.strip())
    return lines[0].split(" "), {name: ", ".join(values) for name, values in fields.items()}


def has_token(fields, name, token):
    return token in (element.strip().lower() for element in fields.get(name, "").split(","))


def is_key(key):
    """§4.1: sixteen bytes in Base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def answer(status, body=b"", *fields):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def shake_hands(connection, stream):
    """Answers one request. True: 101, and what follows are frames."""
    start, fields = head_of(stream)
    if len(start) != 3:
        connection.sendall(answer("400 Bad Request"))
        return False
    method, target, version = start
    key = fields.get("sec-websocket-key", "")
    if target.partition("?")[0] != "/":
        connection.sendall(answer("404 Not Found"))
    elif not has_token(fields, "upgrade", "websocket"):
        connection.sendall(answer("200 OK", PAGE, "Content-Type: text/html; charset=utf-8"))
    elif fields.get("sec-websocket-version") != "13":
        connection.sendall(answer("426 Upgrade Required", b"", "Sec-WebSocket-Version: 13", "Upgrade: websocket"))
    elif method != "GET" or version == "HTTP/1.0" or not has_token(fields, "connection", "upgrade") or not is_key(key):
        connection.sendall(answer("400 Bad Request"))
    else:
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        return True
    return False


def serve(connection):
    # A frame that goes back in two packets would wait for an acknowledgement between them.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = Stream(connection)
    try:
        # Bytes that came behind the request are in `stream` still: they are frames already.
        if shake_hands(connection, stream):
            echo(connection, stream)
        connection.shutdown(socket.SHUT_WR)
        # FIN first, then read on until the client's: a socket that is closed with bytes unread sends RST, and that
        # destroys what the client has not read yet, our Close.
        connection.settimeout(2)
        while connection.recv(65536):
            pass
    except (Gone, OSError):
        pass  # It is the client's connection, and the client's affair.
    finally:
        connection.close()


def main():
    # Blocked in all threads, since new ones inherit it. A handler would run in the main thread only, and a signal that
    # is given to another thread does not interrupt the call in which that one sleeps.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT") or 8080)), backlog=1024)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def serve_all():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=serve_all, daemon=True).start()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
