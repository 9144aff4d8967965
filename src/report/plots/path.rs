//! SVG path data, as short as it gets: moves are relative, coordinates have one decimal.

use std::fmt::Write;

/// A path that is being drawn. Coordinates are tenths of a point.
#[derive(Clone, Debug, Default)]
pub struct Path {
    text: String,
    at: Option<(i32, i32)>,
    /// How far a horizontal line goes that is not written yet.
    x_to: i32,
}

impl Path {
    /// Goes on from another place.
    pub fn start(&mut self, x: i32, y: i32) {
        self.lift();
        self.put('M', &[x, y]);
        (self.at, self.x_to) = (Some((x, y)), x);
    }

    /// Where the pen is; none while it is lifted.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        self.at.is_some()
    }

    /// Draws to the right, at the height where the pen is.
    pub const fn across(&mut self, x: i32) {
        self.x_to = x;
    }

    /// Draws up or down.
    pub fn upright(&mut self, y: i32) {
        let Some((_, from)) = self.at.filter(|at| at.1 != y) else { return };
        self.settle();
        self.put('v', &[y - from]);
        self.at = Some((self.x_to, y));
    }

    /// Draws a straight line.
    pub fn line(&mut self, x: i32, y: i32) {
        self.settle();
        match self.at {
            Some(at) => self.put('l', &[x - at.0, y - at.1]),
            None => self.put('M', &[x, y]),
        }
        (self.at, self.x_to) = (Some((x, y)), x);
    }

    /// Ends a line.
    pub fn lift(&mut self) {
        self.settle();
        self.at = None;
    }

    /// A rectangle by itself.
    pub fn rect(&mut self, (left, right): (i32, i32), (top, bottom): (i32, i32)) {
        self.start(left, top);
        self.put('h', &[right - left]);
        self.put('v', &[bottom - top]);
        self.put('h', &[left - right]);
        self.text.push('z');
        self.at = None;
    }

    /// A triangle whose tip is at a place; it points up or down.
    pub fn triangle(&mut self, x: i32, y: i32, points_up: bool) {
        self.start(x, y);
        self.put('l', &[-42, if points_up { 80 } else { -80 }]);
        self.put('h', &[84]);
        self.text.push('z');
        self.at = None;
    }

    /// The path data.
    #[must_use]
    pub fn into_text(mut self) -> String {
        self.settle();
        self.text
    }

    /// Writes the horizontal line that was drawn.
    fn settle(&mut self) {
        if let Some((x, y)) = self.at
            && self.x_to != x
        {
            self.put('h', &[self.x_to - x]);
            self.at = Some((self.x_to, y));
        }
    }

    fn put(&mut self, command: char, tenths: &[i32]) {
        self.text.push(command);
        for (place, tenth) in tenths.iter().enumerate() {
            if place > 0 && *tenth >= 0 {
                self.text.push(' ');
            }
            let (sign, whole, rest) = (if *tenth < 0 { "-" } else { "" }, tenth.abs() / 10, tenth.abs() % 10);
            let _ = write!(self.text, "{sign}{whole}");
            if rest != 0 {
                let _ = write!(self.text, ".{rest}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn equal_steps_are_one_line() {
        let mut path = Path::default();
        path.start(100, 205);
        for x in [110, 120, 130] {
            path.upright(205);
            path.across(x);
        }
        path.upright(200);
        path.across(135);
        path.lift();
        path.rect((10, 25), (0, -5));
        path.line(7, -8);
        path.line(17, -3);
        assert_eq!(path.into_text(), "M10 20.5h3v-0.5h0.5M1 0h1.5v-0.5h-1.5zM0.7-0.8l1 0.5");
    }
}
