//! Bodies, field by field. Every body is 24 or 88 bytes without hidden padding.
//!
//! Prices are ticks: whole multiples of 10^-price_precision of the quote currency. Sizes are lots:
//! whole multiples of 10^-qty_precision of the base currency. `_q16` and `_q30` are binary fixed
//! point with that many fraction bits.

use super::{Body, Field, Kind};

/// A field's type: a number, or a list of them.
trait Number {
    const SIGNED: bool;
    const COUNT: usize = 1;
}

macro_rules! numbers {
    ($($type:ty => $signed:literal,)*) => {$(impl Number for $type { const SIGNED: bool = $signed; })*};
}

numbers! { u8 => false, u16 => false, u32 => false, u64 => false, i32 => true, i64 => true, }

impl<T: Number, const N: usize> Number for [T; N] {
    const SIGNED: bool = T::SIGNED;
    const COUNT: usize = N;
}

macro_rules! bodies {
    ($($(#[$doc:meta])* $name:ident = $kind:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
        #[repr(C)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl Body for $name {
            const KIND: Kind = Kind::$kind;
            const FIELDS: &'static [Field] = &[$(Field {
                name: stringify!($field),
                at: core::mem::offset_of!($name, $field),
                bytes: size_of::<$type>() / <$type as Number>::COUNT,
                count: <$type as Number>::COUNT,
                signed: <$type as Number>::SIGNED,
            },)*];
        }

        const _: usize = <$name as Body>::LINES;
    )*};
}

mod events;
mod files;
mod inputs;
mod outputs;

pub use events::*;
pub use files::*;
pub use inputs::*;
pub use outputs::*;
