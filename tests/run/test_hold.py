"""No further attempt: who is suppressed is not tried by dovecot-submissiond, and
whoever cannot be told is not held."""

import email
import email.policy
import fcntl
import json
import os
import pathlib
import smtplib
import time

import dictserver
import harness
from test_sent import SentCase, Silent, letter

DEAD, ALIVE = 'dead@example.net', 'alive@example.net'


class Records:
    """A dictionary as it has come to be."""

    def write(self, user, *records):
        """Into the dictionary, as they are."""
        path = pathlib.Path(self.dir, 'records.json')
        path.write_text(''.join(json.dumps(record) + '\n' for record in records))
        path.chmod(0o600)
        self.doveadm('bounce', 'import', '-u', user, str(path))

    def known(self, user, *addresses, **members):
        now = int(time.time())
        self.write(user, *({
            'v': 1, 'address': address, 'state': 'suppressed', 'class': 'hard',
            'side': 'recipient', 'reason': 'mailbox-unknown', 'status': '5.1.1',
            'score': 3, 'count': 1, 'first': now - 86400, 'last': now - 86400,
            'since': now - 86400, 'until': now + 86400, 'by': 'bounce',
            'evidence': 'verified', **members} for address in addresses))

    def record(self, user, address=DEAD):
        for line in self.doveadm('bounce', 'export', '-u', user).stdout.splitlines():
            record = json.loads(line)
            if record['address'] == address:
                return record
        return None

    def age(self, user, address=DEAD, secs=60):
        """As if it had been held so much earlier."""
        record = self.record(user, address)
        for name in ('held', 'retried'):
            if name in record:
                record[name] -= secs
        # import prefers the one that knows more
        record['count'] += 1
        self.write(user, record)


class Case(Records, SentCase):
    sieve = False
    settings = {'bounce_suppress': 'enforce'}

    def holds(self, user, address=DEAD):
        return self.record(user, address).get('holds', 0)

    def delivered(self):
        return self.server.relay.delivered

    def relayed(self, before):
        """The recipients of the one mail that came since."""
        (_, rcpts, _), = self.delivered()[before:]
        return rcpts

    def refused(self, user, to, client=None, **args):
        """A mail that is refused at DATA: what was said."""
        before = len(self.delivered())
        with self.assertRaises(smtplib.SMTPDataError) as caught:
            self.submit(user, letter(to=to, **args), to, client)
        self.assertEqual(len(self.delivered()), before)
        return f'{caught.exception.smtp_code} {caught.exception.smtp_error.decode()}'

    def goes(self, user, to, tried=None, client=None, **args):
        before = len(self.delivered())
        self.assertEqual(self.submit(user, letter(to=to, **args), to, client), {})
        self.assertEqual(self.relayed(before), to if tried is None else tried)

    def notices(self, user):
        return [email.message_from_bytes(data, policy=email.policy.default)
                for _, data in self.fetch(user, 'INBOX', notices=True)]


