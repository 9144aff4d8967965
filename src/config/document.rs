//! A TOML document against a table of keys: what was typed, and where.

use super::error::{ConfigError, Fault};
use super::keys::{self, Key, Kind};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeArray, DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// Where the value of each key came from.
pub(super) struct Places {
    file: String,
    keys: BTreeMap<&'static str, String>,
}

impl Places {
    /// A fault of the value of a key.
    pub fn fault(&self, path: &str, what: &str) -> Fault {
        let place = self.keys.get(path).unwrap_or(&self.file).clone();
        Fault { place, what: format!("`{path}` {what}") }
    }

    /// A fault of the file as a whole.
    pub fn fault_of_file(&self, what: &str) -> Fault {
        Fault { place: self.file.clone(), what: what.to_owned() }
    }
}

/// A key with its value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The key's path, `venue.depth`.
    pub key: &'static str,
    /// Its value, as TOML.
    pub value: String,
    /// `file:line:column`, the override, or `default`.
    pub place: String,
}

/// Values by key, and the faults found so far.
pub(super) struct Document<'a> {
    file: String,
    text: &'a str,
    keys: &'static [Key],
    values: BTreeMap<&'static str, Value>,
    places: BTreeMap<&'static str, String>,
    faults: Vec<Fault>,
}

impl<'a> Document<'a> {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The first place where the text is not TOML. Faults of keys and values wait for
    /// [`Self::finish`].
    pub fn parse(path: &Path, text: &'a str, keys: &'static [Key]) -> Result<Self, ConfigError> {
        let (values, places) = (BTreeMap::new(), BTreeMap::new());
        let mut document = Self { file: path.display().to_string(), text, keys, values, places, faults: Vec::new() };
        let table = DeTable::parse(text).map_err(|error| {
            let what = format!("is not TOML: {}", error.message());
            Fault { place: document.place(error.span()), what }
        })?;
        document.walk("", table.get_ref());
        Ok(document)
    }

    /// Takes the value of a key from an override, `key.path=value`.
    pub fn set(&mut self, text: &str) {
        let place = format!("override `{text}`");
        let Some((path, value)) = text.split_once('=') else {
            return self.faults.push(Fault { place, what: "has no `=`; write `key.path=value`".into() });
        };
        let Some(key) = keys::find(self.keys, path.trim()) else {
            return self.unknown(place, path.trim());
        };
        let value = unquoted(value.trim());
        let number = || whole(key, value.replace('_', "").parse().ok()).map(Some).ok_or_else(|| value.to_owned());
        let typed = match key.kind {
            Kind::Text | Kind::Decimal => Ok(Some(Value::String(value.to_owned()))),
            Kind::Bound { .. } if value == OFF => Ok(None),
            Kind::Integer { .. } | Kind::Bound { .. } => number(),
            Kind::Flag => value.parse().map(|flag| Some(Value::Boolean(flag))).map_err(|_| value.to_owned()),
            Kind::Texts => match DeValue::parse(value) {
                Ok(array) => typed(key, array.get_ref()),
                Err(_) => Err(value.to_owned()),
            },
        };
        self.keep(key, place, typed);
    }

    /// Takes what holds for keys that are absent.
    pub fn fill(&mut self) {
        for key in self.keys {
            if let (Some(value), false) = (key.default, self.places.contains_key(key.path)) {
                self.keep(key, DEFAULT.to_owned(), Ok(Some(Value::Integer(value))));
            }
        }
    }

    /// Every key with its value as the file would write it, and where it came from, in the order of the table.
    pub fn effective(&self) -> Vec<Effective> {
        let row = |key: &Key| {
            let place = self.places.get(key.path)?.clone();
            let value = self.values.get(key.path).map_or_else(|| format!("\"{OFF}\""), Value::to_string);
            Some(Effective { key: key.path, value, place })
        };
        self.keys.iter().filter_map(row).collect()
    }

    /// The values as a type, and where each came from.
    ///
    /// # Errors
    /// All faults that were found, missing keys included.
    pub fn finish<T: DeserializeOwned>(mut self) -> Result<(T, Places), ConfigError> {
        let is_begun = |section: &str| self.places.keys().any(|path| keys::leader_of(path) == Some(section));
        let is_missing =
            |key: &&Key| !self.places.contains_key(key.path) && keys::leader_of(key.path).is_none_or(&is_begun);
        for key in self.keys.iter().filter(is_missing) {
            let what = format!("key `{}` is missing; wanted: {}", key.path, key.wanted());
            self.faults.push(Fault { place: self.file.clone(), what });
        }
        ConfigError::unless_empty(self.faults)?;
        let places = Places { file: self.file, keys: self.places };
        let typed = nested(self.values).try_into();
        let typed = typed.map_err(|error: toml::de::Error| places.fault_of_file(error.message()))?;
        Ok((typed, places))
    }

