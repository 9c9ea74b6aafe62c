"""The site's view: stats and rate of many users summed up, times with their zone,
and what a user with nothing costs."""

import contextlib
import datetime
import json
import os
import subprocess
import threading
import time
import unittest.mock

import dictserver
import harness
import test_http
from test_doveadm import DAY, Doveadm
from test_sent import SentCase, letter, people


def counts(rows):
    return {(row['group'], row['name']): int(row['count']) for row in rows}


class Stats(Doveadm):

    users = {'alice': {}, 'bob': {}, 'quiet': {}}
    spare_users = 0

    def setUp(self):
        super().setUp()
        now = int(time.time())
        self.put('alice', {'address': 'a@example.com'},
                 {'address': 'b@example.net', 'reason': 'mailbox-full',
                  'last': now - 10 * DAY})
        self.put('bob', {'address': 'a@example.com'}, {'address': 'c@example.com'})
        self.put('quiet')

    def test_sum(self):
        rows = self.rows('stats', '-A')
        self.assertEqual({row['username'] for row in rows}, {'*'})
        found = counts(rows)
        self.assertEqual((found['total', 'records'], found['total', 'users'],
                          found['last', '7 days'], found['last', '30 days']),
                         (4, 2, 3, 4))
        self.assertEqual([(row['name'], row['count']) for row in rows
                          if row['group'] == 'domain'],
                         [('example.com', 3), ('example.net', 1)])
        self.assertEqual(counts(self.rows('stats', '-u', '*')), found)
        # one user has no others
        self.assertNotIn(('total', 'users'),
                         counts(self.rows('stats', '-u', 'alice')))

    def test_options(self):
        found = counts(self.rows('stats', '-A', '--since', '7d'))
        self.assertEqual((found['total', 'records'], found['last', '30 days']),
                         (3, 3))
        self.assertNotIn(('domain', 'example.net'), found)
        when = str(int(time.time()) - 7 * DAY)
        self.assertEqual(counts(self.rows('stats', '-A', '--since', when)), found)
        rows = self.rows('stats', '-A', '--limit', '1')
        self.assertEqual([row['name'] for row in rows if row['group'] in
                          ('reason', 'domain')], ['mailbox-unknown', 'example.com'])
        rows = self.rows('stats', '-A', '--sort', 'name')
        self.assertEqual([row['name'] for row in rows if row['group'] == 'reason'],
                         ['mailbox-full', 'mailbox-unknown'])
        for option, value, error in (
                ('--sort', 'size', '--sort size is none of count, name'),
                ('--limit', '0', '--limit 0 is no number of rows'),
                ('--since', 'ever', '--since ever is neither')):
            done = self.run_bounce('stats', '-A', option, value, status=64)
            self.assertIn(error, done.stderr)

    def test_failed(self):
        """Who cannot be read is named; the others are counted."""
        path = f'{self.home("bob")}/dovecot-bounce.dict'
        os.unlink(path)
        os.mkdir(path)
        self.addCleanup(os.rmdir, path)
        done = self.doveadm('-f', 'json', 'bounce', 'stats', '-A', check=False)
        self.assertEqual(done.returncode, 75, done.stdout)
        self.assertIn('bob', done.stderr)
        self.assertIn('"count":2', done.stdout)

    def test_server(self):
        """doveadm-server sees one user at a time: their sums are his own."""
        rows = self.rows('stats', '-A', '-S', f'{self.dir}/run/doveadm-server')
        found = {(row['username'], int(row['count'])) for row in rows
                 if (row['group'], row['name']) == ('total', 'records')}
        # 2.4 does not tell it that there are others
        quiet = {('quiet', 0)} if self.version >= (2, 4) else set()
        self.assertEqual(found, {('alice', 2), ('bob', 2)} | quiet)

    def test_times(self):
        """With their zone, wherever there are times."""
        now = int(time.time())
        self.put('alice', {'address': 'a@example.com', 'first': now - DAY,
                           'last': now - 60, 'until': now + DAY})
        for zone, offset in (('XXX3:30', -3.5), ('XXX-5:45', 5.75), ('UTC', 0)):
            with unittest.mock.patch.dict(os.environ, TZ=zone):
                row, = self.rows('list', '-u', 'alice')
                got, = self.rows('get', '-u', 'alice', 'a@example.com')
                show, = self.rows('show', '-u', 'alice')
                ask, = [row for row in self.doveadm_json_any(
                    'bounce', 'ask', '-u', 'alice', 'a@example.com')]
            for value, wanted in ((row['first'], now - DAY), (row['last'], now - 60),
                                  (row['until'], now + DAY),
                                  (got['last'], now - 60),
                                  (show['since'], now - DAY),
                                  (ask['since'], now - DAY)):
                when = datetime.datetime.fromisoformat(value)
                self.assertEqual(when.timestamp(), wanted, value)
                self.assertEqual(when.utcoffset(),
                                 datetime.timedelta(hours=offset), value)
            people = self.doveadm('bounce', 'show', '-u', 'alice').stdout
            self.assertRegex(people.split('\n')[0], r' \d{4}-\d\d-\d\d$')

    def doveadm_json_any(self, *args):
        """Whatever the exit status."""
        done = self.doveadm('-f', 'json', *args, check=False)
        return json.loads(done.stdout)


