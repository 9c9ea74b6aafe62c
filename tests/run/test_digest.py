"""A week or a month in one mail: when it is written, what it says; and notice
--print, which writes nothing."""

import datetime
import json
import os
import time
import urllib.parse

import harness
import test_answer
import test_tell

DAY = 24 * 3600


def last_week():
    """The first second of the last whole week, UTC."""
    today = datetime.datetime.now(datetime.timezone.utc).replace(
        hour=0, minute=0, second=0, microsecond=0)
    monday = today - datetime.timedelta(days=today.weekday() + 7)
    return int(monday.timestamp())


class Case(test_tell.Case):

    def dict_path(self, user):
        return f'{self.home(user)}/dovecot-bounce.dict'

    def keys(self, user):
        with open(self.dict_path(user), encoding='utf-8') as file:
            lines = file.read().split('\n')
        return dict(zip(lines[::2], lines[1::2]))

    def write(self, user, keys):
        with open(self.dict_path(user), 'w', encoding='utf-8') as out:
            for key, value in keys.items():
                out.write(f'{key}\n{value}\n')
        os.chmod(self.dict_path(user), 0o600)
        os.chown(self.dict_path(user), harness.MAIL_UID, harness.MAIL_UID)

    def failed_last_week(self, user, dead=2):
        """A mail to 40, of whom two do not exist, in the last whole week."""
        self.sent(user, '<1@example.org>', count=40)
        self.report(user, [f'm{i}@example.net' for i in range(dead)])
        day = time.strftime('%Y%m%d', time.gmtime())
        then = time.strftime('%Y%m%d', time.gmtime(last_week() + DAY))
        keys = {}
        for key, value in self.keys(user).items():
            if '/address/' in key:
                record = json.loads(value)
                for name in ('first', 'last', 'scored'):
                    record[name] = last_week() + DAY
                value = json.dumps(record)
            keys[key.replace(day, then)] = value.replace(day, then)
        self.write(user, keys)
        self.store(user, '\\Seen')

    def digest(self, user, *args):
        return self.doveadm_json('bounce', 'digest', '-u', user, *args)

    def digests(self, user):
        return [mail for _, mail in self.notices(user)
                if 'kind=digest' in mail['X-Bounce-Notice']]


