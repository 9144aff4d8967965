"""Reads one segment as journal/README.md specifies it, and prints what it found as JSON.

Standard library only. Usage: python3 reader.py FILE

The output has the run, the segment number, the count of each kind, [seq, kind, crc] of each record
of the stream, the entries of the index, and how the file ends: "sealed", "unsealed" or "damaged".
Reading stops at the first damage; finding the next record behind it is left to other readers.
"""

import json
import struct
import sys
import zlib

LINE = 64
RECORDS_AT = 256
RECORD_BYTES_MAX = LINE + 65536
HEADER = struct.Struct("<8sIIQQQIIH78x")
HEAD = struct.Struct("<IIQQQHHHH")
INDEX_BODY = struct.Struct("<IIQQ")
ENTRY = struct.Struct("<QQQH6x")
KIND_INDEX = 0x0501
KIND_LEFT_OUT = 0x0502
CONTINUES = 1 << 2


def read_header(data):
    """The first header copy that is whole, as a tuple."""
    for at in (0, 128):
        copy = data[at : at + 128]
        if len(copy) < 128 or copy[:8] != b"FATHOMJ\n":
            continue
        header = HEADER.unpack(copy)
        if zlib.crc32(copy[:12] + copy[16:]) != header[2]:
            continue
        if header[1] != 1:
            sys.exit(f"format version {header[1]} is not known")
        return header
    sys.exit("not a Fathom journal, or both header copies are damaged")


def read_record(data, at, salt):
    """Head and bytes of the whole record at an offset, or None."""
    if at + LINE > len(data):
        return None
    head = HEAD.unpack_from(data, at)
    length = head[0]
    if length % LINE or not LINE <= length <= RECORD_BYTES_MAX or at + length > len(data):
        return None
    record = data[at : at + length]
    if zlib.crc32(record[:4] + record[8:], salt) != head[1]:
        return None
    return head, record


def read_entries(record):
    """The entries of one index record."""
    payload_bytes = INDEX_BODY.unpack_from(record, HEAD.size)[0]
    return [list(entry) for entry in ENTRY.iter_unpack(record[LINE : LINE + payload_bytes])]


def missing_of(record):
    """How far the sequence jumps behind a LEFT_OUT."""
    return min(max(struct.unpack_from("<Q", record, HEAD.size)[0], 1), 1 << 29)


def walk(data, salt, first_seq):
    """Records of the stream, entries of the index, and the end."""
    records, entries, at, expected, sealed = [], [], RECORDS_AT, first_seq, False
    while not sealed:
        found = read_record(data, at, salt)
        if found is None or found[0][2] != expected:
            return records, entries, "damaged" if any(data[at:]) else "unsealed"
        (length, crc, seq, _, _, kind, _, flags, _), record = found
        if kind == KIND_INDEX:
            entries += read_entries(record)
            sealed = not flags & CONTINUES
        else:
            records.append([seq, kind, crc])
        at += length
        expected += missing_of(record) if kind == KIND_LEFT_OUT else 1
    if any(data[at:]):
        return records, entries, "damaged"
    return records, entries, "sealed" if at == len(data) else "unsealed"


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    _, _, _, run_id, first_seq, _, salt, segment, markets = read_header(data)
    records, entries, end = walk(data, salt, first_seq)
    counts = {}
    for _, kind, _ in records:
        name = f"{kind:#06x}"
        counts[name] = counts.get(name, 0) + 1
    found = {
        "run_id": run_id,
        "segment": segment,
        "markets": markets,
        "counts": counts,
        "records": records,
        "index": entries,
        "end": end,
    }
    print(json.dumps(found, sort_keys=True, separators=(",", ":")))


if __name__ == "__main__":
    main()
