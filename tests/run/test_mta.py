"""What other MTAs than Postfix (test_circle) write on the reports that they make
themselves, in earnest."""

import os
import re
import smtplib
import time

import exim
import harness
import network
import opensmtpd
import sendmail
from test_sent import letter
from test_verified import Case, bounce_of

# nobody's number
EXIM_UID = 4998
STRANGER = '203.0.113.66'
# what clients call themselves is nobody's address
HELO = '[127.0.0.1]'
# dovecot-lda asks for it as the user
STATS = '''service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
'''


def lda(server):
    """The command, for an MTA that gives its programs no environment of ours: a
    script, as OpenSMTPD takes no long one."""
    path = f'{server.dir}/lda'
    with open(path, 'w', encoding='ascii') as out:
        out.write('#!/bin/sh\nexec /usr/bin/env %s "$@"\n' % ' '.join(
            [*(f"'{name}={value}'" for name, value in server.environment().items()),
             f'{harness.LIBEXEC}/dovecot-lda', '-c', server.conf_path,
             '-o', 'log_path=/dev/stderr']))
        os.fchmod(out.fileno(), 0o755)
    return f'/usr/bin/env {path}'


class HandBack(list):
    """What a content filter took goes back over loopback."""

    def __init__(self, port):
        super().__init__()
        self.port = port

    def append(self, mail):
        super().append(mail)
        sender, rcpts, data = mail
        with smtplib.SMTP('127.0.0.1', self.port, timeout=30) as client:
            client.sendmail(sender, rcpts, data)


class Mta(Case):
    """Clients come from self.client, others' from STRANGER: as the MTA sees it."""

    client = '192.168.1.9'
    # they hand over the user with their domain
    conf23 = Case.conf23 + 'auth_username_format = %Ln\n'
    conf24 = Case.conf24 + 'auth_username_format = %{user | username | lower}\n'
    sieve = False

    @classmethod
    def prepare(cls, server):
        network.add(cls, cls.client, STRANGER)
        # server.relay plays the world outside
        cls.mta = cls.make(server)
        cls.addClassCleanup(cls.mta.close)
        cls.mta.start()

    def setUp(self):
        super().setUp()
        self.user = self.new_user()
        self.server.relay.refuse.clear()

    def send(self, mail, to, sender=None, login=None, client=None):
        """client: who does not log in."""
        source = client or (STRANGER if login else self.client)
        with smtplib.SMTP('127.0.0.1', self.mta.port, HELO, timeout=30,
                          source_address=(source, 0)) as smtp:
            if self.logs_in and not client:
                smtp.login(login or self.user, 'pass')
            smtp.sendmail(f'{self.user}@example.org' if sender is None else sender,
                          to, mail)

    def wait_for(self, what, wanted):
        deadline = time.monotonic() + 20 * harness.SLOW
        while True:
            found = what()
            if found == wanted:
                return
            if time.monotonic() > deadline:
                self.fail(f'{found} != {wanted}\n{self.mta.log()[-4000:]}')
            time.sleep(0.1)

    def found(self, address):
        record = self.state(self.user, address) or {}
        return [record.get(name) for name in ('evidence', 'state', 'unproven')]

    def from_outside(self, client, alias=True):
        """Who knows a mail of the user's: sends it again in their name, to an alias
        of ours that leads to a dead address; and a report about it."""
        me = f'{self.user}@example.org'
        known = letter('Public', to=['list@lists.example'], sender=me)
        self.append(self.user, known)
        self.server.relay.refuse['gone@example.net'] = '550 5.1.1 No such user here'
        if alias:
            self.send(known, ['team@example.org'], client=client)
            self.wait_for(self.delivered, 1)
        forged = bounce_of(known, ['boss@corp.example'], self.user)
        for below in b'', b'Received: %s; x\r\n' % self.forgery:
            self.send(below + forged, [me], '', client=client)
        self.wait_for(self.delivered, 2 + alias)
        self.assertEqual(self.recorded(self.user), [])
        self.assertEqual(self.day(self.user)['failed'], 0)
        self.assertEqual(self.flags(self.user), [{'\\Seen'}])
        self.assertIsNone(self.state(self.user, 'boss@corp.example'))

    def delivered(self):
        return self.messages(self.user) + self.messages(self.user, 'Bounces')

    def reports_and_others(self, dovecot=1):
        """dovecot: how many lines of its own stand above. Known by a copy in Sent:
        verified; else perhaps ours, until it is there. What an account hands in is a
        stranger's."""
        me = f'{self.user}@example.org'
        known, other = (letter(f'No {number}', to=[f'dead{number}@example.net'],
                               sender=me) for number in range(2))
        self.append(self.user, known)
        self.server.relay.refuse.update({
            f'dead{number}@example.net': '550 5.1.1 No such user here'
            for number in range(2)})
        self.send(known, ['dead0@example.net'])
        self.send(other, ['dead1@example.net'])
        self.send(bounce_of(known, ['boss@corp.example'], self.user), [me], '',
                  'mallory')
        self.wait_for(lambda: self.found('dead0@example.net'),
                      ['verified', 'suppressed', 0])
        self.wait_for(lambda: self.found('dead1@example.net'),
                      ['plausible', 'watched', 1])
        self.wait_for(lambda: self.messages(self.user), 1)
        self.assertIsNone(self.state(self.user, 'boss@corp.example'))
        lines = [re.findall(rb'(?m)^Received: (.*(?:\r\n[\t ].*)*)\r\n', text)[dovecot]
                 for _, text in self.fetch(self.user, 'Bounces')]
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, self.line)
        self.append(self.user, other)
        self.wait_for(lambda: self.found('dead1@example.net'),
                      ['verified', 'suppressed', 0])


