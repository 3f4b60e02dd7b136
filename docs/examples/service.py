#!/usr/bin/env python3
"""An echo service that signs, of Python's standard library alone: docs/services.md in one file.

It answers asks over TCP, one line for one line, and announces its key to its agent. It shows the bytes, not how to
keep a secret from whoever can time the processor: a service in earnest signs with a library made for that, such as
libsecp256k1, and Python's integers are no such library.

usage: service.py --profile sha256|eip191 --key FILE --announce SOCKET --tcp HOST:PORT [--key-anywhere]
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import secrets
import signal
import socket
import socketserver
import stat
import sys
import threading
import time

# -- secp256k1, and ECDSA as RFC 6979 makes it deterministic ----------------------------------------------------------

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    """The sum of two points; None is the point at infinity."""
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(scalar, point=G):
    product = None
    while scalar:
        if scalar & 1:
            product = add(product, point)
        point, scalar = add(point, point), scalar >> 1
    return product


def nonces(key, digest):
    """The k of RFC 6979 with HMAC-SHA-256: never random, so that a bad source of randomness gives no key away."""
    mac = lambda k, *parts: hmac.new(k, b"".join(parts), hashlib.sha256).digest()
    seed = key.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    v, k = b"\x01" * 32, b"\x00" * 32
    for separator in (b"\x00", b"\x01"):
        k = mac(k, v, separator, seed)
        v = mac(k, v)
    while True:
        v = mac(k, v)
        yield int.from_bytes(v, "big")
        k = mac(k, v, b"\x00")
        v = mac(k, v)


def sign(key, digest):
    """r and s, 32 bytes each; s in the lower half, or nobody accepts the signature."""
    for k in nonces(key, digest):
        if not 0 < k < N:
            continue
        r = multiply(k)[0] % N
        s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * key) % N
        if r and s:
            return r.to_bytes(32, "big") + min(s, N - s).to_bytes(32, "big")


# -- digest profiles --------------------------------------------------------------------------------------------------

MASK = 2**64 - 1


def turn(word, by):
    return (word << by | word >> (64 - by)) & MASK if by else word


def keccak_256(message):
    """Keccak with Ethereum's padding; hashlib's sha3_256 pads otherwise and is another function."""
    rate = 136
    padded = bytearray(message) + bytearray(rate - len(message) % rate)
    padded[len(message)] ^= 0x01
    padded[-1] ^= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        lanes = permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def permute(lanes):
    shift_register = 1
    for _ in range(24):
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        lanes = [lane ^ columns[(i - 1) % 5] ^ turn(columns[(i + 1) % 5], 1) for i, lane in enumerate(lanes)]
        moved, (x, y) = lanes[:], (1, 0)
        for t in range(24):
            x, y, source = y, (2 * x + 3 * y) % 5, x + 5 * y
            moved[x + 5 * y] = turn(lanes[source], (t + 1) * (t + 2) // 2 % 64)
        lanes = [
            moved[i] ^ ~moved[i - i % 5 + (i + 1) % 5] & MASK & moved[i - i % 5 + (i + 2) % 5] for i in range(25)
        ]
        for bit in range(7):
            if shift_register & 1:
                lanes[0] ^= 1 << (2**bit - 1)
            shift_register = shift_register << 1 ^ (0x171 if shift_register & 0x80 else 0)
    return lanes


PROFILES = {
    "sha256": lambda envelope: hashlib.sha256(envelope).digest(),
    "eip191": lambda envelope: keccak_256(b"\x19Ethereum Signed Message:\n%d" % len(envelope) + envelope),
}

# -- asks, envelopes, answers -----------------------------------------------------------------------------------------

MAX_MESSAGE = 65_536
MAX_LINE = 2 * MAX_MESSAGE + 512


class Refused(Exception):
    """What is told to whoever asked: a code of docs/exit-codes.md, and the rule."""

    def __init__(self, code, rule, status=4):
        super().__init__(rule)
        self.line = json.dumps({"failures": [{"code": code, "exit": status, "rule": rule}]}).encode()


def members_once(pairs):
    """json keeps the last of two members of one name: then one line means two things to two readers."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("JSON_DUPLICATE_MEMBER", "a member may appear once")
    return members


