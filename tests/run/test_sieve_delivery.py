"""The Sieve extension in real deliveries, ManageSieve and IMAP."""

import contextlib
import imaplib
import json
import os
import pathlib
import re
import shutil
import smtplib
import socket
import threading
import time

import harness
from test_sieve_language import (EDITHEADER_23, EDITHEADER_24, GROUPS,
                                 SieveCase, report)

SCRIPTS = pathlib.Path('/usr/share/dovecot-bounce/sieve')
HARD = ('failed', 'bob@example.net', '5.1.1', '550 5.1.1 No such user here',
        'mx.example.net')
SOFT = ('failed', 'carol@second.example', '5.2.2',
        '552 5.2.2 Mailbox full, quota exceeded', 'mx.second.example')
OURS = ('failed', 'erin@third.example', '5.7.1',
        '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using '
        'zen.spamhaus.org', 'mx.third.example')


def documented(section, version):
    """The configuration that doc/extensions gives in a section for a Dovecot."""
    text = (harness.SOURCE / 'doc' / 'extensions' /
            'vnd.dovecot-bounce.txt').read_text(encoding='utf-8')
    found = re.search(r'(?ms)^[^\n]*%s\n=+\n.*?^Dovecot %s:\n(.*?)^\S'
                      % (re.escape(section), re.escape(version)), text)
    return found.group(1)


def bounce(*groups, user='alice', **kwargs):
    """A report about a mail of this user, each time another one."""
    stamp = '%d' % time.monotonic_ns()
    return report(list(groups), user=f'{user}@example.org',
                  message_id=f'<report.{stamp}@mx.example.org>',
                  original_id=f'<mail.{stamp}@example.org>', **kwargs)


class DeliveryCase(SieveCase):
    spare_users = 30

    def records(self, user):
        """{address: record} of the user's dictionary."""
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        if not path.exists():
            return {}
        lines = path.read_text(encoding='utf-8').split('\n')
        found = {}
        for key, value in zip(lines[::2], lines[1::2]):
            if key.startswith('priv/bounce/address/'):
                record = json.loads(value)
                found[record['address']] = record
        return found

    def sent(self, user, report):
        """Save the mail that the report is about to Sent."""
        header = re.search(rb'(?s)ESMTPSA;.*?\n(From: .*?)\n\n', report)
        self.imap(user).append('Sent', None, None, header.group(1).replace(
            b'\n', b'\r\n') + b'\r\n\r\nShall we?\r\n')

    def marked(self, user):
        """Does the only mail in Sent bear $Bounced?"""
        (flags, _), = self.fetch(user, 'Sent')
        return '$Bounced' in flags

    def ready(self, user, name, **replace):
        """One of the ready scripts becomes the user's."""
        text = (SCRIPTS / name).read_text()
        for old, new in replace.items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.put_script(user, text)

    def failure_of_the_script(self, user):
        path = pathlib.Path(self.home(user), '.dovecot.sieve.log')
        self.assertFalse(path.exists(), path.exists() and path.read_text())


class Delivery(DeliveryCase):
    """LMTP and LDA, with the mail plugin."""

    under_valgrind = True

    def test_fileinto_wins(self):
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto", '
                        '"mailbox", "variables"];\n'
                        'if bounce "class" "hard" '
                        '{ fileinto :create "Gone ${bounce.reason}"; }\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'Gone mailbox-unknown'), 1)
        self.assertEqual(self.messages(user, 'Bounces'), 0)
        self.assertEqual(list(self.records(user)), ['bob@example.net'])
        # implicit keep
        self.lmtp(user, bounce(SOFT, user=user))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        # ordinary mail
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.messages(user), 1)
        self.failure_of_the_script(user)

    def test_delivery_and_script_agree(self):
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce", "variables", '
                        '"fileinto", "mailbox"];\n'
                        'if allof (bounce "class" "hard", bounce "side" '
                        '"recipient", bounce "evidence" "verified") '
                        '{ fileinto :create "${bounce.reason}"; }\n')
        self.lda(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'mailbox-unknown'), 1)

    def test_ignore(self):
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce"];\n'
                        'if bounce "class" "hard" { bounce_ignore; }\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(self.records(user), {})
        self.lmtp(user, bounce(SOFT, user=user))
        self.assertEqual(self.messages(user, 'Bounces'), 2)
        self.assertEqual(list(self.records(user)), ['carol@second.example'])
        # the next recipient of the same mail is not ignored
        other = self.new_user()
        self.lmtp([user, other], bounce(HARD, user=other))
        self.assertEqual(self.messages(other, 'Bounces'), 1)
        self.assertEqual(list(self.records(other)), ['bob@example.net'])
        self.assertEqual(list(self.records(user)), ['carol@second.example'])

    def test_two_users_in_one_transaction(self):
        """Each user's script sees the classification of its own delivery."""
        users = [self.new_user(), self.new_user()]
        for user in users:
            self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto", '
                            '"mailbox", "variables"];\n'
                            'if bounce :matches "evidence" "*" '
                            '{ fileinto :create "${1} ${bounce.reason}"; }\n')
        # the second one did not send that mail
        self.lmtp(users, bounce(HARD, user=users[0]))
        for user, evidence in zip(users, ('verified', 'plausible')):
            self.assertEqual(
                self.messages(user, f'{evidence} mailbox-unknown'), 1)


