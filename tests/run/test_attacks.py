"""The attacks that need an MTA to be made: whoever reaches a real Postfix, or has an
account on it, and knows one mail of the user's.

The others, by what is tried:

    invented trace, Message-ID, complaint   test_trust.Outsiders.test_knows_nothing...,
                                            test_complaint
    another recipient of a public mail      test_knows_a_public_mail, test_says...,
                                            test_by_other_signs
    success, answers, invented results      test_clears, test_answers; test_proof
    token: stolen, left out, open           test_token; test_verified.Token, Attacks
    hidden reader, hoster, address's side   test_copied_hidden, test_own_side...
    a person's word, scan                   test_after_a_person; test_trust.Mending
    floods: records, INBOX, metrics         test_flood...; Insiders; test_metrics.Alerts
    copies planted, or awaited              test_filed_in_sent, test_fifty_before...
    our own MTA, sendmail(1), webmail       test_trust.Insiders; test_circle; test_mta
                                            and test_mta_postfix: from_outside
    another customer of the relay           test_mta_relay
    shipped Sieve scripts                   test_sieve_delivery.Ready
    what a token tells, its key             tests/test-token.c; Token.test_open_key
    damaged records, numbers, import        tests/test-store.c, test-record.c;
                                            test_mail_first; test_doveadm
"""

import re
import smtplib

import harness
import network
import postfix
from test_mta import HELO, STRANGER, Mta
from test_sent import letter
from test_trust import TrustCase, outside
from test_verified import bounce_of

DOOR = ('inet n - n - - smtpd\n'
        ' -o smtpd_sasl_auth_enable=yes\n'
        ' -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n')


class Attacks(TrustCase, Mta):
    """Accounts log in at two ports; one takes off all that says so."""

    sieve = True
    relay = True
    plugins = ['quota']
    conf23 = Mta.conf23 + '''plugin {
  quota = count:User quota
  quota_vsizes = yes
}
'''
    conf24 = Mta.conf24 + '''quota "User quota" {
}
'''

    @classmethod
    def make(cls, server):
        cls.stripping, = harness.free_ports(1)
        mta = postfix.Postfix(
            server.ports['lmtp'], server.relay.port,
            'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n'
            'smtpd_sasl_type = dovecot\n'
            f'smtpd_sasl_path = {server.dir}/run/auth-client\n'
            'smtpd_sasl_authenticated_header = yes\n',
            f'127.0.0.1:@PORT2@ {DOOR}127.0.0.1:{cls.stripping} {DOOR}'
            ' -o cleanup_service_name=strip\n'
            'strip unix n - n - 0 cleanup\n'
            ' -o header_checks=regexp:{{/^Received:/ IGNORE}}\n')
        cls.conf += f'''service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
submission_host = 127.0.0.1:@RELAY@
'''
        server.write_conf()
        return mta

    def give(self, mail, sender, to, login=None, port=None, options=()):
        """By an account, or from outside."""
        port = port or (self.mta.port2 if login else self.mta.port)
        with smtplib.SMTP('127.0.0.1', port, HELO, timeout=30,
                          source_address=(STRANGER, 0)) as smtp:
            if login:
                smtp.login(login, 'pass')
            smtp.sendmail(sender, [to], mail, rcpt_options=options)

    def stays(self, reports, unproven=()):
        """So many came, and changed nothing."""
        self.wait_for(self.delivered, 1 + reports)
        self.assertEqual(self.world(), self.before)
        self.assertEqual(sorted(
            row['address'] for row in
            self.doveadm_json('bounce', 'list', '-u', self.user)
            if row['unproven']), sorted(unproven))

    def test_full_mailbox(self):
        """From outside, to a full mailbox here, or one that takes it: our own MTA
        tells the user of whom the stranger names."""
        full, other = self.new_user(**(
            {'quota_rule': '*:messages=1'} if self.version == (2, 3) else
            {'quota_message_count': '1'})), self.new_user()
        self.lmtp(full, harness.mail(), sender='carol@example.net')
        for orcpt in self.friend, self.boss:
            self.give(self.public, self.me, f'{full}@example.org', options=[
                'ORCPT=rfc822;' + orcpt])
        for mail in self.public, self.lost:
            self.give(mail, self.me, f'{other}@example.org', options=[
                'NOTIFY=SUCCESS', 'ORCPT=rfc822;' + self.dead])
        self.stays(4)
        reports = [report for _, report in self.fetch(self.user)]
        self.assertEqual(len(reports), 4)
        for report in reports:
            self.assertRegex(report, rb'\r\nReceived: by mx.example.org \(Postfix\)')
            self.assertIn(b'\r\nOriginal-Recipient: rfc822;', report)

    def test_a_colleague(self):
        """Sends in the user's name; the trace names the login."""
        mallory = self.new_user()
        for number, to in enumerate((self.friend, self.boss)):
            self.server.relay.refuse[to] = '550 5.1.1 No such user here'
            self.give(self.public, self.me, to, mallory)
            self.stays(1 + number, [self.friend, self.boss][:1 + number])
        # and the user, without a copy
        self.give(letter(to=[self.boss], sender=self.me), self.me, self.boss, self.user)
        self.wait_for(lambda: self.recorded(self.user), sorted([self.boss, self.dead]))

    def test_no_trace_of_who_submits(self):
        """A submission port that takes off Received: a report is a stranger's."""
        mallory = self.new_user()
        for below in b'', b'Received: by mx.example.org (Postfix) id 4bX; x\r\n':
            self.give(below + self.forged(self.public, [self.boss, self.friend]), '',
                      self.me, mallory, self.stripping)
        self.stays(2, [self.friend])

    def test_vacation(self):
        """Sieve's can be a whole report."""
        mallory = self.new_user()
        report = self.forged(self.public, [self.friend, self.boss]).decode()
        kind, body = re.search(r'(?s)(Content-Type:.*?)\r\n\r\n(.*)', report).groups()
        self.put_script(mallory, f'''require "vacation";
vacation :mime :from "MAILER-DAEMON@mx.example.org" :subject "Undelivered Mail"
  :addresses "{mallory}@example.org" text:
{kind}

{body}
.
;
'''.replace('\r\n', '\n'))
        self.lmtp(mallory, harness.mail(sender=self.me, to=f'{mallory}@example.org'),
                  sender=self.me)
        sender, to, sent = self.server.relay.delivered[-1]
        self.assertEqual((sender, to), ('', [self.me]))
        self.assertIn(b'\r\nContent-Type: message/delivery-status', sent)
        # as it comes from the side of an address
        self.lmtp(self.user, outside(sent, 'mail.lists.example'), stranger=True)
        self.stays(1, [self.friend])

    def test_script_files_in_sent(self):
        """What the user's own script keeps there is no copy."""
        self.put_script(self.user, 'require "fileinto";\nif address "from" '
                        f'"{self.me}" {{ fileinto "Sent"; }}\n')
        planted = letter('Planted', to=[self.boss], sender=self.me)
        self.lmtp(self.user, outside(planted), sender='eve@evil.example')
        self.before = self.world()
        self.assertEqual(self.messages(self.user, 'Sent'), 3)
        # the address's own side says it
        self.lmtp(self.user, outside(bounce_of(planted, [self.boss], self.user),
                                     'mail.corp.example'), stranger=True)
        self.stays(1)
