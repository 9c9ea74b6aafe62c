"""A client of the policy service, as Postfix's smtpd is one, and the service in a
test's dovecot.conf.

    with policy.Client(self.server) as client:
        client.rcpt('alice', 'bob@example.net')   # 'DUNNO', '550 5.1.1 ...'
        client.data('alice', 1)
        client.next_mail()
"""

import itertools
import os
import socket

import dictserver
import harness

# One line a setting: several on one line are a syntax error.
SERVICE = '''
service bounce-policy {
  executable = bounce-policy -p postfix
  client_limit = 1
  process_limit = 20
  unix_listener bounce-policy {
    mode = 0660
  }
}
'''


class Client:
    numbers = itertools.count(1)

    def __init__(self, server, timeout=10):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout * harness.SLOW)
        path = f'{server.dir}/run/bounce-policy'
        # the last of a server that has just been started
        dictserver.wait_for(lambda: os.path.exists(path))
        self.sock.connect(path)
        self.stream = self.sock.makefile('rwb')
        self.next_mail()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        self.stream.close()
        self.sock.close()

    def next_mail(self):
        """Another mail begins; its queue id is returned."""
        number = next(self.numbers)
        self.instance, self.queue_id = f'7f.{number}', f'4b{number:05}'
        return self.queue_id

    @staticmethod
    def request(state, login, **values):
        """As Postfix writes it, with lines that are not for us."""
        names = {'request': 'smtpd_access_policy', 'protocol_state': state,
                 'protocol_name': 'ESMTP', 'client_address': '192.0.2.7',
                 'sender': 'alice@example.org', 'sasl_method': 'plain',
                 'sasl_username': login, 'size': '0', 'ccert_subject': '',
                 'policy_context': 'submission', **values}
        return ''.join(f'{name}={value}\n'
                       for name, value in names.items()).encode() + b'\n'

    def say(self, data):
        self.stream.write(data)
        self.stream.flush()

    def answer(self):
        """The action alone."""
        line, end = self.stream.readline(), self.stream.readline()
        if not line.startswith(b'action=') or end != b'\n':
            raise AssertionError(f'no answer: {line} {end}')
        return line[7:-1].decode()

    def ask(self, state, login, **values):
        values.setdefault('instance', self.instance)
        self.say(self.request(state, login, **values))
        return self.answer()

    def rcpt(self, login, address, **values):
        return self.ask('RCPT', login, recipient=address, recipient_count='0',
                        **values)

    def data(self, login, count, **values):
        values.setdefault('queue_id', self.queue_id)
        return self.ask('DATA', login, recipient='', recipient_count=str(count),
                        **values)
