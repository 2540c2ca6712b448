//! Lines, columns and numbers as people read them.

use std::fmt::{Display, Write};

use super::rhythm::MICROS_PER_DOLLAR;

/// Lines of text in columns.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    pub fn into_string(self) -> String {
        self.0
    }

    pub fn line(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").expect("a string takes everything");
    }

    pub fn fact(&mut self, what: &str, value: impl Display) {
        self.line(format_args!("  {what:<22}{value}"));
    }

    pub fn head<const N: usize>(&mut self, what: &str, with: &str, columns: [&str; N]) {
        self.line("");
        self.cells(&format!("{what:<26}{with:<10}"), &columns);
    }

    pub fn row(&mut self, what: &str, with: &str, columns: &[String]) {
        self.cells(&format!("  {what:<24}{with:<10}"), columns);
    }

    fn cells(&mut self, start: &str, columns: &[impl Display]) {
        let cells: String = columns.iter().map(|cell| format!("{cell:>14}")).collect();
        self.line(format_args!("{start}{cells}"));
    }
}

/// With a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

pub fn dollars(micros: f64) -> f64 {
    micros / MICROS_PER_DOLLAR as f64
}

pub fn micros(ns: u64) -> String {
    format!("{:8.2} µs", ns as f64 / 1e3)
}
