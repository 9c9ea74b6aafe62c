"""The metric blocks, alert rules and dashboard of the example configuration
against what Dovecot really serves after deliveries."""

import contextlib
import json
import pathlib
import re
import time
import unittest
import urllib.request

import harness
from test_sent import complaint, letter, people
from test_trust import outside, returned_by_us
from test_verified import bounce_of

EXAMPLES = harness.SOURCE / 'doc' / 'example-config'
PORT, = harness.free_ports(1)


def example(series):
    text = (EXAMPLES / series / 'metrics.conf').read_text('utf-8')
    assert text.count('port = 9900') == 1
    return text.replace('port = 9900', f'port = {PORT}')


def labels(text):
    return dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', text))


class Case(harness.TestCase):

    conf23 = example('2.3')
    conf24 = example('2.4')
    conf = '''metric bounce_rates {
  filter = event=bounce_rate_crossed AND bounce_evidence=verified AND bounce_counted=yes AND bounce_sent=25
}
metric bounce_changes {
  filter = event=bounce_address_changed AND bounce_evidence=verified AND bounce_counted=yes
}
'''

    def scrape(self):
        """{(metric, (label, ...)): [({label: value}, number)]}"""
        with urllib.request.urlopen(f'http://127.0.0.1:{PORT}/metrics',
                                    timeout=10) as answer:
            text = answer.read().decode()
        found = []
        for line in text.splitlines():
            match = re.match(r'(dovecot_bounce_\w+?)(?:\{(.*)\})? (\S+)', line)
            if match:
                found.append((match.group(1), labels(match.group(2) or ''),
                              float(match.group(3))))
        return found

    def stats_memory(self):
        """Bytes of the stats process."""
        master = pathlib.Path(self.dir, 'run', 'master.pid').read_text().strip()
        for path in pathlib.Path('/proc').glob('[0-9]*/status'):
            with contextlib.suppress(OSError):
                text = path.read_text()
                if f'\nPPid:\t{master}\n' in text and \
                        text.startswith('Name:\tstats\n'):
                    return 1024 * int(re.search(r'VmRSS:\s+(\d+)', text).group(1))
        self.fail('no stats process')
        return None

    def wait_for(self, name, total):
        for _ in range(50):
            rows = self.scrape()
            leaves = [r for r in rows if r[0] == name]
            most = max((len(r[1]) for r in leaves), default=0)
            if sum(r[2] for r in leaves if len(r[1]) == most) >= total:
                return rows
            time.sleep(0.1)
        self.fail(f'{name} did not reach {total}: {rows}')
        return None


