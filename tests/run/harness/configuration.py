"""A class's dovecot.conf."""

from .machine import ASAN, LIBEXEC, VALGRIND, VERSION

BASE_23 = '''
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log/dovecot.log
protocols = @PROTOCOLS@
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
default_vsz_limit = @MEMORY@
default_client_limit = 1000
default_process_limit = 20
first_valid_uid = 1
mail_location = maildir:~/Maildir
lda_mailbox_autocreate = yes
lda_mailbox_autosubscribe = yes
recipient_delimiter = +
hostname = mx.example.org
postmaster_address = postmaster@example.org
import_environment = TZ CORE_OUTOFMEM CORE_ERROR @ENVIRONMENT@
passdb {
  driver = passwd-file
  args = @DIR@/passwd
}
userdb {
  driver = passwd-file
  args = @DIR@/passwd
}
'''

BASE_24 = '''dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log/dovecot.log
protocols {
@PROTOCOLS@
}
listen = 127.0.0.1
ssl = no
auth_allow_cleartext = yes
auth_mechanisms = plain
default_vsz_limit = @MEMORY@
default_client_limit = 1000
default_process_limit = 20
first_valid_uid = 1
mail_driver = maildir
mail_path = ~/Maildir
lda_mailbox_autocreate = yes
lda_mailbox_autosubscribe = yes
recipient_delimiter = +
hostname = mx.example.org
postmaster_address = postmaster@example.org
import_environment {
@ENVIRONMENT@
}
passdb passwd-file {
  passwd_file_path = @DIR@/passwd
}
userdb passwd-file {
  passwd_file_path = @DIR@/passwd
}
'''

# Word for word the same on both.
SERVICES = '''
auth_username_format = @LOWER@
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    @ADDRESS@ = 127.0.0.1
    port = @LMTP@
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service dict {
  unix_listener dict {
    mode = 0666
  }
}
'''

SUBMISSION = '''
service submission-login {
  chroot =
  inet_listener submission {
    port = @SUBMISSION@
  }
  inet_listener submissions {
    port = 0
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = @RELAY@
'''

MANAGESIEVE = '''
service managesieve-login {
  chroot =
  inet_listener sieve {
    port = @SIEVE@
  }
}
'''

SIEVE_23 = '''
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
'''

SIEVE_24 = '''
sieve_script personal {
  path = ~/sieve
  active_path = ~/.dovecot.sieve
}
'''


class Config:
    """dovecot.conf from one description; the only place that knows how 2.3
    and 2.4 differ."""

    def __init__(self, case):
        self.case = case
        self.new = VERSION >= (2, 4)

    def plugins(self, scope, names):
        if not names:
            return ''
        if self.new:
            lines = ''.join(f'  {name} = yes\n' for name in names)
            text = 'mail_plugins {\n%s}\n' % lines
        elif scope:
            text = 'mail_plugins = $mail_plugins %s\n' % ' '.join(names)
        else:
            text = 'mail_plugins = %s\n' % ' '.join(names)
        if not scope:
            return text
        return 'protocol %s {\n%s}\n' % (scope, text)

    def ours(self):
        """Our own settings: plugin {} on 2.3, at the top on 2.4."""
        case = self.case
        # harness.dsn() returns what a user submitted, in his own name
        settings = {'bounce_sender_checked': 'yes',
                    'bounce_authserv': 'mx.example.org', **case.settings}
        text = ''
        if self.new:
            text = ''.join(f'{k} = {v}\n' for k, v in settings.items())
            if case.dict24:
                text += 'bounce {\n%s\n}\n' % case.dict24
            return text
        if case.dict23:
            settings['bounce_dict'] = case.dict23
        for key, value in settings.items():
            text += f'  {key} = {value}\n'
        return 'plugin {\n%s}\n' % text if text else ''

    def sieve(self):
        if not self.case.sieve:
            return ''
        text = MANAGESIEVE + (SIEVE_24 if self.new else SIEVE_23)
        text += self.plugins('lmtp', ['sieve']) + self.plugins('lda', ['sieve'])
        if self.case.loads_sieve_bounce():
            text += ('sieve_plugins {\n  sieve_bounce = yes\n}\n'
                     'sieve_extensions {\n  vnd.dovecot-bounce = yes\n}\n'
                     if self.new else
                     'plugin {\n  sieve_plugins = sieve_bounce\n'
                     '  sieve_extensions = +vnd.dovecot-bounce\n}\n')
        return text

    def valgrind(self, wrapper):
        """Each service that loads us, under valgrind; and dovecot-lda, which is the
        mails' user, reads its configuration from the socket then."""
        text = ('service config {\n  unix_listener config {\n    mode = 0666\n  }\n}\n'
                'service stats {\n  unix_listener stats-writer {\n    mode = 0666\n'
                '  }\n}\n')
        for name in ('lmtp', 'imap', 'submission', 'managesieve', 'doveadm'):
            binary = 'doveadm-server' if name == 'doveadm' else name
            if (LIBEXEC / binary).exists():
                text += (f'service {name} {{\n  executable = {wrapper} '
                         f'{LIBEXEC / binary}\n}}\n')
        if 'service bounce-policy' in self.case.conf:
            text += (f'service bounce-policy {{\n  executable = {wrapper} '
                     f'{LIBEXEC / "bounce-policy"} -p postfix\n}}\n')
        return text

    @staticmethod
    def without_asan():
        """The dict server loads nothing of ours. 2.3's crashes while PostgreSQL
        is down; within ASan's handler it may hang then, and the master with it."""
        return ('service dict {\n  executable = /usr/bin/env -u LD_PRELOAD '
                f'{LIBEXEC / "dict"}\n}}\n')

    def text(self, server):
        case = self.case
        environment = sorted(server.environment())
        protocols = ['imap', 'lmtp', 'submission']
        protocols += ['sieve'] if case.sieve else []
        protocols += list(case.services)
        conf = BASE_24 if self.new else BASE_23
        conf += SERVICES + SUBMISSION
        conf += self.plugins('', [*case.plugins] + ['bounce'] * case.bounce)
        conf += self.sieve() + (self.ours() if case.bounce else '')
        if ASAN:
            conf += self.without_asan()
        conf += case.conf + '\n' + (case.conf24 if self.new else case.conf23)
        if VALGRIND:
            conf += self.valgrind(server.wrapper())
        if self.new:
            protocols = ''.join(f'  {name} = yes\n' for name in protocols)
            environment = ''.join(f'  {k} = {v}\n' for k, v in
                                  server.environment().items())
        else:
            protocols = ' '.join(protocols)
            environment = ' '.join(environment)
        for key, value in {
                'DIR': server.dir, 'PROTOCOLS': protocols,
                'ENVIRONMENT': environment, 'USER': case.mail_uid,
                # ASan reserves 16 TB of addresses
                'MEMORY': '64T' if ASAN else '4G',
                'LOWER': '%{user | lower}' if self.new else '%Lu',
                'ADDRESS': 'listen' if self.new else 'address',
                'IMAP': server.ports['imap'], 'LMTP': server.ports['lmtp'],
                'SUBMISSION': server.ports['submission'],
                'SIEVE': server.ports['sieve'],
                'RELAY': server.relay.port if server.relay else 1}.items():
            conf = conf.replace(f'@{key}@', str(value))
        return conf
