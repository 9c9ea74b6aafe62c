"""Evidence "verified": by the user's copy in Sent, by the token; what is forged,
replayed or stolen scores nothing. And $Bounced on the copy."""

import base64
import email.utils
import gzip
import hashlib
import hmac
import json
import os
import pathlib
import re
import time

import harness
from test_sent import SentCase, letter, people


def bounce_of(mail, recipients, user, headers=b'', **args):
    """A report (bytes) that returns this mail, as it was relayed."""
    report = harness.dsn(recipients, user=f'{user}@example.org', **args)
    head = mail.split(b'\r\n\r\n', 1)[0]
    before, rest = report.split(b'Content-Type: message/rfc822\r\n\r\n')
    return b'%sContent-Type: message/rfc822\r\n\r\n%s%s\r\n\r\nx\r\n%s' % (
        before, headers, head, rest[rest.rindex(b'--b1_'):])


class Case(SentCase):
    settings = {'bounce_sender_checked': 'no',
                'bounce_authserv': 'mx.example.org'}

    def state(self, user, address):
        done = self.doveadm('-f', 'json', 'bounce', 'get', '-u', user, address,
                            check=False)
        if done.returncode == 68:
            return None
        row, = json.loads(done.stdout)
        return row

    def recorded(self, user):
        """What was proven."""
        return sorted(row['address'] for row in
                      self.doveadm_json('bounce', 'list', '-u', user)
                      if row['count'])

    def flags(self, user, folder='Sent'):
        return [flags & {'$Bounced', '\\Seen'} for flags, _ in
                self.fetch(user, folder)]

    def report(self, user, mail, recipients, **args):
        self.lmtp(user, bounce_of(mail, recipients, user, **args))