class Enforce(Case):
    conf = Case.conf + 'imap_urlauth_host = imap.example.org\n'
    under_valgrind = ('test_nobody_left', 'test_left_out', 'test_second_try')

    def test_nobody_left(self):
        user = self.new_user()
        self.known(user, DEAD, 'dead2@example.net')
        client = self.submission(user)
        said = self.refused(user, [DEAD], client)
        self.assertRegex(
            said, f'^550 5.1.1 Not sent. {DEAD} does not work: no such '
            r'mailbox \(since \d{4}-\d\d-\d\d\). Correct it, or send '
            r'again within 1 hour to try all the same.$')
        record = self.record(user)
        self.assertEqual(record['holds'], 1)
        self.assertAlmostEqual(record['held'], time.time(), delta=60)
        # several, one of them twice
        said = self.refused(user, [DEAD.upper(), DEAD, 'dead2@example.net'], client)
        self.assertIn(f'{DEAD} does not work; dead2@example.net does not work', said)
        # the next mail of the session
        self.goes(user, [ALIVE], client=client)
        day = self.day(user)
        self.assertEqual((day['sent'], day['held'], day['failed']), (1, 3, 0))
        self.assertEqual(self.notices(user), [])
        self.count_log('bounce: Mail refused: all of its . recipients', 2)
        self.assertEqual(
            [row['address'] for row in self.doveadm_json(
                'bounce', 'list', '-H', '-u', user)], ['dead2@example.net', DEAD])

    def test_noted_afterwards(self):
        """The client has its answer while another process has the dictionary."""
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        client.ehlo_or_helo_if_needed()
        client.mail(f'{user}@example.org')
        client.rcpt(DEAD)
        client.docmd('DATA')
        with open(f'{self.home(user)}/dovecot-bounce.dict-lock', 'ab') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            client.send(letter(to=[DEAD]) + b'\r\n.\r\n')
            self.assertEqual(client.getreply()[0], 550)
        client.noop()
        self.assertEqual(self.holds(user), 1)

    def test_left_out(self):
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        self.goes(user, [DEAD, ALIVE, 'bob@example.net'],
                  [ALIVE, 'bob@example.net'], client, subject='Lunch')
        notice, = self.notices(user)
        self.assertIn('kind=held', notice['X-Bounce-Notice'])
        self.assertEqual(notice['Subject'], 'Not sent to one recipient: Lunch')
        text = notice.get_body(('plain',)).get_content()
        self.assertIn(DEAD, text)
        self.assertIn('sent to 2 other recipients', text)
        self.assertNotIn(ALIVE, text)
        day = self.day(user)
        self.assertEqual((day['sent'], day['held']), (2, 1))
        self.assertEqual(self.holds(user), 1)
        self.count_log('bounce: Mail sent without 1 suppressed', 1)
        # what is left out bears no token: a report about it proves nothing
        sent = self.delivered()[-1][2]
        self.assertIn(b'X-Bounce-Token', sent)
        report = harness.dsn(DEAD, user=f'{user}@example.org')
        self.lmtp(user, report.replace(
            report[report.index(b'\nReceived: from client'):],
            b'\n' + sent.replace(b'\r\n', b'\n') + b'\n--b--\n'), sender='')
        self.assertEqual(self.record(user)['count'], 1)

    def test_second_try(self):
        user = self.new_user()
        self.known(user, DEAD)
        first = '<1@example.org>'
        self.refused(user, [DEAD], message_id=first)
        # at once it is no answer of a person's
        self.refused(user, [DEAD])
        self.assertEqual(self.holds(user), 2)
        self.age(user)
        # a client's outbox
        self.refused(user, [DEAD], message_id=first)
        self.age(user)
        self.refused(user, [DEAD], message_id=first)
        self.assertEqual(self.holds(user), 2)
        self.age(user)
        self.goes(user, [DEAD], message_id='<2@example.org>')
        record = self.record(user)
        self.assertEqual((record['holds'], record['state']), (2, 'suppressed'))
        self.assertGreaterEqual(record['retried'], record['held'])
        # this once
        self.refused(user, [DEAD])
        self.age(user, secs=3700)
        self.refused(user, [DEAD])
        day = self.day(user)
        self.assertEqual((day['sent'], day['held']), (1, 4))

    def test_second_try_of_some(self):
        """Left out before; beside one that is alive there is no retry."""
        user = self.new_user()
        self.known(user, DEAD)
        self.goes(user, [DEAD, ALIVE], [ALIVE])
        self.age(user)
        self.goes(user, [DEAD, ALIVE])
        self.assertEqual(len(self.notices(user)), 1)

    def test_never_what_was_said(self):
        user = self.new_user()
        self.known(user, 'c@example.net', by='complaint')
        self.known(user, 'm@example.net', state='corrected', by='user',
                   corrected='m@example.org')
        self.doveadm('bounce', 'add', '-u', user, 'u@example.net')
        for address, said in (
                ('c@example.net', '550 5.7.1 Not sent. c@example.net objected to '
                 'your mail'),
                ('m@example.net', '550 5.1.1 Not sent. m@example.net is noted as '
                 'm@example.org.'),
                ('u@example.net', '550 5.1.1 Not sent. You took u@example.net off')):
            self.assertIn(said, self.refused(user, [address]))
            self.age(user, address)
            self.assertIn(said, self.refused(user, [address]))
            self.assertEqual(self.holds(user, address), 2)
        self.doveadm('bounce', 'release', '-u', user, 'u@example.net')
        self.goes(user, ['u@example.net'])

    def test_others_go(self):
        user = self.new_user()
        self.known(user, 'w@example.net', state='watched')
        self.known(user, 'r@example.net', state='released', by='user')
        self.known(user, 'l@example.net', until=int(time.time()) - 5)
        self.known(user, 'postmaster@example.net', 'abuse@example.net')
        to = ['w@example.net', 'r@example.net', 'l@example.net', 'DEAD+x@example.net',
              'postmaster@example.net', 'Abuse@example.net', 'new@example.net']
        self.known(user, DEAD)
        self.goes(user, to)

    def test_any_form(self):
        user = self.new_user()
        self.known(user, DEAD)
        self.assertIn('Not sent. Dead@EXAMPLE.net does not',
                      self.refused(user, ['Dead@EXAMPLE.net']))
        self.assertIn('550', self.refused(user, [DEAD, DEAD]))
        self.assertEqual(self.holds(user), 2)

    def test_chunking(self):
        """BDAT instead of DATA."""
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        client.ehlo()
        mail = letter()
        for to, code in (([DEAD], 550), ([DEAD, ALIVE], 250), ([ALIVE], 250)):
            before = len(self.delivered())
            client.docmd('MAIL', f'FROM:<{user}@example.org>')
            for address in to:
                self.assertEqual(client.docmd('RCPT', f'TO:<{address}>')[0], 250)
            client.send(b'BDAT 30\r\n' + mail[:30])
            self.assertEqual(client.getreply()[0], 250)
            client.send(b'BDAT %d LAST\r\n' % (len(mail) - 30) + mail[30:])
            self.assertEqual(client.getreply()[0], code)
            client.noop()
            self.assertEqual([rcpts for _, rcpts, _ in self.delivered()[before:]],
                             [[ALIVE]] if ALIVE in to else [])

    def test_burl(self):
        """The text comes from the user's own mailbox (RFC 4468)."""
        user = self.new_user()
        self.known(user, DEAD)
        self.append(user, letter(), folder='INBOX')
        client = self.submission(user)
        client.ehlo()
        for to, code in (([DEAD], 550), ([DEAD, ALIVE], 250)):
            before = len(self.delivered())
            client.docmd('MAIL', f'FROM:<{user}@example.org>')
            for address in to:
                self.assertEqual(client.docmd('RCPT', f'TO:<{address}>')[0], 250)
            answer = client.docmd(
                'BURL', f'imap://{user}@imap.example.org/INBOX/;UID=1 LAST')
            self.assertEqual(answer[0], code, answer)
            client.noop()
            self.assertEqual([rcpts for _, rcpts, _ in self.delivered()[before:]],
                             [[ALIVE]] if ALIVE in to else [])

    def test_pipelining(self):
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        client.ehlo()
        for to, code in (([ALIVE], 250), ([DEAD], 550), ([ALIVE, DEAD], 250), ([DEAD], 550),
                         ([DEAD, ALIVE], 250)):
            client.send(b''.join(
                [b'MAIL FROM:<%s@example.org>\r\n' % user.encode()] +
                [b'RCPT TO:<%s>\r\n' % address.encode() for address in to] +
                [b'DATA\r\n']))
            self.assertEqual([client.getreply()[0] for _ in range(len(to) + 2)],
                             [250] * (len(to) + 1) + [354])
            client.send(letter() + b'.\r\nNOOP\r\n')
            self.assertEqual(client.getreply()[0], code, to)
            self.assertEqual(client.getreply()[0], 250, to)
        self.assertEqual([rcpts for _, rcpts, _ in self.delivered()[-2:]],
                         [[ALIVE]] * 2)

    def test_reset(self):
        """What was held before RSET is no part of the next mail."""
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        for end in ('RSET', None):
            client.docmd('MAIL', f'FROM:<{user}@example.org>')
            self.assertEqual(client.docmd('RCPT', f'TO:<{DEAD}>')[0], 250)
            if end:
                self.assertEqual(client.docmd(end)[0], 250)
                self.goes(user, [ALIVE], client=client)
        client.close()
        self.assertEqual(self.holds(user), 0)
        self.assertEqual(self.notices(user), [])

    def test_relay_refuses_the_other(self):
        """Then nobody is left."""
        user = self.new_user()
        self.known(user, DEAD)
        relay = self.server.relay
        relay.refuse[ALIVE] = '550 5.1.1 No'
        self.addCleanup(relay.refuse.clear)
        client = self.submission(user)
        client.docmd('MAIL', f'FROM:<{user}@example.org>')
        self.assertEqual([client.docmd('RCPT', f'TO:<{address}>')[0]
                          for address in (DEAD, ALIVE)], [250, 550])
        self.assertEqual(client.data(letter())[0], 550)
        self.assertEqual(self.notices(user), [])

    def test_relay_refuses_the_mail(self):
        """Nothing went, so nothing is told or noted."""
        user = self.new_user()
        self.known(user, DEAD)
        relay = self.server.relay
        relay.refuse_data = '451 4.3.0 Later'
        client = self.submission(user)
        try:
            with self.assertRaises(smtplib.SMTPDataError):
                self.submit(user, letter(), [DEAD, ALIVE], client)
        finally:
            relay.refuse_data = None
        self.assertEqual(self.notices(user), [])
        self.assertEqual(self.holds(user), 0)
        self.goes(user, [DEAD, ALIVE], [ALIVE], client=client)
        self.assertEqual(len(self.notices(user)), 1)

    def test_again_then_refused(self):
        """The relay has its recipient already when the mail turns out to be the
        same try: the next mail of the session is not mixed with it."""
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        self.refused(user, [DEAD], client, message_id='<1@example.org>')
        self.age(user)
        self.refused(user, [DEAD], client, message_id='<1@example.org>')
        self.goes(user, [ALIVE], client=client)

    def test_client_gone(self):
        """It hangs up before the answer, before the relay's too."""
        user = self.new_user()
        self.known(user, DEAD)
        relay = self.server.relay
        for to, wait in (([DEAD], 0), ([DEAD, ALIVE], 0), ([DEAD, ALIVE], 0.5)):
            relay.wait_data = wait
            self.addCleanup(setattr, relay, 'wait_data', 0)
            client = self.submission(user)
            client.docmd('MAIL', f'FROM:<{user}@example.org>')
            for address in to:
                client.docmd('RCPT', f'TO:<{address}>')
            client.docmd('DATA')
            client.send(letter() + b'\r\n.\r\n')
            time.sleep(wait / 2)
            client.sock.close()
            time.sleep(wait)
        relay.wait_data = 0
        self.assertEqual(self.submission(user).sendmail(
            f'{user}@example.org', [ALIVE], letter()), {})

    def test_notices_have_a_cap(self):
        """After 20 in an hour there is no way to tell, and so nobody is held."""
        user = self.new_user()
        self.known(user, DEAD)
        client = self.submission(user)
        for _ in range(20):
            self.goes(user, [DEAD, ALIVE], [ALIVE], client)
        self.assertEqual(len(self.notices(user)), 20)
        self.goes(user, [DEAD, ALIVE], client=client)
        self.count_log('are tried, as the user cannot be told: Too many', 1)

    def test_cannot_be_told_after_all(self):
        """The mailbox fails when the text has come: once later, then everybody."""
        user = self.new_user()
        self.known(user, DEAD)
        self.goes(user, [DEAD, ALIVE], [ALIVE])
        client = self.submission(user)
        client.docmd('MAIL', f'FROM:<{user}@example.org>')
        for address in (DEAD, ALIVE):
            self.assertEqual(client.docmd('RCPT', f'TO:<{address}>')[0], 250)
        folder = pathlib.Path(self.home(user), 'Maildir', 'tmp')
        folder.chmod(0)
        self.addCleanup(folder.chmod, 0o700)
        self.expect_log('bounce: Mail is deferred, as the user cannot be told of 1')
        self.expect_log('.')
        before = len(self.delivered())
        self.assertEqual(client.data(letter())[0], 451)
        self.assertEqual(len(self.delivered()), before)
        self.goes(user, [DEAD, ALIVE], client=client)
        # another session finds out by itself
        self.goes(user, [DEAD, ALIVE])
        self.assertEqual(self.holds(user), 1)

    def test_record_no(self):
        user = self.new_user(bounce_record='no')
        self.known(user, DEAD)
        self.goes(user, [DEAD])

    def test_mode_no(self):
        user = self.new_user(bounce_suppress='no')
        self.known(user, DEAD)
        self.goes(user, [DEAD])
        self.assertEqual(self.holds(user), 0)

    def test_again_off(self):
        user = self.new_user(bounce_suppress_again='0')
        self.known(user, DEAD)
        self.assertNotIn('again', self.refused(user, [DEAD]))
        self.age(user)
        self.refused(user, [DEAD])

    def test_notices_off(self):
        user = self.new_user(bounce_notice='failure')
        self.known(user, DEAD)
        self.goes(user, [DEAD, ALIVE])
        self.goes(user, [DEAD])
        self.count_log('cannot be told: bounce_notice has no held', 2)

    def test_own_mailbox(self):
        user = self.new_user(bounce_notice_mailbox='Told')
        self.known(user, DEAD)
        self.goes(user, [DEAD, ALIVE], [ALIVE])
        self.assertEqual(len(self.fetch(user, 'Told', notices=True)), 1)

    def test_rcpt(self):
        """For scripts: each is refused by itself, and the others go."""
        user = self.new_user(bounce_suppress_reply='rcpt')
        self.known(user, DEAD)
        self.known(user, 'c@example.net', by='complaint')
        before = len(self.delivered())
        client = self.submission(user)
        refused = self.submit(user, letter(), [DEAD, ALIVE, 'c@example.net'], client)
        code, said = refused[DEAD]
        self.assertEqual(code, 550)
        self.assertIn(b'5.1.1 <%s> Not sent. %s does not work' % (
            DEAD.encode(), DEAD.encode()), said)
        self.assertTrue(refused['c@example.net'][1].startswith(b'5.7.1'))
        self.assertEqual(self.relayed(before), [ALIVE])
        self.assertEqual(self.holds(user), 1)
        day = self.day(user)
        self.assertEqual((day['sent'], day['held']), (1, 2))
        # no mail followed: it is noted all the same
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.submit(user, letter(), [DEAD], client)
        client.noop()
        self.assertEqual(self.holds(user), 2)
        self.assertEqual(self.notices(user), [])
        self.age(user)
        self.goes(user, [DEAD], client=client)


