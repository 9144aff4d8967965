//! A message that looks another way.

use super::form::Form;
use super::json::Node;
use super::plan::Fault;
use crate::market::Random;
use tungstenite::Utf8Bytes;

/// Bytes of a message that is too large: more than 4 MiB.
const OVERSIZE_BYTES: usize = 4 * 1024 * 1024 + 1;
/// The value of a field that nobody knows.
const NOVELTY: &str = r#"{"deep":[1,-2.5e3,null,"\u00e9"],"more":{}}"#;

/// What a fault makes of a text, and what exactly it did; none when the text has not what it is about.
pub(super) fn altered(fault: Fault, text: &Utf8Bytes, random: &mut Random) -> Option<(Form, String)> {
    Some(match fault {
        Fault::Checksum => {
            let (text, detail) = with_wrong_checksum(text, random.below(u32::MAX.into()) as u32 + 1)?;
            (Form::Text(text.into(), 1), detail)
        }
        Fault::Garbage => {
            let bytes: String = (0..64).map(|_| char::from(b'!' + random.below(90) as u8)).collect();
            (Form::Text(format!("}}{bytes}").into(), 1), "text that is no JSON".into())
        }
        Fault::Truncate => {
            let end = text.floor_char_boundary(1 + random.below(text.len() as u64 - 1) as usize);
            (Form::Text(text[..end].into(), 1), format!("ends behind {end} of {} bytes", text.len()))
        }
        Fault::Oversize => {
            let long = "x".repeat(OVERSIZE_BYTES);
            (Form::Text(long.into(), 1), format!("{OVERSIZE_BYTES} bytes"))
        }
        Fault::Utf8 => {
            let mut bytes = text.as_bytes().to_vec();
            let place = random.below(bytes.len() as u64) as usize;
            bytes[place] = 0xff;
            (Form::Bytes { bytes, is_text: true }, format!("byte {place} is 0xff"))
        }
        Fault::Binary => (Form::Bytes { bytes: text.as_bytes().to_vec(), is_text: false }, "in bytes".into()),
        Fault::Fragment => {
            let frames = 2 + random.below(4);
            (Form::Text(text.clone(), frames), format!("in {frames} frames"))
        }
        Fault::Field => {
            let mut node = Node::parse(text)?;
            node.add_fields(&("\"new_field\"".into(), Node::parse(NOVELTY)?));
            (Form::Text(node.text().into(), 1), "a field that nobody knows, in each object".into())
        }
        Fault::Spell => {
            let node = Node::parse(text)?;
            (Form::Text(node.respelled(random).into(), 1), "another spelling".into())
        }
        _ => return None,
    })
}

/// The text with another checksum, and what it was.
fn with_wrong_checksum(text: &str, other: u32) -> Option<(String, String)> {
    const KEY: &str = "\"checksum\":";
    let start = text.find(KEY)? + KEY.len();
    let digits = text[start..].find(|character: char| !character.is_ascii_digit())?;
    let right: u32 = text[start..start + digits].parse().ok()?;
    let wrong = right ^ other;
    let text = format!("{}{wrong}{}", &text[..start], &text[start + digits..]);
    Some((text, format!("{wrong} in the place of {right}")))
}
