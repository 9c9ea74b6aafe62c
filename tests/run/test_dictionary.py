"""The dictionary with each driver for real: what goes in comes out, nothing is
lost or counted twice, and what fails says so. Through tests/dict-tool, which is
the store without a mail process."""

import contextlib
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import dictserver
import harness

HURTING = {
    '"quoted local"@example.com': None,
    'a/b@example.com': None,
    '"../../x"@example.com': None,
    '..@example.com': '".."@example.com',
    '*@example.com': None,
    '%h%u$item@example.com': None,
    "o'brien@example.com": None,
    "'; DROP TABLE bounce; --@example.com":
        '"\'; drop table bounce; --"@example.com',
    '"say \\"hi\\""@example.com': None,
    '"back\\\\slash"@example.com': None,
    'jürgen@bücher.example': 'jürgen@xn--bcher-kva.example',
    'ju\u0308rgen@example.com': 'jürgen@example.com',
    '用户@例子.example': '用户@xn--fsqu00a.example',
    'postmaster': None,
    'a' * 64 + '@' + '.'.join(['d' * 50] * 5): None,
    'x' * 308 + '@example.com': None,
}
REFUSED = ['', '<>', 'bob', 'bob@', '@example.com', 'y' * 320 + '@example.com']


QUERIES = harness.SOURCE / 'doc/guides/queries.md'


