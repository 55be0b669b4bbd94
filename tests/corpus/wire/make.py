#!/usr/bin/env python3
"""Makes the streams beside this file, by the frame's description in src/broker/paper/wire/frame.rs."""

import json
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).parent


def frame(number, message, raw=None):
    payload = raw if raw is not None else json.dumps(message, separators=(",", ":")).encode()
    head = struct.pack("<IQI", len(payload), number, zlib.crc32(payload))
    return head + struct.pack("<I", zlib.crc32(head)) + payload


def save(name, *parts):
    (HERE / f"{name}.bin").write_bytes(b"".join(parts))


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


SPEC = {
    "instrument": 3, "side": "Buy", "quantity": "10", "kind": {"Limit": {"price": "101.25"}},
    "tif": "Gtc", "post_only": False, "oco": None, "parent": None,
}
HELLO = {"Hello": {"version": 1, "token": "secret", "account": "PAPER", "catalogue": 7, "last_event": 0}}
PLACE = {"Place": [{"id": 1, "account": "PAPER", "spec": SPEC}]}
ALIVE = frame(2, "Alive")
WELCOME = frame(1, {"Welcome": {"version": 1, "session": 1, "event": 0}})
REPORT = {"Report": {"event": 1, "report": {"order": 1, "says": {"Status": ["Working", None]}, "time": 5}}}
hello, place = frame(1, HELLO), frame(2, PLACE)

save("to-0-whole-nothing")
save("to-2-whole-hello-and-place", hello, place)
save("to-2-whole-place-twice", hello, place, place)
save("to-1-partial-half-a-header", hello, place[:13])
save("to-1-partial-half-a-payload", hello, place[:-1])
save("to-1-damaged-length", hello, flipped(place, 1))
save("to-1-damaged-number", hello, flipped(place, 6))
save("to-1-damaged-payload", hello, flipped(place, 60))
save("to-1-damaged-last-byte", hello, flipped(place, len(place) - 1))
save("to-1-missing-second-frame", hello, frame(3, "CancelAll"))
save("to-0-long-announces-four-gigabytes", struct.pack("<IQI", 0xFFFFFFFF, 1, 0),
     struct.pack("<I", zlib.crc32(struct.pack("<IQI", 0xFFFFFFFF, 1, 0))))
save("to-1-unknown-empty-payload", hello, frame(2, None, b""))
save("to-1-unknown-word", hello, frame(2, "Withdraw"))
save("to-1-unknown-deep-nesting", hello, frame(2, None, b"[" * 20000))
save("to-1-unknown-not-text", hello, frame(2, None, bytes(range(256))))
save("to-1-unknown-huge-price", hello, frame(2, {"Place": [{"id": 1, "account": "PAPER", "spec": {
    **SPEC, "kind": {"Limit": {"price": "9" * 60}}}}]}))
save("to-1-unknown-negative-id", hello, frame(2, {"Cancel": -1}))
save("to-0-damaged-http", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
save("to-0-damaged-zeros", bytes(64))
save("from-3-whole-welcome-alive-report", WELCOME, ALIVE, frame(3, REPORT))
save("from-1-missing-alive-lost", WELCOME, frame(3, REPORT))
save("from-1-unknown-report-without-event", WELCOME, frame(2, {"Report": {"report": REPORT["Report"]["report"]}}))
