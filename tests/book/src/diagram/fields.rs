//! A header, bit by bit, 32 in a row.
//!
//! ```text
//! row FIN 1, RSV1 1, RSV2 1, RSV3 1, opcode 4, MASK 1, length 7, longer length 16
//! ```

use super::label;

/// A bit is so wide, and a row so high.
const BIT: f64 = 24.0;
const ROW: f64 = 54.0;
const LEFT: f64 = 16.0;

pub fn draw(lines: &[&str]) -> Result<(u32, u32, String), String> {
    let mut svg = String::new();
    for bit in 0..32 {
        svg += &label("small", LEFT + (f64::from(bit) + 0.5) * BIT, 14.0, &bit.to_string());
    }
    let mut y = 26.0;
    for line in lines {
        let fields = line.strip_prefix("row ").ok_or(format!("{line}: row NAME BITS, NAME BITS"))?;
        let mut bit = 0;
        for field in fields.split(',').map(str::trim) {
            let wrong = || format!("{field}: a field is a name and its number of bits");
            let (name, bits) = field.rsplit_once(' ').ok_or_else(wrong)?;
            let bits: u32 = bits.parse().map_err(|_| wrong())?;
            let (x, width) = (LEFT + f64::from(bit) * BIT, f64::from(bits) * BIT);
            svg += &format!(
                "<rect class=\"box\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{ROW:.0}\"/>\n"
            );
            let middle = (x + width / 2.0, y + ROW / 2.0);
            let text = label("name", middle.0, middle.1, name);
            // A field of one bit has its name from below to above.
            let turned = format!("<text transform=\"rotate(-90 {:.0} {:.0})\"", middle.0, middle.1);
            svg += &if bits == 1 { text.replace("<text", &turned) } else { text };
            bit += bits;
        }
        if bit > 32 {
            return Err(format!("{line}: {bit} bits in a row of 32"));
        }
        y += ROW;
    }
    Ok(((LEFT * 2.0 + BIT * 32.0) as u32, y as u32 + 14, svg))
}
