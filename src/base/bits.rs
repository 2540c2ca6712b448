//! Words of bits.

/// Intersects `out` with the rows that begin at `starts`, `BLOCK` words at a time: as many as the
/// processor's registers hold.
#[inline(always)]
pub(crate) fn intersect<const BLOCK: usize>(rows: &[u64], starts: &[u32], out: &mut [u64]) {
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    let done = blocks.len() * BLOCK;
    for (at, block) in blocks.iter_mut().enumerate() {
        let mut held = *block;
        for start in starts {
            let row = rows.get(*start as usize + at * BLOCK..).and_then(|row| row.first_chunk());
            if let Some(row) = row as Option<&[u64; BLOCK]> {
                held.iter_mut().zip(row).for_each(|(held, word)| *held &= word);
            }
        }
        *block = held;
    }
    for start in starts {
        let row = rows.get(*start as usize + done..).unwrap_or(&[]);
        rest.iter_mut().zip(row).for_each(|(held, word)| *held &= word);
    }
}
