# SPDX-License-Identifier: Apache-2.0
"""Exec and attach: a WebSocket (RFC 6455) to the address that the interface gives. A message's
first byte is its channel: 0 to 4 are standard input, output, error, the end, and the size."""
import base64
import json
import os
import socket
import struct
import urllib.parse

STDIN, STDOUT, STDERR, END, RESIZE = range(5)


class Stream:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        head = (f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket",
                "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Protocol: v4.channel.k8s.io", "", "")
        self.socket.sendall("\r\n".join(head).encode())
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        if b" 101 " not in status:
            raise ConnectionError(status.decode())
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def send(self, channel, data):
        data = bytes([channel]) + data
        mask = os.urandom(4)
        short = len(data) < 126
        length = struct.pack("!B", 0x80 | len(data)) if short else struct.pack("!BH", 0xFE, len(data))
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self.socket.sendall(b"\x82" + length + mask + masked)

    def resize(self, lines, columns):
        self.send(RESIZE, json.dumps({"Width": columns, "Height": lines}).encode())

    def messages(self):
        """(channel, bytes), until the other side closes."""
        while head := self.file.read(2):
            length = head[1] & 0x7F
            if length == 126:
                length, = struct.unpack("!H", self.file.read(2))
            elif length == 127:
                length, = struct.unpack("!Q", self.file.read(8))
            data = self.file.read(length)
            if head[0] & 0x0F == 8:
                return
            if data:
                yield data[0], data[1:]

    def all(self):
        """Each channel's bytes, to the end."""
        out = {}
        for channel, data in self.messages():
            out[channel] = out.get(channel, b"") + data
        self.socket.close()
        return out


def shown(out):
    """Output, errors and the end of a stream, as text."""
    text = "".join(f"{name}: {out[channel].decode()}\n" for name, channel in
                   (("stdout", STDOUT), ("stderr", STDERR)) if channel in out).replace("\r", "")
    end = json.loads(out.get(END, b"{}") or b"{}")
    causes = [each["message"] for each in end.get("details", {}).get("causes", [])]
    return f"{text}{end.get('status')} {' '.join(causes)}"
