#!/usr/bin/env python3
"""Makes the sound of an alert: two short bells, a fourth apart.

    python3 assets/sounds/build.py         # rewrites alert.wav beside this script

Made of sines that fade, by nobody's recording; the result is committed.
"""

import math
import pathlib
import struct
import wave

RATE = 22_050
LENGTH = 0.6
# When each bell is struck, in seconds, and its pitch in hertz.
BELLS = [(0.0, 880.0), (0.13, 1174.7)]
# Of each bell its partials: multiple of the pitch, loudness, how fast it fades.
PARTIALS = [(1.0, 0.6, 7.0), (2.0, 0.2, 11.0), (3.0, 0.08, 16.0)]


def sample(at: float) -> float:
    total = 0.0
    for struck, pitch in BELLS:
        since = at - struck
        if since < 0:
            continue
        attack = min(1.0, since / 0.004)
        for multiple, loudness, fading in PARTIALS:
            total += attack * loudness * math.exp(-fading * since) * math.sin(2 * math.pi * pitch * multiple * since)
    # No click at the end.
    return total * min(1.0, (LENGTH - at) / 0.03) * 0.45


def main() -> None:
    frames = [sample(n / RATE) for n in range(int(RATE * LENGTH))]
    data = b"".join(struct.pack("<h", round(32_767 * max(-1.0, min(1.0, x)))) for x in frames)
    with wave.open(str(pathlib.Path(__file__).with_name("alert.wav")), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(data)


if __name__ == "__main__":
    main()