class Report(Case):
    """The default: an event, nothing else."""
    settings = {}
    conf = Case.conf + 'mail_debug = yes\n'
    conf24 = Case.conf24 + 'log_debug = category=bounce\n'

    def test_goes(self):
        user = self.new_user()
        self.known(user, DEAD)
        self.goes(user, [DEAD, ALIVE])
        self.count_log(f'{DEAD} is known: report .mailbox-unknown', 1)
        self.assertEqual(self.holds(user), 0)
        self.assertEqual(self.log(f'{ALIVE} is known'), [])


class Served(Case):
    """A dictionary behind Dovecot's dict server, whose answers come later: what goes
    on in the background and what is asked at RCPT are of one connection."""
    dict23 = 'proxy::bounce'
    dict24 = 'dict proxy {\n name = bounce\n}'

    @classmethod
    def setUpClass(cls):
        cls.backend = dictserver.SQLite()
        cls.conf23 = Case.conf23 + cls.backend.conf23()
        cls.conf24 = Case.conf24 + cls.backend.conf24()
        super().setUpClass()
        cls.addClassCleanup(cls.backend.close)
        dictserver.wait_for(
            lambda: os.path.exists(f'{cls.server.dir}/run/dict'))

    def test_session(self):
        """Mails without a pause: each is counted and noted while the next is asked
        for."""
        user = self.new_user()
        dead = [f'dead{number}@example.net' for number in range(20)]
        self.known(user, *dead)
        client = self.submission(user)
        before = len(self.delivered())
        for number in range(0, 20, 2):
            with self.assertRaises(smtplib.SMTPDataError):
                client.sendmail(f'{user}@example.org', dead[number:number + 2],
                                letter())
            client.sendmail(f'{user}@example.org',
                            [ALIVE, *dead[number:number + 2]], letter())
        client.noop()
        self.assertEqual([rcpts for _, rcpts, _ in self.delivered()[before:]],
                         [[ALIVE]] * 10)
        day = self.day(user)
        self.assertEqual((day['sent'], day['held']), (10, 40))
        self.assertEqual({self.holds(user, address) for address in dead}, {2})
        self.assertEqual(len(self.notices(user)), 10)
        self.age(user, dead[0])
        self.goes(user, [dead[0]], client=client)


