//! What takes the connection over after 101.

use poll::{Io, Protocol};

use crate::Demo;

/// Shows the bytes that come, and understands none of them.
///
/// Simplified: it answers nothing, so the client's ping and its goodbye stay unanswered (rungs 09 and 10),
/// and who says nothing may stay as long as it likes (rung 12).
#[derive(Default)]
pub(crate) struct Raw {
    count: usize,
}

/// Only so many bytes of a connection are shown: the first frames are what is new.
const SHOWN: usize = 64;

impl Protocol for Raw {
    type World = Demo;

    fn data(&mut self, bytes: &mut [u8], demo: &mut Demo, io: &mut Io<'_>) -> usize {
        if self.count == 0 {
            log::info!("{} these bytes are no HTTP; what are they?", io.id());
        }
        let shown = SHOWN.saturating_sub(self.count).min(bytes.len());
        // Four bytes in a row, as the RFC draws them.
        for (row, four) in bytes[..shown].chunks(4).enumerate() {
            log::info!("{} {:4}  {}", io.id(), self.count + row * 4, in_hex_and_bits(four));
        }
        self.count += bytes.len();
        demo.seen.came(io.id(), bytes);
        bytes.len()
    }
}

/// `81 10000001   85 10000101`
fn in_hex_and_bits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} {byte:08b}")).collect::<Vec<_>>().join("   ")
}
