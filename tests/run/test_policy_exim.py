"""bounce-policy behind a real Exim, with the lines of doc/example-config."""

import os
import smtplib
import socket
import time

import dictserver
import exim
import harness
import policy
from test_policy_postfix import EXAMPLES, own
from test_sent import SentCase, letter


class Exim(SentCase):

    sieve = False
    conf = SentCase.conf + policy.SERVICE
    settings = {'bounce_suppress': 'enforce', 'bounce_suppress_reply': 'rcpt'}

    @classmethod
    def prepare(cls, server):
        acl = own((EXAMPLES / 'exim' / 'bounce-policy.acl').read_text())
        cls.exim = exim.Exim(server.relay.port, acl.replace(
            '/run/dovecot/bounce-policy', f'{server.dir}/run/bounce-policy'))
        cls.addClassCleanup(cls.exim.close)
        cls.exim.start()
        # as an admin gives it to Exim's group
        cls.conf = cls.conf.replace('mode = 0660',
                                    'mode = 0660\n    user = postfix')
        server.write_conf()

    def setUp(self):
        super().setUp()
        dictserver.wait_for(lambda: os.path.exists(
            f'{self.server.dir}/run/bounce-policy'))
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
        self.addCleanup(listener.close)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(5)
        self.taken()