class Records(DeliveryCase):
    """What is recorded, and what a script reads of it."""

    def test_ignore_of_a_failing_script(self):
        """As if it were not there."""
        user = self.new_user()
        # a name too long for the file system: fails when it is stored
        self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto"];\n'
                        'bounce_ignore;\nfileinto "%s";\n' % ('x/' * 200))
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user) + self.messages(user, 'Bounces'), 1)
        self.assertEqual(list(self.records(user)), ['bob@example.net'])

    def test_held(self):
        """Has a mail to the sender not been tried?"""
        user = self.new_user()
        path = pathlib.Path(self.dir, 'held.json')
        path.write_text('{"address":"carol@example.net","state":"suppressed",'
                        '"held":1795719000,"holds":1}\n'
                        '{"address":"dan@example.net","state":"suppressed"}\n')
        self.doveadm('bounce', 'import', '-u', user, str(path))
        self.put_script(user, '''require ["vnd.dovecot-bounce", "fileinto",
  "envelope", "variables", "relational", "comparator-i;ascii-numeric"];
if envelope :matches "from" "*" { set "from" "${1}"; }
if bounce_record :value "ge" :comparator "i;ascii-numeric" "held" "${from}"
    "1795718000" { fileinto "Held"; }
''')
        for sender in ('carol', 'dan', 'new'):
            self.lmtp(user, harness.mail(), sender=f'{sender}@example.net')
        self.assertEqual((self.messages(user, 'Held'), self.messages(user)), (1, 2))

    def test_learn_counts_once(self):
        """The script and the delivery record the same report."""
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce"];\n'
                        'bounce_learn;\nbounce_learn;\n')
        self.lmtp(user, bounce(HARD, SOFT, user=user))
        self.assertEqual({a: (r['count'], r['state']) for a, r in
                          self.records(user).items()},
                         {'bob@example.net': (1, 'suppressed'),
                          'carol@second.example': (1, 'watched')})
        self.put_script(user, 'require ["vnd.dovecot-bounce"];\n'
                        'bounce_forget;\n')
        # a report that nobody has counted yet takes nothing back
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.records(user)['bob@example.net']['count'], 2)

    def test_learn_in_a_delivery(self):
        """The delivery does it, with all that belongs to it."""
        user = self.new_user()
        text = bounce(HARD, user=user)
        self.sent(user, text)
        self.put_script(user, 'require ["vnd.dovecot-bounce"];\n'
                        'bounce_learn;\nbounce_ignore;\n')
        self.lmtp(user, text)
        self.assertEqual(self.records(user)['bob@example.net']['evidence'],
                         'verified')
        self.assertTrue(self.marked(user))
        # of this user: the lines of the test before may still come
        self.count_log(rf'\({user}\).*1 records changed', 1)

    def test_recording_off(self):
        user = self.new_user(bounce_record='no')
        self.put_script(user, 'require ["vnd.dovecot-bounce"];\n'
                        'bounce_learn;\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'Bounces'), 0)
        self.assertEqual(self.messages(user, 'INBOX'), 1)
        self.assertEqual(self.records(user), {})

    def test_ignore_with_discard(self):
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce"];\n'
                        'bounce_ignore;\ndiscard;\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.records(user), {})
        self.put_script(user, 'discard;\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(list(self.records(user)), ['bob@example.net'])

    def test_record_fields(self):
        user = self.new_user()
        self.lmtp(user, bounce(HARD, SOFT, user=user))
        self.assertEqual(len(self.records(user)), 2, self.log())
        table = [
            ('bounce_record "state" "bob@example.net" "suppressed"', True),
            ('bounce_record "state" "BOB@EXAMPLE.NET" "suppressed"', True),
            ('bounce_record "state" "<bob@example.net>" "suppressed"', True),
            ('bounce_record "state" "carol@second.example" "suppressed"', False),
            ('bounce_record "state" "carol@second.example" "watched"', True),
            ('bounce_record "state" "nobody@example.net" "suppressed"', False),
            ('bounce_record "state" ["nobody@example.net", "bob@example.net"] '
             '"suppressed"', True),
            ('bounce_record "class" "bob@example.net" "hard"', True),
            ('bounce_record "side" "bob@example.net" "recipient"', True),
            ('bounce_record "reason" "carol@second.example" "mailbox-full"',
             True),
            ('bounce_record "score" "bob@example.net" "3"', True),
            ('bounce_record :value "ge" :comparator "i;ascii-numeric" "score" '
             '["bob@example.net", "carol@second.example"] "3"', True),
            ('bounce_record :value "ge" :comparator "i;ascii-numeric" "score" '
             '"carol@second.example" "3"', False),
            ('bounce_record "count" "carol@second.example" "1"', True),
            ('bounce_record "evidence" "bob@example.net" "verified"', True),
            ('bounce_record :count "eq" "state" ["bob@example.net", '
             '"carol@second.example", "x@example.net"] "2"', True),
            ('bounce_record :count "eq" ["state", "class"] "bob@example.net" '
             '"2"', True),
            ('bounce_record :matches "reason" "bob@example.net" "mailbox-*"',
             True),
            ('bounce_record :contains "state" ["", "no address", "@", '
             '"a@b@c", "\\"", "*", "%"] ""', False),
        ]
        self.sieve_test_user = user
        script = 'require ["vnd.dovecot-bounce", "fileinto", "variables", ' \
            '"mailbox", "relational", "comparator-i;ascii-numeric"];\n' \
            'set "true" "n";\n'
        for number, (test, _) in enumerate(table):
            script += 'if %s { set "true" "${true}-%d"; }\n' % (test, number)
        self.put_script(user, script + 'fileinto :create "${true}";\n')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        name, = [box for box in self.mailboxes(user) if box.startswith('n')]
        true = [int(n) for n in name.split('-')[1:]]
        self.assertEqual(true, [n for n, (_, wanted) in enumerate(table)
                                if wanted])

    def test_cap_of_lookups(self):
        user = self.new_user()
        self.lmtp(user, bounce(HARD, user=user))
        for others, wanted in ((999, 'known'), (1000, 'INBOX')):
            names = ''.join(f'"a{n}@example.net", ' for n in range(others))
            self.put_script(
                user, 'require ["vnd.dovecot-bounce", "fileinto", "mailbox"];\n'
                'if bounce_record "state" [%s"bob@example.net"] "suppressed" '
                '{ fileinto :create "known"; }\n' % names)
            before = self.messages(user, wanted)
            self.lmtp(user, harness.mail(), sender='carol@example.net')
            self.assertEqual(self.messages(user, wanted), before + 1)


class Answers(DeliveryCase):
    """Nobody answers a report."""

    relay = True
    conf23 = conf24 = '''
submission_host = 127.0.0.1:@RELAY@
'''
    VACATION = ('vacation :days 1 :addresses "%s@example.org" "away";')

    def deliver(self, script, text=None, **kwargs):
        user = self.new_user()
        self.put_script(user, script.replace('%s', user))
        self.lmtp(user, text or bounce(HARD, user=user), **kwargs)
        return user

    def test_vacation(self):
        """Neither one from nobody nor one that says it is a machine's."""
        script = 'require ["vnd.dovecot-bounce", "vacation"];\n' \
            'if bounce "class" "hard" { %s }\n' % self.VACATION
        # one that nobody sent is believed
        for sender, box in (('', 'Bounces'), ('postmaster@example.net', 'INBOX')):
            user = self.deliver(script, sender=sender)
            self.assertEqual(self.messages(user, box), 1)
        self.assertEqual(self.server.relay.delivered, [])

    def test_vacation_asks_first(self):
        """A report that is neither: as the manual says."""
        text = bounce(HARD)
        for header in (b'Auto-Submitted: auto-replied\n', b'Return-Path: <>\n'):
            self.assertIn(header, text)
            text = text.replace(header, b'')
        script = ('require ["vnd.dovecot-bounce", "vacation"];\n'
                  'if not bounce :matches "kind" "*" { %s }\n' % self.VACATION)
        user = self.deliver(script, text, sender='postmaster@example.net')
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(self.server.relay.delivered, [])
        # and ordinary mail is answered
        text = harness.mail(to='%s@example.org' % f'user{self._user_count + 1}')
        self.deliver(script, text, sender='carol@example.net')
        self.assertEqual([rcpts for _, rcpts, _ in self.server.relay.delivered],
                         [['carol@example.net']])
        self.server.relay.delivered.clear()

    def test_reject(self):
        """Nobody to tell: it is dropped, and recorded unless the script says
        otherwise."""
        for action, wanted in (('', ['bob@example.net']),
                               ('bounce_ignore;', [])):
            user = self.deliver('require ["vnd.dovecot-bounce", "reject"];\n'
                                f'{action} reject "no";\n')
            self.assertEqual(list(self.records(user)), wanted)
            self.assertEqual(self.messages(user, 'Bounces') +
                             self.messages(user), 0)
        self.assertEqual(self.server.relay.delivered, [])


class Hostile(DeliveryCase):
    """What the other side writes goes into headers that a script makes."""

    relay = True
    conf23 = EDITHEADER_23 + '''
submission_host = 127.0.0.1:@RELAY@
'''
    conf24 = EDITHEADER_24 + '''
submission_host = 127.0.0.1:@RELAY@
'''
    EVIL = (b'550 5.1.1 =?utf-8?q?x=0D=0AX-Evil:_1=00=07=C2=9B=C2=85=E2=80=A8?= '
            b'no such user \x1b[31m \x00 \xff\xfe \xc2\x9b ' + b'A' * 3000)

    def test_no_header_is_added(self):
        user = self.new_user()
        report = bounce(HARD, user=user, subject='=?utf-8?q?x=0D=0AX-Evil:_2'
                        '=0D=0A=0D=0AX-Evil:_3=00z?=')
        report = report.replace(HARD[3].encode(), self.EVIL)
        report = report.replace(b'dns; mx.example.net',
                                b'dns; =?utf-8?q?m=0D=0AX-Evil:_4?=')
        self.put_script(
            user, 'require ["vnd.dovecot-bounce", "editheader", "variables", '
            '"fileinto", "mailbox"];\n'
            'if bounce :matches "original.subject" "*" { set "s" "${1}"; }\n'
            'if bounce :matches "remote-mta" "*" { set "r" "${1}"; }\n'
            'set :length "l" "${bounce.diagnostic}";\n'
            'addheader "X-Ours" "${bounce.diagnostic} ${s} ${r}";\n'
            'fileinto :create "length ${l}";\n')
        self.lmtp(user, report)
        box, = [name for name in self.mailboxes(user) if 'length' in name]
        self.assertLessEqual(int(box.split()[1]), 512)
        (_, text), = self.fetch(user, box)
        head, _ = text.split(b'\r\n\r\n', 1)
        names = [line.split(b':')[0] for line in head.split(b'\r\n')
                 if line[:1] not in (b' ', b'\t')]
        self.assertEqual(names.count(b'X-Ours'), 1)
        self.assertNotIn(b'X-Evil', names)
        self.assertNotRegex(head, rb'[\0-\x08\x0b\x0c\x0e-\x1f\x7f]')


class Binary(DeliveryCase):
    """The compiled script that lies beside the user's."""

    def test_compiled_anew(self):
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto", '
                        '"mailbox"];\nif bounce "class" "hard" '
                        '{ fileinto :create "source"; }\n')
        self.lmtp(user, bounce(HARD, user=user))
        binary = pathlib.Path(self.home(user), '.dovecot.svbin')
        good = binary.read_bytes()
        at = good.index(b'vnd.dovecot-bounce') + 19
        self.assertEqual(good[at], 1)
        count = 1
        for wrong in (good[:at] + b'\x02' + good[at + 1:],     # ours of later
                      good[:at] + b'\x00' + good[at + 1:],     # of before
                      good[:len(good) // 2], b''):             # damaged
            with self.subTest(wrong=wrong):
                binary.write_bytes(wrong)
                os.utime(binary, (time.time() + 10,) * 2)
                self.lmtp(user, bounce(HARD, user=user))
                count += 1
                self.assertEqual(self.messages(user, 'source'), count)
                self.assertEqual(binary.read_bytes()[at:at + 1], b'\x01')
        self.expect_log('Error: sieve: binary .*: (read|load|open): ')


class Committed(DeliveryCase):
    """What an action of ours does to the others, and they to it."""

    relay = True
    conf23 = conf24 = '''
submission_host = 127.0.0.1:@RELAY@
'''
    LATER = '451 4.3.0 Try again later'
    NEVER = '550 5.1.1 No such user here'

    def answer(self, script, refuse=None):
        """(the user, what LMTP says) of a report under this script."""
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto", '
                        '"mailbox", "copy"];\n' + script)
        self.server.relay.refuse = {'x@example.com': refuse}
        code, _ = self.lmtp(user, bounce(HARD, user=user), check=False)
        return user, code

    def test_redirect_later(self):
        """The relay is down: the sender is to try again, with our actions as
        without them, and nothing was recorded or ignored."""
        self.expect_log('temporary failure')
        for script in ('redirect "x@example.com";',
                       'bounce_ignore; redirect "x@example.com";',
                       'redirect "x@example.com"; bounce_learn;',
                       'redirect :copy "x@example.com";',
                       'bounce_ignore; redirect :copy "x@example.com";',
                       'bounce_learn; redirect "x@example.com"; keep;'):
            with self.subTest(script=script):
                user, code = self.answer(script, self.LATER)
                self.assertEqual(code, 451)
                self.assertEqual(self.records(user), {})
                self.assertEqual(self.messages(user) +
                                 self.messages(user, 'Bounces'), 0)

    def test_redirect_never(self):
        """The script fails: kept, and recorded as without it."""
        for script in ('bounce_ignore; redirect "x@example.com";',
                       'redirect "x@example.com"; bounce_ignore;',
                       'bounce_ignore; redirect :copy "x@example.com";'):
            with self.subTest(script=script):
                user, code = self.answer(script, self.NEVER)
                self.assertEqual(code, 250)
                self.assertEqual(self.messages(user, 'Bounces'), 1)
                self.assertEqual(list(self.records(user)), ['bob@example.net'])

    def test_combinations(self):
        for script, box in (('bounce_ignore; redirect "x@example.com";', None),
                            ('redirect :copy "x@example.com"; bounce_ignore;',
                             'Bounces'),
                            ('bounce_ignore; keep;', 'Bounces'),
                            ('bounce_ignore; stop;', 'Bounces'),
                            ('bounce_ignore; discard;', None),
                            ('fileinto :create "a"; bounce_ignore;', 'a'),
                            ('bounce_ignore; fileinto "INBOX";', 'INBOX')):
            with self.subTest(script=script):
                user, _ = self.answer(script)
                self.assertEqual(self.records(user), {})
                self.assertEqual([name for name in self.mailboxes(user)
                                  if self.messages(user, name)],
                                 [box] if box else [])


class SeveralScripts(DeliveryCase):
    """sieve_before, the user's and sieve_after: one result."""

    conf23 = '''
plugin {
  sieve_before = @DIR@/global/before.sieve
  sieve_after = @DIR@/global/after.sieve
}
'''
    conf24 = '''
sieve_script before {
  type = before
  path = @DIR@/global/before.sieve
}
sieve_script after {
  type = after
  path = @DIR@/global/after.sieve
}
'''

    @classmethod
    def prepare(cls, server):
        folder = pathlib.Path(server.dir, 'global')
        folder.mkdir()
        os.chown(folder, harness.MAIL_UID, harness.MAIL_UID)
        for name, text in (
                ('before', 'if bounce "side" "recipient" { bounce_ignore; }'),
                ('after', 'if bounce "class" "soft" { bounce_learn; }')):
            (folder / f'{name}.sieve').write_text(
                f'require "vnd.dovecot-bounce";\n{text}\n')

    def recorded(self, script, *groups):
        user = self.new_user()
        if script is not None:
            self.put_script(user, script)
        self.lmtp(user, bounce(*groups, user=user))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        return list(self.records(user))

    def test_all_count(self):
        for script in (None, 'keep;', 'require "vnd.dovecot-bounce";\n'
                       'bounce_ignore;\n'):
            self.assertEqual(self.recorded(script, HARD), [])
        # what was ignored may be learned
        self.assertEqual(self.recorded('keep;', SOFT), ['carol@second.example'])
        self.assertEqual(self.recorded('keep;', OURS), ['erin@third.example'])

    def test_one_fails(self):
        """Then none has an effect."""
        for script in ('require "fileinto";\nfileinto "%s";\n' % ('x/' * 200),
                       'require "ihave";\nerror "so";\n'):
            self.assertEqual(self.recorded(script, HARD), ['bob@example.net'])

    def test_one_does_not_compile(self):
        """The others are not touched by that."""
        self.expect_log('failed to compile|Failed to compile')
        self.assertEqual(self.recorded('bounce "class";\n', HARD), [])


class ClassifiedOnce(DeliveryCase):
    """A rule that is wrong is complained of by whoever reads the rules."""

    settings = {'bounce_rules': '@DIR@/rules'}
    SCRIPT = ('require ["vnd.dovecot-bounce", "variables", "fileinto", '
              '"mailbox"];\n'
              'if allof (bounce "class" "hard", bounce "kind" "failure", '
              'not bounce "side" "sender") '
              '{ fileinto :create "seen-${bounce.kind}"; }\n')

    @classmethod
    def prepare(cls, server):
        folder = pathlib.Path(server.dir, 'rules')
        folder.mkdir()
        (folder / '10-wrong.rules').write_text('this is no rule\n')

    def test_delivery(self):
        """The script reads what the delivery found; it reads no rules."""
        user = self.new_user()
        self.put_script(user, self.SCRIPT)
        self.expect_log('10-wrong.rules')
        self.lda(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'seen-failure'), 1)
        self.count_log('10-wrong.rules:1', 1)

    def test_sieve_test(self):
        """The rules are read once, however many tests there are."""
        out = self.sieve_test(self.SCRIPT, bounce(HARD))
        self.assertIn('seen-failure', out)
        self.assertEqual(out.count('10-wrong.rules:1'), 1, out)


RECORD_TESTS = (
    'require ["vnd.dovecot-bounce", "fileinto", "mailbox"];\n'
    'if bounce_record :matches "state" ["bob@example.net", "eve@example.net"] '
    '"*" { fileinto :create "known"; }\n'
    'elsif bounce_record "class" "bob@example.net" "hard" '
    '{ fileinto :create "known"; }\n'
    'else { fileinto :create "unknown"; }\n')


class DictionaryDown(DeliveryCase):
    """No values, one line in the log, and the mail arrives."""

    def test_record_test(self):
        for ordinary in (True, False):
            user = self.new_user()
            path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
            path.mkdir()
            os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
            self.put_script(user, RECORD_TESTS)
            self.expect_log(r'Error: .*bounce: ')
            before = len(self.log('Error: '))
            if ordinary:
                self.lmtp(user, harness.mail(), sender='carol@example.net')
            else:
                self.lmtp(user, bounce(HARD, user=user))
            self.assertEqual(self.messages(user, 'unknown'), 1)
            # the plugin, which asks first, and the script
            self.count_log('Error: ', before + (1 if ordinary else 2))
        self.count_log('not recorded, as the dictionary', 1)

    def test_damaged_record(self):
        """The others are read, and the report is recorded; two are one line."""
        user = self.new_user()
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text(''.join(f'priv/bounce/address/{name}@example.net\n{{"v":\n'
                                for name in ('eva', 'eve')))
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        self.expect_log(r'Error: .*bounce: Sieve: Dictionary is damaged')
        self.put_script(user, RECORD_TESTS.replace(
            '["bob@example.net"', '["carol@example.net", "eva@example.net"')
                        .replace('bob@', 'carol@'))
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'unknown'), 1)
        self.count_log('Error: ', 1)
        self.put_script(user, RECORD_TESTS.replace(
            '["bob@example.net", "eve@example.net"]',
            '["eve@example.net", "bob@example.net"]'))
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'known'), 1)