class Copy(Case):
    """The copy in Sent."""
    under_valgrind = ('test_verified', 'test_forged',
                      'test_not_to_that_address', 'test_scan')

    def test_verified(self):
        user = self.new_user()
        mail = letter(to=people(2), sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, people(1))
        self.assertEqual(self.state(user, people(1)[0])['evidence'], 'verified')
        self.assertEqual(self.flags(user), [{'\\Seen', '$Bounced'}])

    def test_without_bounce_addresses(self):
        """A mail that we have needs no other sign of us."""
        user = self.new_user()
        mail = letter(to=people(1), sender='alias@elsewhere.example')
        self.append(user, mail)
        self.report(user, mail, people(1))
        self.assertEqual(self.recorded(user), people(1))

    def test_never_sent_anything(self):
        user = self.new_user()
        self.lmtp(user, harness.dsn('x@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.state(user, 'x@example.net')['evidence'], 'plausible')

    def test_forged(self):
        """It looks like ours in all that a stranger can know."""
        user = self.new_user()
        self.append(user, letter(to=people(2)))
        for extra in ({}, {'reporting_mta': 'mx.example.org'}):
            self.lmtp(user, harness.dsn(people(1), user=f'{user}@example.org',
                                        **extra), stranger=True)
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), [])
        self.assertEqual(self.messages(user), 2)
        self.assertEqual(self.flags(user), [{'\\Seen'}])
        self.assertTrue(self.log('not recorded, as the evidence is too weak'))

    def test_not_to_that_address(self):
        user = self.new_user()
        mail = letter(to=['mallory@example.net'], sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, ['victim@example.net'])
        self.assertEqual(self.recorded(user), [])
        # among others
        self.report(user, mail, ['victim@example.net', 'mallory@example.net'])
        self.assertEqual(self.recorded(user), ['mallory@example.net'])
        self.assertEqual(self.day(user)['failed'], 1)
        # our own MTA says that it may be ours
        self.assertEqual(self.state(user, 'victim@example.net')['unproven'], 2)

    def test_replayed(self):
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.append(user, mail)
        args = {'status': '4.2.2', 'diagnostic': '452 4.2.2 Mailbox full'}
        report = bounce_of(mail, people(1), user, **args)
        for _ in range(2):
            self.lmtp(user, report)
        for _ in range(5):
            self.report(user, mail, people(1), **args)
        record = self.state(user, people(1)[0])
        self.assertEqual((record['state'], record['score']), ('watched', 1))
        self.assertEqual(self.broadcasts(user), [])

    def test_forwarded_alias(self):
        """ORCPT says whom it was sent to; whoever wrote it. It is kept where it
        was written to, and found by both."""
        user = self.new_user()
        mail = letter(to=['alias@example.net'], sender=f'{user}@example.org')
        self.append(user, mail)
        report = bounce_of(mail, ['final@example.com'], user)
        self.lmtp(user, report.replace(
            b'Final-Recipient:', b'Original-Recipient: rfc822; '
            b'alias@example.net\r\nFinal-Recipient:'))
        for address in 'final@example.com', 'alias@example.net':
            record = self.state(user, address)
            self.assertEqual(record['address'], 'alias@example.net')
            self.assertEqual(record['final_address'], 'final@example.com')
            self.assertEqual((record['evidence'], record['unproven'],
                              record['state']), ('plausible', 1, 'watched'))

    def test_sent_by_bcc_only(self):
        user = self.new_user()
        mail = letter(to=['undisclosed-recipients:;'], sender=f'{user}@example.org')
        self.append(user, mail)
        self.append(user, letter())
        self.report(user, mail, ['hidden@example.net'])
        self.assertEqual(self.recorded(user), ['hidden@example.net'])

    def test_levels_of_evidence(self):
        """A site may be content with less."""
        for level, ours, strangers in (('verified', False, False),
                                       ('plausible', True, False),
                                       ('any', True, True)):
            user = self.new_user(bounce_evidence=level)
            for address, stranger in ('x@example.net', False), (
                    'y@example.net', True):
                self.lmtp(user, harness.dsn(address, user=f'{user}@example.org'),
                          stranger=stranger)
            self.assertEqual([name in self.recorded(user) for name in (
                'x@example.net', 'y@example.net')], [ours, strangers], level)

    def test_many_in_sent(self):
        """The newest first; an id within another is not it."""
        user = self.new_user()
        client = self.imap(user)
        mail = letter(to=people(1), message_id='<1@example.org>')
        self.append(user, mail, client=client)
        for number in range(50):
            self.append(user, letter(message_id=f'<{number}.1@example.org>'),
                        client=client)
        self.report(user, mail, people(1))
        self.assertEqual(self.recorded(user), people(1))
        marked = [flags for flags in self.flags(user) if '$Bounced' in flags]
        self.assertEqual(len(marked), 1)

    def test_scan(self):
        """Not here yet, or it keeps to the same."""
        user = self.new_user()
        mail = letter(to=['mallory@example.net'], sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, ['victim@example.net'])
        done = self.doveadm('bounce', 'scan', '-u', user, check=False)
        if done.returncode == 64:
            self.skipTest('no doveadm bounce scan')
        self.assertEqual(self.recorded(user), [])

    def test_scan_without_copy(self):
        """What was proven when it came stays so, though the copy is gone."""
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, people(1))
        before = self.doveadm_json('bounce', 'list', '-u', user)
        self.assertEqual(before[0]['state'], 'suppressed')
        self.doveadm('expunge', '-u', user, 'mailbox', 'Sent', 'ALL')
        self.doveadm('bounce', 'scan', '-u', user)
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), before)


def fill_sent(case, user):
    """The files of five mails in Sent, of which nothing is in the cache."""
    client = case.imap(user)
    for number in range(5):
        case.append(user, letter(f'Mail {number}', sender=f'{user}@example.org'),
                    client=client)
    client.logout()
    sent = pathlib.Path(case.home(user), 'Maildir', '.Sent')
    for cache in sent.glob('dovecot.index.cache*'):
        cache.unlink()
    mails = [*sent.glob('cur/*'), *sent.glob('new/*')]
    case.assertEqual(len(mails), 5)
    return mails


