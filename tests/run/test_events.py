"""Events as metrics: the ready-made blocks, counted by the real stats process."""

import re
import smtplib
import time
import urllib.request

import harness

EXAMPLES = harness.SOURCE / 'doc' / 'example-config'


def blocks(version, port):
    """The example's metric blocks, on a port of ours."""
    path = EXAMPLES / version / 'metrics.conf'
    return path.read_text('utf-8').replace('9900', str(port))


class Events(harness.TestCase):

    # counted, and not verified
    settings = {'bounce_evidence': 'plausible', 'bounce_sender_checked': 'no'}
    port, = harness.free_ports(1)
    conf23 = blocks('2.3', port)
    conf24 = blocks('2.4', port)

    def metrics(self):
        url = f'http://127.0.0.1:{self.port}/metrics'
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()

    def wait_metric(self, name, labels, value):
        """The series with (at least) these labels has that value."""
        deadline = time.monotonic() + 10 * harness.SLOW
        while True:
            text = self.metrics()
            for line in re.findall(rf'^dovecot_{name}_total(?:{{(.*)}})? {value}$',
                                   text, re.M):
                if all(f'{k}="{v}"' in line for k, v in labels.items()):
                    return
            if time.monotonic() > deadline:
                self.fail(f'{name} {labels} {value} not in\n' + '\n'.join(
                    re.findall('.*bounce.*', text)))
            time.sleep(0.1)

    def test_counted(self):
        user = self.new_user()
        self.lmtp(user, harness.dsn(['one@example.net', 'two@example.net'],
                                    user=f'{user}@example.org'))
        self.lmtp(user, harness.dsn('full@example.com', status='4.2.2',
                                    diagnostic='452 4.2.2 Mailbox full',
                                    user=f'{user}@example.org'))
        self.lmtp(user, harness.mail())
        self.wait_metric('bounce_reports', {
            'bounce_kind': 'failure', 'bounce_format': 'dsn',
            'bounce_evidence': 'plausible', 'bounce_counted': 'yes'}, 2)
        self.wait_metric('bounce_failures', {
            'bounce_class': 'hard', 'bounce_side': 'recipient',
            'bounce_reason': 'mailbox-unknown'}, 2)
        self.wait_metric('bounce_failures', {
            'bounce_class': 'soft', 'bounce_side': 'recipient',
            'bounce_reason': 'mailbox-full'}, 1)
        # by nobody but the stranger, so far
        self.assertNotIn('bounce_domain=', self.metrics())


class Held(Events):
    """What is not tried, and what would not be."""
    relay = True
    settings = {'bounce_suppress': 'enforce'}
    port, = harness.free_ports(1)
    # what they go by: a bounce that was proven, or a person's word
    conf = '\n'.join(f'''metric {name}_{level} {{
  filter = event=bounce_{event} AND bounce_evidence={level} AND bounce_counted=yes
}}
''' for name, event in (('known', 'known_recipient'), ('refused', 'mail_refused'))
        for level in ('verified', 'unverified'))
    conf23 = blocks('2.3', port) + '''protocol submission {
  mail_plugins = $mail_plugins submission_bounce
}
'''
    conf24 = blocks('2.4', port) + '''protocol submission {
  mail_plugins {
    submission_bounce = yes
  }
}
'''

    def test_counted(self):
        user, other = self.new_user(), self.new_user(bounce_suppress='report')
        for name in (user, other):
            self.doveadm('bounce', 'add', '-u', name, 'gone@example.net')
        client = self.submission(user)
        with self.assertRaises(smtplib.SMTPDataError):
            client.sendmail(f'{user}@example.org', ['gone@example.net'],
                            harness.mail())
        self.submission(other).sendmail(f'{other}@example.org',
                                        ['gone@example.net', 'bob@example.net'],
                                        harness.mail())
        for decision in ('hold', 'report'):
            self.wait_metric('bounce_known', {
                'bounce_decision': decision, 'bounce_by': 'user'}, 1)
        self.lmtp(user, harness.dsn('dead@example.net', user=f'{user}@example.org'))
        for to in (['dead@example.net'], ['dead@example.net', 'gone@example.net']):
            with self.assertRaises(smtplib.SMTPDataError):
                client.sendmail(f'{user}@example.org', to, harness.mail())
        for name, value in {'known_verified': 2, 'known_unverified': 3,
                            # by the weaker of the two
                            'refused_verified': 1, 'refused_unverified': 2}.items():
            self.wait_metric(name, {}, value)
