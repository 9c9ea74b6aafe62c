#!/usr/bin/env python3
"""Does what README and the guides print, in order, on a clean Debian.

A block ```sh is run line by line (a loop as a whole). A block ```conf-2.3 or
```conf-2.4 is what stands in conf.d/12-bounce.conf from then on, on that
Dovecot; in README, the block below "In `FILE`:" is what stands in FILE.

In tests/package/in-clean-root only: it changes the system."""

import pathlib
import re
import unittest

import system
from system import CONF, apt, count, deliver, harness, run


def blocks(path, head=None):
    """[(kind, text, line before)] of the fenced blocks; head: only below this
    heading."""
    text = (system.SOURCE / path).read_text('utf-8')
    if head:
        # not at a comment within a block
        text = re.split(r'(?m)^##+ ', text.split(head)[1])[0]
    return [(kind, body, before) for before, kind, body in
            re.findall(r'(?ms)^([^\n]*)\n\n?```(\S*)\n(.*?)^```$', text)]


def shell(test, text):
    """Each command as printed, as root, in bash without anything set. After
    `doveadm reload` an admin's next line comes later than a program's."""
    output = ''
    for piece in re.split(r'(?m)(?<=^doveadm reload\n)', text):
        command = 'bash', '-e', '-c', 'cd /root\n' + piece
        output += (system.reload(command) if 'doveadm reload' in piece
                   else run(*command))
    print(f'$ {text}{output}', flush=True)
    # a command of ours that fails within a loop
    test.assertNotRegex(output, r'(?m)^(doveadm\(.*\)|bash).*'
                        r'(Error|Fatal|not found|usage:)', text)
    return output


class Guides(unittest.TestCase):
    """In the order in which an admin meets them."""

    @classmethod
    def setUpClass(cls):
        system.install_dovecot()
        for name in ('alice', 'bob'):
            system.add_user(name)
        # before we came
        deliver('alice', harness.mail(), sender='carol@example.net')
        deliver('alice', harness.dsn('gone@example.net'))
        deliver('bob', harness.dsn('full@example.net', status='5.2.2',
                                   user='bob@example.org',
                                   diagnostic='552 5.2.2 Mailbox full'))
        apt('install', *system.packages())
        system.wait_for_dovecot()
        cls.shipped = CONF.read_text()

    def follow(self, path):
        output = []
        for kind, text, _ in blocks(path):
            if kind == 'sh':
                output.append(shell(self, text))
            elif kind == f'conf-{system.SERIES}':
                CONF.write_text(text)
                run('doveconf', '-n')
        self.assertTrue(output, path)
        return output

    def test_1_first_day(self):
        output = self.follow('doc/guides/first-day.md')
        # the shadow filed nothing and remembered nothing; the scan saw it
        self.assertIn('gone@example.net', ''.join(output))
        deliver('alice', harness.dsn('after@example.net'))
        self.assertEqual(count('alice', 'Bounces'), 1)
        listed = run('doveadm', 'bounce', 'list', '-u', 'alice')
        self.assertIn('gone@example.net', listed)
        self.assertIn('after@example.net', listed)

    def test_2_backup_and_restore(self):
        before = run('doveadm', '-f', 'tab', 'bounce', 'list', '-u', 'alice')
        self.follow('doc/guides/backup-and-restore.md')
        after = run('doveadm', '-f', 'tab', 'bounce', 'list', '-u', 'alice')
        self.assertEqual(sorted(after.splitlines()), sorted(before.splitlines()))
        # lost, and restored
        saved = pathlib.Path('/var/backups/bounces/alice').read_text()
        self.assertIn('gone@example.net', saved)
        pathlib.Path('/home/alice/dovecot-bounce.dict').unlink()
        run('doveadm', 'bounce', 'import', '-u', 'alice',
            '/var/backups/bounces/alice')
        after = run('doveadm', '-f', 'tab', 'bounce', 'list', '-u', 'alice')
        self.assertEqual(sorted(after.splitlines()), sorted(before.splitlines()))

    def test_3_several_backends(self):
        self.follow('doc/guides/several-backends.md')

    def test_4_upgrade(self):
        self.follow('doc/guides/upgrade-2.3-to-2.4.md')

    def test_5_readme(self):
        """Switching on, mail plugin and Sieve, as README prints it."""
        CONF.write_text(self.shipped)
        written = 0
        for kind, text, before in blocks('README.md', 'Switch it on: Dovecot '
                                         + system.SERIES):
            # for sites that have such lines already; more than is needed
            if kind == 'diff' or '93-bounce-more' in before:
                continue
            found = re.search(r'`(/etc/dovecot/\S+)`:$', before)
            self.assertTrue(found, before)
            pathlib.Path(found.group(1)).write_text(text)
            written += 1
        self.assertEqual(written, 2)
        system.reload()
        before = count('alice', 'Bounces')
        deliver('alice', harness.dsn('readme@example.net'))
        self.assertEqual(count('alice', 'Bounces'), before + 1)
        script = pathlib.Path('/tmp/x.sieve')
        script.write_text('require "vnd.dovecot-bounce"; '
                          'if bounce "class" "hard" { keep; }\n')
        run('sievec', str(script))


if __name__ == '__main__':
    unittest.main(verbosity=2)
