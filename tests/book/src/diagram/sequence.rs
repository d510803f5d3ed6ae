//! Who says what to whom, from above to below.
//!
//! ```text
//! who client, server
//! client -> server : SYN
//! note server : has not been asked yet
//! = the same connection, another protocol
//! ```

use super::{head, label, on_line};

/// Between two columns, and between two lines.
const COLUMN: f64 = 380.0;
const LINE: f64 = 34.0;

pub fn draw(lines: &[&str]) -> Result<(u32, u32, String), String> {
    let who = lines.first().and_then(|line| line.strip_prefix("who ")).ok_or("first: who NAME, NAME")?;
    let who: Vec<&str> = who.split(',').map(str::trim).collect();
    let x = |name: &str| match who.iter().position(|other| *other == name) {
        Some(place) => Ok(140.0 + COLUMN * place as f64),
        None => Err(format!("{name} is nobody: who {}", who.join(", "))),
    };
    let mut svg = String::new();
    let mut y = 30.0;
    for name in &who {
        let x = x(name)?;
        svg += &format!(
            "<rect class=\"box\" x=\"{:.0}\" y=\"14\" width=\"120\" height=\"32\" rx=\"6\"/>\n",
            x - 60.0
        );
        svg += &label("name", x, y, name);
    }
    let mut steps = String::new();
    for line in &lines[1..] {
        y += LINE;
        let (what, words) = line.split_once(" : ").unwrap_or((line, ""));
        if let Some(words) = line.strip_prefix("= ") {
            let end = 140.0 + COLUMN * (who.len() - 1) as f64;
            steps += &format!("<path class=\"line life\" d=\"M20 {y:.0}H{:.0}\"/>\n", end + 120.0);
            steps += &on_line((140.0 + end) / 2.0, y, words);
            continue;
        }
        match what.split_whitespace().collect::<Vec<_>>()[..] {
            [from, "->", to] => {
                let (from, to) = (x(from)?, x(to)?);
                y += 8.0;
                steps += &format!("<path class=\"line\" d=\"M{from:.0} {y:.0}H{to:.0}\"/>\n");
                steps += &head((from, y), (to, y));
                steps += &label("small", (from + to) / 2.0, y - 12.0, words);
            }
            ["note", name] => steps += &on_line(x(name)?, y, words),
            _ => {
                return Err(format!(
                    "{line}: neither `NAME -> NAME : words` nor `note NAME : words` nor `= words`"
                ));
            }
        }
    }
    for name in &who {
        svg += &format!("<path class=\"line life\" d=\"M{:.0} 46V{:.0}\"/>\n", x(name)?, y + 16.0);
    }
    let width = 280.0 + COLUMN * (who.len() - 1) as f64;
    Ok((width as u32, y as u32 + 30, svg + &steps))
}
