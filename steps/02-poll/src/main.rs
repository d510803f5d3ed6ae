//! An echo server for a thousand clients, in one thread.

use std::process::ExitCode;

use accept::Usage;
use poll::{ConnId, Ended, Entry, Io, Net, Opened, Protocol, World};

const USAGE: Usage = Usage {
    text: "Sends back whatever it receives, to any number of clients at once, in one thread.\n\
           Try it with several `nc 127.0.0.1 8080` side by side.\n\
           \n\
           Environment: MAX_PENDING, MAX_QUEUE (bytes), FLUSH_TIMEOUT_MS, LINGER_TIMEOUT_MS, STOP_TIMEOUT_MS",
    switches: &[],
    values: &[],
};

fn main() -> ExitCode {
    accept::program(&USAGE, |arguments| poll::serve::<Echo>("tcp", arguments.listen, |_| Count::default()))
}

/// What all connections share: how many of them there are.
#[derive(Default)]
struct Count {
    open: usize,
}

impl World for Count {}

/// One connection. It counts what went through, to tell at the end.
struct Echo {
    echoed: u64,
}

impl Entry for Echo {
    fn open(opened: Opened, count: &mut Count, io: &mut Io<'_>) -> Echo {
        count.open += 1;
        log::info!("{} came from {}; {} are here", io.id(), opened.peer(), count.open);
        Echo { echoed: 0 }
    }
}

impl Protocol for Echo {
    type World = Count;

    // ANCHOR: data
    fn data(&mut self, bytes: &mut [u8], _: &mut Count, io: &mut Io<'_>) -> usize {
        io.out().extend_from_slice(bytes);
        self.echoed += bytes.len() as u64;
        bytes.len()
    }
    // ANCHOR_END: data

    fn closed(&mut self, id: ConnId, why: Ended, count: &mut Count, _: &mut Net) {
        count.open -= 1;
        log::info!("{id} left ({why:?}) after {} bytes; {} are here", self.echoed, count.open);
    }
}
