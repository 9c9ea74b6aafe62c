#!/usr/bin/env python3
"""README on a Debian where nothing of Dovecot is: installed, started, switched on
and working with what it prints, and nothing else.

In tests/package/in-clean-root only: it changes the system."""

import json
import pathlib
import re
import socket
import unittest

import system
import test_guides
from system import count, deliver, harness, run


class Readme(unittest.TestCase):

    def install(self):
        """The commands of "Install it"; the packages are built already."""
        ran = []
        for kind, text, _ in test_guides.blocks('README.md', '## Install it'):
            for line in text.splitlines() if kind == 'sh' else ():
                if line == './bootstrap package':
                    continue
                line = line.replace('./build/', '/packages/').replace(
                    'apt install', 'apt-get -q -y --no-install-recommends install')
                ran.append(run('bash', '-e', '-c', line))
        self.assertEqual(len(ran), 3)
        system.wait_for_dovecot()

    def switch_on_more(self):
        """Submission, METADATA, INBOX."""
        text, = (text for _, text, before in test_guides.blocks(
            'README.md', 'Switch it on: Dovecot ' + system.SERIES)
                 if '93-bounce-more' in before)
        pathlib.Path('/etc/dovecot/conf.d/93-bounce-more.conf').write_text(text)
        system.reload()
        deliver('alice', harness.dsn('more@example.net'))
        self.assertEqual(count('alice', 'Bounces'), 1)
        self.assertEqual(len(run('doveadm', 'search', '-u', 'alice', 'mailbox', 'INBOX',
                                 'keyword', '$Bounce').splitlines()), 1)
        shown = run('sh', '-c', 'printf "%s\\r\\n" \'a GETMETADATA (DEPTH infinity) "" '
                    '/private/vendor/vendor.dovecot-bounce\' "b LOGOUT" | '
                    'doveadm exec imap -u alice')
        self.assertIn('address/more@example.net', shown)
        self.assertIn('submission_bounce', run('doveconf', '-f', 'protocol=submission',
                                               'mail_plugins'))

    def switch_on_policy(self):
        """With Postfix's user and folder; with Postfix: tests/run/test_policy_postfix."""
        run('adduser', '--system', '--group', '--no-create-home', 'postfix')
        pathlib.Path('/var/spool/postfix/private').mkdir(parents=True)
        (_, text, _), = test_guides.blocks('README.md', '### Users who send')
        self.assertIn('/2.4/', text)
        for line in text.replace('/2.4/', f'/{system.SERIES}/').replace(
                '\\\n', ' ').splitlines():
            run('bash', '-e', '-c', line)
        system.reload()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect('/var/spool/postfix/private/bounce-policy')
            client.sendall(b'request=smtpd_access_policy\nprotocol_state=RCPT\n'
                           b'sasl_username=alice\nrecipient=gone@example.net\n\n')
            self.assertEqual(client.recv(100), b'action=DUNNO\n\n')

    def test_readme(self):
        self.assertNotIn('dovecot', run('dpkg-query', '-W', '-f', '${Package} '))
        self.install()
        system.add_user('alice')
        for kind, text, before in test_guides.blocks(
                'README.md', 'Switch it on: Dovecot ' + system.SERIES):
            if kind != 'diff' and '93-bounce-more' not in before:
                path = re.search(r'`(/etc/dovecot/\S+)`:$', before).group(1)
                pathlib.Path(path).write_text(text)
        system.reload()
        deliver('alice', harness.dsn('gone@example.net'))
        self.assertEqual(count('alice', 'Bounces'), 1)
        self.assertIn('gone@example.net',
                      run('doveadm', 'bounce', 'list', '-u', 'alice'))
        self.switch_on_more()
        self.switch_on_policy()
        # its last line
        rows = json.loads(run('doveadm', '-f', 'json', 'bounce', 'check', '-u',
                              'alice'))
        self.assertEqual({row['subject']: row['result'] for row in rows
                          if row['check'] == 'plugin'},
                         {'lmtp': 'ok', 'lda': 'ok', 'imap': 'ok'})


if __name__ == '__main__':
    unittest.main(verbosity=2)
