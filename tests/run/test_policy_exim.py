"""bounce-policy behind a real Exim, with the lines of doc/example-config."""

import contextlib
import json
import os
import smtplib
import socket
import threading
import time

import dictserver
import exim
import harness
import policy
from test_mta import EXIM_UID
from test_policy_postfix import EXAMPLES, own
from test_sent import letter
from test_verified import Case


class EximCase(Case):

    sieve_bounce = False
    conf = Case.conf + policy.SERVICE
    settings = {**Case.settings, 'bounce_suppress': 'enforce'}
    # Exim delivers to our users with their domain
    conf23 = Case.conf23 + 'auth_username_format = %Ln\n'
    conf24 = Case.conf24 + 'auth_username_format = %{user | username | lower}\n'

    @classmethod
    def prepare(cls, server):
        acl, data = (
            own((EXAMPLES / 'exim' / name).read_text()).replace(
                '/run/dovecot/bounce-policy', f'{server.dir}/run/bounce-policy')
            for name in ('bounce-policy.acl', 'bounce-policy-data.acl'))
        cls.exim = exim.Exim(server.relay.port, acl, server.ports['lmtp'],
                             EXIM_UID, data)
        cls.addClassCleanup(cls.exim.close)
        cls.exim.start()
        # its user has no name outside
        cls.conf = cls.conf.replace('mode = 0660', 'mode = 0666')
        server.write_conf()

    def setUp(self):
        super().setUp()
        dictserver.wait_for(lambda: os.path.exists(
            f'{self.server.dir}/run/bounce-policy'))
        self.server.relay.refuse.clear()
        self.user = self.new_user()
        self.doveadm('bounce', 'add', '-u', self.user, 'gone@example.net')

    def smtp(self):
        client = smtplib.SMTP('127.0.0.1', self.exim.port, timeout=30)
        self.addCleanup(client.close)
        client.login(self.user, 'pass')
        return client

    def send(self, to, client=None):
        return (client or self.smtp()).sendmail(
            f'{self.user}@example.org', to, letter(to=to))

    def wait_delivered(self, wanted):
        deadline = time.monotonic() + 20 * harness.SLOW
        while True:
            found = sorted(rcpt for sender, rcpts, _ in
                           self.server.relay.delivered for rcpt in rcpts
                           if sender == f'{self.user}@example.org')
            if found == wanted:
                return
            if time.monotonic() > deadline:
                self.fail(f'{found} != {wanted}\n{self.exim.log()[-4000:]}')
            time.sleep(0.1)

    def refused(self, to, client=None):
        """At DATA: what was said."""
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            self.send(to, client)
        return f'{caught.exception.smtp_code} {caught.exception.smtp_error.decode()}'

    def held(self):
        record, = map(json.loads, self.doveadm(
            'bounce', 'export', '-u', self.user).stdout.splitlines())
        return record.get('holds', 0)


class Each(EximCase):
    """Each recipient alone."""

    settings = {**EximCase.settings, 'bounce_suppress_reply': 'rcpt'}

    def test_refused(self):
        client = self.smtp()
        refused = self.send(['bob@example.net', 'gone@example.net'], client)
        self.assertEqual(list(refused), ['gone@example.net'])
        code, text = refused['gone@example.net']
        self.assertEqual(code, 550)
        self.assertIn(b'Not sent', text)
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send(['gone@example.net'], client)
        self.send(['carol@example.net'], client)
        self.wait_delivered(['bob@example.net', 'carol@example.net'])
        # once each, whatever was asked again at DATA
        self.wait_sent(self.user, 2)
        self.assertEqual(self.held(), 2)

    def test_again(self):
        """A minute later it goes, and DATA does not take that back."""
        self.age()
        self.assertEqual(self.send(['gone@example.net']), {})
        self.wait_delivered(['gone@example.net'])
        self.wait_sent(self.user, 1)
        self.assertEqual(self.held(), 1)

    def age(self):
        """As if a bounce had suppressed it, and it had been held."""
        now = int(time.time())
        line = json.dumps({
            'v': 1, 'address': 'gone@example.net', 'state': 'suppressed',
            'class': 'hard', 'side': 'recipient', 'reason': 'mailbox-unknown',
            'status': '5.1.1', 'score': 3, 'count': 1, 'first': now - 99,
            'last': now - 99, 'evidence': 'verified', 'by': 'bounce',
            'held': now - 60, 'holds': 1})
        self.user = self.new_user()
        self.doveadm('bounce', 'import', '-u', self.user, '-',
                     stdin=line.encode() + b'\n')


