#!/usr/bin/env python3
"""The Python package websockets against rungs 08 (raw), 10 (echo), 11 (chat) and 12 (guard).

    tests/peers/.venv/bin/python tests/peers/python_websockets.py 127.0.0.1:8080 echo          all cases of one rung
    tests/peers/.venv/bin/python tests/peers/python_websockets.py 127.0.0.1:8080 echo_large    one case
    tests/peers/.venv/bin/python tests/peers/python_websockets.py --list

One line for each case; the exit code says whether all went well.
"""

import asyncio
import json
import sys
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATIENCE = 10


def bytes_of(length):
    return bytes(i % 251 for i in range(251)) * (length // 251) + bytes(range(length % 251))


class Cases:
    def __init__(self, address):
        self.address = address
        self.name = ""

    def connect(self, path="/", **options):
        # No limit to what it takes: the server's limits are asked. No proxy stands between.
        return connect(f"ws://{self.address}{path}", max_size=None, proxy=None, **options)

    async def log_in(self, name):
        """Logs in, and returns the cookie."""
        answer = await self.ask("/login", data=f"name={name}".encode())
        equal(answer.status, 303)
        return answer.headers["Set-Cookie"].partition(";")[0]

    async def ask(self, path, data=None, **headers):
        """A request beside the WebSocket: no redirect is followed, and no proxy asked."""
        request = urllib.request.Request(f"http://{self.address}{path}", data, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), AsItCame)
        return await asyncio.to_thread(opener.open, request, timeout=PATIENCE)

    def enter(self, path="/chat", **headers):
        return self.connect(path, additional_headers=headers)

    async def join(self, person, name):
        """Enters a room of this case's own."""
        await person.send(json.dumps({"type": "join", "name": name, "room": self.name[:20]}))
        return await hear(person, "welcome")

    async def raw_subprotocol(self):
        offered = ["unknown", "bits.v1", "bits.v2"]
        async with self.connect("/socket?tab=python", subprotocols=offered, close_timeout=0.1) as socket:
            equal(socket.subprotocol, "bits.v2")
            socket.transport.abort()

    async def echo_text(self):
        async with self.connect() as socket:
            equal(socket.protocol.extensions, [])
            for text in ["", "hello", "κόσμε 🦀", "x" * 125, "x" * 126, "é" * 40_000]:
                await socket.send(text)
                equal(await socket.recv(), text)

    async def echo_binary(self):
        async with self.connect() as socket:
            for length in [0, 1, 125, 126, 127, 65_535, 65_536]:
                await echoes(socket, length)

    async def echo_large(self):
        async with self.connect() as socket:
            await echoes(socket, 1 << 20)

    async def echo_16_mebibytes(self):
        async with self.connect() as socket:
            await echoes(socket, 16 << 20)

    async def echo_fragments(self):
        async with self.connect() as socket:

            async def parts():
                yield "one "
                yield ""
                yield "message "
                # Control frames may stand between.
                pong = await socket.ping("between")
                await asyncio.wait_for(pong, PATIENCE)
                yield "🦀"

            await socket.send(parts())
            equal(await socket.recv(), "one message 🦀")
            await socket.send([b"\x00", b"", b"\xff"])
            equal(await socket.recv(), b"\x00\xff")

    async def echo_ping(self):
        async with self.connect() as socket:
            for payload in [b"a", b"x" * 125, "κόσμε"]:
                # A future that only a Pong with this payload fulfils.
                await asyncio.wait_for(await socket.ping(payload), PATIENCE)

    async def echo_pipelined(self):
        async with self.connect(max_queue=None) as socket:
            for number in range(10_000):
                await socket.send(f"message {number}")
            for number in range(10_000):
                equal(await socket.recv(), f"message {number}")

    async def echo_client_closes(self):
        for code, reason in [(1000, "done"), (4999, "because I can ✓")]:
            socket = await self.connect()
            await socket.close(code, reason)
            equal((socket.close_code, socket.close_reason), (code, reason))
            # Ours is an answer: it was received, and theirs was sent first.
            equal(closing(socket), (code, False))

    async def echo_unread_is_closed_with_its_code(self):
        socket = await self.connect(max_queue=None)
        for _ in range(100):
            await socket.send(bytes_of(10_000))
        await socket.close(4000, "enough")
        equal(len([message async for message in rest(socket)]), 100)
        equal(closing(socket), (4000, False))

    async def echo_too_large_is_1009(self):
        await self.refused(bytes_of((16 << 20) + 1), 1009)

    async def echo_bad_utf8_is_1007(self):
        await self.refused(b"ok\xc0\xaf", 1007, text=True)

    async def echo_broken_frame_is_1002(self):
        async with self.connect() as socket:
            # A continuation of nothing, with a masking key of zeros.
            socket.transport.write(b"\x80\x80\0\0\0\0")
            await closed_with(socket, 1002)

    async def refused(self, message, code, **how):
        # No `async with`: its close() would abort a transport that is gone already, at which Python 3.11 fails.
        socket = await self.connect()
        try:
            await socket.send(message, **how)
        except ConnectionClosed:
            pass  # it came while the message was still being sent
        await closed_with(socket, code)

    async def echo_server_stops(self):
        async with self.connect() as socket:
            stops_now()
            await closed_with(socket, 1001)

    async def chat_two_people(self):
        async with self.connect("/chat") as ada, self.connect("/chat") as bob:
            equal((await self.join(ada, "Ada"))["you"]["name"], "Ada")
            equal([person["name"] for person in (await self.join(bob, "Bob"))["people"]], ["Ada", "Bob"])
            equal((await hear(ada, "joined"))["name"], "Bob")
            await bob.send('{"type":"typing"}')
            equal((await hear(ada, "typing"))["typing"], True)
            await bob.send('{"type":"say","text":"Hello 🦀","key":"k1"}')
            equal((await hear(ada, "said"))["text"], "Hello 🦀")
            own = await hear(bob, "said")
            equal((own["name"], own["key"]), ("Bob", "k1"))
            await bob.close()
            equal((await hear(ada, "left"))["name"], "Bob")

    async def chat_in_order(self):
        async with self.connect("/chat", max_queue=None) as ada, self.connect("/chat", max_queue=None) as bob:
            await self.join(ada, "Ada")
            await self.join(bob, "Bob")
            for number in range(1000):
                await ada.send(json.dumps({"type": "say", "text": str(number)}))
            for person in [ada, bob]:
                for number in range(1000):
                    equal((await hear(person, "said"))["text"], str(number))

    async def chat_someone_vanishes(self):
        async with self.connect("/chat") as ada:
            await self.join(ada, "Ada")
            bob = await self.connect("/chat")
            await self.join(bob, "Bob")
            bob.transport.abort()
            equal((await hear(ada, "left"))["name"], "Bob")

    async def chat_errors_keep_the_connection(self):
        async with self.connect("/chat") as ada:
            await self.join(ada, "Ada")
            for wrong in ["no JSON", "{}", '{"type":"say","text":""}']:
                await ada.send(wrong)
                await hear(ada, "error")
            await ada.send('{"type":"say","text":"still here"}')
            equal((await hear(ada, "said"))["text"], "still here")

    async def chat_binary_is_1003(self):
        async with self.connect("/chat") as ada:
            await self.join(ada, "Ada")
            await ada.send(b"\0\1\2")
            await closed_with(ada, 1003)

    async def chat_too_large_is_1009(self):
        async with self.connect("/chat") as ada:
            await self.join(ada, "Ada")
            await ada.send("x" * 65_537)
            await closed_with(ada, 1009)

    async def chat_plain_get_is_426(self):
        equal((await self.ask("/chat")).status, 426)
        try:
            await self.connect("/nowhere")
            raise AssertionError("/nowhere is a WebSocket")
        except InvalidStatus as error:
            equal(error.response.status_code, 404)

    async def chat_server_stops(self):
        async with self.connect("/chat") as ada, self.connect("/chat") as bob:
            await self.join(ada, "Ada")
            await self.join(bob, "Bob")
            await hear(ada, "joined")
            stops_now()
            for person in [ada, bob]:
                # That the other one has left may be told before.
                equal({json.loads(text)["type"] async for text in rest(person)} - {"left"}, set())
                await closed_with(person, 1001)

    async def guard_cookie(self):
        async with self.enter(Cookie=await self.log_in("Ada")) as ada:
            await self.join(ada, "Ada")
            await ada.send('{"type":"say","text":"hello"}')
            equal((await hear(ada, "said"))["name"], "Ada")
            await ada.close(1000, "bye")
            equal(closing(ada), (1000, False))

    async def guard_bearer(self):
        _, _, session = (await self.log_in("Ada")).partition("=")
        async with self.enter(Authorization=f"Bearer {session}") as ada:
            await self.join(ada, "Ada")

    async def guard_ticket(self):
        cookie = await self.log_in("Ada")
        ticket = json.load(await self.ask("/ticket", data=b"", Cookie=cookie))["ticket"]
        async with self.enter(f"/chat?ticket={ticket}") as ada:
            await self.join(ada, "Ada")
        await self.is_refused(401, f"/chat?ticket={ticket}")

    async def guard_refusals(self):
        cookie = await self.log_in("Ada")
        await self.is_refused(401)
        await self.is_refused(401, Cookie=f"{cookie}x")
        await self.is_refused(403, Cookie=cookie, Origin="http://evil.example")

    async def is_refused(self, status, path="/chat", **headers):
        try:
            await self.enter(path, **headers)
        except InvalidStatus as error:
            equal(error.response.status_code, status)
        else:
            raise AssertionError(f"{path} lets in whom it should answer {status}")

    async def guard_heartbeat(self):
        cookie = await self.log_in("Ada")
        async with self.enter(Cookie=cookie) as ada:
            await self.join(ada, "Ada")
            pongs = 0
            while pongs == 0:  # main() gives up when its patience is over
                await asyncio.sleep(0.1)
                counters = json.load(await self.ask("/counters.json", Cookie=cookie))
                pongs = counters["latency"]["pongs"]
            await ada.send('{"type":"say","text":"still here"}')
            await hear(ada, "said")

    async def guard_flood_is_slowed_down(self):
        async with self.enter(Cookie=await self.log_in("Ada")) as ada:
            await self.join(ada, "Ada")
            # More than the burst (120): what is over it is read later, and nothing is lost.
            for number in range(150):
                await ada.send(json.dumps({"type": "say", "text": str(number)}))
            for number in range(150):
                equal((await hear(ada, "said"))["text"], str(number))

    async def guard_server_stops(self):
        async with self.enter(Cookie=await self.log_in("Ada")) as ada:
            await self.join(ada, "Ada")
            stops_now()
            await closed_with(ada, 1001)


