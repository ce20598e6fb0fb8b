# SPDX-License-Identifier: BSD-3-Clause
"""Opens a log of sealed records without a line of the product: HPKE from RFC 9180, the format from control/record.h
and control/record_segment.h."""

import glob
import hashlib
import hmac
import ipaddress
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEM_SUITE, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
SEGMENT, MINUTE, BLOCK, END = 1, 2, 3, 4


def mac(key, text):
    return hmac.digest(key, text, "sha256")


def extract(suite, salt, label, secret):
    return mac(salt, b"HPKE-v1" + suite + label + secret)


def expand(suite, key, label, info, size):
    return mac(key, struct.pack("!H", size) + b"HPKE-v1" + suite + label + info + b"\x01")[:size]


class Receiver:
    """RFC 9180 sections 4.1, 5.1 and 5.3: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM."""

    def __init__(self, private, encapsulated, info):
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        agreed = private.exchange(X25519PublicKey.from_public_bytes(encapsulated))
        shared = expand(KEM_SUITE, extract(KEM_SUITE, b"", b"eae_prk", agreed), b"shared_secret", encapsulated + public, 32)
        context = b"\x00" + extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
        secret = extract(SUITE, shared, b"secret", b"")
        self.key = expand(SUITE, secret, b"key", context, 32)
        self.nonce = expand(SUITE, secret, b"base_nonce", context, 12)
        self.exporter = expand(SUITE, secret, b"exp", context, 32)

    def open_first(self, associated, sealed):
        return AESGCM(self.key).decrypt(self.nonce, sealed, associated)

    def export(self, context):
        return expand(SUITE, self.exporter, b"sec", context, 32)


def text_at(data, at):
    return data[at + 1:at + 1 + data[at]], at + 1 + data[at]


def entries(path):
    """(kind, payload) of a file, its chain verified from what its first entry says."""
    with open(path, "rb") as file:
        data = file.read()
    chain, at = None, 0
    while at < len(data):
        length, kind = struct.unpack_from("!IB3x", data, at)
        payload, after = data[at + 8:at + 8 + length], at + 8 + length
        if kind == SEGMENT:
            _, magic_end = text_at(payload, 0)
            chain = payload[magic_end + 1 + 8 + 4 + 8:][:32]
        chain = hashlib.sha256(chain + data[at:after]).digest()
        assert data[after:after + 32] == chain
        yield kind, payload
        at = after + 32


def subscribers(directory, private_hex, day, alias, alias_port, remote, remote_port, protocol):
    """What mode tuple holds of this tuple: (start, subscriber) of each record."""
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(private_hex))
    alias, remote = ipaddress.ip_address(alias), ipaddress.ip_address(remote)
    found = []
    for path in sorted(glob.glob(f"{directory}/*.records")):
        for kind, payload in entries(path):
            if kind == MINUTE:
                (minute,) = struct.unpack_from("!I", payload, 1)
                node, at = text_at(payload, 13)
                (count,) = struct.unpack_from("!H", payload, at)
                at, unit = at + 2, None
                for _ in range(count):
                    index, _, address = struct.unpack_from("!HB16s", payload, at)
                    _, at = text_at(payload, at + 19)
                    if address == alias.packed.ljust(16, b"\0"):
                        unit = index
                digest = hashlib.sha256(payload[:at + 32]).digest()
                info = b"cfr-map-v1" + bytes([len(node)]) + node + bytes([len(day)]) + day.encode()
                receiver = Receiver(private, payload[at:at + 32], info)
                tag_key = receiver.open_first(digest, payload[at + 32:])
                of_remote = bytes([remote.version]) + remote.packed.ljust(16, b"\0") + struct.pack("!H", remote_port)
                tag = mac(tag_key, of_remote)[:2]
                name = b"record" + struct.pack("!HHB", unit, alias_port, protocol) + tag + struct.pack("!I", minute)
                key = mac(receiver.export(b"tuple"), name + b"\x01")
                wanted = mac(key, b"idx")[:4]
            elif kind == BLOCK:
                first, _, count = struct.unpack_from("!QII", payload)
                for i in range(count):
                    sealed = payload[16 + 44 * i:16 + 44 * (i + 1)]
                    if sealed[:4] == wanted:
                        record = AESGCM(key).decrypt(struct.pack("!4xQ", first + i), sealed[4:], digest)
                        start, _, _, _, _, flags, subscriber = struct.unpack("!I4xHHHBB8s", record)
                        found.append((start, ipaddress.ip_address(subscriber + bytes(8) if flags else subscriber[:4])))
    return found
