//! Names and their permanent ids: the descriptive section, the one place of bincode.
//!
//! Each entry is a bincode tuple of its own, read without owning anything, so that bincode
//! allocates nothing whatever the bytes say; memory for names is asked for by us. The
//! configuration bounds an entry.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::ArtifactError;
use super::sections::{Sections, descriptive};
use crate::base::bytes::Writer;
use crate::base::encoding::copied;
use crate::base::ids::Namespace;
use crate::base::limits::{ID_NUMBER_MAX, NAME_BYTES_MAX};
use crate::policy::Names;

/// Namespace, number, name.
type Entry<'a> = (u8, u32, &'a str);

/// Bytes of an entry: the namespace, the number and the length as bincode varints, and the name.
const ENTRY_BYTES_MAX: usize = 1 + 5 + 9 + NAME_BYTES_MAX;

fn configuration() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<ENTRY_BYTES_MAX>()
}

/// Adds the section of names.
pub(super) fn append(names: &Names, sections: &mut Sections) {
    sections.append(descriptive::NAMES, |out| write(names, out));
}

/// Writes all names, ascending by namespace and number.
fn write(names: &Names, out: &mut Writer) {
    for namespace in Namespace::ALL {
        for (number, name) in names.all(namespace) {
            let entry: Entry<'_> = (namespace as u8, number, name);
            // The compiler keeps names short, so an entry that bincode refuses cannot occur; it
            // would be missing, and with it only a name.
            if let Ok(bytes) = bincode::encode_to_vec(entry, configuration()) {
                out.bytes.extend_from_slice(&bytes);
            }
        }
    }
}

/// Reads what [`append`] wrote.
pub(super) fn read(mut bytes: &[u8]) -> Result<Names, ArtifactError> {
    let malformed = ArtifactError::Malformed { section: "names" };
    let mut entries: Vec<(Namespace, u32, String)> = Vec::new();
    while !bytes.is_empty() {
        let (entry, len): (Entry<'_>, usize) =
            bincode::borrow_decode_from_slice(bytes, configuration()).map_err(|_| malformed)?;
        let (namespace, number, name) = entry;
        let namespace = Namespace::from_number(u32::from(namespace)).ok_or(malformed)?;
        let follows = entries.last().is_none_or(|last| (last.0, last.1) < (namespace, number));
        if !follows || name.is_empty() || !(1..=ID_NUMBER_MAX).contains(&number) {
            return Err(malformed);
        }
        entries.try_reserve(1).map_err(|_| ArtifactError::Memory)?;
        let name = copied(name).map_err(|broken| ArtifactError::in_section("names", broken))?;
        entries.push((namespace, number, name));
        bytes = bytes.get(len..).unwrap_or(&[]);
    }
    // No more than they take: a list that grows has up to twice of that.
    let mut exact: Vec<(Namespace, u32, String)> = Vec::new();
    exact.try_reserve_exact(entries.len()).map_err(|_| ArtifactError::Memory)?;
    exact.append(&mut entries);
    Names::try_new(exact).map_err(|_| ArtifactError::Memory)
}