class DictionarySlow(DeliveryCase):
    """A Redis that takes connections and never answers: each message waits for
    it once, whoever needs it. (By LDA: a process that waited remembers it.)"""

    dict23 = 'redis:host=127.0.0.1:port=@SILENT@:timeout_msecs=300'
    dict24 = '''
dict redis {
  redis_host = 127.0.0.1
  redis_port = @SILENT@
  redis_request_timeout = 300ms
}
'''

    @classmethod
    def prepare(cls, server):
        silent = socket.create_server(('127.0.0.1', 0))
        cls.addClassCleanup(harness.stop_socket, silent)
        cls.asked = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    cls.asked.append(silent.accept())
        threading.Thread(target=accept, daemon=True).start()
        path = pathlib.Path(server.conf_path)
        path.write_text(path.read_text().replace(
            '@SILENT@', str(silent.getsockname()[1])))

    def check(self, user, text, sender='', errors=1):
        asked, lines = len(self.asked), len(self.log('Error: .*bounce: '))
        self.lda(user, text, sender=sender)
        self.assertEqual(len(self.asked), asked + 1)
        self.count_log('Error: .*bounce: ', lines + errors)

    def setUp(self):
        super().setUp()
        self.expect_log(r'Error: .*(redis|bounce: )')

    def test_ordinary_mail(self):
        user = self.new_user()
        self.put_script(user, RECORD_TESTS)
        self.check(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.messages(user, 'unknown'), 1)

    def test_report(self):
        user = self.new_user()
        self.put_script(user, RECORD_TESTS)
        self.check(user, bounce(HARD, user=user), errors=2)
        self.assertEqual(self.messages(user, 'unknown'), 1)
        self.count_log('not recorded, as the dictionary does not answer', 1)

    def test_learn_and_forget(self):
        for action in ('bounce_learn', 'bounce_forget'):
            user = self.new_user()
            self.put_script(user, 'require "vnd.dovecot-bounce";\n'
                            f'{action};\n{action};\n')
            self.check(user, bounce(HARD, user=user),
                       errors=2 if action == 'bounce_forget' else 1)
            self.assertEqual(self.messages(user), 1)

    def test_the_next_mail_does_not_wait(self):
        """Within a minute, in the same process."""
        user = self.new_user()
        self.put_script(user, RECORD_TESTS)
        asked = len(self.asked)
        client = smtplib.LMTP('127.0.0.1', self.ports['lmtp'])
        for _ in range(3):
            client.sendmail('carol@example.net', [user], harness.mail())
        client.quit()
        self.assertEqual(self.messages(user, 'unknown'), 3)
        self.assertLessEqual(len(self.asked), asked + 1)
        self.count_log('Error: .*bounce: ', 3)