class Unreadable(Case):
    """Mails of Sent that a delivery cannot read (mail_crypt with the user's password)
    are not tried one by one, nor taken for such without a Message-ID."""

    def test_stops(self):
        user = self.new_user()
        mails = fill_sent(self, user)
        for mail in mails:
            mail.chmod(0)
        self.expect_log('Permission denied|Sent mail cannot be searched')
        self.report(user, letter(to=people(1), sender=f'{user}@example.org'),
                    people(1))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(self.recorded(user), [])
        tried = {re.search(r'cur/(\S+?),', line)[1]
                 for line in self.log('Permission denied')}
        self.assertEqual(len(tried), 3, tried)
        for mail in mails:
            mail.chmod(0o600)
        client = self.imap(user)
        client.select('Sent', readonly=True)
        _, found = client.search(None, 'HEADER', 'Message-ID', '@')
        self.assertEqual(len(found[0].split()), 5)

    def test_damaged(self):
        """One that nobody can read hides no other, and is none without an id."""
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.append(user, mail)
        sent = pathlib.Path(self.home(user), 'Maildir', '.Sent')
        older = {*sent.glob('*/*:2,*')}
        self.append(user, letter('Damaged', sender=f'{user}@example.org'))
        for cache in sent.glob('dovecot.index.cache*'):
            cache.unlink()
        damaged, = {*sent.glob('*/*:2,*')} - older
        damaged.chmod(0)
        self.expect_log('Permission denied')
        self.report(user, mail, people(1))
        self.assertEqual(self.recorded(user), people(1))
        damaged.chmod(0o600)
        client = self.imap(user)
        client.select('Sent', readonly=True)
        _, found = client.search(None, 'HEADER', 'Message-ID', '@')
        self.assertEqual(len(found[0].split()), 2)
        self.assertEqual(sorted(self.flags(user), key=len),
                         [{'\\Seen'}, {'\\Seen', '$Bounced'}])


class Truncated(Case):
    """A mail that can be opened, and then not be read: Dovecot says that it has no
    headers, and would remember it."""
    plugins = ['mail_compress' if harness.VERSION >= (2, 4) else 'zlib']
    sieve = False

    def test_remembers_nothing(self):
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.report(user, mail, people(1))
        whole = {path: path.read_bytes() for path in fill_sent(self, user)}
        for path, data in whole.items():
            path.write_bytes(gzip.compress(data)[:40])
        done = self.doveadm('bounce', 'scan', '-u', user)
        self.assertIn('Sent mail is not counted: Mails cannot be read', done.stderr)
        self.expect_log(r'read\(|Mailbox Sent: Mails cannot be read')
        self.report(user, letter(to=people(1), sender=f'{user}@example.org'),
                    people(1))
        self.count_log('Sent mail cannot be searched', 1)
        for path, data in whole.items():
            path.write_bytes(gzip.compress(data))
        client = self.imap(user)
        client.select('Sent', readonly=True)
        _, found = client.search(None, 'HEADER', 'Message-ID', '@')
        self.assertEqual(len(found[0].split()), 5)


class Room(Case):
    """Whether a notice has room is asked before a report is filed."""
    plugins = ['quota', 'trash']
    conf23 = Case.conf23 + '''mail_location = mdbox:~/mdbox
namespace inbox {
  mailbox Trash {
    auto = create
  }
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:bytes=100000
  quota_grace = 0
  trash = @DIR@/trash.conf
}
'''
    conf24 = Case.conf24 + '''mail_driver = mdbox
mail_path = ~/mdbox
namespace inbox {
  mailbox Trash {
    auto = create
    trash_priority = 1
  }
}
quota "User quota" {
}
quota_storage_size = 100000B
quota_storage_grace = 0
'''

    @classmethod
    def prepare(cls, server):
        pathlib.Path(f'{server.dir}/trash.conf').write_text('1 Trash\n')

    def test_untouched(self):
        """mdbox takes what was begun and dropped for damage; the plugin trash
        deletes mail for what is asked."""
        user = self.new_user()
        client = self.imap(user)
        for _ in range(10):
            client.append('Trash', None, None, letter() + b'x' * 5000 + b'\r\n')
        for number in range(3):
            mail = letter(to=people(1, start=number), sender=f'{user}@example.org')
            self.append(user, mail)
            self.report(user, mail, people(1, start=number))
        self.assertEqual(self.recorded(user), people(3))
        self.assertEqual(self.messages(user, 'Bounces'), 3)
        self.assertEqual(self.messages(user, 'Trash'), 10)


