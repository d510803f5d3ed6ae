//! Who is measured: our servers, the floor, and the peers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use harness::{Server, Setup, Story};

use crate::load::{Load, Talk};
use crate::script::{bytes, file};

/// A server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    /// The rung that the load is about.
    Barewire,
    /// Rung 12, with its limits on: only what its idle connections cost.
    Guarded,
    /// No protocol at all: `floor.rs`.
    Floor,
    /// Somebody else's.
    Peer(&'static str),
}

/// The peers, in the table's order; what each of them is stands in `peers/README.md`.
pub const HTTP: [&str; 5] = ["nginx", UWEBSOCKETS, "hyper", "may_minihttp", "Node"];
/// And for WebSocket.
pub const WEBSOCKET: [&str; 5] = [UWEBSOCKETS, "fastwebsockets", "tokio-websockets", "tungstenite", "ws"];

/// For HTTP and for WebSocket, and for many the mark to reach.
pub const UWEBSOCKETS: &str = "uWebSockets";

/// nginx with the settings for files that it is installed with: who has not tuned it has this one.
pub const PACKAGED: &str = "nginx as installed";

/// Sun, 09 Sep 2001 01:46:40 GMT.
const OLD: Duration = Duration::from_secs(1_000_000_000);

/// From here on nobody is faster with a file's bytes in memory.
const SENDFILE: usize = 64 << 10;

/// Signs the logins of rung 12.
const SECRET: &str = "a secret of thirty-two characters";

/// Where the files lie that are served, and the one core that all servers share.
pub struct Ground {
    files: PathBuf,
    /// `taskset -c 0`; empty where there is none.
    core: Vec<String>,
    release: bool,
}

impl Ground {
    /// Writes the files. `core`: which one the servers run on. `release`: ours are built for speed, not for who waits
    /// for the build.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn new(story: &Story, core: Option<usize>, release: bool) -> std::io::Result<Ground> {
        let files = story.directory().join("files");
        std::fs::create_dir_all(&files)?;
        for length in [1 << 10, 100 << 10] {
            let path = files.join(file(length));
            std::fs::write(&path, bytes(length))?;
            // The tag of a young file is weak, and two bytes longer than it is later: answers would change their length.
            std::fs::File::options().write(true).open(path)?.set_modified(UNIX_EPOCH + OLD)?;
        }
        let core = core.map(|core| ["taskset".into(), "-c".into(), core.to_string()].to_vec());
        Ok(Ground { files, core: core.unwrap_or_default(), release })
    }

    /// Starts one for a load, and waits until it listens.
    #[track_caller]
    pub fn starts(&self, story: &Story, who: Contestant, load: &Load) -> Server {
        story.server_with(|setup| {
            let setup = setup.under(&self.core).env("RUST_LOG", "warn").env("ROOT", self.files.display());
            let setup = if self.release { setup.release() } else { setup };
            who.set_up(setup, load.talk, &self.files)
        })
    }
}

impl Ground {
    /// What lets a program in at rung 12.
    pub(crate) fn token(&self) -> Result<String, String> {
        let program = harness::binary("12-guard", self.release)?;
        let issued = Command::new(program).args(["--issue", "bench"]).env("SECRET", SECRET).output();
        let issued = issued.map_err(|error| format!("12-guard --issue: {error}"))?;
        Ok(String::from_utf8_lossy(&issued.stdout).trim().to_owned())
    }
}

