"""What a report may change: the attacker's table, each with the knowledge that
the attacker has, and the everyday cases that must not be lost.

A mail from outside bears the line of our border's MTA; what our own MTA made
bears its own (harness.made_here)."""

import email
import email.policy
import json
import os
import pathlib
import re
import socket
import threading
import time

import dictserver
import harness
from test_sent import complaint, letter, people
from test_verified import Case, bounce_of

MX = 'mx.example.org (Postfix)'


def outside(message, client='evil.example', address='203.0.113.66', below=b''):
    """As it comes from this client through our border."""
    return (f'Received: from mx.example.org ({client} [{address}])\r\n\tby {MX} with '
            'ESMTP id 4bX; Mon, 1 Sep 2025 10:00:10 +0000\r\n').encode() + below + \
        message


def returned_by_us(mail, line):
    """The mail with the line that our MTA wrote when it came in."""
    return (f'Received: {line}\r\n\tby {MX} with %s id 4bY; Mon, 1 Sep 2025 '
            '10:00:00 +0000\r\n' % ('ESMTPSA' if 'sender:' in line else
                                     'ESMTP')).encode() + mail


def with_final(report, original, final):
    """What the report says of original is said of final."""
    return report.replace(
        b'Final-Recipient: rfc822; ' + original.encode(),
        b'Original-Recipient: rfc822; %s\r\nFinal-Recipient: rfc822; %s' % (
            original.encode(), final.encode()))


class TrustCase(Case):
    spare_users = 40
    conf = Case.conf + 'mail_max_userip_connections = 100\n'
    settings = {'bounce_sender_checked': 'no', 'bounce_authserv': ''}
    friend, boss, dead = 'list@lists.example', 'boss@corp.example', 'dead@corp.example'

    def setUp(self):
        super().setUp()
        self.user = self.new_user()
        self.me = f'{self.user}@example.org'
        # everybody can read this one: a list's archive
        self.public = letter('Hello', to=[self.friend], sender=self.me)
        self.append(self.user, self.public)
        # and this one failed, as our own MTA said
        self.lost = letter('Lost', to=[self.dead], sender=self.me)
        self.append(self.user, self.lost)
        self.lmtp(self.user, bounce_of(self.lost, [self.dead], self.user))
        self.before = self.world()
        self.assertEqual(self.recorded(self.user), [self.dead])

    def world(self):
        """All that a report could change."""
        rows = self.doveadm_json('bounce', 'list', '-u', self.user)
        day = self.day(self.user)
        return ([(row['address'], row['state'], row['score'], row['count'])
                 for row in rows if row['count']],
                self.flags(self.user), day['failed'], day['complaints'],
                [row['level'] for row in self.broadcasts(self.user)])

    def nothing(self, name, reports, unproven=(), inbox=None):
        """None of these reports suppresses, clears, marks or counts."""
        reports = [reports] if isinstance(reports, bytes) else reports
        for report in reports:
            self.lmtp(self.user, report, stranger=True)
        self.assertEqual(self.world(), self.before, name)
        rows = self.doveadm_json('bounce', 'list', '-u', self.user)
        self.assertEqual(sorted(row['address'] for row in rows if row['unproven']),
                         sorted(unproven), name)
        self.doveadm('bounce', 'scan', '-u', self.user)
        self.assertEqual(self.world(), self.before, name + ' (scan)')
        if inbox is not None:
            self.assertEqual(self.messages(self.user), inbox, name)

    def forged(self, mail, recipients, **args):
        return bounce_of(mail, recipients, self.user, **args)