class Rate(SentCase):

    users = {'alice': {}, 'bob': {}, 'quiet': {}}
    spare_users = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls('test_sum')
        case.setUp()
        for user, size, failed in (('alice', 25, 5), ('bob', 50, 2)):
            case.append(user, letter(f'News of {user}', to=people(size),
                                     sender=f'{user}@example.org'))
            report = harness.dsn(people(failed), user=f'{user}@example.org')
            case.lmtp(user, report.replace(b'Subject: Lunch',
                                           f'Subject: News of {user}'.encode()))
        case.doCleanups()

    def all(self, *args):
        return self.doveadm_json('bounce', 'rate', '-A', *args)

    def test_sum(self):
        rows = self.all()
        self.assertEqual([(row['username'], row['window'], row['sent'],
                           row['failed'], row['percent'])
                          for row in rows[:4]],
                         [('*', window, 75, 7, '9.33') for window in
                          ('1 day', '7 days', '30 days', 'last 1000')])
        self.assertEqual({(row['username'], row['subject'], row['failed'])
                          for row in rows[4:]},
                         {('alice', 'News of alice', 5), ('bob', 'News of bob', 2)})

    def test_options(self):
        for order, users in (('sent', ['bob', 'alice']),
                             ('failed', ['alice', 'bob']),
                             ('percent', ['alice', 'bob'])):
            rows = self.all('--sort', order)
            self.assertEqual([row['username'] for row in rows[4:]], users, order)
            rows = self.all('--sort', order, '--limit', '1')
            self.assertEqual([row['username'] for row in rows[4:]], users[:1])
        row, *others = self.all('--since', '2d', '--limit', '1')
        self.assertEqual((row['window'], row['sent'], len(others)),
                         ('since 2d', 75, 1))
        window = self.doveadm_json('bounce', 'rate', '-u', 'bob')[-1]['window']
        self.assertEqual([row['username'] for row in self.all('--broadcast', window)],
                         ['bob'])
        done = self.doveadm('bounce', 'rate', '-A', '--broadcast', '1-2', check=False)
        self.assertEqual(done.returncode, 68)
        done = self.doveadm('bounce', 'rate', '-A', '--sort', 'size', check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn('--sort size is none of day, sent, failed, percent',
                      done.stderr)

    def test_people(self):
        lines = self.doveadm('bounce', 'rate', '-A').stdout.split('\n')
        self.assertRegex(lines[0], r'^\* +Sent to +Failed +%$')
        self.assertRegex('\n'.join(lines), r'(?m)^alice +Sent to.*\n'
                         r'News of alice +25 +5 +20.00 %')


class Nobody(Doveadm):
    """Where nobody has anything, there is one answer."""

    users = {'alice': {}, 'bob': {}}
    spare_users = 0

    def test_nothing(self):
        self.assertEqual(counts(self.rows('stats', '-A')), {
            ('total', 'records'): 0, ('total', 'users'): 0, ('last', '1 day'): 0,
            ('last', '7 days'): 0, ('last', '30 days'): 0})
        for command in ('list', 'show', 'export'):
            self.assertEqual(self.rows(command, '-A'), [])
        self.assertEqual({row['username'] for row in self.rows('rate', '-A')}, {'*'})


class Api(test_http.Http):
    """The same in one process of doveadm-server."""

    users = {'alice': {}, 'bob': {}}
    spare_users = 0
    test_import = test_check = test_errors = test_ask = None

    def test_sum(self):
        for user in 'alice', 'bob':
            self.ask('bounceAdd', user=user, address='a@example.com')
        kind, rows = self.ask('bounceStats', allUsers=True, limit=1)
        self.assertEqual(kind, 'doveadmResponse')
        found = counts(rows)
        self.assertEqual((found['total', 'records'], found['domain', 'example.com']),
                         (2, 2))
        kind, rows = self.ask('bounceRate', allUsers=True, sort='percent')
        self.assertEqual((kind, len(rows)), ('doveadmResponse', 4))


class Redis(harness.TestCase):
    """What Redis is asked for a user of whom nothing is known."""

    users = {'alice': {}}
    spare_users = 10
    sieve = sieve_bounce = False
    dict24 = 'dict proxy {\n name = bounce\n}'

    @classmethod
    def setUpClass(cls):
        cls.backend = dictserver.Redis()
        cls.addClassCleanup(cls.backend.close)
        cls.dict23 = cls.backend.bounce_dict23()
        cls.conf23 = cls.backend.conf23()
        cls.conf24 = cls.backend.conf24()
        super().setUpClass()
        dictserver.wait_for(lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    def expect_iterated(self):
        """2.4's dict server is asked whether its backend can, and says no."""
        if self.version >= (2, 4):
            self.expect_log('Unsupported operation')

    @contextlib.contextmanager
    def monitored(self):
        """A list, filled in at the end: what MONITOR showed of users' keys."""
        client = ['redis-cli', '-p', str(self.backend.port)]
        lines, seen = [], []
        with subprocess.Popen([*client, 'monitor'], stdout=subprocess.PIPE,
                              text=True) as monitor:
            self.assertEqual(monitor.stdout.readline(), 'OK\n')
            reader = threading.Thread(target=lambda: seen.extend(
                iter(monitor.stdout.readline, '')))
            reader.start()
            yield lines
            subprocess.run([*client, 'echo', 'over'], check=True,
                           stdout=subprocess.DEVNULL)
            dictserver.wait_for(lambda: any('"over"' in line for line in seen))
            monitor.terminate()
            reader.join()
        lines += [line.split('] ', 1)[1] for line in seen if 'bounce' in line]

    def test_empty(self):
        self.expect_iterated()
        for command in ('stats', 'list', 'show', 'export', 'rate', 'expire'):
            with self.monitored() as lines:
                self.doveadm('bounce', command, '-u', 'ali*')
            # expire: records, and what was sent
            self.assertEqual(len(lines), 2 if command == 'expire' else 1,
                             (command, lines))
        for command in ('stats', 'list', 'export'):
            with self.monitored() as lines:
                self.doveadm('bounce', command, '-u', 'alice')
            self.assertEqual(len(lines), 1, (command, lines))
        # and of all of them
        with self.monitored() as lines:
            self.doveadm('bounce', 'stats', '-A')
        self.assertEqual(len(lines), 1 + self.spare_users, lines)

    def test_delivered(self):
        """An ordinary mail asks nothing; one that may prove that its sender is alive
        asks for their record, once."""
        user = self.new_user()
        proven = (b'Authentication-Results: mx.example.org; dmarc=pass '
                  b'header.from=example.net\r\n' + harness.as_bytes(harness.mail()))
        for asked, mail in (0, harness.mail()), (1, proven):
            with self.monitored() as lines:
                self.lmtp(user, mail, 'carol@example.net')
            self.assertEqual(len(lines), asked, lines)

    def test_not_empty(self):
        """Whatever is known of a user, nobody takes him for one with nothing."""
        self.expect_iterated()
        user = self.new_user()
        self.lmtp(user, harness.dsn('forged@example.net', trace=False,
                                    user=f'{user}@example.org',
                                    original_id='<forged@elsewhere.example>'),
                  stranger=True)
        found = counts(self.doveadm_json('bounce', 'stats', '-u', user))
        self.assertEqual((found['total', 'records'], found['backscatter', 'reports']),
                         (0, 1))
        self.doveadm('bounce', 'add', '-u', user, 'a@example.com')
        self.doveadm('bounce', 'remove', '-u', user, 'a@example.com')
        self.doveadm('bounce', 'add', '-u', user, 'b@example.com')
        found = counts(self.doveadm_json('bounce', 'stats', '-u', user))
        self.assertEqual((found['total', 'records'], found['backscatter', 'reports']),
                         (1, 1))
        # the key by which it is known is lost: the next report puts it back
        self.assertEqual(self.backend.delete(f'*{user}*meta/count'), 1)
        self.doveadm('bounce', 'add', '-u', user, 'b@example.com')
        self.doveadm('bounce', 'release', '-u', user, 'b@example.com')
        rows = self.doveadm_json('bounce', 'list', '-u', user)
        self.assertEqual([row['address'] for row in rows], ['b@example.com'])
