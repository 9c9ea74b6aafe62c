"""doveadm bounce on each driver, configured as a site would: what goes in by
delivery, add and import comes out by list, get, export and METADATA."""

import json
import os
import pathlib
import unittest

import dictserver
import harness
from test_doveadm import HURTING


no_asan = unittest.skipIf(harness.ASAN, 'SQLite is enough')


class Driver:
    """Mixed into a TestCase with make()."""

    users = {'alice': {}, 'bob': {}}
    spare_users = 0
    sieve = sieve_bounce = False
    dict23 = 'proxy::bounce'
    dict24 = 'dict proxy {\n name = bounce\n}'

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.make()
        cls.conf23 = cls.backend.conf23()
        cls.conf24 = cls.backend.conf24()
        super().setUpClass()
        cls.addClassCleanup(cls.backend.close)
        dictserver.wait_for(
            lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    def bounces(self, *args):
        return self.doveadm_json('bounce', *args)

    def listed(self, user):
        return sorted(row['address'] for row in self.bounces('list', '-u', user))

    def path(self, text):
        path = pathlib.Path(self.dir, 'import.txt')
        path.write_text(text, encoding='utf-8')
        return str(path)

    def test_all(self):
        wanted = sorted(normal or typed for typed, normal in HURTING.items())
        row, = self.bounces('import', '-u', 'alice',
                            self.path('\n'.join(HURTING)))
        self.assertEqual(row['written'], len(HURTING))
        self.assertEqual(self.listed('alice'), wanted)
        self.assertEqual(self.listed('bob'), [])
        records = self.metadata('alice')
        self.assertEqual(sorted(r['address'] for r in records.values()), wanted)
        for typed, normal in HURTING.items():
            row, = self.bounces('get', '-u', 'alice', '--', typed)
            self.assertEqual(row['address'], normal or typed)

        exported = self.doveadm('bounce', 'export', '-u', 'alice').stdout
        self.assertEqual([json.loads(line)['address'] for line in
                          exported.splitlines()], wanted)
        self.bounces('import', '-u', 'bob', self.path(exported))
        self.assertEqual(self.doveadm('bounce', 'export', '-u', 'bob').stdout,
                         exported)
        row, = self.bounces('import', '-u', 'bob', self.path(exported))
        self.assertEqual(row['written'], 0)

        for number, typed in enumerate(HURTING):
            if number % 2:
                self.doveadm('bounce', 'remove', '-u', 'bob', '--', typed)
            else:
                row, = self.bounces('erase', '-u', 'bob', '--', typed)
                self.assertEqual(row, {'removed': 1})
        self.assertEqual(self.listed('bob'), [])
        self.assertEqual(self.listed('alice'), wanted)

        rows = self.bounces('stats', '-u', 'alice')
        self.assertEqual(rows[0]['count'], len(HURTING))
        self.assertEqual(self.bounces('expire', '-u', 'alice'), [{'removed': 0}])
        for typed in HURTING:
            self.doveadm('bounce', 'release', '-u', 'alice', '--', typed)
        self.assertEqual({row['state'] for row in
                          self.bounces('list', '-u', 'alice')}, {'released'})
        for typed in HURTING:
            self.doveadm('bounce', 'remove', '-u', 'alice', '--', typed)
        self.delivery()

    def delivery(self):
        self.lmtp('alice', harness.dsn('a@example.net'))
        self.assertEqual(self.listed('alice'), ['a@example.net'])
        row, = self.bounces('scan', '-u', 'alice')
        self.assertEqual(row['changed'], 0)
        # what a person removed stays removed, whatever the mailbox holds
        self.doveadm('bounce', 'remove', '-u', 'alice', 'a@example.net')
        row, = self.bounces('scan', '-u', 'alice')
        self.assertEqual(row['changed'], 0)
        self.assertEqual(self.listed('alice'), [])


class SQLite(Driver, harness.TestCase):

    @classmethod
    def make(cls):
        return dictserver.SQLite()


@no_asan
class PostgreSQL(Driver, harness.TestCase):

    @classmethod
    def make(cls):
        return dictserver.PostgreSQL()


@no_asan
class Redis(Driver, harness.TestCase):

    @classmethod
    def setUpClass(cls):
        backend = dictserver.Redis()
        cls.dict23 = backend.bounce_dict23()
        cls.make = classmethod(lambda cls: backend)
        super().setUpClass()

    def setUp(self):
        super().setUp()
        if self.version >= (2, 4):
            # the dict server was asked whether its backend iterates
            self.expect_log('Unsupported operation')


@unittest.skipIf(harness.VERSION < (2, 4), '2.3 cannot list them')
@no_asan
class Fs(Driver, harness.TestCase):

    dict24 = 'dict fs {\n fs posix {\n  prefix = %{home}/bounces/\n }\n}'

    @classmethod
    def setUpClass(cls):
        super(Driver, cls).setUpClass()


class FsCompress(Fs):
    """A driver that asks for its settings with its first write, not before."""

    dict24 = ('dict fs {\n fs compress {\n  write_method = gz\n }\n fs posix {\n'
              '  prefix = %{home}/bounces/\n }\n}')
