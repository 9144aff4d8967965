//! The schema, held against a record whose payload lies elsewhere than its first line.

use hotpath::record::{
    HEAD_BYTES, Head, LINE_BYTES, Line, Misfit, NO_INSTRUMENT, PAYLOAD_BYTES_MAX, Schema, Scope, Shape, padded,
};

/// Checks a record by its first line and the bytes that follow it. A payload may come without its
/// padding. Otherwise the same rules as `hotpath::record::check`.
pub(crate) fn fits(first: &Line, rest: &[u8], markets: u16) -> Result<(), Misfit> {
    let head = head(first);
    let schema = head.kind.schema().ok_or(Misfit::Kind)?;
    let whole = LINE_BYTES + rest_bytes(schema, first, rest)?;
    if LINE_BYTES + padded(rest.len()) != whole || usize::try_from(head.len) != Ok(whole) {
        return Err(Misfit::Length);
    }
    let known = head.instrument < markets;
    let none = head.instrument == NO_INSTRUMENT;
    let fits = match schema.scope {
        Scope::Market => known,
        Scope::Whole => none,
        Scope::Any => known || none,
    };
    if fits { Ok(()) } else { Err(Misfit::Instrument) }
}

/// The head of a record by its first line.
pub(crate) fn head(first: &Line) -> Head {
    bytemuck::pod_read_unaligned(&first.0[..HEAD_BYTES])
}

/// The bytes that a record of this kind has after its first line.
fn rest_bytes(schema: &Schema, first: &Line, rest: &[u8]) -> Result<usize, Misfit> {
    match schema.shape {
        Shape::Line => Ok(0),
        Shape::Wide => Ok(LINE_BYTES),
        Shape::Payload => {
            let payload_bytes = payload_bytes(first);
            let padding = rest.get(payload_bytes..).ok_or(Misfit::Length)?;
            if payload_bytes > PAYLOAD_BYTES_MAX {
                return Err(Misfit::Length);
            }
            if padding.iter().any(|byte| *byte != 0) {
                return Err(Misfit::Padding);
            }
            // All of the padding or none: anything between is a length that the caller got wrong.
            let exact = padding.is_empty() || rest.len() == padded(payload_bytes);
            if exact { Ok(padded(payload_bytes)) } else { Err(Misfit::Length) }
        }
    }
}

/// The length that a record with a payload announces.
fn payload_bytes(first: &Line) -> usize {
    let announced: u32 = bytemuck::pod_read_unaligned(&first.0[HEAD_BYTES..HEAD_BYTES + 4]);
    announced as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use hotpath::record::{Kind, SCHEMA, check};
    use proptest::prelude::*;

    fn first_line(kind: Kind, len: u32, instrument: u16, payload_bytes: u32) -> Line {
        let mut line = Line::ZERO;
        line.0[..4].copy_from_slice(&len.to_le_bytes());
        line.0[32..34].copy_from_slice(&kind.0.to_le_bytes());
        line.0[34..36].copy_from_slice(&instrument.to_le_bytes());
        line.0[HEAD_BYTES..HEAD_BYTES + 4].copy_from_slice(&payload_bytes.to_le_bytes());
        line
    }

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![9 => (0..SCHEMA.len()).prop_map(|row| SCHEMA[row].kind), 1 => any::<u16>().prop_map(Kind)]
    }

    proptest! {
        #[test]
        fn agrees_with_the_check_of_a_whole_record(
            kind in kinds(),
            lines in 1_usize..5,
            wrong_lines in prop_oneof![5 => Just(0_u32), 1 => 0_u32..3],
            payload_bytes in 0_u32..260,
            dirt in prop::option::of(0_usize..260),
            instrument in prop_oneof![Just(0_u16), Just(1), Just(2), Just(NO_INSTRUMENT)],
        ) {
            let len = lines * LINE_BYTES;
            let first = first_line(kind, len as u32 + wrong_lines * 64, instrument, payload_bytes);
            let mut record = first.0.to_vec();
            record.resize(len, 0);
            if let Some(byte) = dirt.and_then(|at| record.get_mut(LINE_BYTES + at)) {
                *byte = 1;
            }
            prop_assert_eq!(fits(&first, &record[LINE_BYTES..], 2), check(&record, 2));
        }
    }

    #[test]
    fn a_payload_may_come_without_padding_but_not_shorter() {
        let first = first_line(Kind::FRAME, 192, NO_INSTRUMENT, 65);
        assert_eq!(fits(&first, &[1; 65], 1), Ok(()));
        assert_eq!(fits(&first, &[1; 64], 1), Err(Misfit::Length));
        assert_eq!(fits(&first, &[0; 66], 1), Err(Misfit::Length));
    }
}
