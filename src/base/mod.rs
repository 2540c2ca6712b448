//! What everything else stands on: identifiers, limits, civil time, fixed point, the stable
//! hash, the checksum and bounded byte access. Nothing here knows of a policy.

pub(crate) mod bits;
pub(crate) mod bucket;
pub(crate) mod bytes;
pub(crate) mod checksum;
pub(crate) mod civil;
pub(crate) mod encoding;
pub(crate) mod envelope;
pub(crate) mod hash;
pub(crate) mod ids;
pub mod limits;
pub(crate) mod money;
pub(crate) mod murmur;
#[allow(unsafe_code)]
pub(crate) mod simd;
pub(crate) mod steps;
