//! How far the day has come, on the standard error stream.

use std::io::{IsTerminal, Write, stderr};

const BAR_CELLS: usize = 40;
const WHAT_CELLS: usize = 8;
/// Where nobody watches, a line at each such part is enough.
const LINE_PERCENT: i64 = 10;

#[derive(Debug)]
pub struct Progress {
    style: Style,
    what: &'static str,
    /// The part of the whole that this is, in percent.
    part: (i64, i64),
    shown_percent: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Silent,
    Lines,
    Bar,
}

impl Progress {
    pub fn new(silent: bool) -> Self {
        let style = match silent {
            true => Style::Silent,
            false if stderr().is_terminal() => Style::Bar,
            false => Style::Lines,
        };
        Self { style, what: "", part: (0, 100), shown_percent: 0 }
    }

    /// What is being done from here on, and which part of the whole that is, in percent.
    pub fn begin(&mut self, what: &'static str, part: (i64, i64)) {
        self.what = what;
        self.part = part;
    }

    /// `done` of `all`, in any unit. Writes only when there is something new to show.
    pub fn show(&mut self, done: i64, all: i64) {
        let (from, to) = self.part;
        let percent = from + (to - from) * done.clamp(0, all) / all.max(1);
        let step = if self.style == Style::Lines { LINE_PERCENT } else { 1 };
        if self.style == Style::Silent || percent < self.shown_percent + step {
            return;
        }
        self.shown_percent = percent - percent % step;
        // Progress is a courtesy: a closed stream is no reason to stop.
        let _ = match self.style {
            Style::Bar => {
                let full = BAR_CELLS * percent as usize / 100;
                let empty = BAR_CELLS - full;
                let (done, left) = ("#".repeat(full), ".".repeat(empty));
                write!(stderr(), "\r{:<WHAT_CELLS$} [{done}{left}] {percent:3} %", self.what)
            }
            _ => writeln!(stderr(), "{}: {} %", self.what, self.shown_percent),
        };
    }

    /// Clears the line for what follows.
    pub fn finish(&self) {
        if self.style == Style::Bar {
            let _ = write!(stderr(), "\r{}\r", " ".repeat(WHAT_CELLS + BAR_CELLS + 9));
        }
    }
}
