"""Sieve's own extlists asks the dictionary, by the shipped example."""

import re
import subprocess
import unittest

import dictserver
import harness

EXAMPLE = dictserver.example('2.4/extlists.conf')


def has_extlists():
    """From Dovecot 2.4.2 on."""
    if harness.VERSION < (2, 4):
        return False
    text = subprocess.run(['dovecot', '--version'], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    return tuple(map(int, re.match(r'(\d+)\.(\d+)\.(\d+)', text).groups())) >= (2, 4, 2)


@unittest.skipUnless(has_extlists(), 'extlists came with Dovecot 2.4.2')
class ExtLists(harness.TestCase):

    relay = True
    conf = 'submission_host = 127.0.0.1:@RELAY@\n'

    @classmethod
    def setUpClass(cls):
        cls.backend = dictserver.SQLite()
        cls.addClassCleanup(cls.backend.close)
        cls.backend.sql(re.sub('(?m)^# ?', '', re.search(
            r'(?ms)^#   (CREATE VIEW.*?;)$', EXAMPLE)[1]))
        cls.conf24 = cls.backend.conf24() + EXAMPLE
        cls.dict24 = '  dict proxy {\n    name = bounce\n  }'
        cls.script = re.sub('(?m)^# {0,3}', '', re.search(
            r'(?ms)^#   (require.*?^#   \})$', EXAMPLE)[1])
        super().setUpClass()

    def test_example(self):
        """The script of the example: who bounced gets no automatic reply."""
        user = self.new_user()
        self.lmtp(user, harness.dsn('gone@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.backend.sql(
            f"SELECT state FROM bounce_suppressed WHERE username = '{user}'").split(),
            ['state', 'suppressed'])
        script = self.script.replace('"I am away."', f':addresses "{user}@example.org" '
                                     '"I am away."')
        self.assertNotEqual(script, self.script)
        self.put_script(user, script)
        for name in ('gone', 'there'):
            self.lmtp(user, harness.mail(sender=f'{name}@example.net',
                                         to=f'{user}@example.org'),
                      sender=f'{name}@example.net')
        self.assertEqual([to for _, to, _ in self.server.relay.delivered],
                         [['there@example.net']])
        self.run_bounce_release(user)
        self.lmtp(user, harness.mail(sender='gone@example.net',
                                     to=f'{user}@example.org'),
                  sender='gone@example.net')
        self.assertEqual([to for _, to, _ in self.server.relay.delivered],
                         [['there@example.net'], ['gone@example.net']])

    def run_bounce_release(self, user):
        self.doveadm('bounce', 'release', '-u', user, 'gone@example.net')