class Exim(Mta):
    logs_in = True
    line = rb'^from Debian-exim by mx.example.org with local '
    forgery = b'from Debian-exim by mx.example.org with local (Exim 4.96)\r\n\tid 1a-00'
    acl = '  accept domains = example.org'

    @classmethod
    def make(cls, server):
        return exim.Exim(server.relay.port, cls.acl, server.ports['lmtp'], EXIM_UID)

    def test_reports(self):
        self.reports_and_others()

    def test_from_outside(self):
        self.from_outside(STRANGER)
        # it was only relayed here
        self.assertIsNone(self.state(self.user, 'gone@example.net'))


class EximFilterLda(Exim):
    """A filter gives all mail that comes from a host back over loopback, and
    dovecot-lda delivers."""
    conf = Exim.conf + STATS

    @classmethod
    def make(cls, server):
        cls.filter = harness.Relay()
        cls.addClassCleanup(cls.filter.close)
        # it runs as the user of the mail, whatever that is called
        mta = exim.Exim(
            server.relay.port,
            '  accept condition = ${if ={$received_port}{@PORT2@}}\n' + cls.acl,
            server.ports['lmtp'], harness.MAIL_UID, routers='''
filter:
  driver = manualroute
  condition = ${if and{{def:sender_host_address}{!={$received_port}{@PORT2@}}}}
  route_list = * 127.0.0.1
  self = send
  transport = filter
lda:
  driver = accept
  domains = example.org
  local_parts = lsearch,ret=key;%s/passwd
  transport = lda
''' % server.dir, transports='''
filter:
  driver = smtp
  port = %d
  hosts_try_fastopen =
lda:
  driver = pipe
  command = %s -d $local_part_data -f "$sender_address"
  log_output
''' % (cls.filter.port, lda(server)))
        cls.filter.delivered = HandBack(mta.port2)
        return mta

    def test_reports(self):
        before = len(self.filter.delivered)
        self.reports_and_others(dovecot=0)
        # what was made here did not go through it
        self.assertEqual(sorted(sender for sender, _, _ in
                                self.filter.delivered[before:]),
                         [''] + [f'{self.user}@example.org'] * 2)


class OpenSmtpd(Mta):
    logs_in = False
    line = (rb'^from mx.example.org \(mx.example.org \[local\]\)\r\n\t'
            rb'by mx.example.org \(OpenSMTPD\) with ESMTPA ')
    forgery = (b'from mx.example.org (mx.example.org [local])\r\n\tby mx.example.org '
               b'(OpenSMTPD) with ESMTPA id 4bX')

    @staticmethod
    def make(server):
        return opensmtpd.OpenSmtpd(server.relay.port, server.ports['lmtp'])

    def test_reports(self):
        self.reports_and_others()


class OpenSmtpdFilterLda(OpenSmtpd):
    """A filter gives all mail from outside back over loopback, and dovecot-lda
    delivers."""
    conf = OpenSmtpd.conf + STATS

    @classmethod
    def make(cls, server):
        cls.filter = harness.Relay()
        cls.addClassCleanup(cls.filter.close)
        mta = opensmtpd.OpenSmtpd(
            server.relay.port, server.ports['lmtp'], cls.filter.port,
            lda(server) + ' -d %{rcpt.user} -f \'%{sender}\'')
        cls.filter.delivered = HandBack(mta.port2)
        return mta

    def test_reports(self):
        self.reports_and_others(dovecot=0)

    def test_from_outside(self):
        self.from_outside(STRANGER, alias=False)


class Sendmail(Mta):
    logs_in = False
    line = rb'^from localhost \(localhost\)\r\n\tby mx.example.org \(8\.\d'
    forgery = (b'from localhost (localhost)\r\n\tby mx.example.org '
               b'(8.17.1/8.17.1/Debian-2) id 4bX')

    @staticmethod
    def make(server):
        return sendmail.Sendmail(server.relay.port, server.ports['lmtp'])

    def test_reports(self):
        self.reports_and_others()


class SendmailLda(Sendmail):
    """dovecot-lda as the mailer of the domain."""
    conf = Sendmail.conf + STATS

    @staticmethod
    def make(server):
        return sendmail.Sendmail(
            server.relay.port, server.ports['lmtp'],
            lda(server).removeprefix('/usr/bin/env ') + ' -d $u -f $g')

    def test_reports(self):
        self.reports_and_others(dovecot=0)

    def test_from_outside(self):
        self.from_outside(STRANGER, alias=False)
