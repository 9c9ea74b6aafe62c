"""doveadm's HTTP API: every command of ours that takes input or fails."""

import base64
import http.client
import json

import harness


class Http(harness.TestCase):

    spare_users = 10
    conf23 = 'doveadm_api_key = secret\n'
    conf24 = 'doveadm_api_key = secret\n'

    @classmethod
    def prepare(cls, server):
        cls.port, = harness.free_ports(1)
        cls.conf = f'''service doveadm {{
  inet_listener http {{
    port = {cls.port}
  }}
}}
'''
        server.write_conf()

    def ask(self, command, **parameters):
        """What the API answers: ('doveadmResponse' or 'error', content)."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        self.addCleanup(connection.close)
        key = base64.b64encode(b'secret').decode()
        connection.request('POST', '/doveadm/v1',
                           json.dumps([[command, parameters, 'x']]),
                           {'Authorization': f'X-Dovecot-API {key}',
                            'Content-Type': 'application/json'})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        (kind, content, tag), = json.loads(answer.read())
        self.assertEqual(tag, 'x')
        return kind, content

    def test_import(self):
        user = self.new_user()
        kind, rows = self.ask('bounceImport', user=user,
                              file='one@example.net\ntwo@example.net\n')
        self.assertEqual((kind, int(rows[0]['written'])), ('doveadmResponse', 2))
        kind, rows = self.ask('bounceList', user=user)
        self.assertEqual([row['address'] for row in rows],
                         ['one@example.net', 'two@example.net'])

    def test_check(self):
        """Rows beside an exit status other than 0 would be lost."""
        user = self.new_user(bounce_threshold='many')
        kind, content = self.ask('bounceCheck', user=user)
        self.assertEqual((kind, content['exitCode']), ('error', 65))
        kind, rows = self.ask('bounceCheck', user=user, ok=True)
        self.assertEqual(kind, 'doveadmResponse')
        self.assertEqual({row['check'] for row in rows
                          if row['result'] == 'fail'}, {'settings'})
        self.expect_log('bounce_threshold = many')

    def test_ask(self):
        user = self.new_user()
        self.ask('bounceAdd', user=user, address='dead@example.net')
        kind, content = self.ask('bounceAsk', user=user, address='dead@example.net')
        self.assertEqual((kind, content['exitCode']), ('error', 77))
        kind, rows = self.ask('bounceAsk', user=user, address='dead@example.net',
                              ok=True)
        self.assertEqual((kind, rows[0]['decision']), ('doveadmResponse', 'hold'))

    def test_errors(self):
        user = self.new_user()
        for command, parameters, code in (
                ('bounceAdd', {}, 64),
                ('bounceAdd', {'address': 'nonsense'}, 64),
                ('bounceGet', {'address': 'nobody@example.net'}, 68),
                ('bounceRate', {'broadcast': 'nobody'}, 68),
                ('bounceImport', {}, 64),
                ('bounceImport', {'file': 'nonsense\n'}, 65)):
            kind, content = self.ask(command, user=user, **parameters)
            self.assertEqual(kind, 'error', command)
            self.assertEqual(content['exitCode'], code, (command, parameters))
        self.expect_log('.')
