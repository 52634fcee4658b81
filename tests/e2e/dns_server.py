"""A DNS server of a test, on loopback: answers out of a table that the test may change while it runs."""
import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "MX": 15, "AAAA": 28}


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def data(record):
    kind, *rest = record
    if kind == "MX":
        return struct.pack(">H", rest[0]) + encoded(rest[1])
    return encoded(rest[0]) if kind == "PTR" else ipaddress.ip_address(rest[0]).packed


def reverse(address):
    return ipaddress.ip_address(address).reverse_pointer


class Responder:
    """`zone`: name -> [("MX", 10, "host") | ("A", "192.0.2.1") | ("PTR", "name") ...]. Nothing is said of names in `silent`, what is
    said of those in `broken` cannot be read, and a name that is nowhere does not exist."""

    def __init__(self, zone, silent=(), broken=()):
        self.zone, self.silent, self.broken, self.asked = zone, set(silent), set(broken), []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        name, question = ".".join(labels).lower(), packet[12:at + 5]
        kind = struct.unpack(">H", packet[at + 1:at + 3])[0]
        self.asked.append(name)
        if name in self.silent:
            return None
        found = [record for record in self.zone.get(name, []) if TYPES[record[0]] == kind]
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data(record))) + data(record) for record in found)
        count, code = len(found), 0x8180 if name in self.zone or name in self.broken else 0x8183
        if name in self.broken:
            records, count = b"\xc0\x0c" + struct.pack(">HH", kind, 1), 1  # cut within the record
        return packet[:2] + struct.pack(">HHHHH", code, 1, count, 0, 0) + question + records

    def run(self):
        while True:
            packet, peer = self.socket.recvfrom(512)
            answer = self.answer(packet)
            if answer:
                self.socket.sendto(answer, peer)
