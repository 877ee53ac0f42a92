//! Numbers that look random and follow from (seed, index, purpose) alone.
//!
//! A device is computed each time it is asked for, so a fleet of a million takes no memory. The two
//! mixing functions are bijections with an inverse: an identifier leads back to its index without a
//! table.
//!
//! Constants: the finalisers of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>) and MurmurHash3
//! (<https://github.com/aappleby/smhasher>).

const M1: u64 = 0xbf58_476d_1ce4_e5b9;
const M2: u64 = 0x94d0_49bb_1331_11eb;
const N1: u32 = 0x85eb_ca6b;
const N2: u32 = 0xc2b2_ae35;

/// Mixes 64 bits; a bijection.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(M1);
    let value = (value ^ (value >> 27)).wrapping_mul(M2);
    value ^ (value >> 31)
}

/// The inverse of [`mix`].
pub(crate) fn unmix(value: u64) -> u64 {
    let value = (value ^ (value >> 31) ^ (value >> 62)).wrapping_mul(inverse(M2));
    let value = (value ^ (value >> 27) ^ (value >> 54)).wrapping_mul(inverse(M1));
    value ^ (value >> 30) ^ (value >> 60)
}

/// Mixes 32 bits; a bijection.
pub(crate) fn mix32(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(N1);
    let value = (value ^ (value >> 13)).wrapping_mul(N2);
    value ^ (value >> 16)
}

/// The inverse of [`mix32`].
pub(crate) fn unmix32(value: u32) -> u32 {
    let value = (value ^ (value >> 16)).wrapping_mul(inverse(N2 as u64) as u32);
    let value = (value ^ (value >> 13) ^ (value >> 26)).wrapping_mul(inverse(N1 as u64) as u32);
    value ^ (value >> 16)
}

/// A number for one purpose of one index.
pub(crate) fn draw(seed: u64, index: u64, purpose: u64) -> u64 {
    mix(mix(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(index))
}

/// One entry of `table`; its default when the table is empty.
pub(crate) fn pick<T: Copy + Default>(table: &[T], number: u64) -> T {
    let place = number.checked_rem(table.len() as u64).unwrap_or(0) as usize;
    table.get(place).copied().unwrap_or_default()
}

/// The inverse of an odd number modulo 2^64 (and so modulo 2^32), by Newton's iteration: each round
/// doubles the number of right bits, and an odd number is its own inverse in the lowest three.
const fn inverse(odd: u64) -> u64 {
    let mut found = odd;
    let mut round = 0;
    while round < 5 {
        found = found.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(found)));
        round += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn unmixing_undoes_mixing(wide: u64, narrow: u32) {
            prop_assert_eq!(unmix(mix(wide)), wide);
            prop_assert_eq!(unmix32(mix32(narrow)), narrow);
        }
    }

    #[test]
    fn an_empty_table_gives_its_default_instead_of_a_panic() {
        assert_eq!(pick::<u8>(&[], 7), 0);
    }
}