class Driver:
    """What every driver must do. Mixed into a TestCase with make()."""

    bounce = sieve = sieve_bounce = False
    spare_users = 0
    proxied = True
    iterates = True

    @classmethod
    def make(cls):
        """Returns a backend, or None."""

    @classmethod
    def dictionary(cls, home):
        return f'proxy:{cls.server.dir}/run/dict:bounce'

    @classmethod
    def setUpClass(cls):
        cls.backend = cls.make()
        if cls.proxied:
            cls.conf23 = cls.backend.conf23()
            cls.conf24 = cls.backend.conf24()
        super().setUpClass()
        cls.wait_for_dict()

    @classmethod
    def wait_for_dict(cls):
        if cls.proxied:
            dictserver.wait_for(
                lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if cls.backend:
            cls.backend.close()

    def setUp(self):
        super().setUp()
        self.home = tempfile.mkdtemp(prefix='bounce-home.')
        self.user = 'u' + os.path.basename(self.home).rsplit('.', 1)[1]
        self.tools = []

    def tearDown(self):
        for tool in self.tools:
            if tool.process.poll() is None:
                self.assertEqual(tool.close(), 0)
        shutil.rmtree(self.home)
        super().tearDown()

    def tool(self, *options, home=None):
        home = home or self.home
        tool = dictserver.Tool(self.dictionary(home), home, self.user, options)
        self.tools.append(tool)
        return tool

    def record(self, tool, address):
        answer = tool.ask('get', address)
        return None if answer == 'none' else json.loads(answer)

    def test_addresses_that_hurt(self):
        tool = self.tool()
        for number, address in enumerate(HURTING):
            self.assertEqual(tool.ask('add', f'<{number}>', address), '1',
                             address)
        for address in REFUSED:
            self.assertEqual(tool.ask('add', '<x>', address), '0', address)
        wanted = sorted(normal or address for address, normal in HURTING.items())
        self.assertEqual(sorted(tool.lines('list')), wanted)
        other = self.tool()
        self.assertEqual(sorted(other.lines('list')), wanted)
        for address, normal in HURTING.items():
            record = self.record(other, address)
            self.assertEqual(record['address'], normal or address)
            self.assertEqual(record['count'], 1)
        for address in HURTING:
            self.assertEqual(tool.ask('remove', address), '1', address)
            self.assertEqual(tool.ask('remove', address), '0', address)
        self.assertEqual(other.lines('list'), [])

    def test_sent(self):
        """Counters of what was sent: what is counted twice, what makes a
        broadcast, and that many single mails are one key."""
        tool, other = self.tool(), self.tool()
        self.assertEqual(tool.lines('rate'), [])
        self.assertEqual(tool.ask('sent', '<1@x>', 25, 'News'), '1')
        self.assertEqual(other.ask('sent', '<1@x>', 25, 'News'), '0')
        for number in range(100):
            writer = tool if number % 2 else other
            self.assertEqual(writer.ask('sent', f'<single.{number}@x>', 1,
                                        f'Invoice {number}'), '1')
        self.assertEqual(other.ask('sent', '<2@x>', 5, 'News'), '1')
        day, news = map(json.loads, tool.lines('rate'))
        self.assertEqual((day['sent'], day['messages']), (130, 102))
        self.assertEqual((news['sent'], news['messages'], news['subject']),
                         (30, 2, 'News'))
        self.assertEqual(day['broadcasts'], [news['id']])
        self.assertEqual(len(day['mails']), 8)
        self.assertEqual(tool.lines('list'), [])

    def test_users_apart(self):
        tool = self.tool()
        tool.ask('add', '<1>', 'bob@example.com')
        home = tempfile.mkdtemp(prefix='bounce-home.')
        other = dictserver.Tool(self.dictionary(home), home, 'mallory')
        self.assertEqual(other.ask('get', 'bob@example.com'), 'none')
        self.assertEqual(other.lines('list'), [])
        other.close()
        shutil.rmtree(home)

    def test_room(self):
        tool = self.tool('--max', '20')
        for number in range(50):
            self.assertEqual(tool.ask('add', '<1>', f'a{number}@example.com',
                                      'mailbox-full'), '1')
        self.assertEqual(len(tool.lines('list')), 20)

    def feed(self, writers, reports, kill=None):
        """Each writer: reports to one common address and to some of its own."""
        for number, tool in enumerate(writers):
            for report in range(reports):
                tool.send('add', f'<{number}-{report}>', 'shared@example.com')
                tool.send('add', f'<{number}-{report}>',
                          f'w{number}-{report % 5}@example.com')
        if kill:
            time.sleep(kill)
            for tool in writers:
                tool.process.send_signal(signal.SIGKILL)
                tool.process.stdout.close()
                tool.process.wait()
                with contextlib.suppress(BrokenPipeError):
                    tool.process.stdin.close()
            return
        for tool in writers:
            for _ in range(reports * 2):
                answer = tool.answer()
                self.assertIn(answer, '01', answer)

    def check_totals(self, writers, reports):
        tool = self.tool()
        self.assertEqual(self.record(tool, 'shared@example.com')['count'],
                         writers * reports)
        for number in range(writers):
            for own in range(5):
                self.assertEqual(
                    self.record(tool, f'w{number}-{own}@example.com')['count'],
                    reports // 5)
        self.assertEqual(len(tool.lines('list')), writers * 5 + 1)

    def test_parallel(self):
        self.feed([self.tool() for _ in range(8)], 25)
        self.check_totals(8, 25)

    def test_killed_and_redelivered(self):
        for wait in (0.05, 0.2, 0.4):
            self.feed([self.tool() for _ in range(8)], 25, kill=wait)
        began = time.monotonic()
        self.feed([self.tool() for _ in range(8)], 25)
        self.assertLess(time.monotonic() - began, 30 * harness.SLOW)
        self.check_totals(8, 25)


class File(Driver, harness.TestCase):
    proxied = False

    @classmethod
    def dictionary(cls, home):
        return ''

    def test_mode(self):
        os.chmod(self.home, 0o755)
        self.tool().ask('add', '<1>', 'bob@example.com')
        mode = os.stat(f'{self.home}/dovecot-bounce.dict').st_mode & 0o7777
        self.assertEqual(mode, 0o600)

    def test_disk_full(self):
        disk = f'{self.home}/disk'
        os.mkdir(disk)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk],
                       check=True)
        try:
            tool = self.tool(home=disk)
            self.assertEqual(tool.ask('add', '<1>', 'first@example.com'), '1')
            with contextlib.suppress(OSError), \
                    open(f'{disk}/ballast', 'wb', buffering=0) as out:
                while True:
                    out.write(b'x' * 512)
            answers = [tool.ask('add', f'<{n}>', f'a{n}@example.com')
                       for n in range(40)]
            failed = [a for a in answers if a.startswith('error')]
            self.assertTrue(failed)
            self.assertIn('not written', failed[0])
            # what is said to be written is, and no more
            stored = 1 + answers.count('1')
            self.assertEqual(len(tool.lines('list')), stored)
            other = self.tool(home=disk)
            self.assertEqual(len(other.lines('list')), stored)
            os.unlink(f'{disk}/ballast')
            began = time.monotonic()
            self.assertEqual(other.ask('add', '<9>', 'last@example.com'), '1')
            self.assertEqual(tool.ask('add', '<9>', 'last2@example.com'), '1')
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(len(tool.lines('list')), stored + 2)
            for tool in self.tools:
                tool.close()
        finally:
            subprocess.run(['umount', '-l', disk], check=True)