class Outsiders(TrustCase):
    """Whoever reaches port 25."""

    def test_knows_nothing(self):
        """E1, E3: an invented trace."""
        returned = harness.dsn(self.boss, user=self.me)
        self.nothing('plain', outside(returned), inbox=1)
        self.nothing('our own line below', outside(
            returned, below=f'Received: by {MX} id 1; x\r\n'.encode()))
        self.nothing('Dovecot\'s line below', outside(
            returned, below=harness.stored(b'X: y\r\n')[:-6]))
        self.nothing('our name as HELO', outside(
            harness.dsn(self.boss, user=self.me, reporting_mta='mx.example.org')))
        self.nothing('only a Message-ID', outside(harness.dsn(
            self.boss, user=self.me, trace=False)))
        # the same keywords as a true one would be our stamp on it
        self.assertEqual([flags & {'$Bounce', '$BounceHard', '$BounceUnverified'}
                          for flags, _ in self.fetch(self.user)],
                         [{'$BounceUnverified'}] * 5)

    def test_knows_nothing_of_a_new_user(self):
        """Who has neither copies nor tokens."""
        user = self.new_user()
        for report in (harness.dsn(self.boss, user=f'{user}@example.org'),
                       harness.dsn(self.boss, user=f'{user}@example.org',
                                   trace=False)):
            self.lmtp(user, outside(report), stranger=True)
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), [])

    def test_complaint(self):
        """E1c, E2d: for ever, was it."""
        unproven = []
        for mail, address in ((self.public, self.boss), (self.public, self.friend),
                              (self.lost, self.dead)):
            arf = re.sub(rb'(?s)^Authentication-Results:.*?\n(?=From)', b'',
                         complaint(address, self.me, mail))
            # it was written to these; a stranger's word is not enough
            unproven += [] if address == self.boss else [address]
            self.nothing('complaint', outside(arf), unproven)
            self.nothing('with our id', outside(
                arf, below=b'Authentication-Results: mx.example.org; dkim=pass '
                b'header.d=corp.example; dkim=pass header.d=lists.example\r\n'),
                         unproven)

    def test_complaint_of_a_neighbour(self):
        """Whom the victim's provider signs for, too."""
        for victim, sender, wanted in (
                ('dead@gmail.com', 'eve@gmail.com', 'plausible'),
                ('dead@gmail.com', 'abuse@gmail.com', 'plausible'),
                ('dead@corp.example', 'eve@corp.example', 'plausible'),
                ('dead@corp.example', 'abuse@corp.example, eve@corp.example',
                 'plausible'),
                ('dead@corp.example', 'feedback@corp.example', 'verified')):
            user = self.new_user(bounce_authserv='mx.example.org')
            mail = letter('Hello', to=[victim], sender=f'{user}@example.org')
            self.append(user, mail)
            domain = victim.split('@')[1].encode()
            arf = complaint(victim, f'{user}@example.org', mail).replace(
                b'header.d=example.net', b'header.d=' + domain).replace(
                b'<feedback@isp.example>', sender.encode())
            self.lmtp(user, arf)
            self.assertEqual(self.state(user, victim)['evidence'], wanted,
                             sender)

    def test_knows_a_public_mail(self):
        """E2, E2b: a hundred colleagues, by the Message-ID of one post."""
        crowd = people(100, 'corp.example')
        report = self.forged(self.public, crowd)
        self.nothing('not to them', outside(report))
        for victim in crowd:
            report = with_final(report, victim, victim).replace(
                b'Original-Recipient: rfc822; ' + victim.encode(),
                b'Original-Recipient: rfc822; ' + self.friend.encode())
        self.nothing('ORCPT', outside(report), unproven=[self.friend])

    def test_says_that_the_list_failed(self):
        """E2c: it was written to it; a stranger's word is not enough."""
        self.nothing('list', outside(self.forged(self.public, [self.friend])),
                     unproven=[self.friend])
        record = self.state(self.user, self.friend)
        self.assertEqual((record['state'], record['score'], record['count']),
                         ('watched', 0, 0))

    def test_clears(self):
        """E4, X1."""
        success = {'action': 'delivered', 'status': '2.0.0'}
        self.nothing('another\'s mail', outside(self.forged(
            self.public, [self.dead], **success)))
        self.nothing('that mail', outside(self.forged(
            self.lost, [self.dead], **success)))
        self.nothing('ORCPT', outside(with_final(self.forged(
            self.public, [self.friend], **success), self.friend, self.dead)))

    def test_answers(self):
        """E5: From the dead address, to a mail that somebody else got."""
        mail = harness.mail(to=self.me, sender=self.dead)
        public, lost = (re.search(rb'Message-ID: (\S+)', text).group(1)
                        for text in (self.public, self.lost))
        self.lmtp(self.user, outside(b'In-Reply-To: ' + public + b'\r\n' + mail),
                  sender='eve@evil.example')
        for result in (b'dmarc=pass header.from=corp.example',
                       b'dkim=pass header.d=corp.example'):
            for name in b'mx.example.org', b'a.b.example.org':
                self.lmtp(self.user, outside(
                    mail, below=b'Authentication-Results: %s; %s\r\n' % (
                        name, result)), sender='eve@evil.example')
        self.assertEqual(self.world(), self.before)

    def test_token(self):
        """X3: whoever got a mail with a token."""
        client = self.submission(self.user)
        mail = letter('Token', to=['mallory@evil.example'], sender=self.me)
        self.submit(self.user, mail, ['mallory@evil.example'], client)
        mail = self.server.relay.delivered[-1][2]
        self.before = self.world()
        report = self.forged(mail, ['mallory@evil.example'])
        self.nothing('another', outside(self.forged(mail, [self.boss])))
        self.nothing('ORCPT', outside(with_final(
            report, 'mallory@evil.example', self.boss)),
            unproven=['mallory@evil.example'])
        # E8: left out, the Message-ID alone is no better
        self.nothing('without', outside(self.forged(
            re.sub(rb'(?s)X-Bounce-Token:.*?\r\n(?=\S)', b'', mail),
            ['mallory@evil.example', self.boss])), unproven=['mallory@evil.example'])
        # X4, E7: it does not name its many recipients
        crowd = people(200, 'corp.example')
        mail = letter('News', to=[self.me], sender=self.me)
        self.submit(self.user, mail, crowd, client)
        mail = self.server.relay.delivered[-1][2]
        self.before = self.world()
        self.nothing('open', outside(self.forged(mail, people(100, 'b.example'))),
                     unproven=['mallory@evil.example'])

    def test_copied_hidden(self):
        """A Bcc reader of a newsletter, from a hoster or his own line."""
        mail = letter('News', to=[self.me], sender=self.me)
        self.append(self.user, mail)
        self.before = self.world()
        for client in ('mail-1.google.com', 'dyn7.corp.example',
                       '66.113.0.203.corp.example'):
            self.nothing(client, outside(self.forged(mail, [
                'x@gmail.com', 'x@google.com', self.boss]), client))
        # the hoster's signature, as nobody here writes that it was found
        self.nothing('signed', outside(
            self.forged(mail, ['x@gmail.com', self.boss],
                        reporting_mta='googlemail.com'),
            'mail-1.google.com', below=b'Authentication-Results: mx.example.org; '
            b'dkim=pass header.d=googlemail.com; dkim=pass header.d=corp.example\r\n'
        ).replace(b'MAILER-DAEMON@', b'mailer-daemon@'))

    def test_own_side(self):
        """What remains: his own server speaks for one address, and no more."""
        mail = letter('News', to=[self.me], sender=self.me)
        self.append(self.user, mail)
        self.lmtp(self.user, outside(self.forged(
            mail, people(100, 'corp.example') + ['x@example.net']),
            'mail.corp.example'), stranger=True)
        self.assertEqual(self.recorded(self.user), [self.dead, 'person0@corp.example'])

    def test_own_side_by_and_by(self):
        """Twenty a day, and scan adds none."""
        mail = letter('News', to=[self.me], sender=self.me)
        self.append(self.user, mail)
        crowd = people(22, 'corp.example')
        for address in crowd:
            self.lmtp(self.user, outside(self.forged(mail, [address]),
                                         'mail.corp.example'), stranger=True)
        believed = sorted([self.dead] + crowd[:20])
        self.assertEqual(self.recorded(self.user), believed)
        self.doveadm('bounce', 'scan', '-u', self.user)
        self.assertEqual(self.recorded(self.user), believed)

    def test_own_side_with_one_id(self):
        """Forty reports that all bear one Message-ID are forty."""
        mail = letter('News', to=[self.me], sender=self.me)
        self.append(self.user, mail)
        crowd = people(40, 'corp.example')
        for address in crowd:
            self.lmtp(self.user, outside(self.forged(
                mail, [address], message_id='<same@corp.example>'),
                                         'mail.corp.example'), stranger=True)
        self.assertEqual(self.recorded(self.user), sorted([self.dead] + crowd[:20]))
        # and another organisation is heard nevertheless
        self.lmtp(self.user, outside(self.forged(mail, ['bob@other.example']),
                                     'mail.other.example'), stranger=True)
        self.assertIn('bob@other.example', self.recorded(self.user))

    def test_searches_without_an_id(self):
        """Sixty a minute, whatever the report leaves out."""
        mail = re.sub(rb'Message-ID: \S+\r\n', b'',
                      letter('Hello', to=[self.boss], sender=self.me))
        pending = pathlib.Path(self.home(self.user), 'dovecot-bounce.pending')
        number = 0
        while not pending.exists():
            number += 1
            # a minute may end meanwhile
            self.assertLess(number, 125)
            self.lmtp(self.user, outside(self.forged(mail, [self.boss]),
                                         'mail.corp.example'), stranger=True)
        self.assertEqual(self.world(), self.before)

    def test_by_other_signs(self):
        """Thread, subject and day: known as a Message-ID is, no better."""
        public = re.search(rb'Message-ID: (\S+)', self.public).group(1)
        unproven = []
        for mail in (self.public.replace(b'Message-ID', b'X-Message-ID'),
                     self.public.replace(public, b'<rewritten@mta.example>')):
            report = self.forged(mail, [self.friend])
            self.nothing('signs', outside(report), unproven)
            unproven = [self.friend]
            self.nothing('thread', outside(
                b'In-Reply-To: ' + public + b'\r\n' + report), unproven)

    def test_says_that_it_is_us(self):
        """T5: one of 26 readers, for the other 25, in words of our side."""
        crowd = people(26, 'corp.example')
        mail = letter('News', to=crowd, sender=self.me)
        self.append(self.user, mail)
        self.before = self.world()
        self.nothing('our side', outside(self.forged(
            mail, crowd[1:], status='5.7.1', diagnostic='554 5.7.1 Service '
            'unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org')),
                     unproven=crowd[1:])

    def test_after_a_person(self):
        """X6, X7: released, then removed; by another public mail, and again by what
        lies there."""
        again = letter('Again', to=[self.friend, self.dead], sender=self.me)
        self.append(self.user, again)
        for verb in 'release', 'remove':
            self.doveadm('bounce', verb, '-u', self.user, self.dead)
            self.before = self.world()
            self.lmtp(self.user, outside(self.forged(again, [self.dead])),
                      stranger=True)
            self.doveadm('bounce', 'scan', '-u', self.user)
            self.assertEqual(self.world(), self.before, verb)
            record = self.state(self.user, self.dead)
            self.assertNotEqual((record or {}).get('state'), 'suppressed', verb)

    def test_a_person_or_a_vacation(self):
        """Sieve's vacation can send a whole report."""
        mail = self.forged(self.lost, ['x@corp.example'])
        self.nothing('vacation', outside(
            mail.replace(b'Auto-Submitted: auto-replied',
                         b'Auto-Submitted: auto-replied (vacation)'),
            'mail.corp.example'))
        self.nothing('person', outside(re.sub(
            rb'From: MAILER-DAEMON@\S+ \(.*?\)', b'From: bob@corp.example', mail),
            'mail.corp.example'))
        self.lmtp(self.user, outside(mail, 'mail.corp.example'),
                  sender='bob@corp.example')
        self.assertEqual(self.world(), self.before)

    def test_flood_evicts_nothing(self):
        """T4: what is not believed makes nobody leave."""
        user = self.new_user(bounce_max_addresses='5')
        mail = letter('Hello', to=people(5), sender=f'{user}@example.org')
        self.append(user, mail)
        self.lmtp(user, bounce_of(mail, people(5), user))
        for number in range(3):
            self.lmtp(user, outside(bounce_of(
                mail, people(50, f'corp{number}.example'), user)), stranger=True)
        self.assertEqual(self.recorded(user), people(5))

    def test_flood_leaves_the_inbox(self):
        """More than twenty an hour are in the way there."""
        for number in range(25):
            self.lmtp(self.user, outside(self.forged(self.public, people(
                1, f'corp{number}.example'))), stranger=True)
        self.assertEqual(self.messages(self.user), 20)
        flags = [flags & {'$Bounce', '$BounceUnverified'} for flags, _ in
                 self.fetch(self.user, 'Bounces')]
        self.assertEqual(flags, [{'$Bounce'}] + [{'$BounceUnverified'}] * 5)

    def test_fifty_before_the_copy(self):
        """A stranger's reports that came first do not wait for the copy."""
        mail = letter('Soon', to=[self.me], sender=self.me)
        for number in range(50):
            self.lmtp(self.user, outside(self.forged(mail, people(
                1, 'corp.example', number))), stranger=True)
        self.append(self.user, mail)
        self.assertEqual(self.recorded(self.user), [self.dead])

    def test_filed_in_sent(self):
        """A stranger's mail that a script keeps in Sent is no copy."""
        mail = letter('Planted', to=people(3, 'corp.example'), sender=self.me)
        self.lda(self.user, outside(mail), sender='eve@evil.example',
                 args=('-m', 'Sent'))
        self.lmtp(self.user, outside(self.forged(mail, people(1, 'corp.example')),
                                     'mail.corp.example'), stranger=True)
        self.assertEqual(self.recorded(self.user), [self.dead])


