//! An allocator that knows how much one thread holds at once.
#![allow(dead_code, reason = "each program uses a part")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Passes everything on, and counts the bytes of the current thread.
struct Tracking;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn add(bytes: isize) {
    // A thread that is ending has no counters any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Tracking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        // SAFETY: as our caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        // SAFETY: as our caller promises.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old block and the new may both be there for a moment.
        add(size as isize);
        add(-(layout.size() as isize));
        // SAFETY: as our caller promises.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static TRACKING: Tracking = Tracking;

/// The bytes that this thread holds after `work` beyond what it held before.
pub fn held_by<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    let made = work();
    (made, (HELD.get() - before) as usize)
}

/// The most bytes that this thread held at once during `work`, beyond what it held before.
pub fn peak_of(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    work();
    (PEAK.get() - before) as usize
}