class Mbox(Case):
    """One file, of which a save holds the lock."""

    conf23 = Case.conf23 + 'mail_location = mbox:~/mail:INBOX=~/inbox\n'
    conf24 = Case.conf24 + ('mail_driver = mbox\nmail_path = ~/mail\n'
                            'mail_inbox_path = ~/inbox\n')

    def test_delivered_meanwhile(self):
        """While the relay thinks."""
        user = self.new_user()
        self.known(user, DEAD)
        relay = self.server.relay
        relay.wait_data = 4
        self.addCleanup(setattr, relay, 'wait_data', 0)
        client = self.submission(user)
        client.docmd('MAIL', f'FROM:<{user}@example.org>')
        for address in (DEAD, ALIVE):
            self.assertEqual(client.docmd('RCPT', f'TO:<{address}>')[0], 250)
        client.docmd('DATA')
        client.send(letter(to=[DEAD, ALIVE]) + b'\r\n.\r\n')
        time.sleep(1)
        began = time.monotonic()
        self.lmtp(user, letter('Meanwhile'), sender='bob@example.net')
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual(client.getreply()[0], 250)
        client.noop()
        notice, = self.notices(user)
        self.assertIn(DEAD, notice.get_body(('plain',)).get_content())
        self.assertEqual(self.holds(user), 1)