class Mark(Case):
    """$Bounced stays until all of a mail's failures were cleared."""

    def mailing(self, user, count=2):
        mail = letter('News', to=people(count), sender=f'{user}@example.org')
        self.append(user, mail)
        self.report(user, mail, people(count))
        self.assertEqual(self.flags(user), [{'\\Seen', '$Bounced'}])
        return mail

    def test_cleared(self):
        user = self.new_user()
        self.mailing(user, 3)
        for verb, address in zip((['release'], ['remove'], ['correct']),
                                 people(3)):
            self.assertEqual(self.flags(user), [{'\\Seen', '$Bounced'}])
            more = ['new@example.net'] if verb == ['correct'] else []
            self.doveadm('bounce', *verb, '-u', user, address, *more)
        self.assertEqual(self.flags(user), [{'\\Seen'}])

    def test_three_mails(self):
        """Of one day: only the first one scores."""
        user = self.new_user()
        mails = [letter(f'No {i}', to=['bob@example.net'],
                        sender=f'{user}@example.org') for i in range(3)]
        for mail in mails:
            self.append(user, mail)
            self.report(user, mail, ['bob@example.net'])
        self.assertEqual(self.flags(user), [{'\\Seen', '$Bounced'}] * 3)
        self.doveadm('bounce', 'remove', '-u', user, 'bob@example.net')
        self.assertEqual(self.flags(user), [{'\\Seen'}] * 3)

    def test_old_mail(self):
        """However old it is, and however long its Message-ID."""
        user = self.new_user()
        client = self.imap(user)
        mail = letter('Long', to=people(1), sender=f'{user}@example.org',
                      message_id=f'<{"x" * 150}@example.org>')
        self.append(user, mail, client=client)
        self.report(user, mail, people(1))
        for _ in range(40):
            self.append(user, letter(), client=client,
                        date=time.time() - 60 * 86400)
        self.assertEqual(self.flags(user)[0], {'\\Seen', '$Bounced'})
        self.doveadm('bounce', 'release', '-u', user, people(1)[0])
        self.assertEqual(self.flags(user), [{'\\Seen'}] * 41)


class Token(Case):
    """Bounces of submitted mail: no copy in Sent is needed."""
    under_valgrind = ('test_verified', 'test_stolen', 'test_rotation')

    def submitted(self, user, to, **args):
        """As it went out."""
        mail = letter(to=to, sender=f'{user}@example.org', **args)
        self.submit(user, mail, to)
        return self.server.relay.delivered[-1][2]

    def test_verified(self):
        user = self.new_user()
        mail = self.submitted(user, people(2))
        self.report(user, mail, people(1))
        self.assertEqual(self.state(user, people(1)[0])['evidence'], 'verified')
        # mailers write above it, and may fold it
        passed = re.sub(rb'^(X-Bounce-Token: \S+ \S+) ',
                        rb'Received: from a by b; x\r\n\1\r\n ', mail)
        self.assertNotEqual(passed, mail)
        self.report(user, passed, people(1, start=1))
        self.assertEqual(self.recorded(user), people(2))

    def test_hidden_recipient(self):
        user = self.new_user()
        mail = letter(to=['bob@example.net'], sender=f'{user}@example.org')
        self.submit(user, mail, ['bob@example.net', 'hidden@example.net'])
        self.append(user, mail)
        self.report(user, self.server.relay.delivered[-1][2],
                    ['hidden@example.net'])
        self.assertEqual(self.recorded(user), ['hidden@example.net'])

    def test_stolen(self):
        """From a mail to another user, of another mail, to another address."""
        user, other = self.new_user(), self.new_user()
        theirs = self.submitted(other, ['mallory@example.net'])
        token = re.search(rb'X-Bounce-Token:.*?\r\n(?=\S)', theirs, re.S).group()
        self.submitted(user, ['mallory@example.net'])
        forged = letter(to=['victim@example.net'], sender=f'{user}@example.org')
        self.report(user, forged, ['victim@example.net'], headers=token)
        self.assertEqual(self.recorded(user), [])
        # his own, on a mail of which he knows nothing but that
        ours = self.submitted(user, ['mallory@example.net'])
        token = re.search(rb'X-Bounce-Token:.*?\r\n(?=\S)', ours, re.S).group()
        self.report(user, forged, ['victim@example.net'], headers=token)
        self.report(user, ours, ['victim@example.net'])
        self.assertEqual(self.recorded(user), [])
        # a token of ours in a report to another user
        self.report(other, ours, ['mallory@example.net'])
        self.assertEqual(self.recorded(other), [])

    def test_rotation(self):
        user = self.new_user()
        old = self.submitted(user, people(1))
        path = pathlib.Path(self.home(user), 'dovecot-bounce.key')
        path.write_text('# new\n' + 'ab' * 32 + '\n' + path.read_text())
        new = self.submitted(user, people(1, start=1))
        self.report(user, old, people(1))
        self.report(user, new, people(1, start=1))
        self.assertEqual(self.recorded(user), people(2))
        path.write_text('cd' * 32 + '\n')
        last = letter(to=people(1, start=2), sender=f'{user}@example.org')
        self.report(user, self.submitted(user, people(1, start=2)),
                    people(1, start=2))
        self.report(user, new, people(1, start=1), message_id='<again@x>')
        self.assertEqual(self.recorded(user), people(3))
        self.assertEqual(self.state(user, people(2)[1])['count'], 1, last)

    def test_damaged_key(self):
        user = self.new_user()
        path = pathlib.Path(self.home(user), 'dovecot-bounce.key')
        path.write_text('what?\n')
        path.chmod(0o600)
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        self.expect_log('Sent mail bears no token: .*dovecot-bounce.key is no file')
        client = self.submission(user)
        for to in people(2):
            self.submit(user, letter(to=[to], sender=f'{user}@example.org'), [to],
                        client)
            self.assertNotIn(b'X-Bounce', self.server.relay.delivered[-1][2])
        self.assertEqual(self.sent(user), 2)
        # once a session
        self.assertEqual(len(self.log('Sent mail bears no token')), 1)

    def test_open_key(self):
        """What everybody can read proves nothing, either way."""
        user = self.new_user()
        mail = self.submitted(user, people(1))
        self.assertIn(b'X-Bounce-Token', mail)
        path = pathlib.Path(self.home(user), 'dovecot-bounce.key')
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        path.chmod(0o644)
        self.expect_log('Sent mail bears no token: .*is open to everybody .mode 0644')
        self.expect_log('Tokens cannot be verified: .*is open to everybody')
        self.expect_log(r'Notice cannot be answered \(bounce_token_key\): .*is open to '
                        'everybody')
        self.assertNotIn(b'X-Bounce', self.submitted(user, people(1, start=1)))
        self.report(user, mail, people(1))
        self.assertEqual(self.recorded(user), [])
        path.chmod(0o640)
        self.report(user, mail, people(1), message_id='<again@x>')
        self.assertEqual(self.recorded(user), people(1))


