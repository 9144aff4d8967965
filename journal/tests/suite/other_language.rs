//! The format is specified well enough when a reader in another language agrees with this one.

use crate::make::*;
use hotpath::record::{Kind, flag};
use journal::{End, Item, Segment};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// What `reader.py` prints for a file; `None` where there is no Python.
fn read_in_python(file: &Path) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reader.py");
    let output = match Command::new("python3").arg(script).arg(file).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: python3 not found");
            return None;
        }
        outcome => outcome.expect("python3 runs"),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// The same from this crate's reader.
fn read_here(file: &Path) -> String {
    let segment = Segment::open(file).expect("a segment");
    let mut walk = segment.items();
    let mut counts = BTreeMap::<u16, u64>::new();
    let mut records = Vec::new();
    for item in walk.by_ref() {
        if let Item::Record(record) = item
            && record.head.kind != Kind::INDEX
        {
            *counts.entry(record.head.kind.0).or_default() += 1;
            records.push(format!("[{},{},{}]", record.head.seq, record.head.kind.0, record.head.crc));
        }
    }
    let sealed = walk.end() == Some(End::Sealed);
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("\"{kind:#06x}\":{count}")).collect();
    let index = index_of(&segment);
    let entries = index.entries.iter().filter(|_| sealed);
    let entries: Vec<String> =
        entries.map(|entry| format!("[{},{},{},{}]", entry.offset, entry.seq, entry.taken_ns, entry.kind.0)).collect();
    let run = segment.header().run();
    format!(
        "{{\"counts\":{{{}}},\"end\":\"{}\",\"index\":[{}],\"markets\":{},\"records\":[{}],\"run_id\":{},\"segment\":{}}}\n",
        counts.join(","),
        if sealed { "sealed" } else { "unsealed" },
        entries.join(","),
        run.markets,
        records.join(","),
        run.run_id,
        run.segment,
    )
}

#[test]
fn a_python_reader_finds_the_same() {
    let folder = folder();
    let path = folder.path().join("a.bin");
    let long = [small_run(), frame(7, 0, &vec![b'x'; 65_536]), level(8, flag::END_OF_STEP)].concat();
    let mut one_header = sealed(&long);
    one_header[40] ^= 1;
    let mut damaged = sealed(&long);
    damaged[600] ^= 1;
    let left_out = recovered(&damaged).1;
    for bytes in [sealed(&[]), sealed(&long), crashed(&long), one_header, left_out] {
        std::fs::write(&path, bytes).expect("written");
        let Some(found) = read_in_python(&path) else { return };
        assert_eq!(found, read_here(&path));
    }
}

#[test]
fn a_python_reader_finds_damage() {
    let folder = folder();
    let path = folder.path().join("a.bin");
    let mut bytes = sealed(&small_run());
    bytes[600] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let Some(found) = read_in_python(&path) else { return };
    assert!(found.contains("\"end\":\"damaged\"") && found.contains("\"counts\":{\"0x0401\":2}"), "{found}");
}
