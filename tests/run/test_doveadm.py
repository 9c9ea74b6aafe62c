"""doveadm bounce: every command with the real doveadm."""

import contextlib
import csv
import glob
import io
import json
import os
import pathlib
import re
import time

import harness

DAY = 24 * 3600
FORMATS = ('flow', 'pager', 'tab', 'table', 'json')


class Doveadm(harness.TestCase):
    """What the classes below share: not a test of its own."""

    sieve = sieve_bounce = False

    def put(self, user, *records):
        """Write the user's dictionary as it is: each a dict of members."""
        now = int(time.time())
        text = ''
        for record in records:
            record = {'v': 1, 'state': 'suppressed', 'class': 'hard',
                      'side': 'recipient', 'reason': 'mailbox-unknown',
                      'status': '5.1.1', 'score': 3, 'count': 1,
                      'first': now - DAY, 'last': now - DAY,
                      'until': now + 364 * DAY, 'by': 'bounce',
                      'evidence': 'plausible', **record}
            text += (f'priv/bounce/address/{record["address"]}\n'
                     + json.dumps(record, ensure_ascii=False) + '\n')
        path = f'{self.home(user)}/dovecot-bounce.dict'
        with open(path, 'w', encoding='utf-8') as out:
            out.write(text)
        os.chmod(path, 0o600)
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)

    def run_bounce(self, *args, status=0):
        """doveadm bounce ARGS; demands the exit status."""
        done = self.doveadm('bounce', *args, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def rows(self, *args):
        return self.doveadm_json('bounce', *args)

    def addresses(self, user, *args):
        return [row['address'] for row in self.rows('list', '-u', user, *args)]

    def record(self, user, address):
        """The record as it stands in the file."""
        text = pathlib.Path(self.home(user), 'dovecot-bounce.dict').read_text()
        lines = text.split('\n')
        return json.loads(lines[lines.index(f'priv/bounce/address/{address}') + 1])


class Reading(Doveadm):

    def test_list(self):
        user = self.new_user()
        self.put(user, {'address': 'bob@example.com', 'count': 2},
                 {'address': 'ann@example.net', 'state': 'watched',
                  'class': 'soft', 'reason': 'mailbox-full', 'score': 1.5,
                  'status': '4.2.2'})
        rows = self.rows('list', '-u', user)
        self.assertEqual(list(rows[0]), [
            'address', 'state', 'class', 'side', 'reason', 'status', 'score',
            'count', 'first', 'last', 'until', 'unproven', 'held', 'holds'])
        self.assertEqual([row['address'] for row in rows],
                         ['ann@example.net', 'bob@example.com'])
        self.assertEqual(rows[0] | {'first': '', 'last': '', 'until': ''}, {
            'address': 'ann@example.net', 'state': 'watched', 'class': 'soft',
            'side': 'recipient', 'reason': 'mailbox-full', 'status': '4.2.2',
            'score': 1.5, 'count': 1, 'first': '', 'last': '', 'until': '',
            'unproven': 0, 'held': '', 'holds': 0})
        for name in ('first', 'last', 'until'):
            self.assertRegex(rows[1][name], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$')

    def test_list_filters(self):
        user = self.new_user()
        self.put(user, {'address': 'a@example.com'},
                 {'address': 'b@xn--bcher-kva.example', 'class': 'soft',
                  'state': 'watched', 'reason': 'mailbox-full'},
                 {'address': 'c@example.com', 'state': 'released',
                  'until': 0, 'holds': 2, 'held': 1, 'unproven': 1})
        for args, wanted in (
                (['-c', 'hard'], 'ac'), (['-c', 'SOFT'], 'b'),
                (['-r', 'mailbox-full'], 'b'), (['-s', 'released'], 'c'),
                (['-c', 'hard', '-s', 'suppressed'], 'a'),
                (['*@Example.COM'], 'ac'), (['*@bücher.example'], 'b'),
                (['A@example.com'], 'a'), (['b*'], 'b'), (['?@*'], 'abc'),
                (['-H'], 'c'), (['-P'], 'c'), (['-H', 'a*'], ''),
                (['-H', 'held'], 'c'), (['-P', 'unproven'], 'c'), (['held'], ''),
                (['-c', 'undetermined'], ''), (['nobody@*'], '')):
            with self.subTest(args=args):
                self.assertEqual(''.join(
                    address[0] for address in self.addresses(user, *args)),
                    wanted)

    def test_list_wrong(self):
        for args, said in ((['-c', 'hart'], '-c hart is none of hard'),
                           (['-s', 'x'], '-s x is none of watched'),
                           (['-r', 'x'], '-r x is no reason')):
            with self.subTest(args=args):
                done = self.run_bounce('list', '-u', 'alice', *args, status=64)
                self.assertIn(said, done.stderr)

    def test_empty(self):
        self.assertEqual(self.rows('list', '-u', self.new_user()), [])

    def test_formats(self):
        user = self.new_user()
        self.put(user, {'address': 'bob@example.com'})
        for fmt in FORMATS:
            for args in (['list'], ['get', 'bob@example.com']):
                with self.subTest(fmt=fmt, args=args):
                    out = self.doveadm('-f', fmt, 'bounce', *args, '-u',
                                       user).stdout
                    self.assertIn('bob@example.com', out)
                    self.assertIn('mailbox-unknown', out)

    def test_get(self):
        user = self.new_user()
        self.put(user, {'address': 'bob@gmial.com', 'reply': '550',
                        'diagnostic': '550 5.1.1 No such user',
                        'remote_mta': 'mx.example.com', 'until': 0,
                        'original_address': 'b@example.org',
                        'recent': ['<1@x>', '<2@x>']})
        row, = self.rows('get', '-u', user, 'BOB@gmial.com')
        self.assertEqual(row['diagnostic'], '550 5.1.1 No such user')
        self.assertEqual(row['proposal'], 'bob@gmail.com')
        self.assertEqual(row['recent'], '<1@x> <2@x>')
        self.assertIn('Nobody has this address', row['meaning'])
        self.assertTrue(row['advice'])
        # the address is at fault: nobody is to be asked
        self.assertEqual(row['remedy'], '')
        self.assertEqual((row['reply'], row['remote_mta'], row['until'],
                          row['by'], row['evidence'], row['score']),
                         ('550', 'mx.example.com', 'never', 'bounce',
                          'plausible', 3))
        # under the address that was written to, too
        row, = self.rows('get', '-u', user, 'b@example.org')
        self.assertEqual(row['address'], 'bob@gmial.com')
        out = self.run_bounce('get', '-u', user, 'bob@gmial.com').stdout
        self.assertIn('\nproposal: bob@gmail.com\n', out)

    def test_get_nothing(self):
        done = self.run_bounce('get', '-u', self.new_user(), 'x@example.com',
                           status=68)
        self.assertIn('No record of x@example.com', done.stderr)

    def test_wrong_address(self):
        for address in ('', '<>', 'bob@', '@example.com', 'a\nb@example.com',
                        'bob@example.com, eve@example.com',
                        'bob@example.com;eve@example.com',
                        'bob@example.com eve@example.com',
                        '"b @"@example.com, eve@example.com'):
            for command in ('get', 'add', 'release', 'remove', 'erase'):
                with self.subTest(address=address, command=command):
                    done = self.run_bounce(command, '-u', 'alice', address,
                                       status=64)
                    self.assertIn('is no address', done.stderr)

    def test_usage(self):
        for command in ('get', 'add', 'release', 'correct', 'remove', 'erase'):
            done = self.run_bounce(command, '-u', 'alice', status=64)
            self.assertIn(f'doveadm bounce {command} ', done.stderr)

    def test_no_such_user(self):
        self.run_bounce('get', '-u', 'nobody', 'x@example.com', status=67)

    def test_unreadable(self):
        user = self.new_user()
        os.mkdir(f'{self.home(user)}/dovecot-bounce.dict')
        for args in (['list'], ['get', 'a@example.com']):
            done = self.run_bounce(*args, '-u', user, status=75)
            self.assertRegex(done.stderr, 'Error: bounce: Dictionary')


class Ask(Doveadm):

    def ask(self, user, *addresses, status=0):
        done = self.doveadm('-f', 'json', 'bounce', 'ask', '-u', user, *addresses,
                            check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_ask(self):
        """Whatever bounce_suppress says: the default only reports."""
        user, now = self.new_user(), int(time.time())
        self.put(user, {'address': 'dead@example.net'},
                 {'address': 'again@example.net', 'held': now - 60, 'holds': 1},
                 {'address': 'w@example.net', 'state': 'watched'},
                 {'address': 'c@example.net', 'by': 'complaint'})
        rows = self.ask(user, 'w@example.net', 'Dead@example.net', 'new@example.net',
                        'again@example.net', 'c@example.net', status=77)
        self.assertEqual(list(rows[0]), ['address', 'decision', 'state', 'reason',
                                         'since', 'text'])
        self.assertEqual(
            [(row['address'], row['decision'], row['state'], row['reason'])
             for row in rows],
            [('w@example.net', 'pass', 'watched', 'mailbox-unknown'),
             ('Dead@example.net', 'hold', 'suppressed', 'mailbox-unknown'),
             ('new@example.net', 'pass', '', ''),
             ('again@example.net', 'again', 'suppressed', 'mailbox-unknown'),
             ('c@example.net', 'hold', 'suppressed', 'mailbox-unknown')])
        self.assertIn('Not sent. Dead@example.net does not work', rows[1]['text'])
        self.assertIn('c@example.net objected', rows[4]['text'])
        self.assertEqual([row['text'] for row in rows[::2]][:2], ['', ''])
        self.assertRegex(rows[1]['since'], r'^\d{4}-\d\d-\d\dT')
        self.assertEqual(len(self.ask(user, 'w@example.net', 'again@example.net')), 2)
        # nothing is noted
        self.assertNotIn('holds', self.record(user, 'dead@example.net'))

    def test_wrong(self):
        user = self.new_user()
        self.assertIn('no at sign is no address',
                      self.run_bounce('ask', '-u', user, 'a@b.c', 'no at sign',
                                      status=64).stderr)
        self.run_bounce('ask', '-u', user, status=64)
        for args in (['rate', '--limit', 'x'], ['stats', '--limit', '0'],
                     ['rate', '--sent', 'x', '--since', '1d']):
            done = self.run_bounce(*args, '-u', user, status=64)
            self.assertIn(f'{args[1]} {args[2]} is no number of ', done.stderr)
        done = self.run_bounce('import', '-u', user, self.dir, status=64)
        self.assertIn(f'{self.dir}: ', done.stderr)


class Manual(Doveadm):

    users = {'alice': {}}
    spare_users = 0

    def test_columns(self):
        """Those that the manual names are those that are printed."""
        self.put('alice', {'address': 'a@example.com'})
        page = (harness.SOURCE / 'doc' / 'doveadm-bounce.1').read_text('utf-8')
        entries = dict(re.findall(r'^\.\\" command: bounce ([a-z ]+)\n(.*?)'
                                  r'(?=^\.\\" command|^\.Sh)', page, re.M | re.S))
        for command in ('list', 'scan', 'import', 'rate'):
            named = re.search(r'^Columns:\n(.*?)(?=^\.Pp|^\.El|; with|\Z)',
                              entries[command], re.M | re.S).group(1)
            named = [name for line in re.findall(r'^\.Li (.*)$', named, re.M)
                     for name in line.split() if name not in (',', '.')]
            row = self.doveadm('-f', 'json', 'bounce', command, '-u', 'alice',
                               stdin=b'a@example.com\n').stdout
            self.assertEqual(sorted(json.loads(row)[0]), sorted(named), command)


class EveryCommand(Doveadm):
    """Each once, in one go: for valgrind and the sanitizers."""

    users = {'alice': {}}
    spare_users = 0
    under_valgrind = True

    def test_all(self):
        path = pathlib.Path(self.dir, 'list.csv')
        path.write_text('email,reason\nx@example.com,550 5.1.1 No such user\n'
                        'y@example.com,"452 4.2.2 Over\nquota"\nno address,\n')
        self.lmtp('alice', harness.dsn(['a@example.net', 'b@example.net']))
        self.lmtp('alice', harness.mail(), sender='carol@example.net')
        for command in ('explain', 'scan -n', 'scan',
                        'scan all', 'list -c hard *@example.net',
                        'get a@example.net', 'show', 'add c@example.com mailbox-moved',
                        'release a@example.net', 'correct b@example.net d@example.net',
                        'list -H -P', 'ask a@example.net n@example.net',
                        'stats', 'rate', 'expire', 'export', 'export csv',
                        'erase d@example.net', 'remove a@example.net',
                        'rules check'):
            self.run_bounce(*command.split(' '), '-u', 'alice')
        self.run_bounce('import', '-u', 'alice', str(path), status=65)
        self.assertEqual(self.addresses('alice'), [
            'c@example.com', 'x@example.com', 'y@example.com'])
        self.run_bounce('get', '-u', 'alice', 'nobody@example.com', status=68)


class Editing(Doveadm):

    def test_add(self):
        user = self.new_user()
        self.run_bounce('add', '-u', user, 'New@Example.com')
        self.run_bounce('add', '-u', user, 'gone@example.com', 'mailbox-moved')
        new, gone = (self.record(user, f'{name}@example.com')
                     for name in ('new', 'gone'))
        self.assertEqual((new['state'], new['by'], new['until'], new['count'],
                          new['reason']),
                         ('suppressed', 'user', 0, 0, 'undetermined'))
        self.assertEqual((gone['reason'], gone['class'], gone['side']),
                         ('mailbox-moved', 'hard', 'recipient'))
        mode = os.stat(f'{self.home(user)}/dovecot-bounce.dict').st_mode
        self.assertEqual(mode & 0o777, 0o600)
        # what bounces said is kept
        self.put(user, {'address': 'a@example.com', 'state': 'watched',
                        'diagnostic': 'x y', 'count': 4})
        self.run_bounce('add', '-u', user, 'a@example.com')
        record = self.record(user, 'a@example.com')
        self.assertEqual((record['state'], record['reason'], record['count'],
                          record['diagnostic']),
                         ('suppressed', 'mailbox-unknown', 4, 'x y'))

    def test_add_wrong(self):
        done = self.run_bounce('add', '-u', 'alice', 'a@example.com', 'dead',
                               status=64)
        self.assertIn('dead is no reason', done.stderr)

    def test_release(self):
        user = self.new_user()
        self.put(user, {'address': 'a@example.com'})
        self.run_bounce('release', '-u', user, 'a@example.com')
        record = self.record(user, 'a@example.com')
        self.assertEqual((record['state'], record['by'], record['score'],
                          record['until'], record['count']),
                         ('released', 'user', 0, 0, 1))
        done = self.run_bounce('release', '-u', user, 'b@example.com', status=68)
        self.assertIn('No record of b@example.com', done.stderr)
        self.assertEqual(self.addresses(user), ['a@example.com'])

    def test_correct(self):
        user = self.new_user()
        self.put(user, {'address': 'bob@gmial.com'})
        for old in ('bob@gmial.com', 'unheard@gmial.com'):
            self.run_bounce('correct', '-u', user, old, 'Bob@Gmail.com')
            row, = self.rows('get', '-u', user, old)
            self.assertEqual((row['state'], row['corrected'], row['by']),
                             ('corrected', 'bob@gmail.com', 'user'))
        done = self.run_bounce('correct', '-u', user, 'a@example.com',
                               'A@Example.com', status=64)
        self.assertIn('a@example.com is the same address', done.stderr)

    def test_expire(self):
        user = self.new_user()
        self.put(user, {'address': 'a@example.com', 'until': 1700000000},
                 {'address': 'b@example.com'})
        self.assertEqual(self.addresses(user), ['b@example.com'])
        self.assertEqual(self.rows('expire', '-u', user), [{'removed': 1}])
        self.assertEqual(self.rows('expire', '-u', user), [{'removed': 0}])
        self.assertEqual(self.addresses(user), ['b@example.com'])

    def test_expire_sent(self):
        """Of somebody who sends nothing more, what was counted goes; on the second
        day that it is found so."""
        user = self.new_user()
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text('priv/bounce/meta/sent\n20250901 - 20250902\n'
                        'priv/bounce/sent/20250901\n'
                        '{"id":"20250901","sent":1}\n'
                        'priv/bounce/sent/20250902\n'
                        '{"id":"20250902","sent":1}\n')
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        self.doveadm('bounce', 'expire', '-u', user)
        text = path.read_text()
        self.assertIn('/sent/20250901', text)
        idle = re.search('20250901 - 20250902 ([0-9]{8})\n', text).group(1)
        path.write_text(text.replace(idle, time.strftime(
            '%Y%m%d', time.gmtime(time.time() - 3 * DAY))))
        self.doveadm('bounce', 'expire', '-u', user)
        self.assertNotIn('sent', path.read_text())

    def test_unwritable(self):
        user = self.new_user()
        self.put(user, {'address': 'a@example.com', 'until': 1700000000})
        os.chmod(self.home(user), 0o500)
        self.addCleanup(os.chmod, self.home(user), 0o700)
        os.chown(self.home(user), 0, 0)
        for args in (['add', 'x@example.com'], ['expire'],
                     ['erase', 'a@example.com'], ['remove', 'a@example.com'],
                     ['correct', 'a@example.com', 'b@example.com']):
            with self.subTest(args=args):
                done = self.run_bounce(*args, '-u', user, status=75)
                self.assertIn('Error: bounce: ', done.stderr)

    def test_stats(self):
        user = self.new_user()
        now = int(time.time())
        self.put(user, {'address': 'a@example.com'},
                 {'address': 'b@example.com', 'last': now - 3 * DAY},
                 {'address': 'c@example.net', 'last': now - 10 * DAY,
                  'state': 'watched', 'class': 'soft', 'side': 'sender',
                  'reason': 'reputation'},
                 {'address': 'd@example.net', 'last': now - 40 * DAY},
                 {'address': 'lapsed@example.org', 'until': now - DAY})
        counts = {(row['group'], row['name']): row['count']
                  for row in self.rows('stats', '-u', user)}
        self.assertEqual(counts, {
            ('total', 'records'): 4, ('last', '1 day'): 0, ('last', '7 days'): 2,
            ('last', '30 days'): 3, ('state', 'suppressed'): 3,
            ('state', 'watched'): 1, ('class', 'hard'): 3, ('class', 'soft'): 1,
            ('side', 'recipient'): 3, ('side', 'sender'): 1,
            ('reason', 'mailbox-unknown'): 3, ('reason', 'reputation'): 1,
            ('domain', 'example.com'): 2, ('domain', 'example.net'): 2})
        self.assertEqual(self.rows('stats', '-u', self.new_user())[0],
                         {'group': 'total', 'name': 'records', 'count': 0})

    def test_remove(self):
        user = self.new_user()
        self.put(user, {'address': 'a@example.com'}, {'address': 'b@example.com'})
        self.run_bounce('remove', '-u', user, 'A@example.com')
        self.assertEqual(self.addresses(user), ['b@example.com'])
        done = self.run_bounce('remove', '-u', user, 'a@example.com', status=68)
        self.assertIn('No record of a@example.com', done.stderr)


class Scan(Doveadm):

    def deliver(self, user, *addresses, **more):
        for address in addresses:
            self.lmtp(user, harness.dsn(address, user=f'{user}@example.org',
                                        **more))

    def forget(self, user):
        os.unlink(f'{self.home(user)}/dovecot-bounce.dict')

    def exported(self, user):
        return self.run_bounce('export', '-u', user).stdout

    def test_journal(self):
        """The dictionary becomes what it was."""
        user = self.new_user()
        self.deliver(user, 'a@example.net', 'b@example.net')
        self.deliver(user, 'c@example.net', status='4.2.2',
                     diagnostic='452 4.2.2 Mailbox full')
        self.deliver(user, 'd@example.net', action='delayed', status='4.4.1')
        self.deliver(user, ['e@example.net', 'f@example.net'])
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        before = self.exported(user)
        wanted = {'mails': 6, 'reports': 4, 'unverified': 0, 'changed': 0}
        self.assertEqual(self.rows('scan', '-u', user), [wanted])
        self.assertEqual(self.exported(user), before)
        self.forget(user)
        shown = self.rows('scan', '-n', '-u', user)
        self.assertEqual([row['address'] for row in shown if
                          row['state'] == 'suppressed'],
                         [f'{c}@example.net' for c in 'abef'])
        self.assertFalse(os.path.exists(f'{self.home(user)}/dovecot-bounce.dict'))
        self.assertEqual(self.rows('scan', '-u', user), [{**wanted, 'changed': 5}])
        self.assertEqual(self.exported(user), before)
        self.assertEqual(self.rows('list', '-u', user),
                         sorted(shown, key=lambda row: row['address']))
        self.assertEqual(self.rows('scan', '-u', user), [wanted])
        self.assertEqual(self.rows('scan', '-n', '-u', user), [])

    def test_untouched(self):
        """Mails stay unseen where they are."""
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        before = self.fetch(user, 'Bounces')
        self.run_bounce('scan', '-u', user)
        self.run_bounce('explain', '-u', user)
        self.assertEqual(self.fetch(user, 'Bounces'), before)
        self.assertNotIn('\\Seen', before[0][0])

    def test_persons_word(self):
        user = self.new_user()
        self.deliver(user, 'a@example.net', 'b@example.net')
        self.run_bounce('release', '-u', user, 'a@example.net')
        self.run_bounce('correct', '-u', user, 'b@example.net', 'b@example.com')
        self.run_bounce('scan', '-u', user)
        self.assertEqual({row['address']: row['state'] for row in
                          self.rows('list', '-u', user)},
                         {'a@example.net': 'released',
                          'b@example.net': 'corrected'})

    def test_removed(self):
        """What a person removed does not come back; what fails anew does."""
        user = self.new_user()
        self.deliver(user, 'a@example.net', 'b@example.net', 'c@example.net')
        self.run_bounce('remove', '-u', user, 'a@example.net')
        self.run_bounce('erase', '-u', user, 'b@example.net')
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.addresses(user), ['c@example.net'])
        time.sleep(1.1)
        self.deliver(user, 'a@example.net')
        self.assertEqual(self.record(user, 'a@example.net')['count'], 1)
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.record(user, 'a@example.net')['count'], 1)

    def marks(self, user, mailbox='Bounces'):
        return ['$BounceForgotten' in flags for flags, *_ in
                self.fetch(user, mailbox)]

    def test_forgotten(self):
        """Nor does it where the dictionary was lost: the report itself says so, but
        one that also names others, of whom nobody spoke."""
        user = self.new_user()
        self.deliver(user, 'a@example.net', 'b@example.net', 'c@example.net')
        self.deliver(user, 'a@example.net', ['a@example.net', 'd@example.net'])
        done = self.run_bounce('remove', '-u', user, 'a@example.net')
        self.assertEqual(done.stderr, '')
        self.run_bounce('release', '-u', user, 'b@example.net')
        self.assertEqual(self.marks(user), [True, True, False, True, False])
        self.forget(user)
        row, = self.rows('scan', '-u', user)
        self.assertEqual((row['mails'], row['reports']), (5, 5))
        # of a the common report alone
        self.assertEqual({address: self.record(user, address)['count'] for address in
                          self.addresses(user)},
                         {f'{c}@example.net': 1 for c in 'acd'})
        # what fails anew counts
        self.deliver(user, 'b@example.net')
        self.forget(user)
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.record(user, 'b@example.net')['count'], 1)

    def test_forgotten_in_inbox(self):
        """There only what the delivery marked is looked at."""
        user = self.new_user(bounce_mailbox='')
        self.deliver(user, 'a@example.net', 'b@example.net')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.run_bounce('remove', '-u', user, 'a@example.net')
        self.assertEqual(self.marks(user, 'INBOX'), [True, False, False])
        self.forget(user)
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.addresses(user), ['b@example.net'])

    def test_forgotten_unmarked(self):
        """A mailbox that cannot be written does not stop a person's word."""
        for mailbox, folder in (('Bounces', '.Bounces'), ('INBOX', 'new')):
            user = self.new_user()
            self.deliver(user, 'a@example.net', 'b@example.net')
            folder = pathlib.Path(self.home(user), 'Maildir', folder)
            folder.chmod(0)
            os.utime(folder)
            try:
                done = self.run_bounce('remove', '-u', user, 'a@example.net')
            finally:
                folder.chmod(0o700)
            self.assertIn('Reports are not marked as forgotten: '
                          f'Mailbox {mailbox}: ', done.stderr)
            self.assertEqual(self.addresses(user), ['b@example.net'])

    def test_where(self):
        """Without a query: INBOX, bounce_mailbox and below. With: there."""
        user = self.new_user()
        for mailbox in ('INBOX', 'Bounces', 'Bounces/Hard', 'Other'):
            name = mailbox.replace('/', '-').lower()
            data = harness.dsn(f'{name}@example.net', user=f'{user}@example.org')
            self.doveadm('mailbox', 'create', '-u', user, mailbox, check=False)
            self.doveadm('save', '-u', user, '-m', mailbox, stdin=harness.stored(data))
        for args, wanted in (
                ([], ['bounces', 'bounces-hard', 'inbox']),
                (['Other'], ['other']), (['Bounces/*'], ['bounces-hard']),
                (['all'], ['bounces', 'bounces-hard', 'inbox', 'other']),
                (['mailbox', 'Other', 'subject', 'Undelivered'], ['other']),
                (['mailbox', 'Other', 'subject', 'Nothing'], []),
                (['mailbox', 'Nosuch', 'all'], [])):
            with self.subTest(args=args):
                rows = self.rows('scan', '-n', '-u', user, *args)
                self.assertEqual(sorted(row['address'] for row in rows),
                                 sorted(f'{name}@example.net' for name in wanted))
        done = self.run_bounce('scan', '-u', user, 'Nosuch', status=68)
        self.assertIn('There is no mailbox Nosuch', done.stderr)
        done = self.run_bounce('scan', '-u', user, 'since', 'x', status=64)
        self.assertIn('The search query is wrong: ', done.stderr)

    def test_evidence(self):
        """Of what a stranger says nothing is taken in, whatever he writes."""
        user = self.new_user()
        forged = harness.dsn('victim@example.net', user=f'{user}@example.org')
        self.lmtp(user, forged, stranger=True)
        self.assertEqual(self.rows('scan', '-u', user), [
            {'mails': 1, 'reports': 1, 'unverified': 1, 'changed': 0}])
        row, = self.rows('explain', '-u', user)
        self.assertEqual(row['evidence'], 'unverified')
        evil = (b'Received: from evil.example (evil.example [192.0.2.66])\r\n\tby '
                b'mx.example.org (Postfix) with ESMTP id 1; x\r\n')
        delivered = harness.stored(b'X: y\r\n')[:-len(b'X: y\r\n')]
        lmtp = delivered[:delivered.index(b'Received: by')]
        for head in (evil + delivered, lmtp + evil + delivered,
                     lmtp + evil + b'Received: by mx.example.org (Postfix) id 1; x\r\n',
                     b'Received: by mx.evil.example (Postfix)\r\n id 1; x\r\n'):
            self.doveadm('save', '-u', user, stdin=head + forged)
        row, = self.rows('scan', '-u', user, 'INBOX')
        self.assertEqual((row['unverified'], row['changed']), (5, 0))
        # what our own delivery wrote
        self.doveadm('save', '-u', user, stdin=harness.stored(forged))
        row, = self.rows('scan', '-u', user, 'INBOX')
        self.assertEqual((row['unverified'], row['changed']), (5, 1))

    def test_sent(self):
        """The copy in Sent is found, among many reports, too."""
        user = self.new_user(bounce_sender_checked='no')
        client = self.imap(user)
        sent = harness.mail(sender=f'{user}@example.org', to='a@example.net')
        client.append('Sent', None, None, sent)
        original = re.search(rb'Message-ID: (\S+)', sent).group(1).decode()
        self.deliver(user, 'a@example.net', original_id=original)
        self.deliver(user, 'b@example.net', original_id=original)
        rows = self.rows('explain', '-u', user)
        self.assertEqual({row['recipient']: row['evidence'] for row in rows},
                         {'a@example.net': 'verified',
                          'b@example.net': 'plausible'})
        self.assertEqual([(row['address'][0], row['count'], row['unproven'])
                          for row in self.rows('list', '-u', user)],
                         [('a', 1, 0), ('b', 0, 1)])
        self.run_bounce('scan', '-u', user)
        before = self.exported(user)
        self.forget(user)
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.exported(user), before)

    def test_shadow(self):
        user = self.new_user(bounce_record='no')
        self.deliver(user, 'a@example.net')
        self.assertEqual([row['address'] for row in
                          self.rows('scan', '-n', '-u', user)], ['a@example.net'])
        done = self.run_bounce('scan', '-u', user)
        self.assertIn('bounce_record is no', done.stderr)
        self.assertEqual(self.addresses(user), [])

    def test_terminal(self):
        """Progress on a terminal, and nowhere else."""
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        self.assertEqual(self.run_bounce('scan', '-u', user).stderr, '')
        master, slave = os.openpty()
        self.doveadm('bounce', 'scan', '-u', user, stderr=slave)
        os.close(slave)
        with os.fdopen(master, 'rb') as terminal, \
                contextlib.suppress(OSError):       # EIO at its end
            shown = b''
            while byte := terminal.read(1):
                shown += byte
        self.assertEqual(shown, b'\rINBOX: 0 of 1\rINBOX: 1 of 1\r\n'
                         b'\rBounces: 0 of 1\rBounces: 1 of 1\r\n')

    def test_damaged(self):
        """What cannot be read is named, the rest is recorded."""
        user = self.new_user()
        self.deliver(user, 'a@example.net', 'b@example.net')
        self.run_bounce('scan', '-u', user)
        self.forget(user)
        # by its text: the names' microseconds are not padded
        first, = (path for path in map(pathlib.Path, glob.glob(
                      f'{self.home(user)}/Maildir/.Bounces/*/*,*'))
                  if b'a@example.net' in path.read_bytes())
        first.chmod(0)
        os.chown(first, 0, 0)
        done = self.run_bounce('scan', '-u', user, status=75)
        self.assertRegex(done.stderr, 'Mail 1 of Bounces cannot be read: ')
        self.assertEqual(self.addresses(user), ['b@example.net'])

    def test_explain(self):
        user = self.new_user()
        self.deliver(user, ['a@example.net', 'b@example.net'], status='5.7.1',
                     diagnostic='554 5.7.1 Client host [192.0.2.1] blocked using '
                     'zen.spamhaus.org')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        rows = self.rows('explain', '-u', user)
        self.assertEqual([(row['mailbox'], row['uid'], row['kind']) for row in rows],
                         [('INBOX', 2, 'none'), ('Bounces', 1, 'failure'),
                          ('Bounces', 1, 'failure')])
        self.assertEqual(rows[1] | {'rule': '', 'remedy': ''}, {
            'mailbox': 'Bounces', 'uid': 1, 'kind': 'failure', 'format': 'dsn',
            'evidence': 'verified', 'reporter': 'our own MTA', 'subject': 'Lunch',
            'recipient': 'a@example.net', 'action': 'failed', 'class': 'soft',
            'side': 'sender', 'reason': 'reputation', 'meaning': 'Our server or '
            'domain is on a block list or has a bad name there.',
            'status': '5.7.1', 'reply': '554', 'rule': '', 'words': '554 5.7.1 Client host '
            '[192.0.2.1] blocked using zen.spamhaus.org', 'remedy': ''})
        self.assertIn('check.spamhaus.org', rows[1]['remedy'])
        # dovecot-bounce(7)'s example: the report's own Subject does not have it
        self.assertEqual(self.rows('explain', '-u', user, 'mailbox', 'Bounces',
                                   'text', 'Lunch'), rows[1:])
        self.assertRegex(rows[1]['rule'], r'^\d+-[a-z-]+\.rules:\d+$')
        self.assertEqual({value for name, value in rows[0].items() if name not in
                          ('mailbox', 'uid', 'kind')}, {''})

    def test_no_dictionary_needed(self):
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        self.forget(user)
        os.mkdir(f'{self.home(user)}/dovecot-bounce.dict')
        self.assertEqual(len(self.rows('explain', '-u', user)), 1)
        self.run_bounce('scan', '-u', user, status=75)

    def test_formats(self):
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        for fmt in FORMATS:
            for args in (['scan'], ['scan', '-n'], ['explain'], ['stats'],
                         ['export'], ['export', 'csv'], ['expire'],
                         ['rules', 'check'], ['erase', 'x@example.com']):
                with self.subTest(fmt=fmt, args=args):
                    out = self.doveadm('-f', fmt, 'bounce', *args, '-u',
                                       user).stdout
                    if fmt == 'json':
                        json.loads(out)