def token(key, user, message_id, day, recipients):
    """As bounce-token.h says: what only the holder of the key can make."""
    def mac(size, *texts):
        data = b''.join(text.encode() + b'\0' for text in texts)
        digest = hmac.new(bytes.fromhex(key), data, hashlib.sha256).digest()
        return base64.b64encode(digest[:size]).decode().rstrip('=')
    marks = ''.join(sorted(mac(3, 'rcpt', message_id, address)
                           for address in recipients))
    return f'1 {day} {mac(16, "1", user, message_id, day, marks)} {marks}'


class Attacks(Case):
    """By whoever has seen a mail of the user's, and what mailers do to the
    line. The key is known here only to show that all else was right."""
    key = 'ab' * 32
    mid = '<m@example.org>'

    def setUp(self):
        super().setUp()
        self.user = self.new_user()
        path = pathlib.Path(self.home(self.user), 'dovecot-bounce.key')
        path.write_text(self.key + '\n')
        path.chmod(0o600)
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        # something was sent: only verified reports count
        self.submit(self.user, letter(), ['bob@example.net'])
        self.today = time.strftime('%Y%m%d', time.gmtime())

    def token(self, **args):
        args = {'key': self.key, 'user': self.user, 'message_id': self.mid,
                'day': self.today, 'recipients': people(2), **args}
        return token(**args)

    def returned(self, *lines, message_id=mid, name='X-Bounce-Token'):
        """Is the report about a mail with these lines believed?"""
        mail = letter('Attack', to=people(2), sender=f'{self.user}@example.org',
                      message_id=message_id)
        headers = ''.join(f'{name}: {line}\r\n' for line in lines).encode()
        self.report(self.user, mail, people(1), headers=headers)
        found = self.recorded(self.user) == people(1)
        self.doveadm('bounce', 'remove', '-u', self.user, people(1)[0],
                     check=False)
        return found

    def days_ago(self, days):
        return time.strftime('%Y%m%d', time.gmtime(time.time() - days * 86400))

    def test_good(self):
        good = self.token()
        self.assertTrue(self.returned(good))
        words = good.split()
        self.assertTrue(self.returned('\r\n\t'.join(words)))
        self.assertTrue(self.returned(' '.join(
            words[:3] + [words[3][:4], words[3][4:]])))
        self.assertTrue(self.returned(good, name='x-bounce-token'))
        # sent again through another of our servers
        self.assertTrue(self.returned(self.token(key='cd' * 32), good))
        self.assertTrue(self.returned(self.token(day=self.days_ago(29))))

    def test_bad(self):
        good = self.token()
        for name, bad in {
                'no token': '', 'cut': good[:30], 'half': good[:-2],
                'another key': self.token(key='cd' * 32),
                'another user': self.token(user='mallory'),
                'another mail': self.token(message_id='<n@example.org>'),
                'another address': self.token(recipients=['x@example.net']),
                'expired': self.token(day=self.days_ago(32)),
                'of tomorrow': self.token(day=self.days_ago(-3)),
                'no day': self.token(day='yesterday'),
                'day changed': good.replace(self.today, self.days_ago(1)),
                'another version': '2' + good[1:],
                'more recipients': good + 'AAAA',
                'no recipients': ' '.join(good.split()[:3])}.items():
            self.assertFalse(self.returned(bad), name)
        self.assertFalse(self.returned(good, message_id='<n@example.org>'))
        self.assertFalse(self.returned(good, message_id='<m@example.org >'))
        # lost among many
        self.assertFalse(self.returned(*['1 2 3'] * 4, good))
        self.assertEqual(self.recorded(self.user), [])

    def test_too_many_to_name(self):
        """A token of hundreds of recipients names none: our own MTA does, a
        stranger does not."""
        to = people(200)
        mail = letter('News', to=to, sender=f'{self.user}@example.org')
        self.submit(self.user, mail, to)
        relayed = self.server.relay.delivered[-1][2]
        self.report(self.user, relayed, ['victim@example.net', to[0]])
        self.assertEqual(self.recorded(self.user), [to[0], 'victim@example.net'])
        self.append(self.user, mail)
        self.lmtp(self.user, bounce_of(relayed, ['other@example.net', to[1]],
                                       self.user), stranger=True)
        self.assertEqual(self.recorded(self.user), [to[0], 'victim@example.net'])
        self.assertIsNone(self.state(self.user, 'other@example.net'))
        self.assertEqual(self.state(self.user, to[1])['unproven'], 1)

    def test_folded_and_resent(self):
        """As other mailers write it."""
        to = people(100)
        mail = letter('News', to=to, sender=f'{self.user}@example.org')
        self.submit(self.user, mail, to)
        relayed = self.server.relay.delivered[-1][2]
        refolded = re.sub(rb'\r\n (?=[^\r]*\r\n )', b' ', relayed, count=2)
        self.assertNotEqual(relayed, refolded)
        self.report(self.user, refolded, ['victim@example.net', to[99]])
        self.assertEqual(self.recorded(self.user), [to[99]])