    fn walk(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table.iter() {
            let path =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            let place = self.place(Some(value.span()));
            if let Some(key) = keys::find(self.keys, &path) {
                let typed = typed(key, value.get_ref());
                self.keep(key, place, typed);
            } else if !self.is_section(&path) {
                let place = self.place(Some(name.span()));
                self.unknown(place, &path);
            } else if let DeValue::Table(inner) = value.get_ref() {
                self.walk(&path, inner);
            } else {
                let what = format!("`{path}` is {}; wanted: a table", found(value.get_ref()));
                self.faults.push(Fault { place, what });
            }
        }
    }

    /// Stores a value, or that there is none on purpose. One that was refused (`Err`: what was found) is
    /// a fault, and not missing.
    fn keep(&mut self, key: &'static Key, place: String, typed: Result<Option<Value>, String>) {
        match typed {
            Ok(Some(value)) => drop(self.values.insert(key.path, value)),
            Ok(None) => drop(self.values.remove(key.path)),
            Err(found) => {
                let what = format!("`{}` is {found}; wanted: {}", key.path, key.wanted());
                self.faults.push(Fault { place: place.clone(), what });
            }
        }
        self.places.insert(key.path, place);
    }

    fn unknown(&mut self, place: String, path: &str) {
        let what = format!("unknown key `{path}`; did you mean `{}`?", keys::nearest(self.keys, path));
        self.faults.push(Fault { place, what });
    }

    fn is_section(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// `file:line:column`, both from 1, columns in characters; `file` when the place is not known.
    fn place(&self, span: Option<Range<usize>>) -> String {
        let Some(before) = span.and_then(|span| self.text.get(..span.start)) else { return self.file.clone() };
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.file)
    }
}

/// Where a value came from that was not typed.
const DEFAULT: &str = "default";
/// What switches a bound off.
const OFF: &str = "off";

/// The value when it has the key's type and range, or what was found. `None`: the bound is off.
fn typed(key: &Key, value: &DeValue<'_>) -> Result<Option<Value>, String> {
    match (key.kind, value) {
        (Kind::Text | Kind::Decimal, DeValue::String(text)) => Ok(Some(Value::String(text.to_string()))),
        (Kind::Bound { .. }, DeValue::String(text)) if *text == OFF => Ok(None),
        (Kind::Integer { .. } | Kind::Bound { .. }, DeValue::Integer(digits)) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
            whole(key, number).map(Some).ok_or_else(|| found(value))
        }
        (Kind::Texts, DeValue::Array(rows)) => texts(rows).map(Some),
        (Kind::Flag, DeValue::Boolean(flag)) => Ok(Some(Value::Boolean(*flag))),
        _ => Err(found(value)),
    }
}

/// The texts of an array, or the first row that is none.
fn texts(rows: &DeArray<'_>) -> Result<Value, String> {
    let text = |row: &Spanned<DeValue<'_>>| match row.get_ref() {
        DeValue::String(text) => Ok(Value::String(text.to_string())),
        other => Err(format!("an array with {}", found(other))),
    };
    rows.iter().map(text).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// The integer when it is within the key's range.
fn whole(key: &Key, number: Option<i64>) -> Option<Value> {
    let (Kind::Integer { min, max } | Kind::Bound { min, max }) = key.kind else { return None };
    number.filter(|number| (min..=max).contains(number)).map(Value::Integer)
}

/// A value for people.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?} (text)"),
        DeValue::Integer(digits) => digits.to_string(),
        DeValue::Float(digits) => format!("{digits} (a float)"),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => format!("{time} (a date)"),
        DeValue::Array(_) => "an array".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

/// The text without the pair of quotes around it, if there is one.
fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// Paths as tables: `venue.depth` becomes `depth` in `venue`.
fn nested(values: BTreeMap<&'static str, Value>) -> Table {
    let mut top = Table::new();
    for (path, value) in values {
        let mut table = &mut top;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                table.insert(name.to_owned(), value);
                break;
            }
            let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            let Some(inner) = inner.as_table_mut() else { break };
            table = inner;
        }
    }
    top
}