class ScanVirtual(Doveadm):
    """A virtual mailbox shows mails that are elsewhere."""

    plugins = ['virtual']
    conf23 = '''namespace virtual {
  prefix = virtual/
  separator = /
  location = virtual:@DIR@/virtual:INDEX=~/virtual
}
'''
    conf24 = '''namespace virtual {
  prefix = virtual/
  separator = /
  mail_driver = virtual
  mail_path = @DIR@/virtual
  mail_index_path = ~/virtual
}
'''

    @classmethod
    def prepare(cls, server):
        folder = pathlib.Path(server.dir, 'virtual', 'All')
        folder.mkdir(parents=True)
        (folder / 'dovecot-virtual').write_text('*\n-virtual/*\n  all\n')

    def test_each_mail_once(self):
        user = self.new_user()
        self.lmtp(user, harness.dsn('gone@example.net',
                                    user=f'{user}@example.org'))
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        # and what the user is told, which is no mail to scan
        self.assertEqual(self.messages(user, 'virtual/All'), 3)
        for query in (['all'], ['*'], ['seen', 'or', 'unseen'], ['virtual/All'],
                      ['virtual/*'], ['mailbox', 'virtual/All', 'all']):
            row, = self.rows('scan', '-u', user, *query)
            self.assertEqual((row['mails'], row['reports']), (2, 1), query)


