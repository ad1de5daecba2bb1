//! Asking the processor for memory before it is needed.
//!
//! The only unsafe code of the project. The need was measured: in `benches/world` ten thousand requests are in flight, each comes back to
//! its call and its entry after some 50 ms of simulated time, when other users have pushed both out of the processor's caches; with
//! main memory 160-230 ns away the world took 0.74 times as long once they were fetched ahead (median of nine alternating pairs,
//! 0.65-0.90; AMD EPYC, 2026-11-26), and 0.66 of that once components fetched ahead as well ([`super::Component::foresee`]). A safe read of the same memory would wait for it.

/// Has the processor fetch `slots[index]`, of which nothing is read. Does nothing where the machine knows no such instruction, and
/// nothing of use if the index is too large.
#[inline(always)]
#[expect(unsafe_code, reason = "the instruction takes a pointer")]
pub fn prefetch<T>(slots: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first = slots.as_ptr().wrapping_add(index).cast::<i8>();
        for line in (0..size_of::<T>()).step_by(CACHE_LINE) {
            // SAFETY: a prefetch is a hint that reads and writes nothing and never faults, whatever the address; x86-64 always has it (SSE).
            unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(line)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slots, index);
}

#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_asked_for_nothing_happens() {
        let slots = [[7_u64; 12]; 3];
        [0, 2, 3, usize::MAX].into_iter().for_each(|index| prefetch(&slots, index));
        prefetch::<u8>(&[], 1 << 40);
        assert_eq!(slots, [[7; 12]; 3]);
    }
}
