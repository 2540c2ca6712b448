//! Which table stands in which section, and the framing of sections.

use super::error::ArtifactError;
use crate::base::bytes::{Reader, Writer};
use crate::base::encoding::{Broken, Encoded};
use crate::policy::{Exploration, Tables};

crate::base::encoding::encoded! { Exploration { epsilon: f64, top: u8 } }

/// Numbers of sections that a loader may pass over. Those of tables are below.
pub(super) mod descriptive {
    pub(in super::super) const FIRST: u32 = 0x100;
    /// Names and their permanent ids.
    pub(in super::super) const NAMES: u32 = 0x100;
    /// What treatments say.
    pub(in super::super) const TEXTS: u32 = 0x101;
    /// How the conditions of moments are written.
    pub(in super::super) const WORDINGS: u32 = 0x102;
}

/// The bytes of descriptive sections, where they are there.
#[derive(Default)]
pub(super) struct Descriptions<'a> {
    pub(super) names: Option<&'a [u8]>,
    pub(super) texts: Option<&'a [u8]>,
    pub(super) wordings: Option<&'a [u8]>,
}

/// Every field of [`Tables`] belongs to one section; one that is forgotten does not compile.
macro_rules! sections {
    ($($number:literal $what:literal { $($field:ident)* })*) => {
        /// Writes all sections of tables.
        pub(super) fn write(tables: &Tables, sections: &mut Sections) {
            let Tables { $($($field,)*)* names: _, texts: _, wordings: _ } = tables;
            $(sections.append($number, |out| { $($field.write(out);)* });)*
        }

        /// Bytes that loaded tables keep on the heap, but for names and texts.
        pub(super) fn heap_bytes(tables: &Tables) -> usize {
            0 $($(+ tables.$field.heap_bytes())*)*
        }

        /// Reads all sections of tables, and finds the bytes of the descriptive ones.
        pub(super) fn read(body: &[u8]) -> Result<(Tables, Descriptions<'_>), ArtifactError> {
            let mut input = Reader::new(body);
            let mut tables = Tables::default();
            $(
                let mut section = next(&mut input, $number, $what)?;
                $(tables.$field = section.value()?;)*
                section.end()?;
            )*
            let descriptions = rest(&mut input)
                .map_err(|broken| ArtifactError::in_section("descriptions", broken))?;
            Ok((tables, descriptions))
        }
    };
}

sections! {
    1 "the policy's own facts" {
        name version fingerprint salt currency score_micros_min exploration control
        test_subscribers
    }
    2 "zones and sources" { zones sources }
    3 "events, features and moments" {
        events interactions features moments patterns moment_offers
    }
    4 "the catalogue" { issues groups offers treatments fallbacks channels budgets }
    5 "contact rules" { contact }
    6 "code" { code }
    7 "models, lifecycles and experiments" { models lifecycles experiments }
    8 "older layouts" { predecessors }
}

/// A section that is being read.
struct Section<'a> {
    input: Reader<'a>,
    /// What it holds, for errors.
    what: &'static str,
}

impl Section<'_> {
    fn value<T: Encoded>(&mut self) -> Result<T, ArtifactError> {
        T::read(&mut self.input).map_err(|broken| ArtifactError::in_section(self.what, broken))
    }

    /// Nothing may be left over.
    fn end(self) -> Result<(), ArtifactError> {
        if self.input.is_empty() {
            Ok(())
        } else {
            Err(ArtifactError::Malformed { section: self.what })
        }
    }
}

/// The next section, which must have this number.
fn next<'a>(
    input: &mut Reader<'a>,
    number: u32,
    what: &'static str,
) -> Result<Section<'a>, ArtifactError> {
    let bytes = if input.u32() == Some(number) { input.run() } else { None };
    let input = bytes.map(Reader::new).ok_or(ArtifactError::Malformed { section: what })?;
    Ok(Section { input, what })
}

/// Passes over the descriptive sections, ascending, and finds those that it knows.
fn rest<'a>(input: &mut Reader<'a>) -> Result<Descriptions<'a>, Broken> {
    let mut found = Descriptions::default();
    let mut from = descriptive::FIRST;
    while !input.is_empty() {
        let number = input.u32().filter(|number| *number >= from).ok_or(Broken::Bytes)?;
        let bytes = input.run().ok_or(Broken::Bytes)?;
        match number {
            descriptive::NAMES => found.names = Some(bytes),
            descriptive::TEXTS => found.texts = Some(bytes),
            descriptive::WORDINGS => found.wordings = Some(bytes),
            _ => {}
        }
        from = number.checked_add(1).ok_or(Broken::Bytes)?;
    }
    Ok(found)
}

/// Sections that are being written.
#[derive(Debug, Default)]
pub(super) struct Sections {
    out: Writer,
}

impl Sections {
    /// One more section: number, length, what `write` writes.
    pub(super) fn append(&mut self, number: u32, write: impl FnOnce(&mut Writer)) {
        self.out.u32(number);
        let at = self.out.bytes.len();
        self.out.u32(0);
        write(&mut self.out);
        let len = self.out.bytes.len() - at - 4;
        crate::base::bytes::write_u32(&mut self.out.bytes, at, len as u32);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.out.bytes
    }
}