class WithoutMailPlugin(SieveCase):
    """Only the Sieve extension is loaded: it classifies by itself."""

    under_valgrind = True
    bounce = False
    spare_users = 5

    def test_delivery(self):
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto", '
                        '"mailbox", "variables"];\n'
                        'if bounce "class" "hard" { bounce_ignore; '
                        'fileinto :create "${bounce.reason}"; }\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'mailbox-unknown'), 1)
        self.lda(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'mailbox-unknown'), 2)
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.messages(user), 1)

    def test_sieve_filter(self):
        user = self.new_user()
        self.lda(user, bounce(HARD, user=user))
        self.lda(user, harness.mail())
        self.lda(user, bounce(SOFT, user=user))
        script = self.file('filter.sieve', 'require ["vnd.dovecot-bounce", '
                           '"fileinto", "mailbox", "variables"];\n'
                           'if bounce "kind" "failure" '
                           '{ fileinto :create "was-${bounce.class}"; }\n')
        self.tool('sieve-filter', '-u', user, '-e', '-W', script, 'INBOX')
        self.assertEqual(self.messages(user, 'was-hard'), 1)
        self.assertEqual(self.messages(user, 'was-soft'), 1)


class Ready(DeliveryCase):
    """The scripts that come with the package."""

    relay = True
    conf23 = '''
submission_host = 127.0.0.1:@RELAY@
'''
    conf24 = '''
submission_host = 127.0.0.1:@RELAY@
'''

    # a failure, but whose?
    NOBODY = b'''From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>
To: alice@example.org
Subject: Undeliverable mail
Date: Mon, 1 Sep 2025 10:00:10 +0000
Message-ID: <nobody@mx.example.net>

Your message could not be delivered. 550 5.1.1 User unknown.
'''

    def test_all_are_here_and_compile(self):
        names = sorted(path.name for path in SCRIPTS.glob('*.sieve'))
        self.assertEqual(names, [
            'bounces-by-class.sieve', 'bounces-by-reason.sieve',
            'bounces-our-side.sieve', 'bounces-postmaster.sieve',
            'bounces-seen.sieve', 'imap-bounces-in.sieve',
            'imap-bounces-out.sieve', 'mark-bounced-sender.sieve'])
        for name in names:
            if not name.startswith('imap-'):
                source = self.file(name, (SCRIPTS / name).read_text())
                done = self.tool('sievec', source, source + 'bin')
                self.assertEqual(done.stdout + done.stderr, '')

    def test_by_class(self):
        user = self.new_user()
        self.ready(user, 'bounces-by-class.sieve')
        self.lmtp(user, bounce(HARD, user=user))
        self.lmtp(user, bounce(SOFT, user=user))
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.lmtp(user, bounce(('delayed', 'x@slow.example', '4.4.1',
                                '451 4.4.1 Connection timed out',
                                'mx.slow.example'), user=user))
        self.assertEqual([self.messages(user, box) for box in
                          ('Bounces/Hard', 'Bounces/Soft', 'INBOX', 'Bounces')],
                         [1, 1, 2, 0])

    def test_by_reason(self):
        user = self.new_user()
        self.ready(user, 'bounces-by-reason.sieve')
        self.lmtp(user, bounce(HARD, user=user))
        self.lmtp(user, bounce(SOFT, user=user))
        self.lmtp(user, self.NOBODY)
        self.assertEqual([self.messages(user, box) for box in
                          ('Bounces/mailbox-unknown', 'Bounces/mailbox-full',
                           'INBOX')], [1, 1, 1])
        self.failure_of_the_script(user)

    def test_our_side(self):
        user = self.new_user()
        self.ready(user, 'bounces-our-side.sieve')
        self.lmtp(user, bounce(OURS, user=user))
        self.lmtp(user, bounce(HARD, user=user))
        (flags, _), = self.fetch(user, 'INBOX')
        self.assertIn('\\Flagged', flags)
        self.assertIn('$BounceOurSide', flags)
        self.assertEqual(self.messages(user, 'Bounces'), 1)

    def test_postmaster(self):
        user = self.new_user()
        self.ready(user, 'bounces-postmaster.sieve')
        before = len(self.server.relay.delivered)
        self.lmtp(user, bounce(HARD, user=user))
        # neither of these is ours
        self.lmtp(user, bounce(OURS, user='somebody'))
        self.assertEqual(len(self.server.relay.delivered), before)
        self.lmtp(user, bounce(OURS, user=user))
        self.lmtp(user, bounce(OURS, user=user))
        sent = self.server.relay.delivered[before:]
        self.assertEqual([rcpts for _, rcpts, _ in sent],
                         [['postmaster@example.org']])
        self.assertEqual(sent[0][0], '', 'a bounce of the copy would loop')
        self.assertEqual(self.messages(user, 'Bounces'), 4)

    def test_seen(self):
        user = self.new_user()
        self.ready(user, 'bounces-seen.sieve')
        for _ in range(3):
            self.lmtp(user, bounce(HARD, user=user))
        self.lmtp(user, bounce(SOFT, user=user))
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.messages(user, 'Bounces'), 2)
        repeated = self.fetch(user, 'Bounces/Repeated')
        self.assertEqual(['\\Seen' in flags for flags, _ in repeated],
                         [True, True])
        self.assertEqual(self.messages(user), 2)
        self.assertEqual(self.records(user)['bob@example.net']['count'], 3)
        # what may say something new is filed as usual
        for text in (bounce(HARD, OURS, user=user), self.NOBODY):
            before = self.messages(user, 'Bounces') + self.messages(user)
            self.lmtp(user, text)
            self.lmtp(user, text.replace(b'Message-ID: <', b'Message-ID: <x'))
            self.assertEqual(self.messages(user, 'Bounces') +
                             self.messages(user), before + 2)
        self.failure_of_the_script(user)

    def test_seen_forged(self):
        """Whoever sends first what looks the same, the genuine one is seen."""
        user = self.new_user()
        self.ready(user, 'bounces-seen.sieve')
        genuine = bounce(HARD, user=user)
        self.sent(user, genuine)
        forged = bounce(HARD, user=user)
        for number in range(1, 3):
            self.lmtp(user, forged, stranger=True)
            self.assertEqual(self.messages(user), number)
        plausible = bounce(HARD, user='z', subject='Dinner')
        for number, text in enumerate((plausible, genuine), 1):
            self.lmtp(user, text)
            self.assertEqual(self.messages(user, 'Bounces'), number)
        self.assertEqual(self.messages(user, 'Bounces/Repeated'), 0)
        self.assertEqual(self.records(user)['bob@example.net']['evidence'],
                         'verified')

    def test_no_loss(self):
        """None of them throws a mail away."""
        for path in SCRIPTS.glob('*.sieve'):
            code = re.sub('#.*', '', path.read_text())
            self.assertNotRegex(code, r'\b(discard|reject|ereject|vacation)\b',
                                path.name)
            if 'redirect' in code:
                self.assertIn('redirect :copy', code)

    def test_forged(self):
        """Whatever a stranger writes: with each of them it is kept, and nothing
        recorded or marked."""
        for path in sorted(SCRIPTS.glob('*.sieve')):
            if path.name.startswith('imap-'):
                continue
            user = self.new_user()
            self.ready(user, path.name)
            for group in HARD, SOFT, OURS:
                known = bounce(group, user=user)
                self.sent(user, known)
                for text in known, bounce(group, user=user), bounce(
                        group, user=user).replace(b'Action: failed',
                                                  b'Action: delivered'):
                    self.lmtp(user, text, stranger=True)
            kept = sum(self.messages(user, name) for name in self.mailboxes(user)
                       if name != 'Sent')
            self.assertEqual(kept, 9, path.name)
            self.assertEqual({record['score'] for record in
                              self.records(user).values()} - {0}, set(), path.name)
            self.assertFalse(any('$Bounced' in flags for flags, _ in
                                 self.fetch(user, 'Sent')), path.name)
            self.failure_of_the_script(user)

    def test_mark_bounced_sender(self):
        user = self.new_user()
        self.ready(user, 'mark-bounced-sender.sieve')
        self.lmtp(user, bounce(HARD, user=user))
        self.lmtp(user, harness.mail(sender='Bob B. <BOB@example.net>'),
                  sender='bob@example.net')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        found = [b'BOB@' in text for flags, text in self.fetch(user)
                 if '$BouncedBefore' in flags]
        self.assertEqual(found, [True])


