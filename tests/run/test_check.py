"""doveadm bounce check: is it us?"""

import fcntl
import imaplib
import json
import os
import pathlib
import re
import time

import dictserver
import harness


class Check(harness.TestCase):
    """What every class here asks."""

    spare_users = 3

    @classmethod
    def setUpClass(cls):
        """Where nobody listens, so that no test asks the network."""
        cls.settings = {'bounce_check_resolver': '127.0.0.1@1', **cls.settings}
        super().setUpClass()

    def check(self, *args, status=0):
        """{(check, subject): (result, found, advice)}"""
        done = self.doveadm('-f', 'json', 'bounce', 'check', *args, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return {(row['check'], row['subject']):
                (row['result'], row['found'], row['advice'])
                for row in json.loads(done.stdout)}


class Setup(Check):

    under_valgrind = ('test_good',)
    users = {'alice': {}, 'alice@example.org': {}}

    def results(self, rows, *names):
        return {key: rows[key][0] for key in rows if key[0] in names}

    def test_good(self):
        """A site as it should be: nothing fails, nothing warns."""
        rows = self.check('-u', 'alice@example.org')
        self.assertEqual(
            {key: row for key, row in rows.items() if row[0] in ('warn', 'fail')},
            {})
        self.assertEqual(self.results(rows, 'plugin'), {
            ('plugin', 'lmtp'): 'ok', ('plugin', 'lda'): 'ok',
            ('plugin', 'imap'): 'ok', ('plugin', 'submission'): 'note'})
        self.assertEqual(self.results(rows, 'sieve'), {
            ('sieve', 'sieve_plugins'): 'ok', ('sieve', 'sieve_extensions'): 'ok'})
        self.assertEqual(rows['sent', '\\Sent'][:2], ('ok', 'Sent'))
        self.assertEqual(rows['dictionary', 'file'][0], 'ok')
        self.assertRegex(rows['dictionary', 'file'][1],
                         r'^written, read and removed in \d')
        self.assertEqual(self.results(rows, 'lock', 'rules', 'settings', 'aliases'),
                         {('lock', ''): 'ok', ('rules', ''): 'ok',
                          ('settings', ''): 'ok',
                          ('aliases', 'alice@example.org'): 'ok'})
        self.assertEqual(rows['texts', 'auto'][:2],
                         ('ok', rows['texts', 'auto'][1]))
        self.assertIn("this user's: en", rows['texts', 'auto'][1])
        self.assertEqual(rows['evidence', 'Bounces'][0], 'unknown')
        # it left nothing behind
        self.assertEqual(self.doveadm('bounce', 'export', '-u',
                                      'alice@example.org').stdout, '')
        path = pathlib.Path(self.home('alice@example.org'), 'dovecot-bounce.dict')
        self.assertNotIn('meta/check', path.read_text())

    def test_without_user(self):
        rows = self.check()
        self.assertEqual(rows['plugin', 'lmtp'][0], 'ok')
        self.assertEqual(rows['user', ''][0], 'unknown')
        self.assertNotIn(('lock', ''), rows)

    def test_no_address(self):
        rows = self.check('-u', self.new_user())
        self.assertEqual([row[0] for key, row in rows.items()
                          if key[0] == 'aliases'], ['note'])

    def test_usage(self):
        for user in ((), ('-u', 'alice')):
            done = self.doveadm('bounce', 'check', *user, '--only', 'setup,tea',
                                check=False)
            self.assertEqual(done.returncode, 64)
            self.assertIn('There is no part tea', done.stderr)
        self.check('--only', 'setup')

    def test_formats(self):
        for fmt in ('table', 'tab', 'flow', 'pager'):
            self.assertIn('lmtp', self.doveadm('-f', fmt, 'bounce', 'check').stdout)

    def test_for_people(self):
        """Without -f: 80 columns, on a terminal, in a pipe and by doveadm-server."""
        user = self.new_user(bounce_threshold='many', bounce_sender_checked='no')
        args = 'bounce', 'check', '-u', user, '--only', 'setup'
        piped = self.doveadm(*args, check=False)
        self.assertEqual(piped.returncode, 65)
        self.assertEqual([line for line in piped.stdout.splitlines()
                          if len(line) > 80], [])
        self.assertIn('fail     settings: Setting bounce_threshold = many is wrong',
                      piped.stdout)
        self.assertIn('\n         -> See bounce-settings(5)\n', piped.stdout)
        self.assertRegex(piped.stdout,
                         r'\n\nok \d+, note \d, warn \d, fail 1, unknown 1\n$')
        # but for the time of a round trip
        same = re.compile(r'in 0\.\d+ s')
        served = self.doveadm(*args, '-S', f'{self.dir}/run/doveadm-server',
                              check=False)
        self.expect_log('bounce_threshold = many')
        self.assertEqual(same.sub('', served.stdout), same.sub('', piped.stdout))
        self.assertEqual(same.sub('', self.doveadm_on_terminal(*args)),
                         same.sub('', piped.stdout))
        # of the site
        site = self.doveadm('bounce', 'check', '--only', 'setup')
        self.assertIn('ok       plugin lmtp: bounce is loaded\n', site.stdout)
        # many users
        self.assertRegex(self.doveadm('bounce', 'check', '-A', '--only', 'setup',
                                      check=False).stdout, r'(?m)^alice:\nok ')

    def test_all_users(self):
        """The site once, each user once."""
        done = self.doveadm('-f', 'json', 'bounce', 'check', '-A')
        checks = [row['check'] for row in json.loads(done.stdout)]
        self.assertEqual(checks.count('plugin'), 4)
        self.assertEqual(checks.count('lock'), 2 + self.spare_users)

    def test_forgotten_in_a_section(self):
        """A section with mail_plugins of its own."""
        plugins = ('mail_plugins = sieve\n' if self.version == (2, 3) else
                   'mail_plugins {\n  bounce = no\n}\n')
        path = pathlib.Path(self.server.conf_path)
        old = path.read_text()
        self.addCleanup(path.write_text, old)
        path.write_text(old + f'protocol lmtp {{\n{plugins}}}\n')
        rows = self.check('-u', 'alice')
        self.assertEqual(rows['plugin', 'lmtp'][0], 'warn')
        self.assertIn('neither filed nor recorded', rows['plugin', 'lmtp'][1])
        self.assertIn('protocol lmtp', rows['plugin', 'lmtp'][2])
        self.assertEqual(rows['plugin', 'lda'][0], 'ok')
        path.write_text(old + ''.join(f'protocol {name} {{\n{plugins}}}\n'
                                      for name in ('lmtp', 'lda', 'imap')))
        rows = self.check('-u', 'alice', status=65)
        self.assertEqual(self.results(rows, 'plugin'), {
            ('plugin', 'lmtp'): 'fail', ('plugin', 'lda'): 'fail',
            ('plugin', 'imap'): 'warn', ('plugin', 'submission'): 'note'})
        # with --ok the status says only that it ran
        self.check('-u', 'alice', '--ok')

    def test_wrong_values(self):
        user = self.new_user(bounce_threshold='many', bounce_file='failures')
        done = self.doveadm('-f', 'json', 'bounce', 'check', '-u', user,
                            check=False)
        self.assertEqual(done.returncode, 65)
        found = [row['found'] for row in json.loads(done.stdout)
                 if row['check'] == 'settings' and row['result'] == 'fail']
        self.assertEqual(len(found), 2)
        self.assertRegex(' '.join(found), 'bounce_file = failures is wrong.*'
                         'bounce_threshold = many is wrong')

    def test_wrong_words(self):
        """What would name nothing, and what is not there."""
        wrong = {'bounce_sites': '@x', 'bounce_feedback': 'nonsense',
                 'bounce_relays': '10.0.0.0/8,localhost',
                 'bounce_addresses': 'sales@example.org,*@example.net',
                 'bounce_suppress_again': '5s'}
        user = self.new_user(bounce_token_key='/nonexistent/key',
                             bounce_language='xx', **wrong)
        done = self.doveadm('-f', 'json', 'bounce', 'check', '-u', user, '--only',
                            'setup', check=False)
        rows = json.loads(done.stdout)
        found = [row['found'] for row in rows
                 if row['check'] == 'settings' and row['result'] == 'fail']
        self.assertEqual(len(found), len(wrong), found)
        for name, value in wrong.items():
            self.assertIn(f'Setting {name} = {value} is wrong', ' '.join(found))
        said = {row['check']: row['found'] for row in rows
                if row['result'] == 'warn'}
        self.assertEqual(said['token'], '/nonexistent/key is not there and cannot '
                         'be made: No such file or directory')
        self.assertEqual(said['texts'],
                         'there are none in this language, but in en')
        user = self.new_user(bounce_texts='/nonexistent')
        rows = self.check('-u', user, '--only', 'setup')
        self.assertEqual(rows['texts', ''][:2], (
            'warn', 'there are none in /nonexistent: people read English'))

    def test_dictionary_fails(self):
        user = self.new_user(bounce_mailbox='Bounces')
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.mkdir()
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        rows = self.check('-u', user, status=65)
        self.assertEqual([row[0] for key, row in rows.items()
                          if key[0] in ('dictionary', 'lock')][-1], 'fail')

    def test_lock_held(self):
        user = self.new_user()
        self.lmtp(user, harness.dsn('bob@example.net'))
        path = f'{self.home(user)}/dovecot-bounce.dict-lock'
        with open(path, 'r+b') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = self.check('-u', user, status=65)
        self.assertEqual(rows['lock', ''][0], 'fail')
        self.assertIn('another process holds it', rows['lock', ''][1])
        self.check('-u', user)

    def test_evidence(self):
        user = self.new_user(bounce_sender_checked='no')
        for number in range(2):
            self.lmtp(user, harness.dsn(f'bob{number}@example.net',
                                        user=f'{user}@example.org'))
        rows = self.check('-u', user)
        self.assertEqual(rows['evidence', 'Bounces'][0], 'warn')
        self.assertRegex(rows['evidence', 'Bounces'][1],
                         '^of the last 2 reports 0 are verified, 2 plausible')
        self.assertIn('Sent', rows['evidence', 'Bounces'][2])
        user = self.new_user()
        self.lmtp(user, harness.dsn('bob@example.net', user=f'{user}@example.org'))
        rows = self.check('-u', user)
        self.assertEqual(rows['evidence', 'Bounces'][0], 'ok')
        self.assertIn('1 are verified', rows['evidence', 'Bounces'][1])
        self.assertIn('mx.example.org', rows['hosts', 'own'][1])


class Remedies(Check):
    """Who refused us, and where to go."""

    SPAMHAUS = ('554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked '
                'using zen.spamhaus.org')

    @classmethod
    def prepare(cls, server):
        cls.folder = pathlib.Path(server.dir, 'remedies')
        cls.folder.mkdir()
        (cls.folder / 'mine.remedies').write_text(
            'provider: mine\nname: Mine\npage: https://mine.example/\n'
            'checked: 2000-01\nmatch: zen.spamhaus\n= 550 zen.spamhaus\n')
        cls.settings = {**cls.settings, 'bounce_remedies':
                        f'{cls.folder} /usr/share/dovecot-bounce/remedies.d'}
        server.write_conf()

    def user(self, **fields):
        """Whom two mails came back."""
        user = self.new_user(**fields)
        for address, status, text in (
                ('bob@example.net', '5.7.1', self.SPAMHAUS),
                ('eve@example.net', '5.1.1', '550 5.1.1 No such user - gsmtp')):
            self.lmtp(user, harness.dsn(address, status, text,
                                        user=f'{user}@example.org'))
        return user

    def shown(self, user):
        """What get says, which explain says, too."""
        said = [self.doveadm_json('bounce', 'get', '-u', user, address)[0]['remedy']
                for address in ('bob@example.net', 'eve@example.net')]
        rows = self.doveadm_json('bounce', 'explain', '-u', user)
        self.assertEqual(sorted(row['remedy'] for row in rows), sorted(said))
        return said

    def test_shown(self):
        bob, eve = self.shown(self.user(
            bounce_remedies='/usr/share/dovecot-bounce/remedies.d'))
        self.assertRegex(bob, r'^Spamhaus .*https://check\.spamhaus\.org/\. Send:')
        self.assertEqual(eve, '')
        # a site's own come first; nobody looked at that page for long
        bob, eve = self.shown(self.user())
        self.assertEqual(bob, 'Mine: https://mine.example/ (may have moved)')
        self.assertEqual(eve, '')

    def test_reports(self):
        """Who refused our side, with what to do; what is older than a week is not
        said, nor what is an address's own fault."""
        user = self.user(
            bounce_remedies='/usr/share/dovecot-bounce/remedies.d')
        old = {'address': 'old@example.net', 'side': 'sender', 'class': 'soft',
               'reason': 'rate-limited', 'last': 1700000000, 'until': 0,
               'state': 'watched', 'count': 1}
        self.doveadm('bounce', 'import', '-u', user, '-',
                     stdin=json.dumps(old).encode())
        rows = self.check('-u', user, '--only', 'reports')
        (key, row), = rows.items()
        self.assertEqual((key, row[0]),
                         (('reports', 'spamhaus reputation'), 'warn'))
        # it is not in Sent, and nobody was here a week ago
        self.assertEqual(row[1], '1 address refused; tried: unknown, as no copy is '
                         'in Sent; trend: unknown, as nothing is known of the week '
                         'before; named: 192.0.2.1; the last said: ' +
                         self.SPAMHAUS)
        self.assertIn('https://check.spamhaus.org/', row[2])
        rows = self.check('-u', self.new_user(), '--only', 'reports')
        self.assertEqual(rows['reports', ''][0], 'ok')

    def test_reports_damaged(self):
        user = self.new_user()
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text('priv/bounce/address/b@example.com\n{"state":,\n',
                        encoding='utf-8')
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        done = self.doveadm('bounce', 'check', '-u', user, '--only', 'reports')
        self.assertIn('Check: records that cannot be read, and are left out: 1 ',
                      done.stderr)
        self.assertNotIn('b@example.com', done.stderr)

    def test_reports_of_sent(self):
        """How many were tried there, and is it more than before?"""
        user = self.new_user(
            bounce_remedies='/usr/share/dovecot-bounce/remedies.d')
        now, week = time.time(), 7 * 24 * 3600
        client = self.imap(user)
        for number, to, age in ((1, 'bob@example.net, Eve <eve@EXAMPLE.net>', 0),
                                (2, 'joe@example.com', 0),
                                (3, 'bob@example.net', week + 3600)):
            client.append('Sent', '', imaplib.Time2Internaldate(now - age),
                          harness.mail(f'Mail {number}', f'{user}@example.org', to))
        client.logout()
        # not what is the host's, or the link's
        text = self.SPAMHAUS.replace('192.0.2.1', '93.184.216.34') + \
            ' (not fe80::1234, 10.1.2.3)'
        for _ in range(2):
            self.lmtp(user, harness.dsn('bob@example.net', '5.7.1', text,
                                        user=f'{user}@example.org'))
        self.assertIn(
            '1 address refused; tried in 7 days: 2 (copies in Sent); trend: unknown, '
            'as nothing is known of the week before; named: 93.184.216.34; the last '
            'said: 554', self.reports(user))
        for count, trend in ((1, 'more, 2 refusals in 7 days, 1 in the 7 before'),
                             (2, 'as before, 2 refusals in 7 days, 2 in'),
                             (3, 'fewer, 2 refusals in 7 days, 3 in')):
            self.set_day(user, now - week, [
                {'kind': 'domain', 'text': 'example.net', 'count': count},
                {'kind': 'domain', 'text': 'example.com', 'count': 50}])
            self.assertIn(f'; trend: {trend}', self.reports(user))
        # the first and the last day of either, and the one before them
        for days, count, trend in (
                (6, 1, 'as before, 3 refusals in 7 days, 3 in'),
                (13, 2, 'fewer, 3 refusals in 7 days, 5 in'),
                (14, 9, 'fewer, 3 refusals in 7 days, 5 in')):
            self.set_day(user, now - days * 24 * 3600, [
                {'kind': 'domain', 'text': 'example.net', 'count': count}])
            self.assertIn(f'; trend: {trend}', self.reports(user))

    def reports(self, user):
        (_, row), = self.check('-u', user, '--only', 'reports').items()
        return row[1]

    def set_day(self, user, when, causes):
        """What was counted then."""
        day = time.strftime('%Y%m%d', time.gmtime(when))
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        lines = path.read_text().splitlines()
        entries = dict(zip(lines[::2], lines[1::2]))
        entries[f'priv/bounce/sent/{day}'] = json.dumps(
            {'v': 1, 'id': day, 'sent': 9, 'causes': causes})
        entries['priv/bounce/meta/sent'] = ' '.join(
            [day, *entries['priv/bounce/meta/sent'].split()[1:]])
        path.write_text(''.join(f'{key}\n{value}\n'
                                for key, value in entries.items()))

    def test_sieve(self):
        user = self.new_user(
            bounce_remedies='/usr/share/dovecot-bounce/remedies.d')
        self.put_script(user, 'require ["vnd.dovecot-bounce", "variables", '
                        '"fileinto", "mailbox"];\nif bounce "side" "sender" '
                        '{ set :length "n" "${bounce.remedy}"; '
                        'fileinto :create "n${n}"; }\n')
        self.lmtp(user, harness.dsn('bob@example.net', '5.7.1', self.SPAMHAUS,
                                    user=f'{user}@example.org'))
        boxes = [int(name[1:]) for name in self.mailboxes(user)
                 if name.startswith('n')]
        self.assertEqual(len(boxes), 1)
        self.assertGreater(boxes[0], 50)

    def test_command(self):
        done = self.doveadm('-f', 'json', 'bounce', 'remedies', 'check', check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn('The example of spamhaus is won by mine', done.stderr)
        row, = json.loads(done.stdout)
        self.assertGreater(row['providers'], 30)
        self.assertEqual(row['problems'], 2)    # mine takes Spamhaus' example
        row, = self.doveadm_json('bounce', 'remedies', 'check',
                                 '/usr/share/dovecot-bounce/remedies.d')
        self.assertEqual(row['problems'], 0)
        done = self.doveadm('bounce', 'remedies', 'check', self.dir, check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn('No remedies in', done.stderr)
        rows = self.check('-u', self.new_user(), status=65)
        self.assertEqual(rows['remedies', ''][0], 'fail')


class SetupBare(Check):
    """A site that has not much: no plugin, no special use, no Sieve."""

    bounce = False
    sieve = False

    @classmethod
    def prepare(cls, server):
        path = pathlib.Path(server.conf_path)
        path.write_text(path.read_text().replace('special_use = \\Sent', ''))

    def test_bare(self):
        rows = self.check('-u', 'alice', status=65)
        self.assertEqual({key[1]: row[0] for key, row in rows.items()
                          if key[0] == 'plugin'},
                         {'lmtp': 'fail', 'lda': 'fail', 'imap': 'warn',
                          'submission': 'note'})
        self.assertEqual(rows['sent', '\\Sent'][0], 'warn')
        self.assertEqual(rows['sieve', 'plugin'][0], 'note')
        self.assertEqual(rows['metadata', 'imap'][0], 'note')


class SetupForgets(Check):
    """A dictionary that keeps nothing, as a cache that is full."""

    users = {'alice': {}}
    dict23 = 'proxy::bounce'
    dict24 = 'dict proxy {\n name = bounce\n}'

    @classmethod
    def setUpClass(cls):
        backend = dictserver.SQLite()
        cls.addClassCleanup(backend.close)
        backend.sql('CREATE TRIGGER forget AFTER INSERT ON bounce '
                    'BEGIN DELETE FROM bounce; END;')
        cls.conf23, cls.conf24 = backend.conf23(), backend.conf24()
        super().setUpClass()

    def test_forgets(self):
        rows = self.check('-u', 'alice', status=65)
        row, = (row for key, row in rows.items() if key[0] == 'dictionary')
        self.assertEqual(row[:2], ('fail', 'what was written does not come back'))


class SetupSieveLists(Check):
    """On 2.3 the last line wins."""

    sieve_bounce = False
    conf = 'imap_metadata = yes\n'
    # beside the file, where Debian has them
    mine = ('plugin {{\n  sieve_plugins = {0}\n  sieve_extensions = {1}\n}}\n')

    def files(self, **texts):
        folder = pathlib.Path(self.dir, 'conf.d')
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f'{name}.conf').write_text(text)
            self.addCleanup((folder / f'{name}.conf').unlink, missing_ok=True)

    def test_lists(self):
        self.assertEqual(self.check()['metadata', 'imap'][0], 'ok')
        rows = self.check()
        self.assertEqual(rows['sieve', 'sieve_plugins'][0], 'note')
        if self.version != (2, 3):
            self.assertIn('README', rows['sieve', 'sieve_plugins'][2])
            return
        self.files(a=self.mine.format('sieve_extprograms', '+vnd.dovecot.pipe'))
        path = pathlib.Path(self.server.conf_path)
        old = path.read_text()
        self.addCleanup(path.write_text, old)
        path.write_text(old + '!include conf.d/*.conf\n')
        rows = self.check()
        self.assertEqual(rows['sieve', 'sieve_plugins'][0], 'note')
        self.assertIn("README's own line would replace",
                      rows['sieve', 'sieve_plugins'][2])
        self.files(b=self.mine.format('sieve_bounce', '+vnd.dovecot-bounce'))
        rows = self.check()
        for setting, lost in (('sieve_plugins', 'sieve_extprograms'),
                              ('sieve_extensions', 'vnd.dovecot.pipe')):
            self.assertEqual(rows['sieve', setting][0], 'warn')
            self.assertTrue(rows['sieve', setting][1].endswith(': ' + lost),
                            rows['sieve', setting])
        self.files(b=self.mine.format(
            'sieve_extprograms sieve_bounce',
            '+vnd.dovecot.pipe +vnd.dovecot-bounce'))
        rows = self.check()
        self.assertEqual([row[0] for key, row in rows.items()
                          if key[0] == 'sieve'], ['ok', 'ok'])


class SetupUnknownSetting(Check):
    """A name that is none of ours: 2.4 refuses it itself."""

    settings = {} if harness.VERSION >= (2, 4) else {'bounce_mailboxes': 'x'}

    def test_named(self):
        rows = self.check('-u', 'alice')
        found = [key[1] for key, row in rows.items()
                 if key[0] == 'settings' and row[0] == 'warn']
        self.assertEqual(found, ['bounce_mailboxes'] if self.version == (2, 3)
                         else [])