class Fs(Driver, harness.TestCase):
    """Listed through the index on 2.3, whose driver iterates without an end."""
    proxied = False

    @classmethod
    def dictionary(cls, home):
        return f'fs:{home}/dict'


class Down:
    """A backend that goes and comes again."""

    # What Dovecot says of its server; 2.3's dict server crashes now and then
    # when PostgreSQL goes, and is started again.
    complaints = r'dict(\(|: Error|.*killed with signal 11)'

    def test_down_and_up(self):
        tool = self.tool()
        self.assertEqual(tool.ask('add', '<1>', 'bob@example.com'), '1')
        self.backend.stop()
        self.expect_log(self.complaints) if self.proxied else None
        began = time.monotonic()
        self.assertRegex(tool.ask('add', '<2>', 'bob@example.com'), '^error ')
        self.assertRegex(tool.ask('get', 'bob@example.com'), '^error ')
        self.assertLess(time.monotonic() - began, 100)
        self.backend.start()
        for _ in range(60):
            answer = tool.ask('add', '<2>', 'bob@example.com')
            if answer == '1':
                break
            # Dovecot's driver answers only some of several at once
            if 'not asked again' in answer:
                tool = self.tool()
            time.sleep(0.5)
        self.assertEqual(answer, '1')
        self.assertEqual(self.record(tool, 'bob@example.com')['count'], 2)
        if self.proxied:
            # other dict processes hold dead connections
            self.expect_log('Killed with signal 15')
            self.restart()
            self.wait_for_dict()


class Redis(Down, Driver, harness.TestCase):
    proxied = False

    @classmethod
    def make(cls):
        return dictserver.Redis()

    @classmethod
    def dictionary(cls, home):
        return f'redis:{cls.backend.port}'

    def test_index_lost(self):
        """Redis evicted it: a report about the address puts it back, and so does
        a scan that changes no record."""
        tool = self.tool()
        names = [f'a{n}@example.com' for n in range(20)]
        for number, name in enumerate(names):
            self.assertEqual(tool.ask('add', f'<{number}>', name), '1')
        for again in 'add', 'scan':
            self.assertGreater(self.backend.delete('*index*'), 0)
            self.assertEqual(tool.lines('list'), [])
            for number, name in enumerate(names):
                report = f'<{number}>' if again == 'scan' else f'<{number}-2>'
                self.assertEqual(tool.ask(again, report, name),
                                 '0' if again == 'scan' else '1')
            self.assertEqual(sorted(tool.lines('list')), sorted(names))

    def test_restarted(self):
        """Under an open connection: whatever comes next goes well."""
        tool = self.tool()
        self.assertEqual(tool.ask('add', '<1>', 'bob@example.com'), '1')
        for words in ('remove', 'bob@example.com'), ('scan', '<2>', 'a@example.com'):
            self.backend.stop()
            self.backend.start()
            self.assertEqual(tool.ask(*words), '1')


