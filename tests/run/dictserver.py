"""The dictionary's drivers for tests: a private Redis, PostgreSQL, SQLite.

    backend = dictserver.Redis()      .dict = what dict-tool takes
    backend.stop() / .start() / .close()

dict23(name) and dict24(name) of the SQL ones: configuration of Dovecot's dict
server; Tool talks with tests/dict-tool.
"""

import functools
import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import harness

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / 'doc' / 'example-config'


def wait_for(test, seconds=20):
    deadline = time.monotonic() + seconds * harness.SLOW
    while not test():
        if time.monotonic() > deadline:
            raise AssertionError('it did not come up')
        time.sleep(0.05)


def listens(port):
    try:
        socket.create_connection(('127.0.0.1', port)).close()
    except OSError:
        return False
    return True


@functools.cache
def tool_program():
    """The path of dict-tool; "make all" makes no test's programs."""
    build = os.environ.get('BOUNCE_BUILD', str(HERE.parents[1]))
    # another process of the tests may want it, too
    subprocess.run(['flock', f'{build}/tests/Makefile', 'make', '-s', '-C',
                    f'{build}/tests', 'dict-tool'],
                   check=True, stdout=subprocess.DEVNULL)
    return f'{build}/tests/dict-tool'


def children(server, name):
    """Pids of this Dovecot's processes of that name."""
    pids = []
    for entry in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            text = entry.read_text('utf-8')
        except OSError:
            continue
        parent = int(text[text.rindex(')') + 2:].split()[1])
        if text[text.index('(') + 1:text.rindex(')')] == name and \
                parent == server.process.pid:
            pids.append(int(entry.parent.name))
    return pids


class Tool:
    """A process that has the dictionary open. Commands as in dict-tool.c."""

    def __init__(self, dictionary, home, user='alice', options=()):
        self.process = subprocess.Popen(
            [tool_program(), *options, dictionary, user, home],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            encoding='utf-8', bufsize=1)

    def send(self, *words):
        self.process.stdin.write('\t'.join(str(w) for w in words) + '\n')
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f'dict-tool died: {self.process.wait()}')
        return line.rstrip('\n')

    def ask(self, *words):
        self.send(*words)
        return self.answer()

    def lines(self, *words):
        self.send(*words)
        return list(iter(self.answer, '.'))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(60)


