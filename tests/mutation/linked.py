"""The libraries as shared objects, to which the unit tests are linked once: a change
costs one compilation and one link then, without libtool."""

import filecmp
import os
import pathlib
import shlex
import subprocess

from . import process

TABLES = 'lib-bounce/verdict/bounce-rules-data.h'
SHIPPED = 'lib-bounce/verdict/bounce-rules-shipped.lo'
FLAGS = 'CFLAGS=-g -O2 -Wno-error'


class NotBuilt(Exception):
    """With what compiler or linker said."""


def must(command, cwd):
    status, output = process.run(command, cwd, 300)
    if status != 0:
        raise NotBuilt(output)
    return output


def of_library(word):
    """Where libtool has put what it calls NAME.lo or NAME.la."""
    path = pathlib.Path(word)
    ending = {'.lo': '.o', '.la': '.a'}.get(path.suffix)
    return str(path.parent / '.libs' / (path.stem + ending)) if ending else word


def symbols(path):
    listed = subprocess.run(['nm', '--defined-only', path], text=True,
                            capture_output=True, check=False).stdout
    return {line.split()[2] for line in listed.splitlines()
            if len(line.split()) == 3 and line.split()[1] in 'TDRB'}


class Linked:
    def __init__(self, folder):
        self.src, self.tests = folder / 'src', folder / 'tests'
        self.out = folder / 'linked'
        self.core = self.out / 'libcore.so'
        self.user = self.out / 'libuser.so'
        # objects whose source was changed since, and the library that has them
        self.stale = {}
        self.compile_rules = self.out / 'rules-compile'
        # what each test has of them
        self.symbols = {}
        self.objects = {}

    @staticmethod
    def variables(cwd, names):
        """{name: its words} as make has them."""
        rule = 'print:;' + '@' + '; '.join(f"echo '$({name})'" for name in names)
        lines = must(['make', '-s', '--eval', rule, 'print'], cwd).splitlines()
        # behind what it says of a makefile that it made anew
        return {name: shlex.split(line)
                for name, line in zip(names, lines[-len(names):])}

    def prepare(self):
        """All that a change does not touch. What is in the source folder was made
        before."""
        (self.out / 'src').mkdir(parents=True, exist_ok=True)
        said = self.variables(self.src, [
            'CC', 'libbounce_core_la_OBJECTS', 'libbounce_core_la_LIBADD',
            'libbounce_la_OBJECTS', 'libbounce_unicode_la_OBJECTS',
            'libbounce_user_la_OBJECTS', 'UNICODE_LIBS',
            'rules_compile_OBJECTS', 'rules_compile_LDADD',
            'bounce_classify_OBJECTS', 'bounce_classify_LDADD'])
        self.cc = said['CC']
        self.libs = [*said['UNICODE_LIBS'], *said['libbounce_core_la_LIBADD']]
        self.objects = {
            self.core: [*said['libbounce_core_la_OBJECTS'],
                        *said['libbounce_la_OBJECTS'],
                        *said['libbounce_unicode_la_OBJECTS']],
            self.user: said['libbounce_user_la_OBJECTS']}
        for library in self.objects:
            self.link_library(library)
        for name, target in ('rules_compile', self.compile_rules), \
                ('bounce_classify', self.out / 'src' / 'bounce-classify'):
            self.link(self.src, said[f'{name}_OBJECTS'],
                      self.shared(said[f'{name}_LDADD']), target)
        self.prepare_tests()

    def prepare_tests(self):
        names = [name for name in self.variables(
            self.tests, ['check_PROGRAMS'])['check_PROGRAMS']
            if name.startswith('test-')]
        made = {name: name.replace('-', '_') for name in names}
        said = self.variables(self.tests, [part for name in names for part in (
            f'{made[name]}_OBJECTS', f'{made[name]}_LDADD')])
        must(['make', '-s', FLAGS, 'libbounce-test.la', *sorted(
            {path for name in names for path in said[f'{made[name]}_OBJECTS']})],
             self.tests)
        for name in names:
            objects = said[f'{made[name]}_OBJECTS']
            libraries = said[f'{made[name]}_LDADD']
            # as make links it: with what it needs of the libraries
            self.link(self.tests, objects, map(of_library, libraries),
                      self.out / name)
            self.symbols[name] = symbols(self.out / name)
            self.link(self.tests, objects, self.shared(libraries), self.out / name)

    def shared(self, libraries):
        mine = {'libbounce_user.la': self.user, 'libbounce.la': self.core,
                'libbounce_core.la': self.core, 'libbounce_unicode.la': self.core}
        return [mine.get(os.path.basename(word)) or of_library(word)
                for word in libraries]

    def link(self, cwd, objects, libraries, target):
        words = [str(word) for word in libraries]
        rpath = [f'-Wl,-rpath,{word[2:]}' for word in words
                 if word.startswith('-L')]
        must([*self.cc, '-o', target, *objects, *words, *self.libs,
              f'-Wl,-rpath,{self.out}', *rpath, '-Wl,--allow-shlib-undefined',
              '-pthread'], cwd)

    def link_library(self, library):
        must([*self.cc, '-shared', '-o', f'{library}.new',
              *map(of_library, self.objects[library])], self.src)
        os.rename(f'{library}.new', library)

    def changed(self, path):
        """A source, that is to be compiled when it is needed next."""
        made = path.removeprefix('src/').removesuffix('.c') + '.lo'
        for library, objects in self.objects.items():
            if made in objects:
                self.stale[made] = library

    def build(self):
        """What changed, and the rules as the changed library compiles them."""
        if not self.stale:
            return
        must(['make', '-s', FLAGS, *self.stale], self.src)
        for library in set(self.stale.values()):
            self.link_library(library)
        if self.core in self.stale.values():
            self.rules()
        self.stale.clear()

    def rules(self):
        new = self.out / 'rules-data.h'
        new.write_text(must([self.compile_rules, './rules'], self.src))
        if filecmp.cmp(new, self.src / TABLES, shallow=False):
            return
        os.replace(new, self.src / TABLES)
        must(['make', '-s', FLAGS, '-o', TABLES, SHIPPED], self.src)
        self.link_library(self.core)