class SharedKey(Case):
    """One file for the site."""

    @classmethod
    def prepare(cls, server):
        path = pathlib.Path(f'{server.dir}/site.key')
        path.write_text('ef' * 32 + '\n')
        path.chmod(0o600)
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        cls.settings = {'bounce_token_key': str(path)}
        server.write_conf()

    def test_shared(self):
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.submit(user, mail, people(1))
        self.assertFalse(os.path.exists(
            self.home(user) + '/dovecot-bounce.key'))
        self.report(user, self.server.relay.delivered[-1][2], people(1))
        self.assertEqual(self.recorded(user), people(1))


class Large(Case):
    """What looking for the original costs where Sent is large."""

    def test_time(self):
        user = self.new_user()
        folder = pathlib.Path(self.home(user), 'Maildir/.Sent/cur')
        self.imap(user).create('Sent')
        folder.mkdir(parents=True, exist_ok=True)
        now = int(time.time())
        for number in range(2000):
            (folder / f'{now - 2000 + number}.{number}.x:2,S').write_bytes(
                letter(message_id=f'<{number}@example.org>'))
        for path in (folder, folder.parent, *folder.iterdir()):
            os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        mail = letter(message_id='<0@example.org>', to=['bob@example.net'],
                      sender=f'{user}@example.org')
        times = []
        for number in range(5):
            began = time.monotonic()
            self.report(user, mail, ['bob@example.net'])
            times.append(time.monotonic() - began)
        self.assertEqual(self.recorded(user), ['bob@example.net'])
        print('  the oldest of 2000 in Sent: first %.0f ms, then %.0f ms'
              % (times[0] * 1000, min(times) * 1000))
        self.assertLess(min(times), 0.5 * harness.SLOW)