def no_fraction(_):
    raise Refused("JSON_MALFORMED", "numbers are whole")


def hexadecimal(members, name, shortest, longest):
    text = members[name]
    if not isinstance(text, str) or not re.fullmatch("([0-9a-f]{2})*", text):
        raise Refused("VALUE_MALFORMED", f"ask.{name} must be pairs of lower-case hexadecimal digits")
    if not shortest <= len(text) // 2 <= longest:
        raise Refused("VALUE_MALFORMED", f"ask.{name} must have {shortest} to {longest} bytes")
    return bytes.fromhex(text)


def parse_ask(line):
    try:
        members = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=members_once,
            parse_float=no_fraction,
            parse_constant=no_fraction,
        )
    except (ValueError, RecursionError):
        raise Refused("JSON_MALFORMED", "an ask is one line of JSON") from None
    if not isinstance(members, dict):
        raise Refused("VALUE_MALFORMED", "an ask is an object")
    if "version" in members and (type(members["version"]) is not int or members["version"] != 2):
        raise Refused("VERSION_UNKNOWN", "ask.version must be 2")
    for name in ("version", "client_nonce", "salt", "message"):
        if name not in members:
            raise Refused("MEMBER_MISSING", f"ask must have the member {name}")
    if set(members) - {"version", "client_nonce", "salt", "message", "now"}:
        raise Refused("MEMBER_UNKNOWN", "ask must have no other members than its own")
    return (
        hexadecimal(members, "client_nonce", 32, 32),
        hexadecimal(members, "salt", 32, 32),
        hexadecimal(members, "message", 0, MAX_MESSAGE),
        minute(members["now"]) if "now" in members else None,
    )


def minute(now):
    if type(now) is not int:
        raise Refused("VALUE_MALFORMED", "ask.now must be a whole number")
    if not 0 <= now < 2**40 or now % 60 != 0:
        raise Refused("VALUE_OUT_OF_RANGE", "ask.now must be a whole minute")
    return now


def time_of(asked, clock):
    """The time for an envelope. A clock's own seconds would tell one guest from another."""
    if asked is None:
        return clock - clock % 10
    if abs(asked - clock) > 120:
        raise Refused("ASKED_TIME_REFUSED", "the ask's now must be within 120 s of the service's clock", 3)
    return asked


def answer(line, respond, key, profile, clock):
    """The answer to one line. The envelope is made here and nowhere else, and nothing but an envelope is signed."""
    client_nonce, salt, message, asked = parse_ask(line)
    time_said = time_of(asked, clock)
    ask_hash = hashlib.sha256(b"vouch-ask-v1" + salt + message).digest()
    envelope = b"vouch-envelope-v1\0"
    for field in (client_nonce, time_said.to_bytes(8, "big"), ask_hash, respond(message)):
        envelope += len(field).to_bytes(4, "big") + field
    signature = sign(key, PROFILES[profile](envelope))
    return json.dumps({"version": 1, "envelope": envelope.hex(), "signature": signature.hex()}).encode()


# -- the key, and the agent -------------------------------------------------------------------------------------------


AGENT_STARTS_WITHIN = 30


def in_memory(folder):
    """Whether a folder lies in tmpfs or ramfs: of all mounts above it, the one with the longest name counts."""
    folder, best = os.path.realpath(folder), ("", "")
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for _, place, kind, *_ in (line.split(" ") for line in mounts):
            if (folder + "/").startswith(place.rstrip("/") + "/") and len(place) >= len(best[0]):
                best = place, kind
    return best[1] in ("tmpfs", "ramfs")