README = (harness.SOURCE / 'README.md').read_text('utf-8')


def readme(series, kind, number=0):
    """A fenced block below README's "Switch it on" for that Dovecot."""
    section = README.split(f'### Switch it on: Dovecot {series}')[1].split('\n#')[0]
    return re.findall(r'(?ms)^```%s\n(.*?)^```$' % kind, section)[number]


class OwnSieveLines(DeliveryCase):
    """A site with Sieve plugins and extensions of its own does as README prints:
    its own scripts go on."""

    sieve_bounce = False
    # the site's own, before ours
    conf24 = '''
sieve_plugins {
  sieve_imapsieve = yes
  sieve_extprograms = yes
}
sieve_extensions {
  vnd.dovecot.pipe = yes
}
sieve_pipe_bin_dir = /usr/bin
''' + readme('2.4', '', 1)
    SCRIPT = '''require ["vnd.dovecot-bounce", "vnd.dovecot.pipe", "fileinto", "copy",
         "mailbox"];
pipe :copy :try "sha1sum";
if bounce "class" "hard" { fileinto :create "Hard"; }
else { fileinto :create "Site"; }
'''

    # README's lines before and after, in a plugin block of the site's
    BEFORE, AFTER = ([line[1:] for line in readme('2.3', 'diff').splitlines()
                      if line[0] == mark] for mark in '-+')
    conf23 = '\n'.join(['plugin {', *AFTER, '  sieve_pipe_bin_dir = /usr/bin', '}',
                        ''])

    def test_own_scripts_go_on(self):
        if self.version < (2, 4):
            # what README prints is what this site has, and ours besides
            self.assertEqual(len(self.BEFORE), 2)
            for before, after in zip(self.BEFORE, self.AFTER):
                self.assertTrue(after.startswith(before + ' '), after)
        user = self.new_user()
        self.put_script(user, self.SCRIPT)
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual([self.messages(user, box) for box in
                          ('Site', 'Hard', 'INBOX')], [1, 1, 0])

    def test_what_is_announced(self):
        client = self.managesieve('alice')
        _, text = client.command('CAPABILITY')
        for name in ('vnd.dovecot-bounce', 'vnd.dovecot.pipe'):
            self.assertIn(name, text)