class Insiders(TrustCase):
    """Whoever can make our own MTA bounce something, or send through it."""

    def ours(self, mail, line, *recipients, **args):
        """A report of our own MTA about a mail that came in so."""
        return harness.made_here(self.forged(returned_by_us(mail, line),
                                             list(recipients), **args))

    def test_relayed_here(self):
        """A mail from outside that our MTA could not forward; ORCPT by its
        sender."""
        line = 'from mx.example.org (evil.example [203.0.113.66])'
        for report in (self.ours(self.public, line, self.friend),
                       self.ours(self.lost, line, 'other@corp.example'),
                       with_final(self.ours(self.public, line, self.friend),
                                  self.friend, self.boss)):
            self.nothing('relayed', report)

    def test_names_in_the_dns(self):
        """Whoever owns an address chooses its name; it is no word of our MTA's."""
        for name in 'authenticated.evil.example', 'helo.evil.example':
            line = f'from mx.example.org ({name} [203.0.113.66])'
            for mail in self.public, self.lost:
                self.nothing(name, self.ours(mail, line, self.friend, self.boss))

    def test_relayed_here_below_a_forged_login(self):
        line = 'from mx.example.org (evil.example [203.0.113.66])'
        mail = returned_by_us(self.public, 'from c (c [10.0.0.1]) (Authenticated '
                              f'sender: {self.user})')
        self.nothing('login below', self.ours(mail, line, self.boss))

    def test_webmail_resends(self):
        """Over loopback: all below may be what it was given."""
        mail = returned_by_us(letter(to=[self.boss], sender=self.me),
                              'from c (c [10.0.0.1]) (Authenticated sender: '
                              f'{self.user})')
        self.nothing('returned', self.ours(
            mail, 'from localhost (localhost [127.0.0.1])', self.boss),
            unproven=[self.boss])
        self.nothing('report', (
            f'Received: from localhost (localhost [127.0.0.1])\r\n\tby {MX} with ESMTP '
            'id 1; x\r\n').encode() + self.ours(
                self.public, f'from c (c [10.0.0.1]) (Authenticated sender: {self.user})',
                'x@corp.example'), unproven=[self.boss])

    def test_webmail_fills_the_dictionary(self):
        """Two hundred addresses in each, none of them proven."""
        user = self.new_user(bounce_max_addresses='5')
        mail = letter('Hello', to=people(5), sender=f'{user}@example.org')
        self.append(user, mail)
        self.lmtp(user, bounce_of(mail, people(5), user))
        for number in range(3):
            self.lmtp(user, bounce_of(returned_by_us(
                letter(to=[self.boss], sender=f'{user}@example.org'),
                'from localhost (localhost [127.0.0.1])'),
                people(100, f'corp{number}.example'), user))
        self.wait_log('plausible.*recipients: 100')
        self.assertEqual(self.recorded(user), people(5))

    def test_sendmail(self):
        """sendmail(1) as www-data, with a null sender."""
        for line in ('by mx.example.org (Postfix, from userid 33)\r\n\tid 1; x',
                     'from www-data by mx.example.org with local (Exim 4.96)\r\n'
                     '\tid 1abc-00; x',
                     '(from www-data@localhost) by mx.example.org '
                     '(8.17.1/8.17.1/Submit) id 1; x',
                     'from localhost (mx.example.org [local])\r\n\tby mx.example.org '
                     '(OpenSMTPD) with ESMTPA id 1; x',
                     '(qmail 1 invoked by uid 33); x'):
            self.nothing(line, f'Received: {line}\r\n'.encode() + self.forged(
                self.lost, ['x@corp.example']))

    def test_a_colleague(self):
        """Sends in the user's name, where the trace names the login."""
        line = 'from c (c [10.0.0.1]) (Authenticated sender: mallory)'
        self.nothing('colleague', self.ours(self.public, line, self.friend),
                     unproven=[self.friend])
        self.nothing('invented', self.ours(
            letter(to=[self.boss], sender=self.me), line, self.boss),
            unproven=[self.friend, self.boss])

    def test_another_account(self):
        """Its own report, by an authenticated port."""
        line = (f'Received: from c (c [10.0.0.1]) (Authenticated sender: mallory)\r\n'
                f'\tby {MX} with ESMTPSA id 1; x\r\n').encode()
        self.nothing('account', line + self.forged(self.lost, ['x@corp.example']))
        self.nothing('account', line + self.ours(
            self.lost, 'from c (c [10.0.0.1])', 'x@corp.example'))


