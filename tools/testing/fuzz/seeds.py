#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write one good input of each kind for each fuzz target: seeds.py FOLDER"""

import os
import struct
import sys


def packet(kind, head, body):
    words = (16 + len(head) + len(body)) // 8
    return struct.pack('<HHHHQ', kind, 2 + len(head) // 8, words, 1, 7) + head + body


def ring(*packets):
    data = b''.join(p + bytes(8) for p in packets)
    return struct.pack('<II', len(data), 0) + data


def gpadl(ranges, split):
    data = b''.join(struct.pack('<II', n, off) + struct.pack(f'<{len(p)}Q', *p)
                    for n, off, p in ranges)
    parts = [data[:split]] + [data[i:i + 224] for i in range(split, len(data), 224)]
    out = b''
    for i, part in enumerate(parts):
        if i == 0:
            msg = struct.pack('<IIIIHH', 8, 0, 5, 9, len(data), len(ranges)) + part
        else:
            msg = struct.pack('<IIII', 9, 0, i, 9) + part
        out += bytes([len(msg)]) + msg
    return out


one = struct.pack('<IIIIQQ', 0, 1, 8192, 0, 1, 2)
two = struct.pack('<IIIIQIIQ', 0, 2, 100, 8, 1, 4096, 0, 2)
xfer = struct.pack('<HBBIIIII', 1, 1, 0, 2, 100, 0, 50, 200)
seeds = {
    'packet': [packet(6, b'', bytes(16)), packet(11, b'', bytes(8)),
               packet(9, one, bytes(8)), packet(9, two, bytes(24)),
               packet(7, xfer, bytes(8))],
    'gpadl': [gpadl([(8192, 0, (1, 2))], 216),
              gpadl([(4096, 1, (1, 2)), (5, 9, (3,))], 16),
              gpadl([(4096 * 60, 0, tuple(range(60)))], 216)],
}


def rndis(kind, *words, tail=b''):
    body = struct.pack(f'<{len(words)}I', *words) + tail
    return struct.pack('<II', kind, 8 + len(body)) + body


ppis = b''.join(struct.pack('<IIII', 16, t, 12, v)
                for t, v in ((6, 0x1235), (0, 0x220005), (2, 0x43605b4)))
address = 'NetworkAddress'.encode('utf-16le') + '02ab00000017'.encode('utf-16le')
seeds['rndis'] = [
    b'\x00' + struct.pack('<III', 1, 2, 0x60001) + bytes(28),
    b'\x00' + struct.pack('<IIII', 107, 0, 0, 100),
    b'\x01' + rndis(1, 36 + 48, 64, 0, 0, 0, 36, 48, 0, 0, tail=ppis + bytes(64)),
    b'\x02' + rndis(2, 1, 1, 0, 0x4000),
    b'\x02' + rndis(4, 2, 0xfc01020d, 4, 20, 0, tail=bytes([0xa7, 3, 156, 0])),
    b'\x02' + rndis(5, 3, 0x1010e, 4, 20, 0, tail=struct.pack('<I', 9)),
    b'\x0a' + rndis(5, 4, 0x1021b, 72, 20, 0,
                    tail=struct.pack('<IIIII', 20, 28, 2, 48, 24) + address),
    b'\x02' + rndis(8, 5),
]
seeds['ring'] = [ring(*seeds['packet']), ring(seeds['packet'][0])]

for target, inputs in seeds.items():
    folder = os.path.join(sys.argv[1], target)
    os.makedirs(folder, exist_ok=True)
    for i, data in enumerate(inputs):
        with open(os.path.join(folder, f'seed{i}'), 'wb') as f:
            f.write(data)
