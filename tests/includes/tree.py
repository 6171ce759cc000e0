# SPDX-License-Identifier: MIT
"""What the checks of the source tree share: the rooms, what each may include, and which files are ours."""
import os

# Room -> what its #include lines and its meson.build may name. A whole room, or one header of it. This is the "may
# include" column of docs/architecture.md.
ARROWS = {
    'core': [],
    'wire': ['core'],
    'transport': ['core'],
    'media': ['core'],
    'audio': ['core', 'wire'],
    'source': ['core', 'wire', 'transport', 'media'],
    'device': ['core', 'wire', 'transport'],
    'desktop': ['core', 'media', 'source'],
    'webrtc': ['core'],
    # Of a source the values that a desktop hands on unchanged: they are nothing by which a source could be reached.
    'server': ['core', 'wire', 'desktop', 'webrtc', 'source/facts.h', 'source/input.h'],
    'web': ['wire', 'server/asset.h'],  # constants for the page, and the form of an embedded asset
    'driver': ['core', 'wire', 'transport', 'audio', 'media/downmix.h', 'media/fade.h', 'media/opus_packet.h', 'media/receiver.h',
               'media/sound_coder.h'],
    'tap': ['core'],
    'guest': ['core', 'wire', 'transport', 'media', 'audio'],
    'vm': ['core', 'transport'],
}
ARROWS['cli'] = list(ARROWS)  # composes the rest

# Nothing depends on these; they may look at everything.
OUTSIDE = ['tests', 'fuzz', 'bench', 'docs']

SKIPPED = {'node_modules', '__pycache__'}


def walk(root, *tops):
    """Paths, relative to root, of the files below each of `tops` (the whole tree by default), in a stable order."""
    for top in tops or ['']:
        for folder, folders, files in os.walk(os.path.normpath(os.path.join(root, top))):
            folders[:] = sorted(
                name for name in folders
                if name not in SKIPPED and not name.startswith('.')
                and not os.path.exists(os.path.join(folder, name, 'meson-private'))
                and not (folder == os.path.normpath(root) and name.startswith('build')))
            for name in sorted(files):
                yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8', errors='replace') as file:
        return file.read()