class Metrics(Case):
    settings = {'bounce_evidence': 'plausible', 'bounce_sender_checked': 'no'}

    def deliver_all(self):
        user = self.new_user()
        address = f'{user}@example.org'
        known = ('one', 'two', 'three')
        to = ', '.join(f'{i}@example.net' for i in (*known, *range(22)))
        text = harness.mail('Lunch', sender=address, to=to)
        self.imap(user).append('Sent', None, None, text)
        sent = re.search(rb'Message-ID: (\S+)', text).group(1).decode()
        for name in known:
            self.lmtp(user, harness.dsn(f'{name}@example.net', user=address,
                                        original_id=sent))
        self.lmtp(user, harness.dsn('blocked@example.com', status='5.7.1',
                                    user=address, diagnostic='554 5.7.1 Service '
                                    'unavailable; Client host [192.0.2.1] blocked '
                                    'using zen.spamhaus.org'))
        self.lmtp(user, harness.dsn('late@example.net', status='4.4.1',
                                    user=address, action='delayed'))
        self.lmtp(user, harness.dsn('forged@example.net', user=address,
                                    trace=False,
                                    original_id='<forged@elsewhere.example>'),
                  stranger=True)
        self.lmtp(user, harness.mail(), sender='carol@example.net')

    def test_strangers(self):
        """Reports with invented domains, statuses and servers, even where they
        are recorded: what Dovecot's stats process holds does not grow."""
        user = self.new_user()

        def flood(first, count):
            for i in range(first, first + count):
                self.lmtp(user, harness.dsn(
                    [f'x@d{i}-{n}.example' for n in range(100)],
                    status=f'5.{i}.{i}', reporting_mta=f'mx{i}.evil.example',
                    user=f'{user}@example.org', trace=i % 2 == 0,
                    original_id=f'<{i}@' + ('example.org' if i % 2 == 0 else
                                            'elsewhere.example') + '>'))

        def all_of(rows):
            """The failures that were counted, of flood()."""
            return sum(number for name, have, number in rows if
                       name == 'dovecot_bounce_failures_total' and
                       'bounce_reason' in have)
        before = all_of(self.scrape())
        flood(0, 10)
        rows = self.wait_for('dovecot_bounce_failures_total', before + 1000)
        memory = self.stats_memory()
        flood(10, 60)
        more = self.wait_for('dovecot_bounce_failures_total', before + 7000)
        # with a series a domain these 60 reports took more than 20 MB; ASan
        # keeps what is freed
        if not harness.ASAN:
            self.assertLess(self.stats_memory() - memory, 1_000_000)
        self.assertEqual(len(rows), len(more))
        counted = [number for name, have, number in more if
                   'bounce_reason' in have and have['bounce_counted'] == 'yes']
        self.assertGreater(sum(counted), 3000)

    def test_scrape(self):
        self.deliver_all()
        self.wait_for('dovecot_bounce_reports_total', 6)
        self.wait_for('dovecot_bounce_failures_total', 5)
        rows = self.scrape()

        # Dovecot prints each level of group_by: as the queries do, take the
        # rows that have the last label.
        last = {'reports': 'bounce_evidence', 'failures': 'bounce_reason',
                'domains': 'bounce_domain', 'broadcasts': 'bounce_level'}

        def total(metric, **wanted):
            return sum(number for name, have, number in rows
                       if name == f'dovecot_bounce_{metric}_total' and
                       last[metric] in have and
                       all(have.get(k) == v for k, v in wanted.items()))
        self.assertEqual(total('reports'), 6, rows)
        self.assertEqual(total('failures'), 5, rows)
        self.assertEqual(total('reports', bounce_kind='failure'), 5)
        self.assertEqual(total('reports', bounce_kind='delay'), 1)
        self.assertEqual(total('reports', bounce_counted='yes'), 4)
        self.assertEqual(total('reports', bounce_evidence='verified'), 3)
        self.assertEqual(total('reports', bounce_evidence='unverified',
                               bounce_counted='no'), 1)
        self.assertEqual(total('failures', bounce_class='hard',
                               bounce_reason='mailbox-unknown',
                               bounce_counted='yes'), 3)
        self.assertEqual(total('failures', bounce_class='hard',
                               bounce_reason='mailbox-unknown',
                               bounce_counted='no'), 1)
        self.assertEqual(total('failures', bounce_side='sender',
                               bounce_reason='reputation'), 1)
        # of the proven ones only
        self.assertEqual(total('domains', bounce_domain='example.net'), 3)
        self.assertEqual(total('domains'), 3)
        # one, two and three of 25
        for level in ('notice', 'warning', 'critical'):
            self.assertEqual(total('broadcasts', bounce_level=level), 1, level)
        # all events say what they go by
        for metric in 'rates', 'changes':
            self.assertEqual([number for name, _, number in rows if
                              name == f'dovecot_bounce_{metric}_total'], [3], metric)
        self.check_queries(rows, last)

    def check_queries(self, rows, last):
        """Every metric, label and value that rules and dashboard ask for is
        served (or is a name of ours)."""
        served = {}
        for name, have, _ in rows:
            served.setdefault(name, set()).update(have)
        alerts = (EXAMPLES / 'prometheus-alerts.yml').read_text('utf-8')
        dashboard = (EXAMPLES / 'grafana-dashboard.json').read_text('utf-8')
        queries = re.findall(r'expr:(.*?)\n *(?:for|labels):', alerts, re.S)
        for panel in json.loads(dashboard)['panels']:
            queries += [target['expr'] for target in panel['targets']]
        self.assertGreater(len(queries), 10)
        for query in queries:
            metrics = set(re.findall(r'dovecot_bounce_\w+', query))
            self.assertTrue(metrics, query)
            asked = set(re.findall(r'(\w+)=~?"', query)) - {'instance'}
            for names in re.findall(r'by \(([^)]*)\)', query):
                asked.update(re.split(r',\s*', names))
            for metric in metrics:
                self.assertIn(metric, served)
                self.assertIn(last[metric.split('_')[2]], query)
                self.assertLessEqual(asked, served[metric], query)