class Everyday(TrustCase):
    """Nothing true is thrown away."""

    def ours(self, mail, line, *recipients, **args):
        return self.forged(returned_by_us(mail, line), list(recipients), **args)

    def test_hidden_newsletter(self):
        """To: oneself, 500 in Bcc; the copy has lost them."""
        mail = letter('News', to=[self.me], sender=self.me)
        self.append(self.user, mail)
        dead = people(51)
        for address in dead:
            self.lmtp(self.user, self.ours(mail, 'from c (c [192.168.1.9])',
                                           address))
        self.assertEqual(self.recorded(self.user), sorted(dead + [self.dead]))

    def test_one_proves_no_other(self):
        """Who got the mail, too, reports herself and her neighbours: what she says of
        them is no fact."""
        user = self.new_user()
        mail = letter('Board', to=['eve@evil.example', 'a@corp.example'],
                      sender=f'{user}@example.org')
        self.append(user, mail)
        self.lmtp(user, outside(bounce_of(
            mail, ['eve@evil.example', 'a@corp.example'], user,
            diagnostic='550 5.1.1 account closed, call us')), stranger=True)
        self.assertEqual(self.state(user, 'eve@evil.example')['evidence'],
                         'verified')
        self.assertEqual(self.state(user, 'a@corp.example')['evidence'],
                         'plausible')
        [notice] = [mail for _, mail in self.fetch(user, 'INBOX', notices=True)
                    if b'X-Bounce-Notice:' in mail]
        text = email.message_from_bytes(notice, policy=email.policy.default) \
            .get_body(('plain',)).get_content().replace('\r', '')
        eve, other = text.split('\na@corp.example\n')
        self.assertIn('account closed', eve)
        self.assertNotIn('cannot be proven', eve)
        self.assertNotIn('account closed', other)
        self.assertIn('cannot be proven', other)

    def test_hundreds_in_one_report(self):
        """Postfix puts all failures of one mail into one report."""
        mail = letter('News', to=['undisclosed-recipients:;'], sender=self.me)
        self.append(self.user, mail)
        dead = people(120)
        self.lmtp(self.user, self.ours(mail, 'from c (c [192.168.1.9])', *dead))
        self.assertEqual(self.recorded(self.user), sorted(dead + [self.dead]))

    def test_hundred_of_a_stranger(self):
        """No more of them are looked at, and the last counts as the first does."""
        mail = letter(to=[self.boss], sender=self.me)
        for others, reporter in ((99, 'the side of the address'),
                                 (100, 'a stranger')):
            user = self.new_user()
            self.lmtp(user, outside(bounce_of(
                mail, [*people(others), self.boss], user), 'mail.corp.example'),
                      stranger=True)
            rows = self.doveadm_json('bounce', 'explain', '-u', user, 'INBOX')
            self.assertEqual(len(rows), others + 1)
            self.assertEqual({row['reporter'] for row in rows}, {reporter})

    def test_sent_by_a_program(self):
        """Never a copy: the trace names the login."""
        mail = letter('Invoice', to=['bob@example.net'], sender=self.me)
        line = f'from crm (crm [10.0.0.7]) (Authenticated sender: {self.user})'
        self.lmtp(self.user, self.ours(mail, line, 'bob@example.net'))
        self.assertEqual(self.recorded(self.user), ['bob@example.net', self.dead])
        # without: unproven, and seen
        mail = letter('Invoice', to=['dan@example.net'], sender=self.me)
        line = 'from crm (crm [10.0.0.7])'
        self.lmtp(self.user, self.ours(mail, line, 'dan@example.net'))
        record = self.state(self.user, 'dan@example.net')
        self.assertEqual((record['evidence'], record['unproven'], record['score'],
                          record['state'], record['reason']),
                         ('plausible', 1, 0, 'watched', 'mailbox-unknown'))
        self.assertEqual(self.messages(self.user, 'Bounces'), 3)

    def test_sender_checked(self):
        user = self.new_user(bounce_sender_checked='yes')
        line = 'from c (c [192.0.2.9]) (Authenticated sender: x)'.replace('sender: x',
                                                                          'bits=0')
        for sender, wanted in ((f'{user}@example.org', 1), ('carol@example.org', 0)):
            mail = letter(to=['bob@example.net'], sender=sender)
            self.lmtp(user, bounce_of(returned_by_us(mail, line).replace(
                b'with ESMTP ', b'with ESMTPSA '), [f'{wanted}@example.net'], user))
            self.assertEqual(self.state(user, f'{wanted}@example.net')['count'], wanted)

    def test_proven_later(self):
        mail = letter('Invoice', to=['bob@example.net'], sender=self.me)
        args = {'status': '5.2.2', 'diagnostic': '552 5.2.2 Mailbox full'}
        self.lmtp(self.user, self.ours(mail, 'from c (c [10.0.0.7])',
                                       'bob@example.net', **args))
        self.assertEqual(self.recorded(self.user), [self.dead])
        mail = letter('Again', to=['bob@example.net'], sender=self.me)
        self.append(self.user, mail)
        self.lmtp(self.user, self.ours(mail, 'from c (c [10.0.0.7])',
                                       'bob@example.net', **args))
        record = self.state(self.user, 'bob@example.net')
        self.assertEqual((record['count'], record['unproven'], record['score'],
                          record['evidence']), (2, 0, 1, 'verified'))

    def test_faster_than_the_copy(self):
        """What our own MTA or the address's side said waits for the copy."""
        for number, (client, keyword, box) in enumerate((
                (None, '$Bounce', 'Bounces'),
                ('mail.corp.example', '$BounceUnverified', 'INBOX'))):
            address = f'bob{number}@corp.example'
            mail = letter(f'Soon {number}', to=[address], sender=self.me)
            report = self.ours(mail, 'from c (c [10.0.0.7])', address)
            self.lmtp(self.user, outside(report, client) if client else report,
                      stranger=client is not None)
            self.assertNotIn(address, self.recorded(self.user))
            self.assertTrue(any(keyword in flags for flags, _ in
                                self.fetch(self.user, box)))
            self.append(self.user, mail)
            self.wait_log('report is verified, as its mail was saved')
            self.assertIn(address, self.recorded(self.user))
            self.assertEqual(self.state(self.user, address)['unproven'], 0)
            self.assertIn('$Bounced', self.flags(self.user)[-1])
            self.assertEqual(self.day(self.user)['failed'], 2 + number)
            self.assertTrue(all('$BounceUnverified' not in flags for flags, _ in
                                self.fetch(self.user, box)))

    def test_copy_comes_meanwhile(self):
        """It was looked for, and then saved while the report waited for INBOX."""
        for number, box in enumerate(('.Bounces', '.')):
            address = f'bob{number}@corp.example'
            mail = letter(f'Soon {number}', to=[address], sender=self.me)
            report = self.ours(mail, 'from c (c [10.0.0.7])', address)
            if box == '.':
                report = outside(report, 'mail.corp.example')
            else:
                # the mailbox is there
                self.lmtp(self.user, self.ours(
                    letter(to=['x@corp.example'], sender=self.me),
                    'from c (c [10.0.0.7])', 'x@corp.example'))
            held = pathlib.Path(self.home(self.user), 'Maildir', box,
                                'dovecot-uidlist.lock')
            before = self.sent(self.user)
            held.write_text(f'{os.getpid()}:{socket.gethostname()}')
            os.chown(held, harness.MAIL_UID, harness.MAIL_UID)
            thread = threading.Thread(target=self.lmtp, args=(self.user, report),
                                      kwargs={'stranger': box == '.'})
            thread.start()
            dictserver.wait_for(lambda: os.listdir(held.with_name('tmp')))
            self.append(self.user, mail)
            self.wait_sent(self.user, before + 1)
            held.unlink()
            thread.join()
            dictserver.wait_for(lambda: address in self.recorded(self.user))

    def test_settled_before_the_copy(self):
        """What a person removed meanwhile does not come back with the copy."""
        mail = letter('Soon', to=['bob@example.net'], sender=self.me)
        self.lmtp(self.user, self.ours(mail, 'from c (c [10.0.0.7])',
                                       'bob@example.net'))
        self.assertEqual(self.state(self.user, 'bob@example.net')['unproven'], 1)
        self.doveadm('bounce', 'remove', '-u', self.user, 'bob@example.net')
        self.append(self.user, mail)
        self.wait_log('report is verified, as its mail was saved; 0 records')
        self.assertIsNone(self.state(self.user, 'bob@example.net'))
        self.assertNotIn('$Bounced', self.flags(self.user)[-1])

    def test_released_before_the_copy(self):
        """A person who releases it refuses the report, whatever proves it later."""
        mail = letter('Soon', to=['bob@example.net'], sender=self.me)
        report = self.ours(mail, 'from c (c [10.0.0.7])', 'bob@example.net')
        self.lmtp(self.user, report)
        self.assertEqual(self.state(self.user, 'bob@example.net')['unproven'], 1)
        self.doveadm('bounce', 'release', '-u', self.user, 'bob@example.net')
        self.append(self.user, mail)
        self.wait_log('report is verified, as its mail was saved; 0 records')
        for _ in range(2):
            self.assertEqual(self.state(self.user, 'bob@example.net')['state'],
                             'released')
            self.assertNotIn('$Bounced', self.flags(self.user)[-1])
            self.doveadm('bounce', 'scan', '-u', self.user)
        # nor does the same report, delivered again; what fails later does
        time.sleep(1.1)
        self.lmtp(self.user, report)
        self.assertEqual(self.state(self.user, 'bob@example.net')['state'], 'released')
        again = letter('Again', to=['bob@example.net'], sender=self.me)
        self.append(self.user, again)
        time.sleep(1.1)
        self.lmtp(self.user, self.ours(again, 'from c (c [10.0.0.7])',
                                       'bob@example.net'))
        self.assertEqual(self.state(self.user, 'bob@example.net')['state'],
                         'suppressed')

    def test_a_relay_waits_for_the_copy(self):
        """However many speak for addresses of their own meanwhile."""
        user = self.new_user(bounce_relays='smarthost.example.com')
        mail = letter(to=['bob@example.net'], sender=f'{user}@example.org')
        made = b'Received: by smarthost.example.com (Postfix) id 1; x\r\n'
        relayed = (b'Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n'
                   b'\tby smarthost.example.com (Postfix) with ESMTP id 2; x\r\n' + mail)
        self.lmtp(user, outside(bounce_of(relayed, ['bob@example.net'], user),
                                'smarthost.example.com', below=made), stranger=True)
        self.assertEqual(self.recorded(user), [])
        other = letter(to=['x@corp.example'], sender=f'{user}@example.org')
        self.lmtp(user, outside(bounce_of(other, ['x@corp.example'], user),
                                'mail.corp.example'), stranger=True)
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        # it may be the file's first
        key, value = b'priv/bounce/meta/unmatched\n', rb'([^\n]*)'
        waiting = json.loads(re.search(key + value, path.read_bytes()).group(1))
        self.assertEqual(len(waiting), 2)
        waiting += waiting[1:] * 198
        path.write_bytes(re.sub(key + value, lambda _: key + json.dumps(
            waiting).encode(), path.read_bytes()))
        self.lmtp(user, outside(bounce_of(other, ['y@corp.example'], user),
                                'mail.corp.example'), stranger=True)
        self.append(user, mail)
        self.wait_log('report is verified, as its mail was saved; 1 records')
        self.assertEqual(self.recorded(user), ['bob@example.net'])

    def test_alias_of_two(self):
        """One of them is dead: the address written to is not held."""
        mail = letter('Team', to=['team@example.org'], sender=self.me)
        self.append(self.user, mail)
        for _ in range(3):
            self.lmtp(self.user, with_final(self.ours(
                mail, 'from c (c [10.0.0.7])', 'team@example.org'),
                'team@example.org', 'gone@example.net'))
        record = self.state(self.user, 'team@example.org')
        self.assertEqual((record['state'], record['count'], record['final_address']),
                         ('watched', 0, 'gone@example.net'))
        self.assertEqual(self.state(self.user, 'gone@example.net')['address'],
                         'team@example.org')
        # found by both, everywhere
        for address in 'gone@example.net', 'team@example.org':
            row, = self.metadata(self.user, address).values()
            self.assertEqual(row['address'], 'team@example.org')
        self.put_script(self.user, 'require ["vnd.dovecot-bounce", "fileinto", '
                        '"mailbox"];\nif bounce_record "evidence" '
                        '"gone@example.net" "plausible" '
                        '{ fileinto :create "Alias"; }\n')
        self.lmtp(self.user, harness.mail(), sender='carol@example.net')
        self.assertEqual(self.messages(self.user, 'Alias'), 1)

    def test_soft_does_not_shield(self):
        """X2: full in the morning, unknown in the evening."""
        for status, text in (('4.2.2', '452 4.2.2 Mailbox full'),
                             ('5.1.1', '550 5.1.1 User unknown')):
            mail = letter('Hello', to=['bob@example.net'], sender=self.me)
            self.append(self.user, mail)
            self.lmtp(self.user, self.ours(mail, 'from c (c [10.0.0.7])',
                                           'bob@example.net', status=status,
                                           diagnostic=text))
        record = self.state(self.user, 'bob@example.net')
        self.assertEqual((record['state'], record['count'], record['score']),
                         ('suppressed', 2, 3))

    def test_without_its_message_id(self):
        """Threaded by Postfix; else recipient, day and subject."""
        for number, change in enumerate((
                lambda mail, _: re.sub(rb'Message-ID: \S+\r\n', b'', mail),
                lambda mail, _: re.sub(rb'Message-ID: \S+', b'Message-ID: <x@y>', mail))):
            for thread in True, False:
                address = f'bob{number}{thread}@example.net'.lower()
                mail = letter(f'Lunch {number}', to=[address], sender=self.me)
                self.append(self.user, mail)
                report = self.ours(change(mail, thread), 'from c (c [10.0.0.7])',
                                   address)
                if thread:
                    # all else is another's
                    report = report.replace(b'Subject: Lunch', b'Subject: Fwd')
                    message_id = re.search(rb'Message-ID: (\S+)', mail).group(1)
                    report = (b'References: <a@b> ' + message_id + b'\r\nIn-Reply-To: ' +
                              message_id + b'\r\n' + report)
                self.lmtp(self.user, report)
                self.assertIn(address, self.recorded(self.user), (number, thread))
                self.assertIn('$Bounced', self.flags(self.user)[-1])
        # another day's, another's, another subject
        mail = letter('Dinner', to=['dan@example.net'], sender=self.me)
        self.append(self.user, mail)
        for old, new in ((b'Date: ', b'Date: Mon, 1 Sep 2025 10:00:00 +0000\r\nX: '),
                         (b'Dinner', b'Breakfast')):
            self.lmtp(self.user, self.ours(
                re.sub(rb'Message-ID: \S+\r\n', b'', mail).replace(old, new),
                'from c (c [10.0.0.7])', 'dan@example.net'))
        self.assertNotIn('dan@example.net', self.recorded(self.user))

    def test_greylisted_for_good(self):
        """It will not go through by itself any more."""
        mail = letter('Hello', to=['bob@example.net'], sender=self.me)
        self.append(self.user, mail)
        self.lmtp(self.user, self.ours(
            mail, 'from c (c [10.0.0.7])', 'bob@example.net', status='4.7.1',
            diagnostic='451 4.7.1 Greylisted, please come back later'))
        record = self.state(self.user, 'bob@example.net')
        self.assertEqual((record['reason'], record['score']), ('greylisted', 0))
        self.assertIn('Send again', record['advice'])

    def test_bounce_of_a_hoster(self):
        """By its signature, as our MTA found it."""
        user = self.new_user(bounce_authserv='mx.example.org')
        mail = letter(to=['bob@gmail.com'], sender=f'{user}@example.org')
        self.append(user, mail)
        report = bounce_of(mail, ['bob@gmail.com'], user,
                           reporting_mta='googlemail.com').replace(
            b'MAILER-DAEMON@', b'mailer-daemon@')
        self.lmtp(user, outside(
            report, 'mail-1.google.com', below=b'Authentication-Results: '
            b'mx.example.org; dkim=pass header.d=googlemail.com\r\n'), stranger=True)
        self.assertEqual(self.recorded(user), ['bob@gmail.com'])

    def test_feedback_loop(self):
        """The one that is named, with a signature of its own."""
        user = self.new_user(bounce_authserv='mx.example.org',
                             bounce_feedback='feedback@isp.example')
        mail = letter(to=['bob@example.net'], sender=f'{user}@example.org')
        self.append(user, mail)
        for sender, signer, wanted in (
                (b'feedback@isp.example', b'other.example', 'watched'),
                (b'eve@isp.example', b'isp.example', 'watched'),
                (b'feedback@isp.example', b'isp.example', 'suppressed')):
            report = complaint('bob@example.net', f'{user}@example.org', mail)
            self.lmtp(user, outside(report.replace(
                b'feedback@isp.example', sender).replace(
                b'header.d=example.net', b'header.d=' + signer)), stranger=True)
            self.assertEqual(self.state(user, 'bob@example.net')['state'], wanted)

    def test_relay(self):
        """A smarthost that sends for us, named."""
        user = self.new_user(bounce_relays='smarthost.example.com')
        mail = letter(to=['bob@example.net'], sender=f'{user}@example.org')
        self.append(user, mail)
        made = b'Received: by smarthost.example.com (Postfix) id 1; x\r\n'
        for client, wanted in (('mx.example.org', 1), ('other.example', 0)):
            relayed = (f'Received: from {client} ({client} [192.0.2.1])\r\n\tby '
                       'smarthost.example.com (Postfix) with ESMTP id 2; x\r\n'
                       ).encode() + mail
            self.lmtp(user, outside(bounce_of(relayed, ['bob@example.net'], user),
                                    'smarthost.example.com', below=made),
                      stranger=True)
            record = self.state(user, 'bob@example.net')
            self.assertEqual((record['count'], record['unproven']),
                             (wanted, 0) if wanted else (1, 1))

    def test_a_filter_on_loopback(self):
        """Named, what stands below is read."""
        user = self.new_user(bounce_relays='localhost')
        loop = (f'Received: from localhost (localhost [127.0.0.1])\r\n\tby {MX} with '
                'ESMTP id 3; x\r\n').encode()
        mail = letter(to=['bob@example.net'], sender=f'{user}@example.org')
        line = f'from c (c [192.0.2.9]) (Authenticated sender: {user})'
        self.lmtp(user, bounce_of(loop + returned_by_us(mail, line),
                                  ['bob@example.net'], user))
        self.assertEqual(self.recorded(user), ['bob@example.net'])


