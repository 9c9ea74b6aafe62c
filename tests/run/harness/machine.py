"""This machine: what is built and installed, its Dovecot, its ports."""

import contextlib
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parents[1]       # tests/run
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get('BOUNCE_BUILD', SOURCE))
SAMPLES = SOURCE / 'tests' / 'samples'
MODULES = pathlib.Path('/usr/lib/dovecot/modules')
LIBEXEC = pathlib.Path('/usr/lib/dovecot')
VALGRIND = bool(os.environ.get('BOUNCE_VALGRIND'))
ASAN = bool(os.environ.get('BOUNCE_ASAN'))
COVERAGE = bool(os.environ.get('BOUNCE_COVERAGE'))
SLOW = 10 if VALGRIND else 3 if ASAN else 1     # factor for timeouts
MAIL_UID = 5000                                 # needs no passwd entry

PLUGIN = MODULES / 'lib95_bounce_plugin.so'
SIEVE_PLUGIN = MODULES / 'sieve' / 'lib90_sieve_bounce_plugin.so'


def dovecot_version():
    """(2, 3) or (2, 4)."""
    text = subprocess.run(['dovecot', '--version'], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    major, minor = re.match(r'(\d+)\.(\d+)', text).groups()
    return int(major), int(minor)


VERSION = dovecot_version() if shutil.which('dovecot') else (0, 0)


def program(name):
    """The path of a program of the build tree (tests run before installing)."""
    path = BUILD / 'src' / name
    if path.exists():
        return str(path)
    raise AssertionError(f'{path} is not built')


def wait_for_port(daemon, error, seconds=20):
    """Until something listens on daemon.port; AssertionError with daemon.log() if
    daemon.process ends before."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        try:
            socket.create_connection(('127.0.0.1', daemon.port)).close()
            return
        except OSError:
            time.sleep(0.02)
        if daemon.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f'{error}:\n{daemon.log()}')


def free_ports(count):
    """Ports nobody listens on now, on 127.0.0.1; none that the kernel gives to a
    client meanwhile."""
    ports = []
    while len(ports) < count:
        port = random.randrange(10240, 32768)
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(('127.0.0.1', port))
            if port not in ports:
                ports.append(port)
    return ports


def stop_socket(sock):
    """close() alone leaves a thread in accept() or recv(): when a signal starts its call
    anew, it takes what comes to whoever got the descriptor's number."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