class Redis:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='bounce-redis.')
        self.port = harness.free_ports(1)[0]
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ['redis-server', '--port', str(self.port), '--bind', '127.0.0.1',
             '--dir', self.dir, '--save', '', '--appendonly', 'yes',
             '--appendfsync', 'no'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(lambda: subprocess.run(
            ['redis-cli', '-p', str(self.port), 'ping'], check=False,
            stdout=subprocess.PIPE).stdout == b'PONG\n')

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def delete(self, pattern):
        """The keys that match are gone, as if evicted. How many."""
        client = ['redis-cli', '-p', str(self.port)]
        keys = subprocess.run([*client, '--scan', '--pattern', pattern],
                              check=True, text=True,
                              stdout=subprocess.PIPE).stdout.split('\n')
        return int(subprocess.run([*client, 'del', *filter(None, keys)],
                                  check=True, text=True,
                                  stdout=subprocess.PIPE).stdout)

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def bounce_dict23(self):
        """As the shipped example has it: without the dict server."""
        uri = re.search('bounce_dict = (.*)', example('2.3/dict-redis.conf'))
        return uri.group(1).replace('6379', str(self.port))

    def conf23(self):
        return f'dict {{\n bounce = redis:host=127.0.0.1:port={self.port}\n}}\n'

    def conf24(self):
        return conf24_of('dict-redis.conf', {'6379': str(self.port)})


def example(name):
    return (EXAMPLES / name).read_text()


def conf24_of(name, replace):
    """The dict_server block of the shipped example."""
    text = example(f'2.4/{name}')
    text = text[text.index('dict_server'):text.index('\nbounce {')]
    for old, new in replace.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def conf23_sql(name, driver, folder, connect):
    text = example(f'2.3/{name}').split('\n')
    text = '\n'.join(f'connect = {connect}' if line.startswith('connect')
                     else line for line in text)
    path = pathlib.Path(f'{folder}/{driver}.conf.ext')
    path.write_text(text)
    return f'dict {{\n bounce = {driver}:{path}\n}}\n'


class SQLite:
    """A file; it cannot be stopped."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='bounce-sqlite.')
        os.chmod(self.dir, 0o755)
        self.path = f'{self.dir}/bounce.sqlite'
        subprocess.run(['sqlite3', self.path],
                       input=example('schema-sqlite.sql'), text=True,
                       check=True, stdout=subprocess.DEVNULL)
        shutil.chown(self.dir, 'dovecot', 'dovecot')
        for path in glob.glob(f'{self.dir}/*'):
            shutil.chown(path, 'dovecot', 'dovecot')

    def sql(self, statements):
        """What they print, as CSV with names."""
        return subprocess.run(
            ['sqlite3', '-csv', '-header', '-bail', '-cmd', '.timeout 20000',
             self.path],
            input=statements, check=True, text=True, user='dovecot',
            group='dovecot', extra_groups=[], cwd='/',
            stdout=subprocess.PIPE).stdout

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def conf23(self):
        return conf23_sql('dict-sqlite.conf.ext', 'sqlite', self.dir, self.path)

    def conf24(self):
        return conf24_of('dict-sqlite.conf', {
            '/var/lib/dovecot-bounce/bounce.sqlite': self.path})


class PostgreSQL:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='bounce-pgsql.')
        self.port = harness.free_ports(1)[0]
        self.bin = sorted(glob.glob('/usr/lib/postgresql/*/bin'))[-1]
        os.chmod(self.dir, 0o755)
        shutil.chown(self.dir, 'postgres', 'postgres')
        self.run('initdb', '-D', f'{self.dir}/data', '-A', 'trust', '-U',
                 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '-N')
        self.process = None
        self.start()
        self.run('createdb', '-h', self.dir, '-p', str(self.port), '-U',
                 'postgres', 'dovecot')
        self.run('psql', '-q', '-h', self.dir, '-p', str(self.port), '-U',
                 'postgres', 'dovecot', stdin=example('schema-pgsql.sql'))

    def sql(self, statements):
        return self.run('psql', '-q', '--csv', '-v', 'ON_ERROR_STOP=1', '-h',
                        self.dir, '-p', str(self.port), '-U', 'postgres',
                        'dovecot', stdin="SET timezone = 'UTC';\n" + statements)

    def run(self, program, *args, stdin=''):
        return subprocess.run([f'{self.bin}/{program}', *args], check=True,
                       user='postgres', group='postgres', extra_groups=[],
                       cwd='/', input=stdin, text=True,
                       env={**os.environ,
                            'PGOPTIONS': '-c client_min_messages=warning'},
                       stdout=subprocess.PIPE).stdout

    def start(self):
        self.process = subprocess.Popen(
            [f'{self.bin}/postgres', '-D', f'{self.dir}/data', '-p',
             str(self.port), '-k', self.dir, '-c',
             'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
            user='postgres', group='postgres', extra_groups=[], cwd='/',
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for(lambda: listens(self.port))
        wait_for(self.is_ready)

    def is_ready(self):
        return subprocess.run(
            [f'{self.bin}/pg_isready', '-q', '-h', self.dir, '-p',
             str(self.port)], check=False).returncode == 0

    def stop(self):
        self.process.send_signal(2)
        self.process.wait(30)

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def conf23(self):
        return conf23_sql('dict-pgsql.conf.ext', 'pgsql', self.dir,
                          f'host=127.0.0.1 port={self.port} dbname=dovecot '
                          'user=postgres')

    def conf24(self):
        return conf24_of('dict-pgsql.conf', {
            'pgsql localhost': 'pgsql 127.0.0.1',
            'dbname = dovecot': f'dbname = dovecot\n        port = {self.port}',
            'user = dovecot': 'user = postgres',
            'password = CHANGE-ME': ''})
