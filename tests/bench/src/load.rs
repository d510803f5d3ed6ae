//! The loads: what is asked, by how many connections, how many at a time.

/// One load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Its name, in the table and on the command line.
    pub name: &'static str,
    /// What is asked and answered.
    pub talk: Talk,
    /// Connections.
    pub connections: usize,
    /// How many questions of one connection wait for their answers at a time; with [`Talk::All`], of all connections.
    pub depth: usize,
}

/// What is asked and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// `GET /hello`: thirteen bytes of text.
    Hello,
    /// `GET /FILE.bin`, of so many bytes.
    File(usize),
    /// A WebSocket message of so many bytes, sent back: text up to [`TEXT`], binary above.
    Echo(usize),
    /// A WebSocket message of so many bytes, sent by one connection to all, itself among them.
    All(usize),
}

/// Longer messages are binary: people write short texts, and programs send large data.
pub const TEXT: usize = 1024;

const fn load(name: &'static str, talk: Talk, connections: usize, depth: usize) -> Load {
    Load { name, talk, connections, depth }
}

/// All loads of the table, in its order.
pub const LOADS: [Load; 11] = [
    load("hello", Talk::Hello, 100, 1),
    load("hello-by-16", Talk::Hello, 100, 16),
    load("file-1k", Talk::File(1 << 10), 100, 1),
    load("file-100k", Talk::File(100 << 10), 100, 1),
    load("echo-20", Talk::Echo(20), 100, 1),
    load("echo-20-by-16", Talk::Echo(20), 100, 16),
    load("echo-20-by-64", Talk::Echo(20), 100, 64),
    load("echo-16k", Talk::Echo(16 << 10), 20, 1),
    load("echo-1m", Talk::Echo(1 << 20), 4, 1),
    load("all-1000", Talk::All(64), 1000, 1),
    load("all-1000-by-16", Talk::All(64), 1000, 16),
];

/// From few connections to many: who looks at all of them for each message grows with them.
pub const GROWTH: [Load; 4] = [
    load("grow-10", Talk::Echo(20), 10, 1),
    load("grow-100", Talk::Echo(20), 100, 1),
    load("grow-1000", Talk::Echo(20), 1000, 1),
    load("grow-10000", Talk::Echo(20), 10_000, 1),
];

impl Load {
    /// In words, for the table.
    pub fn words(&self) -> String {
        let size = |bytes: usize| match bytes {
            0..1024 => format!("{bytes} B"),
            1024..0x10_0000 => format!("{} KiB", bytes >> 10),
            _ => format!("{} MiB", bytes >> 20),
        };
        let what = match self.talk {
            Talk::Hello => "HTTP, a small answer".into(),
            Talk::File(bytes) => format!("HTTP, a file of {}", size(bytes)),
            Talk::Echo(bytes) => format!("WebSocket echo, {}", size(bytes)),
            Talk::All(bytes) => format!("WebSocket, {} to all", size(bytes)),
        };
        let depth = if self.depth == 1 { String::new() } else { format!(", {} in flight", self.depth) };
        format!("{what}, {} connections{depth}", self.connections)
    }

    /// Whether it is about HTTP.
    pub fn is_http(&self) -> bool {
        matches!(self.talk, Talk::Hello | Talk::File(_))
    }
}
