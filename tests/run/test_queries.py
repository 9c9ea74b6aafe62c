"""guides/queries.md without SQL: each question by redis-cli, doveadm dict and jq, of
10,000 records in the real thing. Those in SQL: test_dictionary.Queries. And what
guides/how-big.md has for many connections."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import time

import dictserver
import harness

PAGE = harness.SOURCE / 'doc' / 'guides' / 'queries.md'
NAMES = ('redis', 'dict 2.3', 'dict 2.4', 'domains', 'lists', 'refused', 'held',
         'people', 'others redis', 'others dict', 'days', 'broadcasts')
NOW = int(time.time())


def blocks():
    found = re.findall(r'```sh\n(.*?)```', PAGE.read_text('utf-8'), re.S)
    assert len(found) == len(NAMES), len(found)
    return dict(zip(NAMES, found, strict=True))


def record(address, **more):
    return {'v': 1, 'address': address, 'state': 'watched', 'class': 'hard',
            'side': 'recipient', 'reason': 'mailbox-unknown', 'score': 1.5, 'count': 3,
            'first': 1763900000, 'last': NOW - 60, 'until': NOW + 86400,
            'evidence': 'verified', 'by': 'bounce', **more}


RECORDS = [record(f'a{n}@d{n % 100}.example', state='suppressed' if n % 2 else 'watched')
           for n in range(10000)]
OTHERS = [
    record('bob@example.net', state='released', by='user'),
    record('gone@example.net', until=NOW - 5),
    record("o'br\\\"ien@example.net"),
    record('refused@we.refuse.example', side='sender', reason='reputation',
           remote_mta='mx.refuse.example', held=1763990000, holds=2),
]
SENT = {
    '20251124': {'v': 1, 'id': '20251124', 'sent': 200, 'failed': 30},
    '20251124-0123456789abcdef': {
        'v': 1, 'id': '20251124-0123456789abcdef', 'subject': 'News', 'sent': 100,
        'failed': 25, 'hard': 25, 'level': 'critical'},
}


class Case:
    """Mixed into a TestCase with make(), put_sent() and load."""

    users = {'alice': {}, 'bob': {}}
    settings = {'bounce_max_addresses': '20000'}
    spare_users = 0
    sieve = sieve_bounce = False
    dict23 = 'proxy::bounce'
    dict24 = 'dict proxy {\n name = bounce\n}'

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.make()
        cls.addClassCleanup(cls.backend.close)
        cls.conf23 = cls.backend.conf23()
        cls.conf24 = cls.backend.conf24()
        super().setUpClass()
        dictserver.wait_for(lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    def sh(self, name, text=None):
        """The lines that a block of the page prints, parsed where they are JSON."""
        done = subprocess.run(
            ['sh', '-euc', text or blocks()[name]], cwd=self.work, text=True, check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, **self.server.environment(),
                 'PATH': f'{self.work}:{os.environ["PATH"]}'})
        return [json.loads(line) if line.startswith('{') else line
                for line in done.stdout.splitlines()]

    def program(self, name, *args):
        """As a site has it: nobody need say where the server is."""
        path = pathlib.Path(self.work, name)
        path.write_text(f'#!/bin/sh\nexec {shutil.which(name)} {shlex.join(args)} "$@"\n')
        path.chmod(0o755)

    def setUp(self):
        super().setUp()
        self.work = tempfile.mkdtemp(prefix='bounce-queries.')
        self.addCleanup(shutil.rmtree, self.work)
        self.program('doveadm', '-c', self.server.conf_path)
        for user, records in (('alice', RECORDS), ('bob', OTHERS)):
            path = pathlib.Path(self.work, 'import')
            path.write_text(''.join(json.dumps(one) + '\n' for one in records))
            self.doveadm('bounce', 'import', '-u', user, str(path))
            for item, value in SENT.items():
                self.put_sent(user, item, json.dumps(value))

    def test_questions(self):
        self.assertEqual(self.sh(self.load), [])
        domains = self.sh('domains')
        self.assertEqual(len(domains), 20)
        self.assertEqual(domains[0], {'domain': 'd0.example', 'addresses': 100,
                                      'reports': 300})
        self.assertEqual(self.sh('lists'), [
            {'username': 'alice', 'records': 10000, 'suppressed': 5000},
            {'username': 'bob', 'records': 3, 'suppressed': 0}])
        self.assertEqual(self.sh('refused'), [{
            'remote_mta': 'mx.refuse.example', 'reason': 'reputation', 'users': 1,
            'addresses': 1, 'since': '2025-11-23T12:13:20Z'}])
        self.assertEqual(self.sh('held'), [{
            'username': 'bob', 'address': 'refused@we.refuse.example', 'holds': 2,
            'held': '2025-11-24T13:13:20Z', 'reason': 'reputation'}])
        self.assertEqual([(row['username'], row['address'], row['state'])
                          for row in self.sh('people')],
                         [('bob', 'bob@example.net', 'released')])
        self.assertEqual(self.sh('days'), [{'day': '20251124', 'sent': 400,
                                            'failed': 60, 'percent': 15}])
        self.assertEqual({(row['username'], row['day'], row['subject'], row['level'])
                          for row in self.sh('broadcasts')},
                         {('bob', '20251124', 'News', 'critical'),
                          ('alice', '20251124', 'News', 'critical')})
        self.check_others()


class Redis(Case, harness.TestCase):

    load = 'redis'

    @classmethod
    def setUpClass(cls):
        backend = dictserver.Redis()
        cls.dict23 = backend.bounce_dict23()
        cls.make = classmethod(lambda cls: backend)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.program('redis-cli', '-p', str(self.backend.port))
        if self.version >= (2, 4):
            # the dict server was asked whether its backend iterates
            self.expect_log('Unsupported operation')

    def put_sent(self, user, item, value):
        subprocess.run(['redis-cli', '-p', str(self.backend.port), 'set',
                        f'bounce/{user}/bounce/sent/{item}', value], check=True,
                       stdout=subprocess.DEVNULL)

    def check_others(self):
        self.assertEqual([re.sub('.*bob/', '', line)
                          for line in self.sh('others redis')],
                         ['bounce/address/bob@example.net'])


class Dict(Case, harness.TestCase):

    load = 'dict %d.%d' % harness.VERSION

    @classmethod
    def make(cls):
        return dictserver.SQLite()

    def put_sent(self, user, item, value):
        self.backend.sql(f"INSERT INTO bounce VALUES ('{user}', 'sent', '{item}', "
                         f"'{value}');")

    def check_others(self):
        text = blocks()['others dict']
        self.assertIn('"$user" bounce', text)
        if self.version < (2, 4):
            text = text.replace('"$user" bounce', '"$user" proxy::bounce')
        self.assertEqual(self.sh('others dict', text), ['bob'])


BIG = PAGE.with_name('how-big.md').read_text('utf-8')
BIG_23, BIG_24 = re.findall(r'```\n(.*?)```', BIG, re.S)


class Async(harness.TestCase):
    """Through dict-async many have one connection."""

    spare_users = 30
    sieve = sieve_bounce = False

    @classmethod
    def setUpClass(cls):
        cls.backend = dictserver.PostgreSQL()
        cls.addClassCleanup(cls.backend.close)
        cls.conf23 = cls.backend.conf23() + BIG_23
        cls.conf24 = cls.backend.conf24() + BIG_24
        super().setUpClass()

    def test_many(self):
        users = [self.new_user() for _ in range(20)]
        for user in users:
            self.lmtp(user, harness.dsn('gone@example.net',
                                        user=f'{user}@example.org'))
        clients = [self.imap(user) for user in users]
        for client, user in zip(clients, users, strict=True):
            found = self.metadata(user, client=client)
            self.assertEqual([one['address'] for one in found.values()],
                             ['gone@example.net'])
        self.assertEqual(len(dictserver.children(self.server, 'dict')), 1)
        count = self.backend.sql("SELECT count(*) FROM pg_stat_activity WHERE datname "
                                 "= 'dovecot' AND pid <> pg_backend_pid();")
        # not one a client
        self.assertLessEqual(int(count.split()[-1]), 8)