class AsItCame(urllib.request.HTTPErrorProcessor):
    """Answers are answers, whatever their status."""

    def http_response(self, request, response):
        return response


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, it is {got!r}")


async def echoes(socket, length):
    sent = bytes_of(length)
    await socket.send(sent)
    got = await socket.recv()
    if got != sent:
        raise AssertionError(f"{length} bytes come back as they were, {len(got)} came")


async def hear(person, kind):
    """The next message of this type; others are passed over."""
    while True:
        value = json.loads(await person.recv())
        if value["type"] == kind:
            return value


async def rest(socket):
    """What comes before the Close frame."""
    try:
        while True:
            yield await socket.recv()
    except ConnectionClosed:
        pass


def closing(socket):
    """The code of the Close frame that came, and whether it came before ours."""
    received = socket.protocol.close_rcvd
    return received and received.code, bool(socket.protocol.close_rcvd_then_sent)


async def closed_with(socket, code):
    """The server sent a Close frame with this code, and was the first to do so."""
    equal([message async for message in rest(socket)], [])
    equal(closing(socket), (code, True))


def stops_now():
    """The caller stops the server when it reads this line."""
    print("stop the server now", flush=True)


async def main():
    names = [name for name in vars(Cases) if name.partition("_")[0] in ("raw", "echo", "chat", "guard")]
    address, *wanted = sys.argv[1:] or ["--help"]
    if address == "--list":
        print("\n".join(names))
        return 0
    chosen = [name for name in names if any(name == w or name.startswith(f"{w}_") for w in wanted)]
    if not chosen:
        print(__doc__, file=sys.stderr)
        return 2
    cases, failed = Cases(address), 0
    for name in chosen:
        cases.name = name
        try:
            await asyncio.wait_for(getattr(cases, name)(), PATIENCE)
            print(f"ok {name}", flush=True)
        except Exception as error:  # whatever it is, it is this case's failure
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
