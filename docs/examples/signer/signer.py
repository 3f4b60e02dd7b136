#!/usr/bin/env python3
"""A machine that signs, for Vouch: signer.py KEY.PEM SOCKET. Needs Debian's python3-cryptography."""

import json, os, re, socketserver, sys
from http.server import BaseHTTPRequestHandler
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

with open(sys.argv[1], "rb") as file:
    KEY = serialization.load_pem_private_key(file.read(), None)
PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


class Signer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"public_key": PUBLIC.hex()} if self.path == "/key" else None)

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers["content-length"]), 1024))
        digest = json.loads(body)["digest"]
        if self.path != "/sign" or not re.fullmatch("[0-9a-f]{64}", digest):
            return self.answer(None)
        algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        r, s = utils.decode_dss_signature(KEY.sign(bytes.fromhex(digest), algorithm))
        self.answer({"signature": f"{r:064x}{s:064x}"})

    def answer(self, value):
        self.send_response(404 if value is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def address_string(self):
        return "unix"


os.umask(0o177)  # the socket is for its owner alone: who reaches it can have anything signed
socketserver.ThreadingUnixStreamServer(sys.argv[2], Signer).serve_forever()
