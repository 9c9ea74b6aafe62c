#!/usr/bin/env python3
"""A dictionary written under Dovecot 2.3 is read, and gone on with, under 2.4: a
file, and SQLite as the example configuration has it. Twice in
tests/package/in-clean-root, with BOUNCE_EXCHANGE: on the older Debian it writes
to /exchange, on the newer it reads there what the older wrote."""

import json
import pathlib
import shutil
import unittest

import system
from system import apt, deliver, harness, run

EXCHANGE = pathlib.Path('/exchange')
EXAMPLES = pathlib.Path('/usr/share/doc/dovecot-bounce/example-config')
DATABASE = pathlib.Path('/var/lib/dovecot-bounce/bounce.sqlite')
ADDRESSES = ['gone@example.net', 'Grüße@Bücher.example', 'a/b@example.net']


def use_sqlite():
    """As dict-sqlite.conf says."""
    examples = EXAMPLES / system.SERIES
    shutil.copy(examples / 'dict-sqlite.conf',
                '/etc/dovecot/conf.d/13-bounce-dict.conf')
    if system.SERIES == '2.3':
        shutil.copy(examples / 'dict-sqlite.conf.ext',
                    '/etc/dovecot/bounce-dict.conf.ext')
    DATABASE.parent.mkdir(exist_ok=True)
    if (EXCHANGE / 'bounce.sqlite').exists():
        shutil.copy(EXCHANGE / 'bounce.sqlite', DATABASE)
    else:
        run('sh', '-c', f'sqlite3 {DATABASE} <{EXAMPLES}/schema-sqlite.sql')
    run('chown', '-R', 'dovecot:dovecot', str(DATABASE.parent))
    run('service', 'dovecot', 'restart')
    system.wait_for_dovecot()


def records(user):
    """{address: what doveadm lists}"""
    rows = json.loads(run('doveadm', '-f', 'json', 'bounce', 'list', '-u', user))
    return {row['address']: row for row in rows}


def reports(record):
    """Without the MTA's word on who submitted the mail they prove nothing."""
    return int(record['count']) + int(record['unproven'])


class Upgrade(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        apt('install', 'dovecot-sqlite', 'sqlite3')
        system.install_dovecot()
        system.add_user('alice')
        system.add_user('bob')
        apt('install', *system.packages())
        system.wait_for_dovecot()
        system.switch_on()

    def write(self, user):
        report = harness.dsn(ADDRESSES, user=f'{user}@example.org')
        (EXCHANGE / f'{user}.eml').write_bytes(report)
        deliver(user, report)
        wanted = records(user)
        self.assertEqual(len(wanted), len(ADDRESSES))
        (EXCHANGE / f'{user}.json').write_text(json.dumps(wanted))

    def read(self, user):
        wanted = json.loads((EXCHANGE / f'{user}.json').read_text())
        self.maxDiff = None
        self.assertEqual(records(user), wanted)
        # the same report again counts not, another does
        deliver(user, (EXCHANGE / f'{user}.eml').read_bytes())
        self.assertEqual(records(user), wanted)
        deliver(user, harness.dsn(ADDRESSES, user=f'{user}@example.org'))
        for address, record in records(user).items():
            self.assertEqual(reports(record), reports(wanted[address]) + 1)

    def test_1_file(self):
        home = pathlib.Path('/home/alice/dovecot-bounce.dict')
        if system.SERIES == '2.3':
            self.write('alice')
            self.assertEqual(home.stat().st_mode & 0o777, 0o600)
            shutil.copy(home, EXCHANGE)
        else:
            shutil.copy(EXCHANGE / home.name, home)
            run('chown', 'alice:', str(home))
            self.read('alice')

    def test_2_sqlite(self):
        use_sqlite()
        if system.SERIES == '2.3':
            self.write('bob')
            run('service', 'dovecot', 'stop')
            run('sqlite3', str(DATABASE), 'PRAGMA wal_checkpoint(TRUNCATE)')
            shutil.copy(DATABASE, EXCHANGE)
        else:
            self.read('bob')


if __name__ == '__main__':
    unittest.main(verbosity=2)