class NowhereLoaded(Doveadm):
    """An empty answer says why, where it can be known."""

    bounce = False
    warning = 'Warning: The plugin bounce is loaded nowhere'

    def test_warning(self):
        user = self.new_user()
        for args in (['list'], ['stats'], ['scan'], ['rate']):
            done = self.run_bounce(*args, '-u', user)
            self.assertIn(self.warning, done.stderr, args)
        done = self.run_bounce('explain', '-u', user)
        self.assertNotIn('Warning', done.stderr)


class LoadedByLmtp(NowhereLoaded):
    conf23 = 'protocol lmtp {\n  mail_plugins = $mail_plugins bounce\n}\n'
    conf24 = 'protocol lmtp {\n  mail_plugins {\n    bounce = yes\n  }\n}\n'

    def test_warning(self):
        done = self.run_bounce('list', '-u', self.new_user())
        self.assertNotIn('Warning', done.stderr)


class Rules(Doveadm):

    users = {'alice': {}}
    spare_users = 0

    def folder(self, name, text):
        path = pathlib.Path(self.dir, name)
        path.mkdir(exist_ok=True)
        (path / '10-own.rules').write_text(text)
        return str(path)

    def test_shipped(self):
        for args in ([], ['-u', 'alice'], ['-A']):
            row = self.rows('rules', 'check', *args)[0]
            self.assertGreater(row['rules'], 100)
            self.assertEqual(row['problems'], 0)

    def test_problems(self):
        good = self.folder('good', 'mailbox-full: too many letters\n'
                           '= 552 Too many letters here\n')
        bad = self.folder('bad', 'mailbox-full: too many letters\n'
                          '= 552 Something else\nno-such-reason: x\n')
        self.assertEqual(self.rows('rules', 'check', good),
                         [{'rules': 1, 'problems': 0}])
        for args in ([], ['-u', 'alice']):
            done = self.run_bounce('rules', 'check', *args, good, bad, status=65)
            self.assertIn('10-own.rules:2: ', done.stderr)
            self.assertIn('10-own.rules:3: ', done.stderr)
            done = self.run_bounce('rules', 'check', *args, '/nowhere/x', status=65)
            self.assertIn('/nowhere/x', done.stderr)
        empty = pathlib.Path(self.dir, 'empty')
        empty.mkdir()
        done = self.run_bounce('rules', 'check', str(empty), status=65)
        self.assertIn(f'No rules in {empty}', done.stderr)

    def test_setting(self):
        """The site's setting, and a user's."""
        own = self.folder('own', 'mailbox-full: too many letters\n'
                          '= 552 Too many letters here\n')
        self.server.add_user('eve', bounce_rules=own)
        self.assertEqual(self.rows('rules', 'check', '-u', 'eve'),
                         [{'rules': 1, 'problems': 0}])


