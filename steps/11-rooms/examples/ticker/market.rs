//! Prices that nobody could have foreseen.

pub const SHARES: [&str; 5] = ["Copper", "Tin", "Zinc", "Nickel", "Silver"];

/// Prices wander around 100, and keep their direction for a while.
pub struct Market {
    prices: [f64; 5],
    speeds: [f64; 5],
    chance: u64,
}

impl Market {
    pub fn new() -> Market {
        Market { prices: [100.0; 5], speeds: [0.0; 5], chance: 0x2545_f491_4f6c_dd1d }
    }

    /// The prices of the next moment.
    pub fn moves(&mut self) -> [f64; 5] {
        for share in 0..SHARES.len() {
            let chance = self.chance();
            let (price, speed) = (&mut self.prices[share], &mut self.speeds[share]);
            *speed = 0.95 * *speed + 0.02 * chance + 0.0002 * (100.0 - *price);
            *price += *speed;
        }
        self.prices.map(|price| (price * 1000.0).round() / 1000.0)
    }

    /// Who buys makes it dearer, who sells cheaper.
    pub fn trade(&mut self, share: usize, buy: bool) {
        self.speeds[share] += if buy { 0.15 } else { -0.15 };
    }

    /// From -0.5 to 0.5: xorshift (Marsaglia 2003), good enough to look like a market.
    fn chance(&mut self) -> f64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }
}