impl Contestant {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Contestant::Barewire => "barewire",
            Contestant::Guarded => "barewire, rung 12",
            Contestant::Floor => "floor",
            Contestant::Peer(name) => name,
        }
    }

    /// Who takes part in a load, ours first.
    pub fn all(load: &Load) -> Vec<Contestant> {
        let peers = match load.talk {
            Talk::Hello => &HTTP[..],
            // The others have no files.
            Talk::File(_) => &["nginx", PACKAGED, "Node"],
            Talk::Echo(_) | Talk::All(_) => &WEBSOCKET,
        };
        let has_floor = match load.talk {
            // It answers a read, and cannot tell how many questions came with it. A large file goes from the kernel to the
            // kernel: who sends it from memory is no floor.
            Talk::File(length) => length < SENDFILE && load.depth == 1,
            _ => true,
        };
        let floor = has_floor.then_some(Contestant::Floor);
        let peers = peers.iter().map(|&name| Contestant::Peer(name));
        [Contestant::Barewire].into_iter().chain(floor).chain(peers).collect()
    }

    /// Loads with the same answer share a server.
    pub fn serves(self, load: &Load) -> String {
        let what = match (self, load.talk) {
            (Contestant::Barewire, Talk::Hello) => "05-keep-alive/hello",
            (Contestant::Barewire, Talk::File(_)) => "06-files",
            (Contestant::Barewire, Talk::Echo(_)) => "10-messages",
            (Contestant::Barewire, Talk::All(_)) => "11-rooms/relay",
            (Contestant::Floor, Talk::All(_)) => "floor --all",
            (Contestant::Floor, Talk::File(length)) => return format!("ANSWER={length} floor"),
            (other, _) => other.name(),
        };
        what.to_owned()
    }

    /// Whether it sends back what it is asked. (A file it sends as HTTP does, to whatever it is asked.)
    pub fn is_bare(self, load: &Load) -> bool {
        self == Contestant::Floor && !matches!(load.talk, Talk::File(_))
    }

    fn set_up(self, setup: Setup, talk: Talk, files: &Path) -> Setup {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let peers = here.join("peers");
        let built = |name: &str| [peers.join("target/release").join(name)];
        let node = |script: &str| ["node".into(), peers.join(script)];
        match self {
            Contestant::Barewire => match talk {
                Talk::Hello => setup.rung("05-keep-alive").example("hello"),
                Talk::File(_) => setup.rung("06-files").arg("--root").arg(files),
                Talk::Echo(_) => setup.rung("10-messages"),
                Talk::All(_) => setup.rung("11-rooms").example("relay"),
            },
            // Its limits count as ever, but ten thousand come from one address here, and at once. No Ping of its own comes
            // between.
            Contestant::Guarded => [
                ("MAX_CONNECTIONS", "15000"),
                ("MAX_PER_ADDRESS", "15000"),
                ("CONNECTION_RATE", "15000,15000"),
                ("REQUEST_RATE", "15000,15000"),
                ("ADDRESS_MESSAGE_RATE", "15000,15000"),
                ("PING_INTERVAL_MS", "3600000"),
                ("PONG_TIMEOUT_MS", "3600000"),
                ("SECRET", SECRET),
            ]
            .into_iter()
            .fold(setup.rung("12-guard"), |setup, (name, value)| setup.env(name, value)),
            Contestant::Floor => {
                let all = matches!(talk, Talk::All(_)).then_some("--all".into());
                let answer = if let Talk::File(length) = talk { length } else { 0 };
                setup.program("the floor", [floor()].into_iter().chain(all)).env("ANSWER", answer)
            }
            Contestant::Peer("nginx") => setup.program("nginx", [peers.join("nginx.sh")]),
            Contestant::Peer(PACKAGED) => {
                setup.program("nginx", [peers.join("nginx.sh")]).env("SETTINGS", "packaged")
            }
            Contestant::Peer("Node") => setup.program("Node", node("http.mjs")),
            Contestant::Peer("ws") => setup.program("ws", node("ws.mjs")),
            Contestant::Peer(name) => setup.program(name, built(name)),
        }
    }
}

/// Who cannot be measured here, each with what would help.
pub fn missing() -> Vec<String> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let runs = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let built = |name: &str| peers.join("target/release").join(name).is_file();
    let websocket = WEBSOCKET.into_iter().filter(|name| !HTTP.contains(name));
    let all = HTTP.into_iter().chain([PACKAGED]).chain(websocket);
    let missing = all.filter_map(|name| match name {
        "nginx" => (!runs("nginx")).then_some("nginx: apt install nginx"),
        PACKAGED => (!runs("nginx")).then_some("nginx as installed: apt install nginx"),
        "Node" => (!runs("node")).then_some("Node: apt install nodejs"),
        "ws" => (!runs("node") || !peers.join("node_modules/ws").is_dir())
            .then_some("ws: npm ci in tests/bench/peers"),
        _ => (!built(name)).then_some(name),
    });
    missing.map(str::to_owned).collect()
}

/// Cargo puts the programs of one package into one folder.
fn floor() -> PathBuf {
    let me = std::env::current_exe().unwrap_or_default();
    let folder = me.ancestors().skip(1).find(|folder| folder.join("floor").is_file());
    folder.map_or("floor".into(), |folder| folder.join("floor"))
}