class Mending(TrustCase):
    """What the log promises: doveadm bounce scan makes up for it."""

    def dict_path(self):
        return pathlib.Path(self.home(self.user), 'dovecot-bounce.dict')

    def scan(self):
        row, = self.doveadm_json('bounce', 'scan', '-u', self.user)
        return row['changed']

    def unmark(self):
        client = self.imap(self.user)
        client.select('Sent')
        client.store('1:*', '-FLAGS', '($Bounced)')
        client.logout()

    def test_all_that_is_lost(self):
        """Records, the failures of the sent side, $Bounced."""
        mail = letter('News', to=people(25), sender=self.me)
        self.append(self.user, mail)
        # counted after the client has its answer
        for _ in range(100):
            if self.broadcasts(self.user):
                break
            time.sleep(0.05)
        kept = self.dict_path().read_bytes()
        for address in people(5):
            self.lmtp(self.user, self.forged(mail, [address]))
        before = self.world()
        self.assertEqual((before[2], before[4]), (6, ['our-side']))
        self.assertIn('$Bounced', before[1][-1])
        # as if the dictionary had been away meanwhile
        self.dict_path().write_bytes(kept)
        self.unmark()
        self.assertNotEqual(self.world(), before)
        self.assertEqual(self.scan(), 5)
        self.assertEqual(self.world(), before)
        self.assertEqual(self.scan(), 0)
        self.assertEqual(self.world(), before)
        # what a person removed is settled, here, too
        for address in people(5):
            self.doveadm('bounce', 'remove', '-u', self.user, address)
        self.assertNotIn('$Bounced', self.flags(self.user)[-1])
        after = self.world()
        self.assertEqual(self.scan(), 0)
        self.assertEqual(self.world(), after)

    def test_dictionary_lost(self):
        """What was sent is counted again from its copies."""
        self.dict_path().unlink()
        self.unmark()
        self.assertEqual(self.scan(), 1)
        day = self.day(self.user)
        self.assertEqual((day['sent'], day['failed'], day['percent'], day['level']),
                         (2, 1, '50.00', 'none'))
        self.assertEqual(self.recorded(self.user), [self.dead])
        self.assertIn('$Bounced', self.flags(self.user)[-1])

    def test_released_and_cleared(self):
        """Neither comes back, nor its mark."""
        self.doveadm('bounce', 'release', '-u', self.user, self.dead)
        mail = letter('Soft', to=['bob@example.net'], sender=self.me)
        self.append(self.user, mail)
        self.lmtp(self.user, self.forged(mail, ['bob@example.net']))
        self.lmtp(self.user, self.forged(mail, ['bob@example.net'],
                                         action='delivered', status='2.0.0'))
        rows = self.doveadm_json('bounce', 'list', '-u', self.user)
        self.assertEqual([(row['address'], row['state']) for row in rows],
                         [(self.dead, 'released')])
        self.assertFalse(any('$Bounced' in flags for flags in self.flags(self.user)))
        self.scan()
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', self.user), rows)
        self.assertFalse(any('$Bounced' in flags for flags in self.flags(self.user)))
        # what fails afterwards does
        mail = letter('Again', to=['bob@example.net'], sender=self.me)
        self.append(self.user, mail)
        time.sleep(1.1)
        self.lmtp(self.user, self.forged(mail, ['bob@example.net']))
        self.dict_path().write_bytes(re.sub(
            rb'(?m)^priv/bounce/address/bob.*\n.*\n', b'',
            self.dict_path().read_bytes()))
        self.assertEqual(self.scan(), 1)
        self.assertEqual(self.state(self.user, 'bob@example.net')['count'], 1)

    def test_at_least(self):
        """More failed than the copy names: no per cent, and no alarm."""
        mail = letter('News', to=[self.me], sender=self.me)
        self.append(self.user, mail)
        self.append(self.user, letter('Other', to=people(100), sender=self.me))
        self.lmtp(self.user, self.forged(mail, people(40, 'corp.example')))
        day = self.day(self.user)
        self.assertEqual((day['sent'], day['failed'], day['known'], day['percent'],
                          day['level']),
                         (103, 41, 'at-least', 'unknown', 'unknown'))


