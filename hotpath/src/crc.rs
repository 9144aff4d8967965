//! CRC-32 as in zlib and PNG (reflected polynomial 0xEDB88320, all ones in and out).
//!
//! Not CRC-32C, which is what the x86 `crc32` instruction computes.

/// Reflected: bit 31 stands for 1, bit 0 for x^31.
pub const POLYNOMIAL: u32 = 0xEDB8_8320;

/// The register after one zero bit.
#[must_use]
pub const fn step_zero_bit(state: u32) -> u32 {
    (state >> 1) ^ POLYNOMIAL.wrapping_mul(state & 1)
}

/// `TABLES[k][b]`: the remainder of byte `b` followed by `k` zero bytes.
static TABLES: [[u32; 256]; 8] = tables();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at compile time, where a mistake does not compile"
)]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0_u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = step_zero_bit(remainder);
            bit += 1;
        }
        tables[0][byte] = remainder;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let previous = tables[zeros - 1][byte];
            tables[zeros][byte] = (previous >> 8) ^ tables[0][(previous & 0xff) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    tables
}

/// The register after `bytes`, from `state`. Linear: from a state it is [`shift`] of the state, exclusive or
/// from zero; so the register of a whole is made of its parts' without their bytes. The CRC-32 of bytes is the
/// complement of the register after them, from all ones.
#[must_use]
pub fn update(state: u32, bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(state, |state, word| step_eight(state, *word));
    rest.iter().fold(state, |state, byte| step_one(state, *byte))
}

/// Most zero bytes that [`shift`] takes at once.
pub const SHIFT_BYTES_MAX: usize = 33;

/// The register after `count` zero bytes; `count` is at most [`SHIFT_BYTES_MAX`].
#[must_use]
pub fn shift(state: u32, count: usize) -> u32 {
    let Some(table) = SHIFTS.get(count) else { return state };
    let bytes = state.to_le_bytes();
    table.iter().zip(bytes).map(|(row, byte)| row.get(usize::from(byte)).copied().unwrap_or(0)).fold(0, |a, b| a ^ b)
}

/// `SHIFTS[n][k][b]`: what byte `k` of the register, when it is `b`, leaves after `n` zero bytes.
static SHIFTS: [[[u32; 256]; 4]; SHIFT_BYTES_MAX + 1] = shifts();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs at compile time, where a mistake does not compile"
)]
const fn shifts() -> [[[u32; 256]; 4]; SHIFT_BYTES_MAX + 1] {
    let zero_byte = tables()[0];
    let mut shifts = [[[0_u32; 256]; 4]; SHIFT_BYTES_MAX + 1];
    // Where each bit of the register goes; at first to itself.
    let mut bits = [0_u32; 32];
    let mut bit = 0;
    while bit < 32 {
        bits[bit] = 1 << bit;
        bit += 1;
    }
    let mut count = 0;
    while count <= SHIFT_BYTES_MAX {
        let mut place = 0;
        while place < 4 {
            let mut byte = 1_usize;
            while byte < 256 {
                let lowest = byte.trailing_zeros() as usize;
                shifts[count][place][byte] = shifts[count][place][byte & (byte - 1)] ^ bits[8 * place + lowest];
                byte += 1;
            }
            place += 1;
        }
        let mut bit = 0;
        while bit < 32 {
            bits[bit] = (bits[bit] >> 8) ^ zero_byte[(bits[bit] & 0xff) as usize];
            bit += 1;
        }
        count += 1;
    }
    shifts
}

fn look(zeros: usize, byte: u8) -> u32 {
    TABLES.get(zeros).and_then(|table| table.get(usize::from(byte))).copied().unwrap_or(0)
}

fn step_one(state: u32, byte: u8) -> u32 {
    let [low, ..] = state.to_le_bytes();
    (state >> 8) ^ look(0, low ^ byte)
}

fn step_eight(state: u32, [a, b, c, d, e, f, g, h]: [u8; 8]) -> u32 {
    let [s0, s1, s2, s3] = state.to_le_bytes();
    look(7, a ^ s0)
        ^ look(6, b ^ s1)
        ^ look(5, c ^ s2)
        ^ look(4, d ^ s3)
        ^ look(3, e)
        ^ look(2, f)
        ^ look(1, g)
        ^ look(0, h)
}

#[cfg(test)]
mod tests {
    use super::{SHIFT_BYTES_MAX, shift, update};
    use proptest::prelude::*;

    fn crc32(bytes: &[u8]) -> u32 {
        !update(u32::MAX, bytes)
    }

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    proptest! {
        #[test]
        fn equals_crc32fast(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(crc32(&bytes), crc32fast::hash(&bytes));
        }

        #[test]
        fn a_whole_is_made_of_its_parts(state in any::<u32>(), bytes in proptest::collection::vec(any::<u8>(), 0..=SHIFT_BYTES_MAX)) {
            prop_assert_eq!(update(state, &bytes), shift(state, bytes.len()) ^ update(0, &bytes));
        }
    }
}
