"""What a disk may hold when its power goes: a folder, the calls that a program made on it (tests/power/record.c), and any state
that a file system may leave at any place between two of them.

What was synced is there. Of what was not, each sector (512 octets) of a file may be old or new, and where it was written twice any
of the versions; a longer file may have its old length. Of names that were made, moved or removed without a sync of their folder,
none, all, the first ones or any may be there; a rename within a journal is one thing, so that no file is lost by one. What a sync
that failed had in hand is kept or not as it stood then, and no later sync brings it back.
"""
import os
import struct

SECTOR = 512


class File:
    """Octets that are on the disk for sure, and writes since."""

    def __init__(self, data=b""):
        self.safe = bytearray(data)
        self.pending = []  # (offset, octets), or (length, None)
        self.length = len(data)

    def write(self, offset, data):
        self.pending.append((offset, data))
        self.length = max(self.length, offset + len(data))

    def truncate(self, length):
        self.pending.append((length, None))
        self.length = length

    def sync(self):
        self.safe = self.state(None, "all")
        self.pending = []

    def fail(self, rng):
        self.safe = self.state(rng, "some")
        self.pending = []

    def state(self, rng, keep):
        """What the disk has of it: keep none, all or some of what is pending."""
        data = bytearray(self.safe)
        if keep == "none" or not self.pending:
            return data
        until = {}  # sector: how many of the pending calls it has seen

        def seen(sector, place):
            if keep == "all":
                return True
            if sector not in until:
                until[sector] = rng.choice((0, len(self.pending), rng.randint(0, len(self.pending))))
            return place < until[sector]

        for place, (offset, octets) in enumerate(self.pending):
            if octets is None:
                if seen("length", place):
                    del data[offset:]
                    data.extend(bytes(offset - len(data)))
                continue
            for sector in range(offset // SECTOR, (offset + len(octets) + SECTOR - 1) // SECTOR):
                start, end = max(offset, sector * SECTOR), min(offset + len(octets), (sector + 1) * SECTOR)
                # Behind the end of the file its length has to be there, too.
                if start < end and seen(sector, place) and (end <= len(data) or seen("length", place)):
                    data.extend(bytes(max(0, end - len(data))))
                    data[start:end] = octets[start - offset:end - offset]
        return data


class Folder(dict):
    """Names that are on the disk for sure; `now` has them as the program sees them."""

    def __init__(self):
        super().__init__()
        self.now = {}


class Disk:
    def __init__(self, root):
        self.inodes = {}
        self.names = []  # calls on names whose folder was not synced since: [(folder, name, inode or None), ...] each
        self.root = self.scan(root)

    def scan(self, path):
        folder = Folder()
        self.inodes[os.stat(path).st_ino] = folder
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                folder[entry.name] = self.scan(entry.path)
            elif entry.is_file(follow_symlinks=False):
                with open(entry.path, "rb") as file:
                    folder[entry.name] = self.inodes[entry.inode()] = File(file.read())
        folder.now = dict(folder)
        return folder

    def call(self, *steps):
        for folder, name, inode in steps:
            if inode is None:
                folder.now.pop(name, None)
            else:
                folder.now[name] = inode
        self.names.append(steps)

    def sync_folder(self, folder):
        """A call is there as a whole, also with its other folder."""
        left = []
        for steps in self.names:
            if any(step[0] is folder for step in steps):
                put(steps, lambda one: one)
            else:
                left.append(steps)
        self.names = left

    def apply(self, entry, rng):
        """An entry of the log. Returns what the program said, if it is that."""
        kind, a, b, data = entry
        if kind == "!":
            return data.decode()
        one = self.inodes.get(a)
        if one is None:
            return None  # elsewhere
        if kind == "w":
            one.write(b, data)
        elif kind == "t":
            one.truncate(b)
        elif kind == "f":
            one.fail(rng)
        elif kind == "s":
            self.sync_folder(one) if isinstance(one, Folder) else one.sync()
        elif kind in "cd":
            name = data.decode()
            if name not in one.now:
                linked = self.inodes.get(b) if any(i is self.inodes.get(b) for f in self.folders() for i in f.now.values()) else None
                self.inodes[b] = linked or (Folder() if kind == "d" else File())
                self.call((one, name, self.inodes[b]))
        elif kind == "u":
            self.call((one, data.decode(), None))
        elif kind == "r":
            old, new = data.decode().split("/")
            inode = one.now.get(old)
            if inode is not None and b in self.inodes:
                self.call((one, old, None), (self.inodes[b], new, inode))
        return None

    def folders(self):
        return [one for one in self.inodes.values() if isinstance(one, Folder)]

    def cut(self, rng, target):
        """Writes what may be left into the empty folder `target`."""
        keep = rng.choice(("none", "all", "first", "some", "some"))
        calls = self.names
        if keep == "none":
            calls = []
        elif keep == "first":
            calls = calls[:rng.randint(0, len(calls))]
        elif keep == "some":
            calls = [steps for steps in calls if rng.random() < 0.5]
        copies = {id(folder): dict(folder) for folder in self.folders()}
        for steps in calls:
            put(steps, lambda folder: copies[id(folder)])
        keep = rng.choice(("none", "all", "some", "some", "some"))
        self.write(self.root, copies, rng, keep, target)

    def write(self, folder, copies, rng, keep, target):
        os.makedirs(target, exist_ok=True)
        for name, one in copies[id(folder)].items():
            path = os.path.join(target, name)
            if isinstance(one, Folder):
                self.write(one, copies, rng, keep, path)
            else:
                with open(path, "wb") as file:
                    file.write(one.state(rng, keep))


def put(steps, names_of):
    for folder, name, inode in steps:
        if inode is None:
            names_of(folder).pop(name, None)
        else:
            names_of(folder)[name] = inode


def entries(path):
    """The log, an entry after the other."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, a, b, n = struct.unpack_from("<cQQI", data, at)
        at += 21
        yield kind.decode(), a, b, data[at:at + n]
        at += n