class Manage(SieveCase):
    """The ManageSieve dialogue."""

    under_valgrind = True
    bounce = False
    spare_users = 5

    def test_capability(self):
        client = self.managesieve('alice')
        self.assertRegex(client.greeting, r'"SIEVE" "[^"]*vnd\.dovecot-bounce')
        status, text = client.command('CAPABILITY')
        self.assertEqual(status, 'OK')
        self.assertRegex(text, r'"SIEVE" "[^"]*vnd\.dovecot-bounce')

    def test_errors(self):
        client = self.managesieve(self.new_user())
        require = 'require ["vnd.dovecot-bounce", "variables"];\n'
        for script, wanted in [
                ('if bounce "reson" "x" { keep; }\n',
                 "line 2: error: bounce test: unknown field 'reson' (known "
                 'fields: kind, format, class, side, reason, status, reply, '
                 'action, recipient, recipient.domain, diagnostic, remote-mta, '
                 'reporting-mta, original.message-id, original.subject, '
                 'evidence).'),
                ('if bounce_record "status" "a@b.c" "x" { keep; }\n',
                 "line 2: error: bounce_record test: unknown field 'status' "
                 '(known fields: state, class, side, reason, score, count, '
                 'evidence, unproven, held).'),
                ('if bounce "class" 5 { keep; }\n',
                 'line 2: error: the bounce test expects a string list as '
                 'argument 2 (key list), but a number was found.'),
                ('bounce_ignore "x";\n',
                 'line 2: error: the bounce_ignore command requires 0 '
                 'positional argument(s), but 1 is/are specified.'),
                ('set "bounce.kind" "x";\n',
                 "line 2: error: vnd.dovecot-bounce: cannot assign to "
                 "'${bounce.kind}'."),
        ]:
            for verb in ('CHECKSCRIPT', 'PUTSCRIPT'):
                with self.subTest(script=script, verb=verb):
                    status, text = client.script(
                        verb, require + script,
                        'wrong' if verb == 'PUTSCRIPT' else None)
                    self.assertEqual(status, 'NO', text)
                    self.assertIn(wanted, text)
        status, text = client.script('PUTSCRIPT', require +
                                     'if bounce "class" "hard" { stop; }\n',
                                     'right')
        self.assertEqual(status, 'OK', text)
        status, text = client.script('CHECKSCRIPT', require +
                                     'set "x" "${bounce.foo}";\n')
        self.assertEqual(status, 'OK', text)
        self.assertIn("unknown variable '${bounce.foo}' is always empty", text)


