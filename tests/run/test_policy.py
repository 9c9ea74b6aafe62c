"""bounce-policy, asked as Postfix asks."""

import contextlib
import os
import socket
import stat

import harness
import policy


class Protocol(harness.TestCase):
    sieve = False
    under_valgrind = True
    conf = policy.SERVICE

    def client(self):
        client = policy.Client(self.server)
        self.addCleanup(client.close)
        return client

    def test_passes(self):
        client = self.client()
        for login in ('alice', 'bob', 'nobody', ''):
            with self.subTest(login=login):
                client.next_mail()
                self.assertEqual(client.rcpt(login, 'bob@example.net'), 'DUNNO')
                self.assertEqual(client.rcpt(login, 'no address'), 'DUNNO')
                self.assertEqual(client.rcpt(login, ''), 'DUNNO')
                self.assertEqual(client.data(login, 3), 'DUNNO')
                self.assertEqual(client.ask('VRFY', login), 'DUNNO')

    def test_other_requests(self):
        client = self.client()
        client.say(b'\n')
        self.assertEqual(client.answer(), 'DUNNO')
        client.say(b'request=junk\nsasl_username=alice\nrecipient=a@b.example\n\n')
        self.assertEqual(client.answer(), 'DUNNO')
        client.say(b'GET / HTTP/1.0\r\n\r\n')
        self.assertEqual(client.answer(), 'DUNNO')

    def test_pipelined_and_half_closed(self):
        """As Exim does it: it writes, closes its side and waits for the end."""
        client = self.client()
        one = client.request('RCPT', 'alice', recipient='bob@example.net')
        client.say(one * 3)
        client.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(client.stream.read(), b'action=DUNNO\n\n' * 3)

    def test_caps(self):
        for text, log in ((b'a=b\n' * 101, 'more than 100 lines'),
                          (b'recipient=' + b'x' * 9000 + b'\n',
                           'line of more than 8192 bytes')):
            with self.subTest(log=log):
                client = self.client()
                client.say(text)
                # what was not read resets the connection
                with contextlib.suppress(ConnectionResetError):
                    self.assertEqual(client.stream.read(), b'')
                self.expect_log(log)
        client = self.client()
        client.say(b'ccert_subject=' + b'x' * 8000 + b'\n')
        self.assertEqual(client.rcpt('alice', 'bob@example.net'), 'DUNNO')

    def test_socket(self):
        mode = os.stat(f'{self.server.dir}/run/bounce-policy').st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o660)
