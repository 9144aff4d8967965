//! Segment files.

use hotpath::record::{Kind, LINE_BYTES, RECORD_BYTES_MAX, flag};
use journal::{End, Entry, HEADER_BYTES, Header, Index, Item, Items, RECORDS_AT, Run, record_crc, valid_prefix};

/// The run of the corpus, and of whatever is mended.
pub const RUN: Run =
    Run { run_id: 7, salt: 0x5eed_cafe, created_utc_ns: 0, markets: 2, origin: 0, segment: 0, first_seq: 0 };

/// A segment file as it is, and again with a whole header and right CRCs, so that the schema, the
/// sequence and the index are reached too. The items tile the file, in few steps; a record that is
/// yielded is whole; the valid part is valid.
pub fn journal(bytes: &[u8]) {
    if let Ok(opened) = Header::read(bytes) {
        let copies = [bytes.get(..HEADER_BYTES), bytes.get(HEADER_BYTES..RECORDS_AT)];
        let whole = copies.iter().filter(|copy| **copy == Some(bytemuck::bytes_of(&opened.header))).count();
        // A writer that died between its two stores left the second copy and nothing behind it.
        let no_record = bytes.iter().skip(RECORDS_AT).take(LINE_BYTES).all(|byte| *byte == 0);
        let begun_last = whole == 1 && bytes[..4] == [0; 4] && no_record;
        assert_eq!(whole + usize::from(begun_last), usize::from(opened.copies));
        walk(bytes, &opened.header);
    } else {
        assert_eq!(valid_prefix(bytes), 0, "a file that does not open has no valid part");
        walk(bytes, &Header::new(&RUN));
    }
    let mended = mended(bytes);
    walk(&mended, &Header::new(&RUN));
}

fn walk(bytes: &[u8], header: &Header) {
    let mut items = Items::new(bytes, header);
    let mut at = RECORDS_AT.min(bytes.len());
    let mut next_seq = header.first_seq;
    let mut steps = 0;
    for item in items.by_ref() {
        steps += 1;
        let (offset, length) = match item {
            Item::Record(record) => {
                let head = record.head;
                let (first, rest) = record.bytes.split_at(LINE_BYTES);
                assert_eq!(record_crc(header.salt, first, rest), head.crc, "a record that is not whole");
                assert_eq!(record.bytes.len(), head.len as usize);
                assert!(head.seq >= next_seq, "a record of the past");
                next_seq = head.seq.saturating_add(1);
                (record.offset, record.bytes.len())
            }
            Item::Damage(damage) => (damage.offset, damage.bytes),
        };
        assert_eq!(offset, at, "items overlap or leave a hole");
        at += length;
    }
    // A record or damage takes a line or more; only a hole takes none, and a record follows it.
    assert!(steps <= 2 * (bytes.len() / LINE_BYTES) + 2, "{steps} steps over {} bytes", bytes.len());
    assert!(at <= bytes.len() && items.next().is_none());
    let end = items.end().expect("an end after the last item");
    assert!(end != End::Sealed || at == bytes.len(), "a sealed file ends with its index");
    assert_index(bytes, header);
    assert_valid(bytes);
}

fn assert_index(bytes: &[u8], header: &Header) {
    let rebuilt = Index::rebuild(bytes, header);
    assert!(rebuilt.entries.len() as u64 <= rebuilt.records);
    assert!(rebuilt.entries.windows(2).all(|pair| pair[0].offset < pair[1].offset));
    if let Some(found) = Index::find(bytes, header) {
        assert!(found.entries.len() * size_of::<Entry>() <= bytes.len());
    }
}

/// The valid part opens where the file does, ends with a step, and is its own valid part.
fn assert_valid(bytes: &[u8]) {
    let end = valid_prefix(bytes);
    let valid = bytes.get(..end).expect("a part of the file");
    assert_eq!(valid_prefix(valid), end);
    let Ok(opened) = Header::read(valid) else { return };
    let last = Items::new(valid, &opened.header).map(|item| match item {
        Item::Record(record) => record,
        Item::Damage(damage) => panic!("damage in the valid part: {damage:?}"),
    });
    let last = last.filter(|record| record.head.kind != Kind::INDEX).last();
    assert!(last.is_none_or(|record| record.head.has(flag::END_OF_STEP)), "half a step in the valid part");
}

/// The bytes with the header of [`RUN`] and, as far as their lengths go, with the CRCs they should have.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let header = [Header::new(&RUN); 2];
    bytes.iter_mut().zip(bytemuck::cast_slice::<Header, u8>(&header)).for_each(|(to, from)| *to = *from);
    let mut at = RECORDS_AT;
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        let len = u32::from_le_bytes(*word) as usize;
        let possible = len.is_multiple_of(LINE_BYTES) && (LINE_BYTES..=RECORD_BYTES_MAX).contains(&len);
        let Some(record) = bytes.get_mut(at..at + len).filter(|_| possible) else {
            at += LINE_BYTES;
            continue;
        };
        let (first, rest) = record.split_at(LINE_BYTES);
        let crc = record_crc(RUN.salt, first, rest);
        record[4..8].copy_from_slice(&crc.to_le_bytes());
        at += len;
    }
    bytes
}