class Texts(Doveadm):
    settings = {'bounce_texts': '@DIR@/texts shipped'}

    def test_language(self):
        """The user's language; a text of the site wins over the package's."""
        os.makedirs(f'{self.dir}/texts', exist_ok=True)
        with open(f'{self.dir}/texts/de.texts', 'w', encoding='utf-8') as out:
            out.write('reason.mailbox-full.meaning: Platz is keiner.\n')
        for language, said in (('de', 'Diese Adresse gibt es bei'),
                               ('de-AT', 'Diese Adresse gibt es bei'),
                               ('fr', 'Personne n’a cette adresse'),
                               ('xx', 'Nobody has this address'),
                               ('auto', 'Nobody has this address')):
            user = self.new_user(bounce_language=language)
            self.put(user, {'address': 'a@example.net'},
                     {'address': 'b@example.net', 'reason': 'mailbox-full'})
            row, = self.rows('get', '-u', user, 'a@example.net')
            self.assertIn(said, row['meaning'], language)
            row, = self.rows('get', '-u', user, 'b@example.net')
            self.assertEqual(row['meaning'] == 'Platz is keiner.',
                             language.startswith('de'))

    def test_explain(self):
        user = self.new_user(bounce_language='es')
        self.lmtp(user, harness.dsn('a@example.net'), sender='')
        row, = self.rows('explain', '-u', user, 'Bounces')
        self.assertIn('Nadie tiene esta dirección', row['meaning'])

    def test_check(self):
        rows = {row['language']: row for row in self.doveadm_json(
            'bounce', 'texts', 'check', '/usr/share/dovecot-bounce/texts.d')}
        for language in ('en', 'de', 'fr', 'es'):
            self.assertEqual((rows[language]['missing'], rows[language]['draft']),
                             (0, 'no'), language)
        folder = f'{self.dir}/wrong'
        os.makedirs(folder, exist_ok=True)
        with open(f'{folder}/de.texts', 'w', encoding='utf-8') as out:
            out.write('rate.share: %{one} of them\n')
        done = self.run_bounce('texts', 'check', folder, status=65)
        self.assertIn('de.texts:1: rate.share: its placeholders', done.stderr)
        self.run_bounce('texts', 'check', f'{self.dir}/nowhere', status=65)

    def test_setting(self):
        """Without a folder: those of the setting; a wrong language is named."""
        self.assertIn('en', [row['language'] for row in
                             self.doveadm_json('bounce', 'texts', 'check')])
        user = self.new_user(bounce_language='d/e')
        self.expect_log('Setting bounce_language = d/e is wrong .*default auto')
        self.lmtp(user, harness.dsn('a@example.net'), sender='')