class Digest(Case):

    def test_due(self):
        user = self.new_user(bounce_digest='weekly')
        self.failed_last_week(user)
        row, = self.digest(user, '--due', '--print')
        self.assertEqual(row['kind'], 'digest')
        for words in ('Sent to: 40 (before: 0)', 'Failed: 2 (before: 0)',
                      'Share that failed: 5.0 %', 'm0@example.net',
                      'Nobody has this address'):
            self.assertIn(words, row['text'])
        self.assertEqual(self.digests(user), [])
        # written once
        row, = self.digest(user, '--due')
        self.assertEqual(row['result'], 'written')
        mail, = self.digests(user)
        text = mail.get_body(('plain',)).get_content()
        self.assertIn('Sent to: 40', text)
        self.assertRegex(mail['List-Unsubscribe'],
                         rf'^ ?<mailto:{user}@[^?]*\?subject=stop%20%3Cn\.')
        self.assertEqual(mail['Auto-Submitted'], 'auto-generated')
        self.assertEqual(self.digest(user, '--due'), [])
        row, = self.digest(user)
        self.assertEqual(row['result'], 'written before')
        self.assertEqual(len(self.digests(user)), 1)
        # what was written is what the next one compares with
        memory = json.loads(self.keys(user)['priv/bounce/meta/digest'])
        self.assertEqual((memory['sent'], memory['failed'], memory['until']),
                         (40, 2, last_week() + 7 * DAY))

    def test_damaged(self):
        """It is written without the record that cannot be read, and the log says
        so."""
        user = self.new_user(bounce_digest='weekly')
        self.failed_last_week(user)
        key = 'priv/bounce/address/m0@example.net'
        self.write(user, {**self.keys(user), key: '{"state":,'})
        done = self.doveadm('bounce', 'digest', '-u', user, '--due', '--print')
        self.assertIn('m1@example.net', done.stdout)
        self.assertNotIn('m0@example.net', done.stdout)
        said = 'Digest: records that cannot be read, and are left out: 1 '
        self.assertIn(said, done.stderr)
        self.assertNotIn('m0@', done.stderr)
        self.assertIn(said, self.doveadm('bounce', 'digest', '-u', user,
                                         '--due').stderr)
        self.assertEqual(len(self.digests(user)), 1)

    def test_forty(self):
        """However many died in a week."""
        user = self.new_user(bounce_digest='weekly')
        self.failed_last_week(user, dead=40)
        row, = self.digest(user, '--due')
        self.assertEqual(row['result'], 'written')
        mail, = self.digests(user)
        self.assertIn('Failed: 40', mail.get_body(('plain',)).get_content())

    def test_all(self):
        """The timer's way: who wants none, and who has no news, gets none."""
        wants, not_wanted = (self.new_user(bounce_digest='weekly'),
                             self.new_user())
        doubts = self.new_user(bounce_digest='weekly')
        quiet = self.new_user(bounce_digest='monthly')
        for user in (wants, not_wanted, doubts):
            self.failed_last_week(user)
        # to whom one report came that nobody proved
        self.write(doubts, {key: value.replace('"suppressed"', '"watched"')
                            .replace('{', '{"unproven": 1, ')
                            for key, value in self.keys(doubts).items()
                            if '"m0@' in value and '/address/' in key})
        rows = self.doveadm_json('bounce', 'digest', '-A', '--due')
        self.assertEqual(sorted(row['username'] for row in rows),
                         sorted([wants, doubts]))
        self.assertEqual([len(self.digests(user)) for user in
                          (wants, not_wanted, doubts, quiet)], [1, 0, 1, 0])
        # asked for by hand: the last month, whatever happened
        row, = self.digest(quiet)
        self.assertEqual(row['result'], 'written')
        self.assertIn('Sent to: 0 (before: -)', self.digests(quiet)[0].get_body(
            ('plain',)).get_content())

    def test_recovered(self):
        user = self.new_user(bounce_digest='weekly')
        self.failed_last_week(user)
        self.sent(user, '<2@example.org>')
        self.lmtp(user, b'In-Reply-To: <2@example.org>\r\n' + harness.mail(
            sender='m0@example.net', to=self.address(user)),
            sender='m0@example.net')
        keys = self.keys(user)
        self.assertIn('m0@example.net', keys['priv/bounce/meta/digest'])
        keys['priv/bounce/meta/digest'] = json.dumps({
            'v': 1, 'until': last_week(), 'sent': 80, 'failed': 8,
            'recovered': [{'address': 'm5@example.net',
                           'when': last_week() + DAY}]})
        self.write(user, keys)
        row, = self.digest(user, '--print', '--lang', 'de')
        self.assertIn('Gesendet an: 40 (davor: 80)', row['text'])
        self.assertIn('Wieder erreichbar\n\nm5@example.net', row['text'])
        self.doveadm('bounce', 'erase', '-u', user, 'm5@example.net')
        self.assertNotIn('m5@example.net',
                         self.keys(user)['priv/bounce/meta/digest'])

    def test_not_saved(self):
        """It says so, and the next one is written for the same time."""
        user = self.new_user(bounce_digest='weekly')
        self.failed_last_week(user)
        folders = [f'{self.home(user)}/Maildir/{name}'
                   for name in ('tmp', 'new', 'cur')]
        for folder in folders:
            os.chmod(folder, 0o500)
        before = self.keys(user)
        done = self.doveadm('bounce', 'digest', '-u', user, '--due', check=False)
        self.assertEqual((done.returncode, done.stdout), (75, ''))
        self.assertIn('Error: ', done.stderr)
        self.assertEqual(self.keys(user), before)
        for folder in folders:
            os.chmod(folder, 0o700)
        row, = self.digest(user, '--due')
        self.assertEqual(row['result'], 'written')
        self.assertEqual(len(self.digests(user)), 1)

    def test_address(self):
        """Who logs in without a domain has an address all the same."""
        user = self.new_user(bounce_addresses='@example.net,sales@example.org')
        self.digest(user)
        mail, = self.digests(user)
        self.assertEqual((mail['To'], mail['Reply-To']),
                         ('sales@example.org',) * 2)
        self.assertRegex(mail['List-Unsubscribe'], '<mailto:sales@example.org')

    def test_wrong_setting(self):
        user = self.new_user(bounce_digest='daily')
        done = self.doveadm('bounce', 'digest', '-u', user, '--due')
        self.assertIn('Setting bounce_digest = daily is wrong', done.stderr)


