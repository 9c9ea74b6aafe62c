"""Mailman 3 follows the dictionary, by the ready script of the examples."""

import os
import pathlib
import subprocess
import sys
import unittest

import harness
import mailman
from test_doveadm import Doveadm

SCRIPT = harness.SOURCE / 'doc/example-config/mailman/bounce-to-mailman.py'


@unittest.skipUnless(mailman.MASTER.exists(), 'the package mailman3 is not installed')
@unittest.skipIf(harness.ASAN, 'its script is Python')
class Mailman(Doveadm):

    users = {'alice': {}, 'bob smith': {}}
    spare_users = 0

    @classmethod
    def setUpClass(cls):
        cls.mailman = mailman.Mailman()
        cls.addClassCleanup(cls.mailman.close)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.state = pathlib.Path(self.dir, self.id())
        self.name = self._testMethodName.replace('_', '-')
        self.mailman.make_list(self.name)

    def follow(self, *args, status=0):
        """What the script prints and says of errors, sorted; a whole export."""
        export = self.doveadm('bounce', 'export', '-A', '--as', 'mailman').stdout
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *args, str(self.state)], input=export,
            text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, 'MAILMAN_CONFIG_FILE': self.mailman.config})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stderr != '', status != 0, done.stderr)
        return sorted(done.stdout.splitlines())

    def members(self):
        return self.mailman.members(self.name)

    def subscribe(self, *names):
        for name in names:
            self.mailman.subscribe(self.name, f'{name}@example.net')

    def test_life(self):
        """Dead, alive again, corrected: each once, and with --dry-run not at all."""
        self.subscribe('well', 'dead', 'old', 'free', 'away')
        # what members, or Mailman, said themselves
        self.mailman.set_status(self.name, 'away@example.net', 'by_user')
        self.mailman.set_status(self.name, 'free@example.net', 'by_bounces')
        begin = self.members()
        self.put('alice', {'address': 'dead@example.net'},
                 {'address': 'away@example.net'}, {'address': 'other@example.net'},
                 {'address': 'old@example.net', 'state': 'corrected', 'by': 'user',
                  'corrected': 'new@example.net'},
                 {'address': 'free@example.net', 'state': 'released', 'by': 'user'})
        lines = sorted([f'by_bounces dead@example.net {self.name}.example.org',
                        f'correct old@example.net {self.name}.example.org '
                        'new@example.net',
                        f'enabled free@example.net {self.name}.example.org'])
        self.assertEqual(self.follow('--dry-run'), lines)
        self.assertEqual(self.members(), begin)
        self.assertEqual(self.follow(), lines)
        wanted = {'well@example.net': 'enabled', 'dead@example.net': 'by_bounces',
                  'new@example.net': 'enabled', 'free@example.net': 'enabled',
                  'away@example.net': 'by_user'}
        self.assertEqual(self.members(), wanted)
        # twice changes nothing more
        self.assertEqual(self.follow(), [])
        self.assertEqual(self.members(), wanted)

        # proof of life cleared it: no export names it any more
        self.doveadm('bounce', 'remove', '-u', 'alice', 'dead@example.net')
        lines = [f'enabled dead@example.net {self.name}.example.org']
        self.assertEqual(self.follow('--dry-run'), lines)
        self.assertEqual(self.members(), wanted)
        self.assertEqual(self.follow(), lines)
        self.assertEqual(self.members(), {**wanted, 'dead@example.net': 'enabled'})
        # whom Mailman disabled itself meanwhile was not ours
        self.mailman.set_status(self.name, 'dead@example.net', 'by_bounces')
        self.assertEqual(self.follow(), [])

    def test_several_users(self):
        """One released it, another one's mail bounces: it gets mail."""
        self.subscribe('one', 'two')
        self.put('alice', {'address': 'one@example.net'},
                 {'address': 'two@example.net', 'state': 'released', 'by': 'user'})
        self.put('bob smith', {'address': 'two@example.net'},
                 {'address': 'one@example.net'})
        self.assertEqual(self.follow(),
                         [f'by_bounces one@example.net {self.name}.example.org'])
        self.assertEqual(self.members(), {'one@example.net': 'by_bounces',
                                          'two@example.net': 'enabled'})

    def test_corrected(self):
        """To an address that is a member already; to another person's; one that was
        disabled before."""
        self.subscribe('old1', 'member', 'old2', 'old3')
        self.mailman.set_status(self.name, 'old3@example.net', 'by_bounces')
        self.mailman.make_list('elsewhere')
        self.mailman.subscribe('elsewhere', 'person@example.net')
        self.put('alice', *(
            {'address': f'{old}@example.net', 'state': 'corrected', 'by': 'user',
             'corrected': f'{new}@example.net'}
            for old, new in (('old1', 'member'), ('old2', 'person'),
                             ('old3', 'third'))))
        self.follow(status=1)       # nobody's account is given to another
        self.assertEqual(self.members(), {
            'old1@example.net': 'by_bounces', 'member@example.net': 'enabled',
            'old2@example.net': 'enabled', 'third@example.net': 'enabled'})

    def test_short(self):
        self.assertLessEqual(SCRIPT.read_text('utf-8').count('\n'), 40)

    def test_no_state(self):
        """Forgotten: it ends, and no other file is taken for it."""
        copy = pathlib.Path(self.dir, 'script.py')
        for words in ([], ['--dry-run'], ['one', 'two']):
            copy.write_text(SCRIPT.read_text('utf-8'), 'utf-8')
            done = subprocess.run([sys.executable, copy, *words], input='', text=True,
                                  stderr=subprocess.PIPE, cwd=self.dir, check=False,
                                  env={**os.environ, 'MAILMAN_CONFIG_FILE':
                                       str(self.mailman.config)})
            self.assertEqual(done.returncode, 1)
            self.assertIn('ValueError', done.stderr)
            self.assertEqual(copy.read_text('utf-8'), SCRIPT.read_text('utf-8'))

    def test_down(self):
        """Mailman does not answer: it says so, and forgets nothing."""
        self.put('alice', {'address': 'dead@example.net'})
        config = pathlib.Path(self.dir, 'mailman.cfg')
        port, = harness.free_ports(1)
        config.write_text(pathlib.Path(self.mailman.config).read_text().replace(
            str(self.mailman.port), str(port)))
        self.state.write_text('before@example.net')
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(self.state)],
            input='disable\tdead@example.net\n', text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, 'MAILMAN_CONFIG_FILE': str(config)})
        self.assertEqual(done.returncode, 1)
        self.assertIn('dead@example.net: ', done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        self.assertEqual(self.state.read_text(), 'before@example.net')