class SentinelLda(TrustCase):
    """dovecot-lda has no line of its own."""

    def test_ours_and_others(self):
        for address, message in (
                ('a@example.net', harness.made_here),
                ('b@example.net', outside)):
            mail = letter(to=[address], sender=self.me)
            self.append(self.user, mail)
            self.lda(self.user, message(self.forged(mail, [address])))
        self.assertEqual(self.recorded(self.user), ['a@example.net', self.dead])
        self.assertEqual(self.state(self.user, 'b@example.net')['unproven'], 1)


class BehindProxy(Case):
    """LMTP through another Dovecot (lmtp_proxy) that bounce_sites names: it adds a line
    of its own above our MTA's."""
    settings = {'bounce_sender_checked': 'no', 'bounce_authserv': '',
                'bounce_sites': 'front.example.org'}

    class Front(harness.TestCase):
        """Not a test: its server."""
        bounce = sieve = sieve_bounce = False
        spare_users = 0
        users = {}
        conf = 'lmtp_proxy = yes\nhostname = front.example.org\n'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.front = harness.Server(cls.Front)
        cls.addClassCleanup(cls.front.close)
        with open(f'{cls.front.dir}/passwd', 'w', encoding='utf-8') as out:
            for number in range(1, 4):
                out.write(f'user{number}:{{PLAIN}}pass:::::: proxy=y host=127.0.0.1 '
                          f'port={cls.server.ports["lmtp"]}\n')
        cls.front.start()

    def through(self, user, message):
        ours, self.ports = self.ports, self.front.ports
        try:
            self.lmtp(user, message, stranger=True)
        finally:
            self.ports = ours

    def test_ours(self):
        user = self.new_user()
        mail = letter(to=people(1), sender=f'{user}@example.org')
        self.append(user, mail)
        report = bounce_of(mail, people(1), user)
        self.through(user, outside(report))
        self.assertEqual(self.recorded(user), [])
        self.through(user, harness.made_here(report))
        self.assertEqual(self.recorded(user), people(1))
        before = self.doveadm_json('bounce', 'list', '-u', user)
        self.doveadm('bounce', 'scan', '-u', user)
        self.assertEqual(self.doveadm_json('bounce', 'list', '-u', user), before)
