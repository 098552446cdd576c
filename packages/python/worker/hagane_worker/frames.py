"""Frames between gateway and worker: little-endian, `u32 length, u8 type, u32 id`, then what the type says."""

import json
import socket
import struct

HEAD = struct.Struct("<IBI")
SCORE = struct.Struct("<dBBBHI")  # deadline, route, flags, id length, content type length, head length
ANSWER = struct.Struct("<HII")  # status, rows, head length

# From the gateway.
CONFIG, REQUEST, PING, STOP = 0, 1, 2, 3
# From the worker.
ANSWERED, READY, FAILED, PONG, COLLECTED, BATCHED = 1, 2, 3, 4, 5, 6

SOLO = 1  # this request must not share a predict call with others
GET = 2

# The headers of nearly every answer, encoded once.
JSON_HEADERS = [("content-type", "application/json")]
_JSON_HEAD = json.dumps(JSON_HEADERS).encode("utf-8")

_LENGTH_COUNTS = HEAD.size - 4
_CHUNK = 256 * 1024


class Request:
    """One request. `deadline` is a time of `time.monotonic()`, the clock that gateway and worker share."""

    __slots__ = ("id", "deadline", "route", "solo", "method", "name", "content_type", "head", "body", "oip")

    def __init__(self, frame_id, payload):
        self.id = frame_id
        self.deadline, self.route, flags, name, content_type, head = SCORE.unpack_from(payload)
        self.solo = bool(flags & SOLO)
        self.method = "GET" if flags & GET else "POST"
        at = SCORE.size
        self.name = payload[at : at + name].decode("ascii")
        at += name
        self.content_type = payload[at : at + content_type].decode("latin-1")
        at += content_type
        self.head = payload[at : at + head]
        self.body = payload[at + head :]
        self.oip = None


class Answer:
    """`rows` counts what was predicted; `headers` is a list of name and value pairs beyond those of the gateway.

    `collected` is what the script's collectors took while it answered.
    """

    __slots__ = ("status", "rows", "headers", "body", "collected")

    def __init__(self, status, body, rows=1, headers=()):
        self.status = status
        self.body = body
        self.rows = rows
        self.headers = headers
        self.collected = b""


def pack(kind, frame_id, payload):
    return HEAD.pack(_LENGTH_COUNTS + len(payload), kind, frame_id) + payload


def pack_json(kind, value):
    return pack(kind, 0, json.dumps(value).encode("utf-8"))


def pack_answer(frame_id, answer):
    headers, body = answer.headers, answer.body
    if headers is JSON_HEADERS:
        head = _JSON_HEAD
    else:
        head = json.dumps(headers).encode("utf-8") if headers else b""
    length = _LENGTH_COUNTS + ANSWER.size + len(head) + len(body)
    start = HEAD.pack(length, ANSWERED, frame_id) + ANSWER.pack(answer.status, answer.rows, len(head))
    if answer.collected:
        return b"".join((pack(COLLECTED, frame_id, answer.collected), start, head, body))
    return b"".join((start, head, body))


class Channel:
    """The socket to the gateway. Reading takes everything that has arrived, which is how requests gather to batches."""

    def __init__(self, sock):
        self._socket = sock
        self._buffer = bytearray()
        self._chunk = memoryview(bytearray(_CHUNK))

    def receive(self):
        """Waits for at least one frame; returns `[(type, id, payload)]`, or an empty list when the gateway has gone."""
        while True:
            try:
                count = self._socket.recv_into(self._chunk)
                while count == _CHUNK:
                    self._buffer += self._chunk
                    count = self._socket.recv_into(self._chunk, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                count = -1
            except ConnectionError:
                return []
            if count == 0:
                return []
            if count > 0:
                self._buffer += self._chunk[:count]
            frames = self._take()
            if frames:
                return frames

    def _take(self):
        buffer = self._buffer
        frames = []
        at = 0
        end = len(buffer)
        while end - at >= HEAD.size:
            length, kind, frame_id = HEAD.unpack_from(buffer, at)
            if end - at < 4 + length:
                break
            frames.append((kind, frame_id, bytes(buffer[at + HEAD.size : at + 4 + length])))
            at += 4 + length
        if at:
            del buffer[:at]
        return frames

    def send(self, data):
        try:
            self._socket.sendall(data)
        except ConnectionError:
            raise SystemExit(0)  # noqa: B904 - the gateway has gone; nobody waits for the answer
