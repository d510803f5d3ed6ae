//! Chance that can be had again: the same seed, the same choices.

/// A generator of random numbers (SplitMix64): good enough to choose, no good for secrets.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed makes the same choices.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, 0 where `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end.max(1) as u64) as usize
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A length of at most `most`; short ones come far more often than long ones.
    pub fn length(&mut self, most: usize) -> usize {
        let bits = self.below(usize::BITS as usize - most.leading_zeros() as usize + 1);
        self.below((1 << bits) + 1).min(most)
    }

    /// One of them.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.below(all.len());
        all.get(index)
    }

    /// So many random bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.number() as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let choices = |seed| {
            let mut chance = Chance::new(seed);
            (chance.below(1000), chance.length(1000), chance.bytes(8), chance.once_in(2))
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_them() {
        let mut chance = Chance::new(1);
        let numbers: Vec<usize> = (0..1000).map(|_| chance.below(3)).collect();
        assert!([0, 1, 2].iter().all(|wanted| numbers.contains(wanted)));
        assert!(numbers.iter().all(|&number| number < 3));
        let lengths: Vec<usize> = (0..10_000).map(|_| chance.length(100)).collect();
        assert!(lengths.contains(&0) && lengths.contains(&100) && lengths.iter().all(|&n| n <= 100));
        assert_eq!((chance.below(0), chance.one_of::<u8>(&[])), (0, None));
    }
}