class Stop(Case, test_answer.Case):
    """The mailto URL of List-Unsubscribe, as clients with and without In-Reply-To
    take it."""

    def test_stop(self):
        for takes_id in (True, False):
            user = self.new_user(bounce_digest='weekly')
            self.failed_last_week(user)
            row, = self.digest(user, '--due')
            self.assertEqual(row['result'], 'written')
            mail, = self.digests(user)
            self.assertIn('answer with the word “stop”',
                          mail.get_body(('plain',)).get_content())
            url = urllib.parse.urlsplit(mail['List-Unsubscribe'].strip(' <>'))
            fields = dict(urllib.parse.parse_qsl(url.query))
            self.assertEqual(fields['in-reply-to'], mail['Message-ID'])
            reply = ''
            if takes_id:
                reply = f'In-Reply-To: {fields["in-reply-to"]}\r\n'
            self.lmtp(user, (
                test_answer.LOGIN.replace('@USER@', user) +
                f'From: {self.address(user)}\r\nTo: {url.path}\r\n'
                f'Subject: {fields["subject"]}\r\nMessage-ID: <u@client>\r\n'
                f'{reply}\r\n{fields["body"]}\r\n').encode(), self.address(user))
            self.assertEqual(self.answers(user), 1, takes_id)
            # the next week's
            keys = self.keys(user)
            del keys['priv/bounce/meta/digest']
            self.write(user, keys)
            self.assertEqual(self.digest(user, '--due'), [])


class Notice(Case):

    def test_print(self):
        user = self.new_user()
        self.report(user, 'bob@gmial.com')
        before = self.keys(user)
        row, = self.doveadm_json('bounce', 'notice', '--print', '-u', user)
        self.assertEqual((row['kind'], row['subject'], row['mailbox']),
                         ('failure', 'Not delivered: Lunch', 'Bounces'))
        mine = [line for line in row['text'].splitlines() if 'Bounces' not in line]
        told = [line for line in self.text(user).splitlines()
                if 'Bounces' not in line]
        self.assertEqual(mine, told)
        out = self.doveadm('bounce', 'notice', '--print', '--lang', 'fr', '-u',
                           user, 'mailbox', 'Bounces', 'all').stdout
        self.assertIn('Un destinataire', out)
        self.assertEqual(self.keys(user), before)
        self.assertEqual(len(self.notices(user)), 1)
        done = self.doveadm('bounce', 'notice', '-u', user, check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn('Only notice --print', done.stderr)

    def test_broadcast(self):
        user = self.new_user()
        self.sent(user, '<1@example.org>', count=40)
        self.report(user, 'm0@example.net')
        row, = self.doveadm_json('bounce', 'notice', '--print', '-u', user)
        self.assertEqual(row['kind'], 'broadcast')
        self.assertIn('Sent to: 40', row['text'])
        # whenever it was saved, where that is not known
        (_, report), = self.fetch(user, 'Bounces')
        self.imap(user).append('INBOX', None, '"01-Jan-1970 00:00:00 +0000"', report)
        row, = self.doveadm_json('bounce', 'notice', '--print', '-u', user, 'INBOX')
        self.assertEqual(row['kind'], 'broadcast')