class SiteRules(Doveadm):

    spare_users = 0
    settings = {'bounce_rules': '@DIR@/rules'}

    @classmethod
    def prepare(cls, server):
        os.mkdir(f'{server.dir}/rules')
        pathlib.Path(server.dir, 'rules', 'x.rules').write_text(
            'mailbox-full: too many letters\n= 552 Too many letters here\n')

    def test_setting(self):
        for args in ([], ['-u', 'alice']):
            self.assertEqual(self.rows('rules', 'check', *args),
                             [{'rules': 1, 'problems': 0}])


class ThroughServer(Doveadm):
    """All of it through doveadm-server, as with a proxy."""

    users = {'alice': {}, 'bob': {}}
    spare_users = 0

    def run_bounce(self, *args, status=0):
        words = 2 if args[0] == 'rules' else 1
        return super().run_bounce(*args[:words], '-S', f'{self.dir}/run/'
                                  'doveadm-server', *args[words:], status=status)

    def rows(self, *args):
        return super().rows(args[0], '-S', f'{self.dir}/run/doveadm-server',
                            *args[1:])

    def test_commands(self):
        self.put('alice', {'address': 'a@example.com'},
                 {'address': 'b@example.com', 'state': 'watched'})
        self.assertEqual(self.addresses('alice', '-s', 'watched'),
                         ['b@example.com'])
        self.run_bounce('add', '-u', 'alice', 'c@example.com', 'mailbox-moved')
        self.run_bounce('correct', '-u', 'alice', 'b@example.com', 'd@example.com')
        self.run_bounce('release', '-u', 'alice', 'a@example.com')
        rows = self.rows('list', '-u', 'alice')
        self.assertEqual([(row['address'], row['state']) for row in rows],
                         [('a@example.com', 'released'),
                          ('b@example.com', 'corrected'),
                          ('c@example.com', 'suppressed')])
        row, = self.rows('get', '-u', 'alice', 'c@example.com')
        self.assertEqual((row['reason'], row['by']), ('mailbox-moved', 'user'))
        self.run_bounce('remove', '-u', 'alice', 'c@example.com')
        self.assertEqual(self.rows('expire', '-u', 'alice'), [{'removed': 0}])
        self.assertEqual(self.rows('stats', '-u', 'alice')[0]['count'], 2)
        out = self.run_bounce('export', '-u', 'alice', 'json').stdout
        self.assertEqual([json.loads(line)['address'] for line in
                          out.splitlines()], ['a@example.com', 'b@example.com'])
        self.assertEqual(self.rows('erase', '-u', 'alice', 'd@example.com'),
                         [{'removed': 1}])
        self.assertIn('problems=0',
                      self.run_bounce('rules', 'check', '-u', 'alice').stdout)

    def test_import(self):
        path = pathlib.Path(self.dir, 'list.txt')
        path.write_text('x@example.com\n')
        path.chmod(0o600)
        self.assertEqual(self.rows('import', '-u', 'bob', str(path)),
                         [{'read': 1, 'written': 1, 'wrong': 0}])
        self.assertIn('x@example.com', self.addresses('bob'))
        # Dovecot has the file for one of them only
        for users in (['-A'], ['-u', '*']):
            done = self.run_bounce('import', *users, str(path), status=64)
            self.assertIn('one user at a time', done.stderr)

    def test_scan(self):
        self.lmtp('alice', harness.dsn('s@example.net'))
        os.unlink(f'{self.home("alice")}/dovecot-bounce.dict')
        row, = self.rows('scan', '-n', '-u', 'alice')
        self.assertEqual(row['address'], 's@example.net')
        row, = self.rows('scan', '-u', 'alice', 'mailbox', 'Bounces')
        self.assertEqual(row['changed'], 1)
        row, = self.rows('explain', '-u', 'alice', 'Bounces')
        self.assertEqual(row['recipient'], 's@example.net')

    def test_status(self):
        self.run_bounce('get', '-u', 'alice', 'nobody@example.com', status=68)
        self.run_bounce('get', '-u', 'alice', 'nobody', status=64)
        self.run_bounce('list', '-u', 'alice', '-c', 'x', status=64)
        self.run_bounce('remove', '-u', 'alice', 'nobody@example.com', status=68)
        self.expect_log('No record of what was given')
        path = pathlib.Path(self.dir, 'wrong.txt')
        path.write_text('secret@\n')
        self.run_bounce('import', '-u', 'alice', str(path), status=65)
        self.expect_log(':1: No address in it: what was given')
        # there are no addresses in the log
        self.assertEqual(self.log('nobody@|secret@'), [])

    def test_all(self):
        self.put('alice', {'address': 'a@example.com'})
        self.put('bob', {'address': 'b@example.com'})
        rows = self.rows('list', '-A')
        self.assertEqual({(row['username'], row['address']) for row in rows},
                         {('alice', 'a@example.com'), ('bob', 'b@example.com')})
        if self.version >= (2, 4):
            # that server does not know of the client's other users
            self.run_bounce('get', '-A', 'b@example.com', status=68)
            self.expect_log('No record of what was given')
            return
        rows = self.rows('get', '-A', 'b@example.com')
        self.assertEqual([row['username'] for row in rows], ['bob'])


