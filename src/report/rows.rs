//! The first rows of a table and the number of all: a page stays a page.

/// Rows of a table, at most.
pub const ROWS_MAX: usize = 200;

/// The first rows, and how many there were.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    kept: Vec<T>,
    /// All rows, those that were not kept included.
    pub count: u64,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), count: 0 }
    }
}

impl<T> Rows<T> {
    /// Counts a row, and keeps it if it is one of the first.
    pub fn push(&mut self, row: T) {
        self.count += 1;
        if self.kept.len() < ROWS_MAX {
            self.kept.push(row);
        }
    }

    /// The first rows.
    #[must_use]
    pub fn kept(&self) -> &[T] {
        &self.kept
    }

    /// The first rows, to add to them.
    pub fn kept_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.kept.iter_mut()
    }

    /// Rows that were not kept.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.count - self.kept.len() as u64
    }
}