class RedisProxied(Driver, harness.TestCase):
    """The dict server says in the log that it was asked whether its backend
    iterates; 2.3's crashes when a client dies in the middle: the manual
    recommends Redis without it."""

    @classmethod
    def make(cls):
        return dictserver.Redis()

    def setUp(self):
        super().setUp()
        self.expect_log('Unsupported operation|killed with signal 11')

    def tearDown(self):
        self.wait_log('Unsupported operation|killed with signal 11')
        super().tearDown()


class Queries:
    """The views, and each question of guides/queries.md."""

    ROWS = {
        ('address', 'bob@example.net'): {
            'address': 'bob@example.net', 'state': 'released', 'by': 'user',
            'class': 'hard', 'side': 'recipient', 'reason': 'mailbox-unknown',
            'score': 1.5, 'count': 3, 'first': 1763900000, 'last': 1763980000,
            'until': 0, 'future': [1]},
        ('address', 'gone@example.net'): {
            'address': 'gone@example.net', 'state': 'suppressed',
            'until': 1763980000},
        ('address', "o'brien@we.refuse.example"): {
            'address': "o'brien@we.refuse.example", 'state': 'watched',
            'side': 'sender', 'reason': 'reputation', 'first': 1763900000,
            'remote_mta': 'mx.refuse.example', 'until': 4102444800,
            'held': 1763990000, 'holds': 2},
        ('sent', '20251124'): {'id': '20251124', 'sent': 200, 'failed': 30},
        ('sent', '20251124-0123456789abcdef'): {
            'subject': 'News', 'sent': 100, 'failed': 25, 'hard': 25,
            'level': 'critical'},
    }

    def sql(self, statement):
        """[{column: text}]"""
        return list(csv.DictReader(self.backend.sql(statement).split('\n')))

    def insert_rows(self):
        self.addCleanup(self.sql, 'DELETE FROM bounce WHERE username = '
                        f"'{self.user}';")
        for (kind, item), value in self.ROWS.items():
            row = (self.user, kind, item, json.dumps(value))
            self.sql('INSERT INTO bounce VALUES (%s);' % ', '.join(
                "'" + text.replace("'", "''") + "'" for text in row))

    def test_queries(self):
        self.assertEqual(self.tool('--max', '20000').ask('fill', 10000),
                         '10000')
        self.insert_rows()
        queries = re.findall(r'```sql\n(.*?)```', QUERIES.read_text(), re.S)
        answers = [self.sql(query) for query in queries]
        self.assertEqual(len(answers), 8)
        domains, lists, refused, held, people, others, days, broadcasts = answers
        self.assertEqual(sum(int(row['addresses']) for row in domains), 2000)
        self.assertEqual({'username': self.user, 'records': '10002',
                          'suppressed': '0'},
                         [row for row in lists
                          if row['username'] == self.user][0])
        self.assertEqual((refused[0]['remote_mta'], refused[0]['addresses']),
                         ('mx.refuse.example', '1'))
        self.assertIn('2025-11-23 12:13:20', refused[0]['since'])
        self.assertEqual([(row['username'], row['address'], row['holds'])
                          for row in held],
                         [(self.user, "o'brien@we.refuse.example", '2')])
        self.assertEqual([(row['username'], row['address'], row['state'])
                          for row in people],
                         [(self.user, 'bob@example.net', 'released')])
        self.assertEqual(others, [{'username': self.user}])
        self.assertEqual({'day': '2025-11-24', 'sent': '200', 'failed': '30',
                          'percent': '15.0'}, days[-1])
        self.assertEqual(broadcasts[-1], {
            'username': self.user, 'day': '2025-11-24', 'subject': 'News',
            'sent': '100', 'failed': '25', 'hard': '25', 'level': 'critical'})
        row, = self.sql('SELECT * FROM bounce_address WHERE username = '
                        f"'{self.user}' AND domain = 'example.net'")
        self.assertEqual((row['score'], row['count'], row['until']),
                         ('1.5', '3', ''))
        # once more, as after an upgrade
        self.backend.sql(dictserver.example(self.schema))
        self.assertEqual(self.sql(queries[1]), lists)
        self.expect_log('[Kk]illed with signal 15')
        # Dovecot's SQLite driver fails once in each process that had the
        # file open (guides/queries.md)
        for pid in dict_servers(self.server):
            os.kill(pid, signal.SIGTERM)
            self.wait_log(rf'dict\({pid}\).*[Kk]illed with signal 15')