class Terminal(Doveadm):
    """What the dictionary holds is the user's: root's terminal gets none of
    its commands."""

    EVIL = '\x1b[31m\x07\n\r\tx\x7f\x9b2Jy'

    def assert_clean(self, text):
        # the form feed is pager's own
        self.assertNotRegex(text, '[\x00-\x08\x0b\x0d-\x1f\x7f-\x9f]')

    def test_formats(self):
        user = self.new_user()
        texts = {name: name + self.EVIL for name in (
            'reason', 'status', 'reply', 'diagnostic', 'remote_mta',
            'original_message_id', 'corrected', 'original_address')}
        day = time.strftime('%Y%m%d', time.gmtime())
        broadcast = day + '-0a1b2c3d'
        self.put(user, {'address': 'b@example.com', **texts,
                        'recent': ['recent' + self.EVIL],
                        'future' + self.EVIL: [self.EVIL, {}]},
                 {'address': 'KEY', **texts})
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text(
            path.read_text().replace('"KEY"', json.dumps(
                'a' + self.EVIL + '@example.com' + self.EVIL)) +
            f'priv/bounce/meta/sent\n{day}\npriv/bounce/sent/{day}\n' +
            json.dumps({'v': 1, 'id': day, 'broadcasts': [broadcast]}) + '\n' +
            f'priv/bounce/sent/{broadcast}\n' + json.dumps(
                {'v': 1, 'id': broadcast, 'sent': 30,
                 'subject': 'subject' + self.EVIL}) + '\n')
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        shown = {'list': 5, 'get': 9, 'stats': 2, 'rate': 1, 'export': 10}
        for form in ('table', 'tab', 'flow', 'pager'):
            for args in (['list'], ['get', 'b@example.com'], ['stats'],
                         ['rate'], ['export', 'json'], ['export', 'csv']):
                with self.subTest(format=form, command=args):
                    out = self.doveadm('-f', form, 'bounce', args[0], '-u',
                                       user, *args[1:]).stdout
                    self.assert_clean(out)
                    # it is there, and does nothing
                    self.assertGreaterEqual(out.count('[31m'), shown[args[0]],
                                            out)

    def test_damaged(self):
        """An error shows a piece of the value."""
        user = self.new_user()
        self.put(user, {'address': 'b@example.com'})
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text('priv/bounce/address/b@example.com\n'
                        '{"address":x\x1b[31m\x9b2J\x07}\n')
        done = self.run_bounce('get', '-u', user, 'b@example.com', status=75)
        self.assertIn('damaged', done.stderr)
        self.assert_clean(done.stderr)
        # what lists the others says that it is not there
        self.put(user, {'address': 'a@example.com'}, {'address': 'c@example.com'})
        with path.open('a', encoding='latin-1') as file:
            file.write('priv/bounce/address/b@example.com\n{"state":,\n')
        for args in (['list'], ['show'], ['stats'], ['export'], ['export', 'csv']):
            done = self.run_bounce(*args, '-u', user, status=75)
            self.assertRegex(done.stderr,
                             '1 record cannot be read: b@example.com')
            if args != ['stats']:
                self.assertIn('a@example.com', done.stdout)
                self.assertIn('c@example.com', done.stdout)


# As they are typed, and their normal form where that is another.
HURTING = {
    '"quoted local"@example.com': None,
    'a/b@example.com': None,
    '"../../x"@example.com': None,
    '*@example.com': None,
    '%h%u$item@example.com': None,
    "o'brien@example.com": None,
    '"say \\"hi\\""@example.com': None,
    '"back\\\\slash"@example.com': None,
    '"comma,semicolon;"@example.com': None,
    '=1+1@example.com': None,
    '{x}@example.com': None,
    '{}@example.com': None,
    '#tag@example.com': None,
    'jürgen@bücher.example': 'jürgen@xn--bcher-kva.example',
    'ju\u0308rgen@example.com': 'jürgen@example.com',
    'postmaster': None,
    'x' * 308 + '@example.com': None,
}


