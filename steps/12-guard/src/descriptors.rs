//! File descriptors: one for each connection, and the system allows few by default.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Beside the connections: the poll, the listener, the waker, standard input and output, those at the door.
const OTHERS: u64 = 512;

/// Raises the soft limit of open files to the hard one, as nginx's `worker_rlimit_nofile` does. Where even that is too
/// little for `connections`, a warning says so: the loop then lets them wait in the kernel's queue.
pub fn allow(connections: usize) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let Some(limit) = getrlimit(Resource::Nofile).current.or(current) else { return };
    if limit < (connections as u64).saturating_add(OTHERS) {
        log::warn!(
            "{connections} connections are allowed (MAX_CONNECTIONS), but only {limit} open files (ulimit -n)"
        );
    }
}