def open_key(path):
    """Reads the key, or makes it: first under another name, so that nobody meets half a key or replaces a whole one."""
    if not os.path.lexists(path):
        draft = os.path.join(os.path.dirname(path) or ".", f".{os.path.basename(path)}-{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{secrets.randbelow(N - 1) + 1:064x}\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was faster: its key is the key
        finally:
            os.unlink(draft)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid() or stat.S_IMODE(info.st_mode) != 0o600:
            raise SystemExit("service.py: error: the key must be a file of the service's own user, mode 600")
        text = file.read(66)
    if not re.fullmatch("[0-9a-f]{64}\n?", text) or not 0 < int(text, 16) < N:
        raise SystemExit("service.py: error: a key file must hold 64 hexadecimal digits of a secp256k1 key")
    return int(text, 16)


class NotTaken(Exception):
    """The agent answered, and does not take the key."""


def announce(path, public_key):
    """Tells the agent the key. An OSError says that no agent answers; then it may be starting."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(5)
        agent.connect(path)
        agent.sendall(json.dumps({"version": 1, "public_key": public_key}).encode() + b"\n")
        said = agent.makefile("rb").readline(4096)
    if not said.endswith(b"\n"):
        raise ConnectionError("the agent ended the connection before its answer")
    try:
        accepted = json.loads(said) == {"version": 1, "accepted": True}
    except ValueError:
        accepted = False
    if not accepted:
        raise NotTaken("the agent does not take the service's key")


def announce_within(path, public_key, seconds):
    """The same when the agent may not be there yet: it starts with the guest, as the service does."""
    end = time.monotonic() + seconds
    while True:
        try:
            return announce(path, public_key)
        except NotTaken as refusal:
            raise SystemExit(f"service.py: error: {refusal}") from None
        except OSError as failure:
            if time.monotonic() + 0.5 > end:
                raise SystemExit(f"service.py: error: no agent answers at {path}: {failure}") from None
            time.sleep(0.5)


def keep_announcing(path, public_key, every):
    """An agent that was started anew has forgotten the key. One that is away, or refuses, ends no service that runs."""
    while True:
        time.sleep(every)
        try:
            announce(path, public_key)
        except (OSError, NotTaken) as failure:
            print(f"service.py: not announced: {failure}", file=sys.stderr, flush=True)


# -- the server -------------------------------------------------------------------------------------------------------


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    seats = threading.BoundedSemaphore(64)

    def process_request(self, request, client_address):
        if self.seats.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.seats.release()

    def handle_error(self, request, client_address):
        pass  # the client is gone, or was too slow


class Lines(socketserver.StreamRequestHandler):
    timeout = 15

    def handle(self):
        # However slowly a client talks, its connection ends.
        end = threading.Timer(60, self.connection.shutdown, [socket.SHUT_RDWR])
        end.daemon = True
        end.start()
        try:
            while (line := self.rfile.readline(MAX_LINE + 1)).endswith(b"\n"):
                self.wfile.write(self.reply(line) + b"\n")
            if len(line) > MAX_LINE:
                self.wfile.write(Refused("TOO_LARGE", f"a line has at most {MAX_LINE} bytes").line + b"\n")
        finally:
            end.cancel()

    def reply(self, line):
        try:
            return answer(line, self.server.respond, self.server.key, self.server.profile, int(time.time()))
        except Refused as refused:
            return refused.line
        except Exception:
            return Refused("INTERNAL", "the service failed").line  # how it failed is nobody's business


def respond(message):
    """What this service says. Verifiers see all of it: nothing here may name the machine, the process or the key."""
    return message


def main():
    parser = argparse.ArgumentParser(description="an echo service that signs")
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--key-anywhere", action="store_true", help="let the key lie on a disk, in development")
    parser.add_argument("--announce", help="the socket that the agent made for this service")
    parser.add_argument("--announce-every", type=float, default=60, help="seconds until the key is announced again")
    parser.add_argument("--tcp", required=True)
    given = parser.parse_args()
    if not given.key_anywhere and not in_memory(os.path.dirname(given.key) or "."):
        raise SystemExit("service.py: error: the key's folder must be in memory: tmpfs or ramfs")
    host, _, port = given.tcp.rpartition(":")
    with Server((host, int(port)), Lines) as server:
        server.respond, server.profile, server.key = respond, given.profile, open_key(given.key)
        x, y = multiply(server.key)
        public_key = {"x": f"{x:064x}", "y": f"{y:064x}"}
        if given.announce:
            announce_within(given.announce, public_key, AGENT_STARTS_WITHIN)
            again = (given.announce, public_key, given.announce_every)
            threading.Thread(target=keep_announcing, args=again, daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        endpoint = "tcp://%s:%d" % server.server_address
        print(json.dumps({"endpoints": [endpoint], "public_key": public_key}), flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