class Transfer(Doveadm):

    def import_text(self, user, text, status=0):
        """Imports a file that only root may read; returns the row printed."""
        data = text.encode() if isinstance(text, str) else text
        path = pathlib.Path(self.dir, 'import.txt')
        path.write_bytes(data)
        path.chmod(0o600)
        done = self.doveadm('-f', 'json', 'bounce', 'import', '-u', user,
                            str(path), check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        row, = json.loads(done.stdout)
        return row, done.stderr

    def export(self, user, *args):
        return self.run_bounce('export', '-u', user, *args).stdout

    def dictionary(self, user):
        """{key: value} of the file."""
        lines = pathlib.Path(self.home(user), 'dovecot-bounce.dict').read_text() \
            .split('\n')
        return {key: value for key, value in zip(lines[::2], lines[1::2])
                if '/address/' in key}

    def test_lossless(self):
        user = self.new_user()
        self.put(user, {'address': 'a@example.com', 'recent': ['<1@x>', 'ü"\\'],
                        'originals': ['<o@x>'], 'scored': 1795400000, 'days': 2,
                        'since': 1795300000, 'corrected': None, 'score': 2.25,
                        'diagnostic': 'x, "y"; \t z\u00e9', 'future': {'a': [1]}},
                 {'address': 'b@example.com', 'by': 'user',
                  'state': 'corrected', 'corrected': 'c@example.com',
                  'until': 0, 'original_address': 'forward@example.org'})
        # as we write it
        exported = self.export(user, 'json')
        self.assertEqual(self.export(user), exported)
        other = self.new_user()
        row, _ = self.import_text(other, exported)
        self.assertEqual(row, {'read': 2, 'written': 2, 'wrong': 0})
        self.assertEqual(self.export(other), exported)
        self.assertEqual([json.loads(line)['future'] for line in
                          exported.splitlines() if 'future' in line],
                         [{'a': [1]}])
        before = self.dictionary(other)
        row, _ = self.import_text(other, exported)
        self.assertEqual(row, {'read': 2, 'written': 0, 'wrong': 0})
        self.assertEqual(self.dictionary(other), before)

    def test_csv(self):
        user, other = self.new_user(), self.new_user()
        self.put(user, {'address': 'a@example.com', 'score': 2.25,
                        'diagnostic': 'x, "y"; é'},
                 {'address': '"a,b"@example.com', 'state': 'watched',
                  'class': 'soft', 'reason': 'mailbox-full'})
        rows = list(csv.DictReader(io.StringIO(self.export(user, 'csv'))))
        self.assertEqual(rows[1]['diagnostic'], 'x, "y"; é')
        self.assertEqual(rows[0]['address'], '"a,b"@example.com')
        row, _ = self.import_text(other, self.export(user, 'csv'))
        self.assertEqual(row, {'read': 2, 'written': 2, 'wrong': 0})
        self.assertEqual(self.export(other, 'csv'), self.export(user, 'csv'))
        self.assertEqual(self.rows('list', '-u', other),
                         self.rows('list', '-u', user))

    def test_csv_over_own(self):
        """What CSV cannot hold stays."""
        user = self.new_user()
        counted = {'recent': ['<1@x>'], 'originals': ['<o@x>'],
                   'unscored': ['<u@x>'], 'seen': '12345678'}
        self.put(user, {'address': 'a@example.com', 'last': 1795400000,
                        'note': 'mine', **counted})
        exported = self.export(user, 'csv').replace('2026-11-23 02:13:20',
                                                    '2026-11-23 02:13:21')
        row, _ = self.import_text(user, exported)
        self.assertEqual(row, {'read': 1, 'written': 1, 'wrong': 0})
        record = self.record(user, 'a@example.com')
        self.assertEqual(record['last'], 1795400001)
        self.assertEqual(record, {**record, **counted, 'note': 'mine'})

    def test_csv_dates(self):
        """Times are dates for a spreadsheet, which may write them anew."""
        user = self.new_user()
        self.put(user, {'address': 'a@example.com', 'first': 1795400000,
                        'last': 1795400000, 'until': 0, 'by': 'user'})
        row, = csv.DictReader(io.StringIO(self.export(user, 'csv')))
        self.assertEqual((row['first'], row['last'], row['until']),
                         ('2026-11-23 02:13:20', '2026-11-23 02:13:20', ''))
        for text, wanted in (('2026-11-23 02:13:20', 1795400000),
                             ('2026-11-23T02:13:20Z', 1795400000),
                             ('2026-11-23 02:13', 1795399980),
                             ('2026-11-23', 1795392000),
                             ('1795400000', 1795400000)):
            user = self.new_user()
            self.import_text(user, 'address,state,by,last\n'
                             f'a@example.com,suppressed,user,{text}\n')
            self.assertEqual(self.record(user, 'a@example.com')['last'], wanted)
        for text in ('23.11.2026', '2026-11-23 25:00', '2026-11-23 02:13:20x'):
            _, said = self.import_text(
                user, f'address,state,last\nx@example.com,watched,{text}\n', 65)
            self.assertIn(f':2: last is no date: {text}', said)

    def test_csv_wrong(self):
        user = self.new_user()
        row, said = self.import_text(user, 'address,state,score\n'
                                     'a@example.com,watched,many\n'
                                     'b@example.com,dancing,1\n'
                                     'c@example.com\n'
                                     ',watched,1\n'
                                     'd@example.com,watched,1\n', 65)
        self.assertEqual(row, {'read': 1, 'written': 1, 'wrong': 4})
        self.assertEqual(self.addresses(user), ['d@example.com'])
        self.assertIn(':2: score is no number: many', said)
        for line in (3, 4):
            self.assertIn(f':{line}: Record has no valid state', said)
        self.assertIn(':5: Record has no address', said)

    def test_csv_whole(self):
        """Every member of a record goes through a spreadsheet."""
        now = int(time.time())
        whole = {
            'v': 1, 'address': 'a@example.com',
            'original_address': 'alias@example.org', 'state': 'corrected',
            'class': 'soft', 'side': 'domain', 'reason': 'mailbox-full',
            'status': '4.2.2', 'reply': '452',
            'diagnostic': '452 "full"; x ', 'remote_mta': 'mx.example.com',
            'score': 2.25, 'count': 7, 'first': now - 9, 'last': now - 3,
            'until': now + DAY, 'evidence': 'verified',
            'original_message_id': '<o@x>', 'by': 'user',
            'corrected': 'b@example.com', 'recent': ['<1@x>', 'ü"\\'],
            'originals': ['<o@x>'], 'unscored': ['<u@x>', '=1+1'],
            'final_address': 'final@example.net', 'unproven': 2,
            'doubts': ['<d@x>', '=2+2'], 'weight': 150,
            'seen': 'abcdefgh', 'scored': now - 4, 'since': now - 8, 'days': 2,
            'lease': 3, 'released': now - 5,
            'held': now - 7, 'holds': 4, 'held_ids': ['<h@x>'],
            'retried': now - 6,
            'future': {'a': [1, 2.5, "'=x;=y"]}}
        source, = harness.SOURCE.glob('src/**/bounce-record-member.c')
        members = re.findall(r'^\t(?:(?:TEXT|ROW)\(\w+, |NAME\()(\w+)',
                             source.read_text(), re.M)
        self.assertEqual({'v', *members}, set(whole) - {'future'})
        user, other = self.new_user(), self.new_user()
        self.put(user, whole)
        self.assertEqual(json.loads(self.export(user)), whole)
        text = self.export(user, 'csv')
        row, _ = self.import_text(other, text)
        self.assertEqual(row, {'read': 1, 'written': 1, 'wrong': 0})
        self.assertEqual(json.loads(self.export(other)), whole)
        self.assertEqual(self.export(other, 'csv'), text)
        # without its last column: what only the older record knew stays
        self.put(other, {**whole, 'last': now - 4, 'count': 6})
        cells = list(csv.reader(io.StringIO(text)))
        out = io.StringIO()
        csv.writer(out).writerows(row[:-1] for row in cells)
        row, _ = self.import_text(other, out.getvalue())
        self.assertEqual(row['written'], 1)
        self.assertEqual(json.loads(self.export(other)), whole)
        # and one that is no JSON is named
        _, said = self.import_text(other, text.replace('{', '<'), 65)
        self.assertIn('import.txt:2: other is no JSON object', said)

    def test_formulas(self):
        """No cell is a formula to a spreadsheet, whatever its delimiter; and
        what comes back is what was there."""
        wide = '＝＋－＠'
        user, other = self.new_user(), self.new_user()
        self.put(user, *[
            {'address': address, 'diagnostic': words, 'count': number,
             'reason': words[:20], 'state': 'corrected', 'by': 'user',
             'corrected': address, 'recent': [words]}
            for number, (address, words) in enumerate((
                ("=cmd|'c_calc'!a0@evil.example", '=1+1 550 no'),
                ('+4917@evil.example', '+1'), ('-x@evil.example', '-1'),
                ('"@sum(1)"@evil.example', '@SUM(1)'),
                ('"a;=1+1"@evil.example', '550 no;=1+1;-2;x;@y'),
                ('"a;\'=1"@evil.example', "'=1"),
                ("'=1@evil.example", "'';'''=2"),
                ("o'brien@example.com", "';x 'y' '"),
                ('＝1@evil.example', wide + ';' + wide),
                ('b@evil.example', '=;=;=')), 1)])
        text = self.export(user, 'csv')
        for delimiter in ',;\t':
            for row in csv.reader(io.StringIO(text), delimiter=delimiter):
                for cell in row:
                    self.assertNotIn(cell[:1], set('=+-@' + wide), row)
        row, _ = self.import_text(other, text)
        self.assertEqual(row, {'read': 10, 'written': 10, 'wrong': 0}, text)
        self.assertEqual(self.export(other), self.export(user))
        self.assertEqual(self.export(other, 'csv'), text)
        # the cell of an address is that address to other programs, too
        self.assertEqual({row['address'] for row in
                          csv.DictReader(io.StringIO(text))
                          if row['count'] in ('2', '3')},
                         {'"+4917"@evil.example', '"-x"@evil.example'})

    def test_import_crash(self):
        user = self.new_user()
        row, said = self.import_text(user, 'a@example.com\nx@b..\nx@b.\n', 65)
        self.assertEqual(row, {'read': 2, 'written': 2, 'wrong': 1})
        self.assertIn('import.txt:2: No address in it: x@b..', said)
        self.assertEqual(self.addresses(user), ['a@example.com', 'x@b'])
        # what another program wrote under the key of another address
        self.put(user, {'address': 'a@example.com', 'state': 'watched'})
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text(path.read_text().replace('"a@', '"B@'))
        row, _ = self.import_text(user, 'a@example.com\n')
        self.assertEqual(row['written'], 1)
        self.assertEqual(self.addresses(user), ['a@example.com'])

    def test_hurting(self):
        user = self.new_user()
        row, _ = self.import_text(user, '\n'.join(HURTING))
        self.assertEqual(row, {'read': len(HURTING), 'written': len(HURTING),
                               'wrong': 0})
        wanted = sorted(normal or typed for typed, normal in HURTING.items())
        self.assertEqual(sorted(self.addresses(user)), wanted)
        for kind in ('json', 'csv'):
            other = self.new_user()
            self.import_text(other, self.export(user, kind))
            self.assertEqual(sorted(self.addresses(other)), wanted)
        for typed, normal in HURTING.items():
            with self.subTest(address=typed):
                row, = self.rows('get', '-u', user, '--', typed)
                self.assertEqual(row['address'], normal or typed)
                self.run_bounce('remove', '-u', user, '--', typed)
                self.run_bounce('add', '-u', user, '--', typed)
        self.assertEqual(sorted(self.addresses(user)), wanted)

    def test_wrong_lines(self):
        user = self.new_user()
        good = json.dumps({'address': 'a@example.com', 'state': 'watched'})
        row, said = self.import_text(user, '\n'.join([
            good, '{"address": "b@example.com"}', '{"address": "x", "state": '
            '"watched"}', 'not an address', '{"broken', 'c@example.com']), 65)
        self.assertEqual(row, {'read': 2, 'written': 2, 'wrong': 4})
        for number, words in ((2, 'no valid state'), (3, 'x is no address'),
                              (4, 'No address in it: not an address'),
                              (5, 'not valid JSON')):
            self.assertRegex(said, rf'import.txt:{number}: .*{words}')
        self.assertEqual(self.addresses(user), ['a@example.com', 'c@example.com'])

    def test_wrong_csv(self):
        user = self.new_user()
        row, said = self.import_text(user, 'address,state,score\n'
                                     'a@example.com,suppressed,much\n'
                                     'b@example.com,dead,1\n'
                                     'c@example.com,suppressed,1\n', 65)
        self.assertEqual(row, {'read': 1, 'written': 1, 'wrong': 2})
        self.assertIn('import.txt:2: score is no number: much', said)
        self.assertIn('import.txt:3: Record has no valid state', said)

    def test_binary(self):
        for data in (b'\0\n' * 1000 + b'x', bytes(range(256)), b'x' * 3000000,
                     b'"' * 1000, b'example.com,"' + b'\n' * 500,
                     b'{' * 100000, b'email\n"' + b'\n' * 500):
            row, _ = self.import_text(self.new_user(), data, 65)
            self.assertEqual(row['written'], 0)

    def test_plain(self):
        user = self.new_user()
        row, _ = self.import_text(user, '\ufeff# of last year\r\n\r\n'
                                  '<Bob@Example.com>\r\nbob@example.com\r\n'
                                  'Ann;ann@example.com;1999\r\n')
        self.assertEqual(row, {'read': 3, 'written': 2, 'wrong': 0})
        rows = self.rows('list', '-u', user)
        self.assertEqual({(r['address'], r['state'], r['until']) for r in rows},
                         {('bob@example.com', 'suppressed', 'never'),
                          ('ann@example.com', 'suppressed', 'never')})
        record, = self.rows('get', '-u', user, 'bob@example.com')
        self.assertEqual(record['by'], 'import')

    def test_services(self):
        """Their words are judged as a server's are."""
        for text, wanted in (
                ('status,reason,email,created\n5.1.1,"550 5.1.1 The email account '
                 'that you tried to\nreach does not exist",a@example.com,1700\n',
                 ('suppressed', 'hard', 'mailbox-unknown', 'import')),
                ('Email Address\tBounce Type\na@example.com\tHard Bounce\n',
                 ('suppressed', 'hard', 'undetermined', 'import')),
                ('EmailAddress;Reason\na@example.com;BOUNCE\n',
                 ('suppressed', 'undetermined', 'undetermined', 'import')),
                ('EmailAddress,Reason\na@example.com,COMPLAINT\n',
                 ('suppressed', 'undetermined', 'undetermined', 'complaint')),
                ('email,reason\na@example.com,mailbox-moved\n',
                 ('suppressed', 'hard', 'mailbox-moved', 'import')),
                ('email,reason\na@example.com,SoftBounce\n',
                 ('watched', 'soft', 'undetermined', 'import')),
                ('Type,Email,BouncedAt\nAutoResponder,a@example.com,2026\n',
                 ('watched', 'soft', 'undetermined', 'import')),
                ('EmailAddress,SuppressionReason,Origin\n'
                 'a@example.com,SpamComplaint,Recipient\n',
                 ('suppressed', 'undetermined', 'undetermined', 'complaint')),
                ('\ufeffsep=;\r\nEmail;Reason\r\na@example.com;Soft bounce\r\n',
                 ('watched', 'soft', 'undetermined', 'import')),
                # a street, and the state that it is in
                ('email,address,state,bounce reason\n'
                 'a@example.com,1 Main St,ME,mailbox-moved\n',
                 ('suppressed', 'hard', 'mailbox-moved', 'import')),
                ('Name,Address,Email\nAnn,1 Main St,a@example.com\n',
                 ('suppressed', 'undetermined', 'undetermined', 'import')),
                ('email,code,error\na@example.com,550,"5.7.1 Client host '
                 '[192.0.2.1] blocked using zen.spamhaus.org"\n',
                 ('watched', 'soft', 'reputation', 'import'))):
            with self.subTest(text=text):
                user = self.new_user()
                self.assertEqual(self.import_text(user, text)[0]['written'], 1)
                row, = self.rows('get', '-u', user, 'a@example.com')
                self.assertEqual((row['state'], row['class'], row['reason'],
                                  row['by']), wanted)
                self.assertEqual(self.import_text(user, text)[0]['written'], 0)

    def test_title(self):
        """Above the row of names: named, and the reasons are still read."""
        user = self.new_user()
        row, said = self.import_text(user, 'Bounces of May\n\nemail,reason\n'
                                     'a@example.com,Soft bounce\n', 65)
        self.assertEqual(row, {'read': 1, 'written': 1, 'wrong': 1})
        self.assertIn('import.txt:1: No address in it', said)
        row, = self.rows('get', '-u', user, 'a@example.com')
        self.assertEqual(row['state'], 'watched')

    def test_merge(self):
        """A person's word first, then the later one."""
        now = int(time.time())
        bounce = {'address': 'a@example.com', 'state': 'suppressed',
                  'by': 'bounce', 'last': now - 2 * DAY, 'count': 2}
        later = {**bounce, 'last': now - DAY}
        released = {**bounce, 'state': 'released', 'by': 'user',
                    'last': now - 5 * DAY}
        lapsed = {**later, 'until': now - 60}
        for old, new, written in (
                (bounce, later, 1), (later, bounce, 0), (later, released, 1),
                (released, later, 0), (bounce, bounce, 0),
                (bounce, {**bounce, 'count': 3}, 1), (bounce, lapsed, 0)):
            with self.subTest(old=old, new=new):
                user = self.new_user()
                self.put(user, old)
                row, _ = self.import_text(user, json.dumps(new))
                self.assertEqual(row['written'], written)
        # what CSV cannot hold stays
        user = self.new_user()
        self.put(user, {**bounce, 'recent': ['<1@x>'], 'note': 'mine'})
        self.import_text(user, f'address,state,last\na@example.com,released,'
                         f'{now}\n')
        record = json.loads(self.export(user))
        self.assertEqual((record['state'], record['recent'], record['note']),
                         ('released', ['<1@x>'], 'mine'))
        # a list does not undo what a person allowed
        user = self.new_user()
        self.put(user, released)
        self.assertEqual(self.import_text(user, 'a@example.com')[0]['written'], 0)

    def test_input(self):
        user = self.new_user()
        self.doveadm('bounce', 'import', '-u', user, stdin=b'a@example.com\n')
        self.doveadm('bounce', 'import', '-u', user, '-', stdin=b'b@example.com\n')
        self.assertEqual(self.addresses(user), ['a@example.com', 'b@example.com'])
        done = self.run_bounce('import', '-u', user, '/nowhere/x', status=64)
        self.assertIn('/nowhere/x', done.stderr)
        done = self.run_bounce('export', '-u', user, 'xml', status=64)
        self.assertIn('xml is neither json nor csv', done.stderr)

    def test_many(self):
        """In one transaction: the file is not written 3,000 times."""
        user = self.new_user()
        began = time.monotonic()
        row, _ = self.import_text(user, ''.join(
            f'a{i}@example{i % 7}.com\n' for i in range(3000)))
        self.assertEqual(row['written'], 3000)
        self.assertLess(time.monotonic() - began, 20 * harness.SLOW)
        self.assertEqual(len(self.addresses(user)), 3000)


class AllUsers(Doveadm):

    users = {'alice': {}, 'bob': {}}
    spare_users = 0

    def setUp(self):
        super().setUp()
        self.put('alice', {'address': 'a@example.com'},
                 {'address': 'shared@example.com'})
        self.put('bob', {'address': 'shared@example.com'})

    def test_list(self):
        rows = self.rows('list', '-A')
        self.assertEqual({(row['username'], row['address']) for row in rows},
                         {('alice', 'a@example.com'),
                          ('alice', 'shared@example.com'),
                          ('bob', 'shared@example.com')})
        rows = self.rows('list', '-u', 'al*')
        self.assertEqual({row['username'] for row in rows}, {'alice'})

    def test_get(self):
        rows = self.rows('get', '-A', 'shared@example.com')
        self.assertEqual({row['username'] for row in rows}, {'alice', 'bob'})
        rows = self.rows('get', '-A', 'a@example.com')
        self.assertEqual({row['username'] for row in rows}, {'alice'})
        self.run_bounce('get', '-A', 'x@example.com', status=68)

    def test_erase(self):
        self.put('bob', {'address': 'forward@example.org',
                         'original_address': 'shared@example.com'},
                 {'address': 'shraed@example.com', 'state': 'corrected',
                  'corrected': 'shared@example.com', 'by': 'user'},
                 {'address': 'other@example.com'})
        rows = self.rows('erase', '-A', 'Shared@example.com')
        self.assertEqual(rows, [{'username': 'alice', 'removed': 1},
                                {'username': 'bob', 'removed': 2}])
        self.assertEqual(self.addresses('alice'), ['a@example.com'])
        self.assertEqual(self.addresses('bob'), ['other@example.com'])
        # that nobody has it is what was wanted
        self.assertEqual(self.rows('erase', '-A', 'shared@example.com'), [])

    def test_expire(self):
        self.put('alice', {'address': 'a@example.com', 'until': 1700000000})
        self.assertEqual(self.rows('expire', '-A'),
                         [{'username': 'alice', 'removed': 1}])

    def test_stats(self):
        rows = self.rows('stats', '-A')
        self.assertEqual([(row['username'], row['name'], row['count']) for row in
                          rows if row['group'] == 'total'],
                         [('*', 'records', 3), ('*', 'users', 2)])

    def test_import(self):
        path = pathlib.Path(self.dir, 'all.txt')
        path.write_text('everywhere@example.com\n')
        self.run_bounce('import', '-A', str(path))
        for user in ('alice', 'bob'):
            self.assertIn('everywhere@example.com', self.addresses(user))
