//! JSON as a tree of its own text: nothing is rounded, and what is written again means the same.

use crate::market::Random;

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Keys with their quotes.
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Number(String),
    /// A string with its quotes, or a word.
    Leaf(String),
}

impl Node {
    /// Reads a text; none when it is not JSON.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let node = read(&mut rest)?;
        rest.trim_start().is_empty().then_some(node)
    }

    /// Changes every value that has a key.
    pub fn each(&mut self, change: &mut dyn FnMut(&str, &mut Self)) {
        match self {
            Self::Object(fields) => fields.iter_mut().for_each(|(key, node)| {
                change(key.trim_matches('"'), node);
                node.each(change);
            }),
            Self::Array(nodes) => nodes.iter_mut().for_each(|node| node.each(change)),
            Self::Number(_) | Self::Leaf(_) => {}
        }
    }

    /// Puts a field into every object whose place a reader must look through: its own and those within arrays and objects.
    pub fn add_fields(&mut self, field: &(String, Self)) {
        match self {
            Self::Object(fields) => {
                fields.iter_mut().for_each(|(_, node)| node.add_fields(field));
                fields.insert(fields.len() / 2, field.clone());
            }
            Self::Array(nodes) => nodes.iter_mut().for_each(|node| node.add_fields(field)),
            Self::Number(_) | Self::Leaf(_) => {}
        }
    }

    /// Its text, as short as can be.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, &mut None);
        out
    }

    /// Another text that means the same.
    pub fn respelled(&self, random: &mut Random) -> String {
        let mut out = String::new();
        self.write(&mut out, &mut Some(random));
        out
    }

    fn write(&self, out: &mut String, random: &mut Option<&mut Random>) {
        match self {
            Self::Object(fields) => {
                let mut order: Vec<_> = (0..fields.len()).collect();
                if let Some(random) = random {
                    let turn = random.below(fields.len() as u64) as usize;
                    order.rotate_left(turn);
                    if random.chance(50) {
                        order.reverse();
                    }
                }
                listed(out, random, ['{', '}'], &order, |out, random, place: &usize| {
                    let (key, node) = &fields[*place];
                    out.push_str(key);
                    space(out, random);
                    out.push(':');
                    space(out, random);
                    node.write(out, random);
                });
            }
            Self::Array(nodes) => {
                listed(out, random, ['[', ']'], nodes, |out, random, node: &Self| node.write(out, random));
            }
            Self::Number(text) => {
                let has_exponent = random.as_mut().is_some_and(|random| random.chance(70));
                out.push_str(&if has_exponent { with_exponent(text) } else { text.clone() });
            }
            Self::Leaf(text) => out.push_str(text),
        }
    }
}

fn listed<T>(
    out: &mut String,
    random: &mut Option<&mut Random>,
    [open, close]: [char; 2],
    items: &[T],
    mut write: impl FnMut(&mut String, &mut Option<&mut Random>, &T),
) {
    out.push(open);
    space(out, random);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
            space(out, random);
        }
        write(out, random, item);
        space(out, random);
    }
    out.push(close);
}

fn space(out: &mut String, random: &mut Option<&mut Random>) {
    if let Some(random) = random {
        out.push_str(["", "", " ", "\n", "\t", "\r\n  "][random.below(6) as usize]);
    }
}

/// A plain decimal as an integer and an exponent; anything else as it is.
fn with_exponent(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if text.contains(['e', 'E', '-']) {
        return text.to_owned();
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    format!("{}E-{}", if digits.is_empty() { "0" } else { digits }, fraction.len())
}

fn read(rest: &mut &str) -> Option<Node> {
    *rest = rest.trim_start();
    match rest.as_bytes().first()? {
        b'{' => {
            let fields = items(rest, '}', |rest| {
                let key = string(rest)?;
                *rest = rest.trim_start().strip_prefix(':')?;
                Some((key, read(rest)?))
            });
            fields.map(Node::Object)
        }
        b'[' => items(rest, ']', read).map(Node::Array),
        b'"' => string(rest).map(Node::Leaf),
        first => {
            let end = rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            *rest = behind;
            let is_number = first.is_ascii_digit() || *first == b'-';
            Some(if is_number { Node::Number(word.into()) } else { Node::Leaf(word.into()) })
        }
    }
}

fn items<T>(rest: &mut &str, close: char, mut item: impl FnMut(&mut &str) -> Option<T>) -> Option<Vec<T>> {
    let mut found = Vec::new();
    *rest = rest[1..].trim_start();
    while rest.strip_prefix(close).is_none() {
        if !found.is_empty() {
            *rest = rest.strip_prefix(',')?.trim_start();
        }
        found.push(item(rest)?);
        *rest = rest.trim_start();
    }
    *rest = &rest[1..];
    Some(found)
}

fn string(rest: &mut &str) -> Option<String> {
    let mut is_escaped = false;
    let inside = rest.strip_prefix('"')?;
    let end = inside.find(|character| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends
    })?;
    let (text, behind) = rest.split_at(end + 2);
    *rest = behind;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Node, with_exponent};
    use crate::market::Random;
    use proptest::prelude::*;

    const TEXT: &str = r#"{"a":[{"p":63004.9,"q":0.00000000},{}],"s":"x\"{\\","n":null,"t":true,"e":[],"i":12}"#;

    #[test]
    fn a_text_is_written_again_as_it_was() {
        assert_eq!(Node::parse(TEXT).unwrap().text(), TEXT);
        for broken in ["", "{", "{\"a\"}", "[1", "[1 2]", "{\"a\":1}x"] {
            assert_eq!(Node::parse(broken), None, "{broken}");
        }
        let spelled = ["63004.9", "0.00000000", "12", "-1", "1e5"].map(with_exponent);
        assert_eq!(spelled, ["630049E-1", "0E-8", "12E-0", "-1", "1e5"]);
    }

    proptest! {
        #[test]
        fn another_spelling_means_the_same(seed: u64) {
            let spelled = Node::parse(TEXT).unwrap().respelled(&mut Random::new(seed));
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            let (other, same) = (value(&spelled), value(TEXT));
            prop_assert_eq!(other["s"].as_str(), same["s"].as_str());
            prop_assert_eq!(other["a"][0]["p"].as_f64(), Some(63_004.9));
            prop_assert_eq!(other["i"].as_f64(), Some(12.0));
            prop_assert_eq!(other.as_object().map(serde_json::Map::len), same.as_object().map(serde_json::Map::len));
        }
    }
}
