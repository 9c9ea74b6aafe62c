"""Evidence "verified": by the user's copy in Sent, by the token; what is forged,
replayed or stolen scores nothing. And $Bounced on the copy."""

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

    def state(self, user, address):
        done = self.doveadm('-f', 'json', 'bounce', 'get', '-u', user, address,
                            check=False)
        if done.returncode == 68:
            return None
        row, = harness.json.loads(done.stdout)
        return row

    def recorded(self, user):
        return sorted(row['address'] for row in
                      self.doveadm_json('bounce', 'list', '-u', user))

    def flags(self, user, folder='Sent'):
        return [flags & {'$Bounced', '\\Seen'} for flags, _ in
                self.fetch(user, folder)]

    def report(self, user, mail, recipients, **args):
        self.lmtp(user, bounce_of(mail, recipients, user, **args))


class Copy(Case):
    """The copy in Sent."""
    under_valgrind = True

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
                                        **extra))
        self.assertEqual(self.recorded(user), [])
        self.assertEqual(self.messages(user, 'Bounces'), 2)
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
        """ORCPT says whom it was sent to."""
        user = self.new_user()
        mail = letter(to=['alias@example.net'], sender=f'{user}@example.org')
        self.append(user, mail)
        report = bounce_of(mail, ['final@example.com'], user)
        self.lmtp(user, report.replace(
            b'Final-Recipient:', b'Original-Recipient: rfc822; '
            b'alias@example.net\r\nFinal-Recipient:'))
        record = self.state(user, 'final@example.com')
        self.assertEqual(record['original_address'], 'alias@example.net')

    def test_sent_by_bcc_only(self):
        user = self.new_user()
        mail = letter(to=['undisclosed-recipients:;'], sender=f'{user}@example.org')
        self.append(user, mail)
        self.append(user, letter())
        self.report(user, mail, ['hidden@example.net'])
        self.assertEqual(self.recorded(user), ['hidden@example.net'])

    def test_levels_of_evidence(self):
        """A site may be content with less."""
        user = self.new_user(bounce_evidence='plausible')
        self.append(user, letter())
        self.lmtp(user, harness.dsn('x@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.recorded(user), ['x@example.net'])
        user = self.new_user(bounce_evidence='verified')
        self.lmtp(user, harness.dsn('x@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.recorded(user), [])

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

    def test_two_mails(self):
        user = self.new_user()
        mails = [letter(f'No {i}', to=['bob@example.net'],
                        sender=f'{user}@example.org') for i in range(2)]
        for mail in mails:
            self.append(user, mail)
            self.report(user, mail, ['bob@example.net'])
        self.assertEqual(self.flags(user), [{'\\Seen', '$Bounced'}] * 2)
        self.doveadm('bounce', 'remove', '-u', user, 'bob@example.net')
        self.assertEqual([f & {'$Bounced'} for f in self.flags(user)][-1:], [set()])


class Token(Case):
    """Bounces of submitted mail: no copy in Sent is needed."""
    under_valgrind = True

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
        path = harness.pathlib.Path(self.home(user), 'dovecot-bounce.key')
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
        path = harness.pathlib.Path(self.home(user), 'dovecot-bounce.key')
        path.write_text('what?\n')
        self.expect_log('Sent mail bears no token: .*dovecot-bounce.key is no file')
        mail = self.submitted(user, people(1))
        self.assertNotIn(b'X-Bounce', mail)
        self.assertEqual(self.sent(user), 1)


class SharedKey(Case):
    """One file for the site."""

    @classmethod
    def prepare(cls, server):
        path = harness.pathlib.Path(f'{server.dir}/site.key')
        path.write_text('ef' * 32 + '\n')
        path.chmod(0o600)
        harness.os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        cls.settings = {'bounce_token_key': str(path)}
        server.write_conf()

    def test_shared(self):
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.submit(user, mail, people(1))
        self.assertFalse(harness.os.path.exists(
            self.home(user) + '/dovecot-bounce.key'))
        self.report(user, self.server.relay.delivered[-1][2], people(1))
        self.assertEqual(self.recorded(user), people(1))


class Large(Case):
    """What looking for the original costs where Sent is large."""

    def test_time(self):
        user = self.new_user()
        folder = harness.pathlib.Path(self.home(user), 'Maildir/.Sent/cur')
        self.imap(user).create('Sent')
        folder.mkdir(parents=True, exist_ok=True)
        now = int(time.time())
        for number in range(2000):
            (folder / f'{now - 2000 + number}.{number}.x:2,S').write_bytes(
                letter(message_id=f'<{number}@example.org>'))
        for path in (folder, folder.parent, *folder.iterdir()):
            harness.os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
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
