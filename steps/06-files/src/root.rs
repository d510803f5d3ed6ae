//! Opening a file below the root, with no way out.
//!
//! **What is opened lies below the root, whatever a name or a symbolic link says.** A path that was checked
//! and is then opened may have changed in between; so the kernel is asked to do both at once, where it can.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The directory that a site is served from.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    /// Names are looked up from here, so the root stays what it was though its path may come to mean another.
    #[cfg(target_os = "linux")]
    directory: File,
}

/// What a name turned out to be.
#[derive(Debug)]
pub enum Found {
    /// A regular file, open, and what the kernel says of this very file.
    File(File, Metadata),
    /// A directory, open: what it holds can be read from it.
    Directory(File),
}

/// Opening a FIFO waits for its other end, which may never come, and one thread serves all: hence NONBLOCK,
/// which means nothing to a regular file. NOCTTY: a terminal must not become ours.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// How often a lookup is begun again while others rename directories.
#[cfg(target_os = "linux")]
const ATTEMPTS: u32 = 16;

impl Root {
    /// Opens a directory to serve. A symbolic link is followed: this path comes from whoever starts the
    /// server.
    ///
    /// # Errors
    /// When there is no such directory, or it may not be read.
    pub fn open(path: &Path) -> io::Result<Root> {
        let path = path.canonicalize()?;
        if !path.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Root {
            #[cfg(target_os = "linux")]
            directory: File::open(&path)?,
            path,
        })
    }

    /// Where the root is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what `name`, a relative path, stands for.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) also for what is neither a regular file nor a
    /// directory; whatever the kernel says otherwise, `EXDEV` for a way out among it.
    pub fn find(&self, name: &Path) -> io::Result<Found> {
        let file = self.open_beneath(name)?;
        // Asked of the open file: its path may mean another one by now.
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            Ok(Found::Directory(file))
        } else if metadata.is_file() {
            Ok(Found::File(file, metadata))
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "it is neither a file nor a directory"))
        }
    }

    /// openat2(2), RESOLVE_BENEATH: "Do not permit the path resolution to succeed if any component of the
    /// resolution is not a descendant of the directory indicated by dirfd." Magic links are those in
    /// /proc/PID/fd, which lead anywhere.
    #[cfg(target_os = "linux")]
    fn open_beneath(&self, name: &Path) -> io::Result<File> {
        use rustix::fs::ResolveFlags;

        let within = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);
        let mut attempts = 0;
        // ANCHOR: beneath
        loop {
            attempts += 1;
            match rustix::fs::openat2(&self.directory, name, FLAGS, Mode::empty(), within) {
                Ok(file) => return Ok(File::from(file)),
                // "EAGAIN [...] the kernel could not ensure that a ".." component didn't escape (due to a
                // race condition or potential attack)." A relative link may hold such a component.
                Err(Errno::AGAIN | Errno::INTR) if attempts < ATTEMPTS => {}
                // Linux before 5.6; and sandboxes that do not know the call refuse it with EPERM.
                Err(Errno::NOSYS | Errno::PERM) => return self.open_checked(name),
                Err(error) => return Err(error.into()),
            }
        }
        // ANCHOR_END: beneath
    }

    #[cfg(not(target_os = "linux"))]
    fn open_beneath(&self, name: &Path) -> io::Result<File> {
        self.open_checked(name)
    }

    /// Resolves all links, looks whether the result lies below the root, then opens it.
    ///
    /// Somebody who may write below the root can put a link in place between the look and the opening. Where
    /// that is to be feared, and there is no openat2, a process that sees nothing but its root (chroot) is
    /// the answer.
    fn open_checked(&self, name: &Path) -> io::Result<File> {
        let path = self.path.join(name).canonicalize()?;
        if !path.starts_with(&self.path) {
            return Err(Errno::XDEV.into());
        }
        Ok(File::from(rustix::fs::open(&path, FLAGS, Mode::empty())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tests::Folder;
    use std::os::unix::fs::symlink;

    /// Asks both ways of opening, which must agree.
    fn both(root: &Root, name: &str) -> [Option<io::ErrorKind>; 2] {
        let name = Path::new(name);
        [root.open_beneath(name), root.open_checked(name)]
            .map(|opened| opened.err().map(|error| error.kind()))
    }

    #[test]
    fn what_lies_inside_opens_and_what_lies_outside_does_not() {
        let folder = Folder::new();
        folder.write("outside.txt", "secret");
        folder.write("root/inside.txt", "inside");
        folder.write("root/deep/er/file.txt", "deep");
        let at = |name: &str| folder.path().join("root").join(name);
        symlink("inside.txt", at("link")).unwrap();
        symlink("../inside.txt", at("deep/up")).unwrap();
        symlink("../outside.txt", at("out")).unwrap();
        symlink("..", at("parent")).unwrap();
        symlink("/", at("all")).unwrap();
        symlink("loop", at("loop")).unwrap();
        let root = Root::open(&folder.path().join("root")).unwrap();

        for name in [".", "inside.txt", "link", "deep/up", "deep/er/file.txt", "deep"] {
            assert_eq!(both(&root, name), [None, None], "{name}");
        }
        for name in [
            "out",
            "parent",
            "parent/outside.txt",
            "all/etc/passwd",
            "../outside.txt",
            "deep/../../outside.txt",
        ] {
            assert_eq!(both(&root, name), [Some(io::ErrorKind::CrossesDevices); 2], "{name}");
        }
        assert_eq!(both(&root, "missing"), [Some(io::ErrorKind::NotFound); 2]);
        assert_eq!(both(&root, "inside.txt/x"), [Some(io::ErrorKind::NotADirectory); 2]);
        assert!(root.find(Path::new("loop")).is_err());
        // An absolute name is a way out too, even when it leads back in.
        assert!(root.open_beneath(&at("inside.txt")).is_err() || cfg!(not(target_os = "linux")));
    }

    #[test]
    fn a_link_to_a_sibling_with_a_longer_name_leads_out() {
        let folder = Folder::new();
        folder.write("root-and-more/secret", "x");
        folder.write("root/a", "x");
        symlink("../root-and-more/secret", folder.path().join("root/out")).unwrap();
        let root = Root::open(&folder.path().join("root")).unwrap();
        assert_eq!(both(&root, "out"), [Some(io::ErrorKind::CrossesDevices); 2]);
    }

    #[test]
    fn only_files_and_directories_are_found_and_a_fifo_does_not_block() {
        let folder = Folder::new();
        folder.write("a", "x");
        folder.fifo("fifo");
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        assert!(matches!(root.find(Path::new("a")), Ok(Found::File(_, metadata)) if metadata.len() == 1));
        assert!(matches!(root.find(Path::new(".")), Ok(Found::Directory(_))));
        assert_eq!(root.find(Path::new("fifo")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(root.find(Path::new("socket")).is_err());
    }

    #[test]
    fn a_root_must_be_a_directory() {
        let folder = Folder::new();
        folder.write("a", "x");
        assert_eq!(Root::open(&folder.path().join("a")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert_eq!(Root::open(&folder.path().join("b")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