@unittest.skipIf(harness.ASAN, 'Metrics is enough')
class Alerts(Case):
    """What a stranger can make ring, with the settings that everybody has."""

    settings = {'bounce_sender_checked': 'no', 'bounce_authserv': ''}
    blocked = {'status': '5.7.1', 'diagnostic': '554 5.7.1 Service unavailable; Client '
               'host [192.0.2.1] blocked using zen.spamhaus.org'}

    @staticmethod
    def matches(have, matchers):
        return all({'=': have.get(name, '') == value,
                    '!=': have.get(name, '') != value,
                    '=~': re.fullmatch(value, have.get(name, ''))}[how]
                   for name, how, value in matchers)

    def ringing(self, rows):
        """The shipped rules whose condition holds, on a server that has just been
        started: each asks for the sum of one kind of series."""
        text = (EXAMPLES / 'prometheus-alerts.yml').read_text('utf-8')
        found = set()
        rules = re.findall(r'alert: (\w+)\n *expr: >-\n(.*?)\n *(?:for|labels):',
                           text, re.S)
        self.assertEqual(len(rules), text.count('alert: '))
        for name, expr in rules:
            metric, matchers = re.search(r'(dovecot_\w+)\{(.*?)\}', expr).groups()
            matchers = re.findall(r'(\w+)(=~|!=|=)"(.*?)"', matchers)
            group = re.search(r'sum by \((\w+)\)', expr)
            how, least = re.search(r'\) (>=|>) (\d+)', expr).groups()
            sums = {}
            for served, have, number in rows:
                if served == metric and self.matches(have, matchers):
                    key = have.get(group.group(1)) if group else None
                    sums[key] = sums.get(key, 0) + number
            if max(sums.values(), default=0) >= int(least) + (how == '>'):
                found.add(name)
        return found

    def test_strangers(self):
        """Forged, unproven and repeated reports ring none but that of forged ones,
        and many of them, with a hundred domains each, are no series."""
        user = self.new_user()
        me = f'{user}@example.org'
        public, lost = (letter(subject, to=[f'{subject}@example.net'], sender=me)
                        for subject in ('list', 'lost'))
        for mail in public, lost:
            self.imap(user).append('Sent', None, None, mail)
        # one that is true, and comes four times
        true = bounce_of(lost, ['lost@example.net'], user, **self.blocked)
        for _ in range(4):
            self.lmtp(user, true)
        # what a web application resends, of our own MTA
        for number in range(5):
            self.lmtp(user, bounce_of(returned_by_us(
                letter(to=['x@corp.example'], sender=me),
                'from localhost (localhost [127.0.0.1])'),
                people(20, f'c{number}.example'), user, **self.blocked))
        for number in range(5):
            self.lmtp(user, outside(re.sub(
                rb'(?s)^Authentication-Results:.*?\n(?=From)', b'',
                complaint('list@example.net', me, public))), stranger=True)
        rows = self.wait_for('dovecot_bounce_reports_total', 14)
        self.assertEqual(self.ringing(rows), set())

        def flood(first, count):
            for i in range(first, first + count):
                self.lmtp(user, outside(bounce_of(
                    letter(sender=me), [f'x@d{i}-{n}.example' for n in range(100)], user,
                    reporting_mta=f'mx{i}.evil.example', **self.blocked)),
                          stranger=True)
        flood(0, 60)
        rows = self.wait_for('dovecot_bounce_failures_total', 6000)
        self.assertEqual(self.ringing(rows), {'BounceBackscatter'})
        memory = self.stats_memory()
        flood(60, 140)
        more = self.wait_for('dovecot_bounce_failures_total', 20_000)
        self.assertEqual(len(more), len(rows))
        self.assertEqual(self.ringing(more), {'BounceBackscatter'})
        self.assertLess(self.stats_memory() - memory, 2_000_000)
        # and what is true rings
        for number in range(2):
            mail = letter(to=[f'b{number}@example.net'], sender=me)
            self.imap(user).append('Sent', None, None, mail)
            self.lmtp(user, bounce_of(mail, [f'b{number}@example.net'], user,
                                      **self.blocked))
        rows = self.wait_for('dovecot_bounce_reports_total', 216)
        self.assertIn('BounceOurSide', self.ringing(rows))
