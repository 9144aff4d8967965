//! Text written into lent bytes: what is sent to an exchange.

/// Bytes that fill up. What does not fit makes the whole text unusable, never a shorter one.
#[derive(Debug)]
pub struct Text<'a> {
    bytes: &'a mut [u8],
    used: usize,
    is_whole: bool,
}

impl<'a> Text<'a> {
    /// An empty text that may grow to the length of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, used: 0, is_whole: true }
    }

    /// Appends bytes as they are.
    pub fn put(&mut self, part: &[u8]) {
        let end = self.used.saturating_add(part.len());
        match self.bytes.get_mut(self.used..end) {
            Some(place) => {
                place.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
                self.used = end;
            }
            None => self.is_whole = false,
        }
    }

    /// Appends a number in decimal.
    pub fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut rest = number;
        let mut count = 0_usize;
        for place in digits.iter_mut().rev() {
            *place = b"0123456789".get(usize::try_from(rest % 10).unwrap_or(0)).copied().unwrap_or(b'0');
            count = count.saturating_add(1);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let start = digits.len().saturating_sub(count);
        self.put(digits.get(start..).unwrap_or_default());
    }

    /// The text's length; none when something did not fit.
    #[must_use]
    pub fn finish(self) -> Option<usize> {
        self.is_whole.then_some(self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::Text;
    use std::format;

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 99, 100, 1_234_567_890, u64::MAX - 1, u64::MAX] {
            let mut bytes = [0; 20];
            let mut text = Text::new(&mut bytes);
            text.number(number);
            let length = text.finish().expect("it fits");
            assert_eq!(&bytes[..length], format!("{number}").as_bytes());
        }
    }

    #[test]
    fn what_does_not_fit_is_no_text() {
        let mut bytes = [0; 4];
        let mut text = Text::new(&mut bytes);
        text.put(b"abc");
        text.number(12);
        text.put(b"d");
        assert_eq!(text.finish(), None);
    }
}