class SQLite(Queries, Driver, harness.TestCase):
    schema = 'schema-sqlite.sql'

    @classmethod
    def make(cls):
        return dictserver.SQLite()

    def test_dict_server_killed(self):
        tools = [self.tool() for _ in range(4)]
        for number, tool in enumerate(tools):
            for report in range(20):
                tool.send('add', f'<{number}-{report}>', 'shared@example.com')
        for _ in range(3):
            time.sleep(0.15)
            for pid in dict_servers(self.server):
                os.kill(pid, signal.SIGKILL)
        lost = set()
        for number, tool in enumerate(tools):
            for report in range(20):
                if tool.answer().startswith('error'):
                    lost.add((number, report))
        # what failed is delivered again; what did not must not count twice
        self.expect_log('killed with signal 9|command startup failed')
        for number, tool in enumerate(tools):
            for report in range(20):
                answer = tool.ask('add', f'<{number}-{report}>',
                                  'shared@example.com')
                self.assertIn(answer, '01')
                if (number, report) not in lost:
                    self.assertEqual(answer, '0')
        self.assertEqual(
            self.record(tools[0], 'shared@example.com')['count'], 80)


class PostgreSQL(Queries, Down, Driver, harness.TestCase):
    schema = 'schema-pgsql.sql'

    @classmethod
    def make(cls):
        return dictserver.PostgreSQL()

    def panel(self, title, since, until):
        """What a panel of the dashboard shows of a time, as Grafana asks for it."""
        panel, = (panel for panel in self.panels if panel['title'] == title)
        target, = panel['targets']
        text = re.sub(r'\$__timeFilter\((\w+)\)',
                      rf"\1 BETWEEN '{since}' AND '{until}'", target['rawSql'])
        self.assertNotIn('$', text)
        rows = self.sql(f'{text};')
        if target['format'] == 'time_series':
            self.assertLessEqual({'time'}, set(rows[0]) if rows else {'time'})
        return rows

    def test_dashboard(self):
        """Every query of grafana-dictionary.json, on the views."""
        dashboard = json.loads(dictserver.example('grafana-dictionary.json'))
        self.panels = dashboard['panels']
        self.assertGreater(len(self.panels), 10)
        self.insert_rows()
        then = '2025-11-23', '2025-11-25'
        for panel in self.panels:
            self.assertTrue(self.panel(panel['title'], *then) or
                            'list is dead' in panel['title'], panel['title'])
            self.panel(panel['title'], '2020-01-01', '2020-01-02')
        day, = self.panel('Recipients and failures', *then)
        self.assertEqual((day['sent'], day['failed']), ('200', '30'))
        self.assertEqual(self.panel('Failed', *then)[0]['percent'], '15.0')
        self.assertEqual(self.panel('Not tried', *then), [{'holds': '2'}])
        self.assertEqual(self.panel('Refused because of our side', *then),
                         [{'addresses': '0'}])
        self.assertEqual(self.panel('Broadcasts that went wrong', *then)[0]
                         ['subject'], 'News')


def dict_servers(server):
    """The dict processes of this Dovecot."""
    pids = []
    for entry in os.listdir('/proc'):
        try:
            with open(f'/proc/{entry}/stat', encoding='utf-8') as stat:
                text = stat.read()
        except (OSError, ValueError):
            continue
        name = text[text.index('(') + 1:text.rindex(')')]
        parent = int(text[text.rindex(')') + 2:].split()[1])
        if name == 'dict' and parent == server.process.pid:
            pids.append(int(entry))
    return pids


if __name__ == '__main__':
    unittest.main()