class Restricted(SieveCase):
    """sieve_extensions and sieve_global_extensions, for one user."""

    bounce = False
    spare_users = 0
    new = harness.VERSION >= (2, 4)
    users = {
        'alice': {},
        'without': {'sieve_extensions/vnd.dovecot-bounce': 'no'} if new else
        {'sieve_extensions': '-vnd.dovecot-bounce'},
        'global': {'sieve_extensions/vnd.dovecot-bounce': 'no',
                   'sieve_global_extensions/vnd.dovecot-bounce': 'yes'}
        if new else {'sieve_extensions': '-vnd.dovecot-bounce',
                     'sieve_global_extensions': '+vnd.dovecot-bounce'},
    }
    SCRIPT = ('require ["vnd.dovecot-bounce", "fileinto", "mailbox"];\n'
              'if bounce "class" "hard" { fileinto :create "Mine"; }\n')
    conf23 = '''
plugin {
  sieve_before = @DIR@/global/before.sieve
  sieve_global = @DIR@/global
}
'''
    conf24 = '''
sieve_script before {
  type = before
  path = @DIR@/global/before.sieve
}
sieve_script site {
  type = global
  path = @DIR@/global
}
'''

    @classmethod
    def prepare(cls, server):
        folder = pathlib.Path(server.dir, 'global')
        folder.mkdir()
        os.chown(folder, harness.MAIL_UID, harness.MAIL_UID)
        pathlib.Path(folder, 'site.sieve').write_text(
            'require ["vnd.dovecot-bounce", "fileinto", "mailbox"];\n'
            'if bounce "class" "soft" { fileinto :create "Included"; }\n')
        pathlib.Path(folder, 'before.sieve').write_text('require ["ihave", "fileinto", "mailbox"];\n'
                        'if ihave "vnd.dovecot-bounce" {\n'
                        '  if bounce "class" "hard" '
                        '{ fileinto :create "Global"; }\n}\n')

    def test_allowed(self):
        client = self.managesieve('alice')
        self.assertEqual(client.script('CHECKSCRIPT', self.SCRIPT)[0], 'OK')

    def test_forbidden(self):
        client = self.managesieve('without')
        status, text = client.script('CHECKSCRIPT', self.SCRIPT)
        self.assertEqual(status, 'NO')
        self.assertRegex(text,
                         "unknown Sieve capability .vnd.dovecot-bounce'")
        status, text = client.command('CAPABILITY')
        self.assertNotIn('vnd.dovecot-bounce', text)

    def test_only_global(self):
        client = self.managesieve('global')
        status, text = client.script('CHECKSCRIPT', self.SCRIPT)
        self.assertEqual(status, 'NO')
        self.assertIn("its use is restricted to global scripts", text)

    def test_included(self):
        """A personal script may include a global one that has it."""
        self.put_script('global', 'require "include";\n'
                        'include :global "site";\n')
        self.lmtp('global', bounce(SOFT, user='global'))
        self.assertEqual(self.messages('global', 'Included'), 1)

    def test_global_script(self):
        self.put_script('global', 'keep;\n')
        self.lmtp('global', bounce(HARD, user='global'))
        self.assertEqual(self.messages('global', 'Global'), 1)


class WithoutVariables(SieveCase):
    """A site that does not give its users "variables"."""

    bounce = False
    conf23 = '''
plugin {
  sieve_extensions = +vnd.dovecot-bounce -variables
}
'''
    conf24 = '''
sieve_extensions {
  variables = no
}
'''

    def test_tests_work(self):
        out = self.sieve_test('require ["vnd.dovecot-bounce", "fileinto"];\n'
                              'if bounce "class" "hard" '
                              '{ fileinto "${bounce.class}"; }\n',
                              bounce(HARD))
        self.assertIn('${bounce.class}', out)


class WithoutSieveModule(DeliveryCase):
    """Only the mail plugin is loaded."""

    sieve_bounce = False
    spare_users = 5

    def test_delivery(self):
        """A script that wants the extension does not compile: as if there were
        none."""
        user = self.new_user()
        self.put_script(user, 'require ["vnd.dovecot-bounce", "fileinto"];\n'
                        'if bounce "class" "hard" { fileinto "x"; }\n')
        self.expect_log('[Ff]ailed to compile|failed to run')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(list(self.records(user)), ['bob@example.net'])
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.messages(user), 1)

    def test_ihave(self):
        user = self.new_user()
        self.put_script(user, 'require ["ihave", "fileinto", "mailbox"];\n'
                        'if ihave "vnd.dovecot-bounce" {\n'
                        '  if bounce "class" "hard" { fileinto "x"; }\n'
                        '} else { fileinto :create "plain"; }\n')
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(self.messages(user, 'plain'), 1)
        self.assertEqual(list(self.records(user)), ['bob@example.net'])


class ImapCase(DeliveryCase):
    # word for word what the manual tells an administrator
    conf23 = documented('IMAPSieve', '2.3')
    conf24 = documented('IMAPSieve', '2.4') + '''
namespace inbox {
  mailbox Trash {
    special_use = \\Trash
    auto = create
  }
}
'''

    @classmethod
    def prepare(cls, server):
        folder = pathlib.Path(server.dir, 'imap')
        folder.mkdir()
        for path in SCRIPTS.glob('imap-*.sieve'):
            shutil.copy(path, folder)
        # where no binary can be stored, an admin runs sievec once
        os.chown(folder, harness.MAIL_UID, harness.MAIL_UID)
        path = pathlib.Path(server.conf_path)
        path.write_text(path.read_text().replace('/etc/dovecot/sieve',
                                                 str(folder)))

    def start(self, *groups):
        user = self.new_user()
        client = self.imap(user)
        for box in ('Bounces', 'Work', 'Trash'):
            client.create(box)
        client.append('INBOX', None, None, bounce(*groups, user=user))
        client.select('INBOX')
        return user, client


