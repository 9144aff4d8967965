//! Small changes to known inputs, decided by a seed alone.

/// Most bytes of a mutated input.
const INPUT_BYTES_MAX: usize = 16 * 1024;

/// What parsers stumble over.
const WORDS: [&[u8]; 24] = [
    b"0",
    b"-0",
    b"1e5",
    b"E-8",
    b".",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"70368744177664",
    b"null",
    b"true",
    b"\"\"",
    b"{}",
    b"[]",
    b"\\u0071",
    b"\\ud800",
    b"\\\"",
    b"\xff",
    b"\xc3\xa9",
    b"\n",
    b" ",
    b"Z",
    b"+23:59",
];

/// SplitMix64: every seed is as good as any other.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// From 0 to `sides` less one; 0 when `sides` is 0.
    fn below(&mut self, sides: usize) -> usize {
        (self.roll() % sides.max(1) as u64) as usize
    }
}

/// One of the `parents` with one to sixteen changes.
pub fn mutated(parents: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut bytes = parents[dice.below(parents.len())].clone();
    let most = 1 << dice.below(5);
    for _ in 0..=dice.below(most) {
        change(&mut bytes, parents, &mut dice);
    }
    bytes.truncate(INPUT_BYTES_MAX);
    bytes
}

fn change(bytes: &mut Vec<u8>, parents: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    let end = at + dice.below((bytes.len() - at).min(64) + 1);
    match dice.below(12) {
        0..=2 => set(bytes, at, dice),
        3 => bytes.insert(at, dice.roll() as u8),
        4 => drop(bytes.drain(at..end)),
        5 => bytes.truncate(at),
        6 => drop(bytes.splice(at..at, WORDS[dice.below(WORDS.len())].iter().copied())),
        7 => drop(bytes.splice(at..end, WORDS[dice.below(WORDS.len())].iter().copied())),
        8 => {
            let again = bytes[at..end].to_vec();
            let to = dice.below(bytes.len() + 1);
            bytes.splice(to..to, again);
        }
        9 => overwrite(bytes, at, dice),
        10 => {
            // The end of another input.
            let other = &parents[dice.below(parents.len())];
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.below(other.len() + 1)..]);
        }
        _ => digit(bytes, at, dice),
    }
}

/// One bit, or one byte.
fn set(bytes: &mut [u8], at: usize, dice: &mut Dice) {
    let word = dice.roll();
    if let Some(byte) = bytes.get_mut(at) {
        *byte = if word & 1 == 0 { *byte ^ (1 << (word >> 8 & 7)) } else { (word >> 8) as u8 };
    }
}

/// A little-endian number that is small, huge or a multiple of a line, on a boundary of its size.
fn overwrite(bytes: &mut [u8], at: usize, dice: &mut Dice) {
    let width = 1 << dice.below(4);
    let number = match dice.below(4) {
        0 => dice.roll() & 0xff,
        1 => u64::MAX - (dice.roll() & 3),
        2 => (dice.roll() & 0x7ff) * 64,
        _ => dice.roll(),
    };
    let place = bytes.iter_mut().skip(at / width * width).take(width);
    place.zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
}

/// Another digit in place of the next one.
fn digit(bytes: &mut [u8], at: usize, dice: &mut Dice) {
    if let Some(byte) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
        *byte = b"0123456789"[dice.below(10)];
    }
}