class Data(EximCase):
    """The mail as a whole."""

    def test_nobody_left(self):
        client = self.smtp()
        said = self.refused(['gone@example.net'], client)
        self.assertTrue(said.startswith('550 5.1.1 Not sent'), said)
        # the next mail of the session
        self.assertEqual(self.send(['bob@example.net'], client), {})
        self.wait_delivered(['bob@example.net'])
        self.wait_sent(self.user, 1)
        self.assertEqual(self.held(), 1)
        self.assertEqual(self.day(self.user)['held'], 1)

    def test_mixed(self):
        to = ['bob@example.net', 'gone@example.net']
        self.assertEqual(self.send(to), {})
        self.wait_delivered(to)
        self.wait_sent(self.user, 2)
        dictserver.wait_for(lambda: self.fetch(self.user, 'INBOX', notices=True))
        (_, notice), = self.fetch(self.user, 'INBOX', notices=True)
        self.assertIn(b'kind=held', notice)
        self.assertEqual(self.held(), 0)

    def test_counted(self):
        """By the envelope, Bcc included, which proves the bounce."""
        hidden = 'hidden@example.net'
        self.server.relay.refuse[hidden] = '550 5.1.1 No such user here'
        to = [f'person{i}@example.net' for i in range(300)] + [hidden]
        self.smtp().sendmail(f'{self.user}@example.org', to,
                             letter(to=to[:1], sender=f'{self.user}@example.org'))
        self.wait_sent(self.user, 301)
        dictserver.wait_for(lambda: hidden in self.recorded(self.user))
        self.assertEqual(self.state(self.user, hidden)['evidence'], 'verified')
        day = self.day(self.user)
        self.assertEqual((day['sent'], day['failed']), (301, 1))

    def test_odd_recipients(self):
        """Nobody else gets into the request by an address."""
        to = ['"a, b"@example.net', '"x;y"@example.net', 'a:b%c=d@example.net']
        client = self.smtp()
        taken = [one for one in to if one not in self.send(
            [one, 'bob@example.net'], client)]
        self.assertTrue(taken)
        self.wait_sent(self.user, len(to) + len(taken))

    def test_many(self):
        """More than a question may be long: they are sent to, and nothing is lost."""
        self.assertEqual(self.send([f'person{i}@example.net' for i in range(600)]), {})
        self.send(['bob@example.net'])
        self.wait_sent(self.user, 1)

    def test_outside(self):
        """Nobody asks about mail of others, and no variable that nobody set."""
        with smtplib.SMTP('127.0.0.1', self.exim.port, timeout=30) as client:
            client.ehlo()
            client.mail('bob@example.net')
            self.assertEqual(client.rcpt(f'{self.user}@example.org')[0], 550)

    def taken(self):
        began = time.monotonic()
        self.assertEqual(self.send(['gone@example.net']), {})
        self.assertLess(time.monotonic() - began, 3 * harness.SLOW)

    def test_missing_and_hung(self):
        path = f'{self.server.dir}/run/bounce-policy'
        os.rename(path, path + '.away')
        self.addCleanup(lambda: os.replace(path + '.away', path))
        self.taken()
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(harness.stop_socket, listener)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(5)
        self.taken()
        # it dies with each question
        threading.Thread(target=self.cut, args=(listener,), daemon=True).start()
        self.taken()

    @staticmethod
    def cut(listener):
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()
