//! The one boundary that no panic crosses.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::{OPPORTUNE_INTERNAL, OPPORTUNE_OK, Refusal, opportune_status};

/// Runs an exported function's body. Unwinding into C would end the host's process, so a panic
/// becomes a status; none is known to be reachable.
///
/// Asserting unwind safety is sound for memory, and the header tells callers what is left to
/// them: handles that took part in an internal error may only be freed.
pub(super) fn guard(body: impl FnOnce() -> Result<(), Refusal>) -> opportune_status {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => OPPORTUNE_OK,
        Ok(Err(Refusal(status))) => status,
        Err(payload) => {
            // Dropping it could panic again.
            core::mem::forget(payload);
            OPPORTUNE_INTERNAL
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::status::OPPORTUNE_BAD_TIME;
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_body_ends_in_a_status_whatever_it_does() {
        assert_eq!(guard(|| Ok(())), OPPORTUNE_OK);
        assert_eq!(guard(|| Err(Error::Time.into())), OPPORTUNE_BAD_TIME);
        assert_eq!(guard(|| panic!("caught")), OPPORTUNE_INTERNAL);
    }
}