class OverQuota(Case):
    """Who has no room is not told, and so nobody is held."""
    plugins = ('quota',)
    conf23 = Case.conf23 + '''plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:bytes=100
}
'''
    conf24 = Case.conf24 + '''quota "User quota" {
}
quota_storage_size = 100B
quota_storage_grace = 0
'''

    def test_tried(self):
        user = self.new_user()
        self.known(user, DEAD)
        for to in ([DEAD], [DEAD, ALIVE]):
            self.goes(user, to)
        self.count_log('cannot be told: .*[Qq]uota', 2)
        self.assertEqual(self.holds(user), 0)
        # nothing is left of the trial
        self.assertEqual(self.messages(user), 0)


class Down(Case):
    """Without a dictionary everybody is tried, and one line says so."""
    dict23 = 'proxy:@DIR@/nobody:bounce'
    dict24 = '  dict proxy {\n    name = bounce\n    socket_path = @DIR@/nobody\n  }'

    def test_tried(self):
        user = self.new_user()
        client = self.submission(user)
        self.expect_log('.')
        before = len(self.delivered())
        began = time.monotonic()
        for number in range(3):
            client.sendmail(f'{user}@example.org', [f'{number}@example.net', ALIVE],
                            letter())
        self.assertLess(time.monotonic() - began, 5 * harness.SLOW)
        self.assertEqual([rcpts[0] for _, rcpts, _ in self.delivered()[before:]],
                         [f'{number}@example.net' for number in range(3)])
        self.count_log('bounce: All recipients are tried: ', 1)


class Hung(Silent, Case):
    """Two seconds, once."""

    def test_tried(self):
        user = self.new_user()
        client = self.submission(user)
        self.expect_log('.')
        before = len(self.delivered())
        to = [f'{number}@example.net' for number in range(20)]
        for limit in (2.7, 0.5):
            began = time.monotonic()
            client.sendmail(f'{user}@example.org', to, letter())
            self.assertLess(time.monotonic() - began, limit * harness.SLOW + 1)
        self.assertEqual([rcpts for _, rcpts, _ in self.delivered()[before:]],
                         [to] * 2)
        self.count_log('bounce: All recipients are tried: ', 1)
