//! Counting the steps of the data plane, so that a test can hold them against a policy's
//! certificate, which says what a step is. Outside of tests it is nothing.

/// So many steps are being taken.
#[inline(always)]
pub(crate) fn step(count: usize) {
    #[cfg(test)]
    tests::add(count);
    #[cfg(not(test))]
    let _ = count;
}

#[cfg(all(test, feature = "compiler"))]
pub(crate) use tests::counted;

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::step;

    std::thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn add(count: usize) {
        STEPS.set(STEPS.get() + count as u64);
    }

    /// What `work` gives, and the steps that it took on this thread.
    pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
        let before = STEPS.get();
        let done = work();
        (done, STEPS.get() - before)
    }

    #[test]
    fn steps_add_up() {
        assert_eq!(counted(|| step(2)).1, 2);
        assert_eq!(counted(|| (step(1), step(3))).1, 4);
    }
}
