"""A proxy before Dovecot's dict socket that hangs, is slow, cuts or refuses.

    proxy = faults.Proxy('/dir/faulty', '/dir/run/dict')
    proxy.fail('hang', at=3)    from the third command of a connection on;
                                'cut' closes it, 'error' refuses this one;
                                of=b'/x': counting those that say so
    proxy.slow(0.05)            each command takes so long, one after the other
    proxy.late(0.1)             each command takes so long, all at once
    proxy.well()                as if it were not there
    proxy.commands              how many came, of all connections
    proxy.failed                how many were made to fail since fail()

Commands are those that are answered, as look up, iterate and commit.
"""

import contextlib
import os
import queue
import socket
import threading
import time

import harness

# look up, iterate, commit (also asynchronously)
ANSWERED = b'LICD'


class Proxy:
    def __init__(self, path, upstream):
        self.upstream = upstream
        self.well()
        self.commands = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(100)
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def well(self):
        self.mode, self.at, self.pause, self.delay = 'pass', 0, 0, 0
        self.of, self.failed = b'', 0

    def fail(self, mode, at=1, of=b''):
        self.well()
        self.mode, self.at, self.of = mode, at, of

    def slow(self, seconds):
        self.well()
        self.pause = seconds

    def late(self, seconds):
        self.well()
        self.delay = seconds

    def close(self):
        harness.stop_socket(self.listener)
        for connection in list(self.open):
            harness.stop_socket(connection)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.open.add(client)
                threading.Thread(target=self.serve, args=(client,),
                                 daemon=True).start()

    def serve(self, client):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.upstream)
            threading.Thread(target=self.answers, args=(server, client),
                             daemon=True).start()
            self.requests(client, server)
        except OSError:
            pass
        finally:
            for end in client, server:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
            self.open.discard(client)

    def answers(self, server, client):
        """In the order in which they came, each as late as it shall be."""
        waiting = queue.SimpleQueue()
        threading.Thread(target=self.send, args=(client, waiting),
                         daemon=True).start()
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                waiting.put((time.monotonic() + self.delay, data))
        waiting.put(None)

    @staticmethod
    def send(client, waiting):
        with contextlib.suppress(OSError):
            while answer := waiting.get():
                due, data = answer
                time.sleep(max(0, due - time.monotonic()))
                client.sendall(data)

    def requests(self, client, server):
        number = 0
        for line in client.makefile('rb'):
            if line[:1] in ANSWERED:
                number += self.of in line
                self.commands += 1
                time.sleep(self.pause)
                if self.mode != 'pass' and self.of in line and number >= self.at:
                    self.failed += 1
                    if self.mode == 'cut':
                        return
                    if self.mode == 'hang':
                        while client.recv(65536):
                            pass
                        return
                    if number == self.at:
                        client.sendall(self.refusal(line))
                        continue
            server.sendall(line)

    @staticmethod
    def refusal(line):
        if line[:1] in b'LI':
            return b'Frefused\n'
        return b'F' + line[1:].rstrip(b'\n') + b'\trefused\n'
