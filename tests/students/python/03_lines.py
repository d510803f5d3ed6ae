"""Rung 03 in Python: a chat in lines, with a thread for each client and nothing but the standard library.

steps/03-lines/CONTRACT.md says what it must do. To put the tests to it:

    make check STEP=03 SERVER='python3 tests/students/python/03_lines.py'

Threads make other things easy than an event loop does. A thread may sleep in `recv`, so nobody has to remember how far
it came. But no thread may ever sleep in `send` while it speaks for somebody else: one reader that does not read would
stop the whole chat. So each client has two threads and a queue: one thread reads its lines and puts what they say into
the queues of others, the other takes from the queue and sleeps in `send`.
"""

import os
import signal
import socket
import sys
import threading
import unicodedata
from collections import deque

HELP = "* /nick NAME, /who, /say TEXT, /quit; anything else is said to all others"
# What turns the direction of the text around it (Unicode UAX #9 §2), and what some take for a line end.
FORMATS = {*range(0x2028, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
# How many bytes may wait for one reader before those who talk to it have to wait too.
SLOW = 32 * 1024
# So long they wait, in seconds, for one that takes nothing.
PATIENCE = 0.5


def setting(name, default):
    """A number from the environment. What is none is the person's mistake: said in one line, and the end."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        sys.exit(f"03_lines.py: {name}={text!r} is no number")
    return int(text)


def printable(line):
    """Bytes of a stranger as text that does nothing to the terminal it is printed on."""
    text = line.decode("utf-8", errors="replace").replace("\t", " ")
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" or ord(c) in FORMATS else c for c in text)


class TooLong(Exception):
    """A line is longer than the limit. Where the next one begins is not known."""


class Lines:
    """Bytes in, lines out. What one `recv` brought is no line: it may be half of one, or five."""

    def __init__(self, limit):
        self.limit = limit
        # The beginning of a line whose end has not come.
        self.rest = bytearray()

    def add(self, more):
        """The lines that end in these bytes, one after the other, without their ends."""
        self.rest += more
        # Only what is new is searched for LF. Else a line that comes byte by byte would be searched again for each.
        if b"\n" in more:
            *lines, self.rest = self.rest.split(b"\n")
            for line in lines:
                yield self.checked(line)
        self.checked(self.rest)

    def checked(self, line):
        # The CR at the end is half of CRLF, or may become it.
        line = line.removesuffix(b"\r")
        if len(line) > self.limit:
            raise TooLong
        return line


class Client:
    """One who is here, and what waits to be sent to it."""

    def __init__(self, connection, name):
        self.connection = connection
        self.name = name
        self.queue = deque()
        self.waiting = 0
        # How many bytes its socket has taken, and how many that were when it stopped taking any.
        self.taken = 0
        self.stalled = -1
        self.closing = False
        self.too_slow = False
        # Tells the sender of work, and those who talk that some of it is done.
        self.changed = threading.Condition()

    def tell(self, line, most):
        """Queues a line, all of it or nothing. False: there is no room, so this reader has to go."""
        data = line.encode() + b"\n"
        with self.changed:
            if self.closing or self.too_slow:
                return True
            if self.waiting + len(data) > most:
                self.too_slow = True
                # Wakes both of its threads, wherever they sleep.
                self.connection.shutdown(socket.SHUT_RDWR)
                self.changed.notify_all()
                return False
            self.queue.append(data)
            self.waiting += len(data)
            self.changed.notify_all()
        return True

    def wait_until_it_keeps_up(self):
        """Who talks faster than others read has to wait: else a flood of short lines fills any queue at once."""
        with self.changed:
            while self.waiting > SLOW and not (self.closing or self.too_slow) and self.taken != self.stalled:
                before = self.taken
                if not self.changed.wait_for(lambda: self.taken != before or self.too_slow, PATIENCE):
                    # It takes nothing. Nobody waits for it again before it does; it will be too slow soon.
                    self.stalled = before

    def close(self):
        """What is queued still leaves, then FIN."""
        with self.changed:
            self.closing = True
            self.changed.notify_all()

    def send(self):
        """The sending thread. `sendall` sleeps while the reader takes nothing: here, and nowhere else."""
        try:
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.queue or self.closing or self.too_slow)
                    if not self.queue or self.too_slow:
                        break
                    # Many short lines leave in one call.
                    data = b"".join(self.queue)
                    self.queue.clear()
                # In pieces, so that those who wait see it move.
                for at in range(0, len(data), 16384):
                    piece = data[at : at + 16384]
                    self.connection.sendall(piece)
                    with self.changed:
                        self.waiting -= len(piece)
                        self.taken += len(piece)
                        self.changed.notify_all()
            self.connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # It is gone; the reading thread hears of that too.


class Room:
    """Everybody who is here, in the order in which they came. One lock for all of it."""

    def __init__(self, max_line, max_queue):
        self.max_line, self.max_queue = max_line, max_queue
        self.lock = threading.RLock()
        self.members = []
        self.guests = 0
        self.stopping = False

    def names(self):
        return ", ".join(member.name for member in self.members)

    def answer(self, client, line):
        client.tell(line, self.max_queue)

    def tell_others(self, speaker, line):
        with self.lock:
            others = [member for member in self.members if member is not speaker]
            gone = [member for member in others if not member.tell(line, self.max_queue)]
            for member in gone:
                self.leave(member, " (did not read)")

    def join(self, connection):
        with self.lock:
            self.guests += 1
            while self.called(f"guest{self.guests}"):
                self.guests += 1
            client = Client(connection, f"guest{self.guests}")
            self.members.append(client)
            self.answer(client, f"* you are {client.name}")
            self.answer(client, f"* here: {self.names()}")
            self.answer(client, HELP)
            self.tell_others(client, f"* {client.name} joined")
            return client

    def leave(self, client, why=""):
        with self.lock:
            if client in self.members:
                self.members.remove(client)
                self.tell_others(client, f"* {client.name} left{why}")

    def called(self, name):
        """Who is called so, in upper or lower case: Alice could be taken for alice."""
        return next((member for member in self.members if member.name.lower() == name.lower()), None)

    def rename(self, client, name):
        # It stands in other people's lines, `<alice> hello`: what is allowed is listed, not what is forbidden.
        if not 1 <= len(name) <= 16 or not all(c.isalnum() or c in "-_" for c in name):
            return self.answer(client, "! a name has 1 to 16 letters, digits, - or _")
        with self.lock:
            if self.called(name) not in (None, client):
                return self.answer(client, f"! {name} is taken")
            before, client.name = client.name, name
            self.answer(client, f"* you are now {name}")
            self.tell_others(client, f"* {before} is now {name}")

    def obey(self, client, line):
        """Does what a line asks for. False: the client leaves."""
        line = printable(line)
        word, _, rest = line.partition(" ") if line.startswith("/") else ("/say", "", line)
        if word == "/nick":
            self.rename(client, rest.strip())
        elif word == "/who":
            with self.lock:
                self.answer(client, f"* here: {self.names()}")
        elif word == "/say":
            if rest.strip():
                self.tell_others(client, f"<{client.name}> {rest}")
        elif word == "/quit":
            self.answer(client, "* goodbye")
            return False
        else:
            self.answer(client, f"! no such command: {word}; /say says what begins with /")
        return True

    def listen_to(self, client):
        """Lines until the client's FIN, its /quit, or a line that is too long."""
        lines = Lines(self.max_line)
        while more := client.connection.recv(65536):
            try:
                for line in lines.add(more):
                    # The quickest answer to nothing: somebody may send a million empty lines.
                    if not line:
                        continue
                    if not self.obey(client, line):
                        return
                    with self.lock:
                        members = list(self.members)
                    for member in members:
                        member.wait_until_it_keeps_up()
            except TooLong:
                return self.answer(client, f"! a line may have at most {self.max_line} bytes")

    def serve(self, connection):
        """The reading thread of one client, from its coming to its going."""
        client = self.join(connection)
        sender = threading.Thread(target=client.send, daemon=True)
        sender.start()
        try:
            self.listen_to(client)
        except OSError:
            pass  # It reset the connection. That is its affair, and no reason to stop.
        self.leave(client)
        client.close()
        linger(connection, sender)

    def stop(self):
        with self.lock:
            for member in self.members:
                self.answer(member, "* the server stops")
                member.close()


def linger(connection, sender):
    """Closing a socket with bytes unread sends RST, and that destroys what the client has not read yet, the goodbye. So
    it is read on until the client's FIN, a bounded time."""
    try:
        connection.settimeout(2)
        while connection.recv(65536):
            pass
    except OSError:
        pass
    sender.join(timeout=5)
    connection.close()


def main():
    # Blocked in all threads, since new ones inherit it. A handler would run in the main thread only, and a signal that
    # is given to another thread does not interrupt the call in which that one sleeps.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    room = Room(setting("MAX_LINE", 1024), setting("MAX_QUEUE", 1024 * 1024))
    listener = socket.create_server(("127.0.0.1", setting("PORT", 8080)), backlog=1024)
    print(f"listening on tcp://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def serve_all():
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=room.serve, args=(connection,), name="client", daemon=True).start()

    threading.Thread(target=serve_all, daemon=True).start()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    room.stop()
    # Each has a moment to hear the goodbye.
    for thread in threading.enumerate():
        if thread.name == "client":
            thread.join(timeout=2)


if __name__ == "__main__":
    main()
