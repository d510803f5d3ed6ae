"""An echo server, one client after the other, as C would have it: nobody has told the kernel to ignore SIGPIPE.

Python ignores it before it runs the first line, and so does Rust. FIXED=1: this program does, too.
"""

import os
import signal
import socket

if "FIXED" not in os.environ:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def send_all(client, data):
    # Not sendall: after a reset it would not come to a second send.
    while data:
        data = data[client.send(data[:4096]):]


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(os.environ["PORT"])))
listener.listen(128)
while True:
    client, _ = listener.accept()
    try:
        while data := client.recv(4096):
            send_all(client, data)
    except (ConnectionResetError, BrokenPipeError):
        pass
    client.close()