class Imap(ImapCase):
    """IMAPSieve: dragging into Bounces records, out of it forgets."""

    under_valgrind = ('test_drag_in_and_out', 'test_compile',
                      'test_marks_in_sent')

    def test_drag_in_and_out(self):
        user, client = self.start(HARD, SOFT)
        self.assertEqual(self.records(user), {})
        self.assertEqual(client.copy('1', 'Bounces')[0], 'OK')
        self.assertEqual(sorted(self.records(user)),
                         ['bob@example.net', 'carol@second.example'])
        client.select('Bounces')
        self.assertEqual(client.copy('1', 'Work')[0], 'OK')
        self.assertEqual(self.records(user), {})
        # and in again
        client.select('Work')
        typ, _ = client.uid('MOVE', '1', 'Bounces')
        self.assertEqual(typ, 'OK')
        self.assertEqual(len(self.records(user)), 2)
        client.select('Bounces')
        client.uid('MOVE', '1:*', 'INBOX')
        self.assertEqual(self.records(user), {})

    def test_compile(self):
        """As the manual tells an administrator."""
        for path in pathlib.Path(self.dir, 'imap').glob('*.sieve'):
            done = self.tool('sievec', str(path))
            self.assertEqual(done.stdout + done.stderr, '')

    def test_marks_in_sent(self):
        user, client = self.start()
        text = bounce(HARD, user=user)
        self.sent(user, text)
        client.append('INBOX', None, None, text)
        client.select('INBOX')
        client.copy('2', 'Bounces')
        self.assertTrue(self.marked(user))
        client.select('Bounces')
        client.copy('1', 'Work')
        self.assertEqual(self.records(user), {})
        self.assertFalse(self.marked(user))
        # the report itself says that it is forgotten, until it is dragged in again
        for folder, forgotten in (('Bounces', [True]), ('Work', [False]),
                                  ('Bounces', [False, False])):
            self.assertEqual(['$BounceForgotten' in flags for flags, _ in
                              self.fetch(user, folder)], forgotten)
            if folder == 'Work':
                client.select('Work')
                client.copy('1', 'Bounces')
        self.assertEqual(list(self.records(user)), ['bob@example.net'])
        # what a person settled stays so: the report is known
        self.doveadm('bounce', 'release', '-u', user, 'bob@example.net')
        client.copy('1', 'Bounces')
        self.assertEqual(['$BounceForgotten' in flags for flags, _ in
                          self.fetch(user, 'Bounces')], [True, True, False])

    def test_unreadable(self):
        """A report that cannot be read is not taken for none in silence: one error."""
        user, _ = self.start(HARD)
        path, = pathlib.Path(self.home(user), 'Maildir/cur').iterdir()
        os.chown(path, 0, 0)
        path.chmod(0)
        script = self.file('unreadable.sieve', 'require ["vnd.dovecot-bounce"];\n'
                           'if bounce "class" "hard" { stop; }\n'
                           'bounce_learn;\n')
        done = self.tool('sieve-filter', '-eW', '-u', user, script, 'INBOX')
        self.assertEqual(done.stderr.count('Cannot read the mail to classify it: '),
                         1, done.stderr)
        self.assertEqual(self.records(user), {})

    def test_old_report(self):
        """It is recorded as of when it came."""
        user = self.new_user()
        client = self.imap(user)
        client.create('Bounces')
        when = int(time.time()) - 100 * 86400
        client.append('INBOX', None, imaplib.Time2Internaldate(when),
                      bounce(HARD, user=user))
        client.select('INBOX')
        client.copy('1', 'Bounces')
        self.assertEqual(self.records(user)['bob@example.net']['last'], when)

    def test_append_into(self):
        user, client = self.start(HARD)
        client.append('Bounces', None, None, bounce(SOFT, user=user))
        self.assertEqual(list(self.records(user)), ['carol@second.example'])

    def test_deleting_is_not_forgetting(self):
        user, client = self.start(HARD)
        client.copy('1', 'Bounces')
        client.select('Bounces')
        client.uid('MOVE', '1', 'Trash')
        self.assertEqual(list(self.records(user)), ['bob@example.net'])

    def test_ordinary_mail_records_nothing(self):
        user, client = self.start(HARD)
        client.append('INBOX', None, None, harness.mail())
        client.copy('2', 'Bounces')
        client.select('Bounces')
        client.copy('1', 'Work')
        self.assertEqual(self.records(user), {})

    def test_what_a_person_said_stays(self):
        user, client = self.start(HARD)
        client.copy('1', 'Bounces')
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        text = path.read_text(encoding='utf-8')
        self.assertIn('"by":"bounce"', text)
        new = path.with_name('new.dict')      # Dovecot sees the new inode
        new.write_text(text.replace('"by":"bounce"', '"by":"user"'),
                       encoding='utf-8')
        os.chown(new, harness.MAIL_UID, harness.MAIL_UID)
        new.rename(path)
        client.select('Bounces')
        client.copy('1', 'Work')
        self.assertEqual(list(self.records(user)), ['bob@example.net'])

    def test_forged_report_teaches_nothing(self):
        user = self.new_user()
        client = self.imap(user)
        client.create('Bounces')
        client.append('INBOX', None, None, bounce(HARD, user='mallory'))
        client.select('INBOX')
        client.copy('1', 'Bounces')
        self.assertEqual(
            [row for row in self.records(user).values()
             if row['state'] == 'suppressed'], [])


class ImapTrash(ImapCase):
    """A trash by another name, with Sieve's "special-use"."""

    conf23 = ImapCase.conf23 + '''
plugin {
  sieve_extensions = +vnd.dovecot-bounce +special-use
}
namespace inbox {
  mailbox Papierkorb {
    special_use = \\Trash
    auto = create
  }
}
'''
    conf24 = ImapCase.conf24.replace('mailbox Trash', 'mailbox Papierkorb') + '''
sieve_extensions {
  special-use = yes
}
'''

    def test_deleting_is_not_forgetting(self):
        user, client = self.start(HARD)
        client.copy('1', 'Bounces')
        client.select('Bounces')
        client.uid('MOVE', '1', 'Papierkorb')
        self.assertEqual(list(self.records(user)), ['bob@example.net'])
