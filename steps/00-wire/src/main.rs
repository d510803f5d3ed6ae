//! Rung 00: watches one port on loopback, or reads a capture, and draws what the two sides send each other.

mod arguments;
mod screen;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use wire::conversation::Tracker;
use wire::drawing::Drawing;
use wire::segment::{Refused, Segment};
use wire::watch::{self, Packet};
use wire::{link, pcap};

use arguments::{Arguments, Failure};

fn main() -> ExitCode {
    arguments::program(|arguments| match &arguments.read {
        Some(path) => read(path, &arguments),
        None => watch(&arguments),
    })
}

/// Draws packets as they come, until Ctrl-C, or until the first conversation is over with `--once`.
fn watch(arguments: &Arguments) -> Result<(), Failure> {
    let port = arguments.port_to_watch()?;
    let stop = stop_on_signals()?;
    let packets = watch::packets(port, &stop).map_err(|error| no_packets(port, error))?;
    let mut picture = Picture::new(arguments, Some(port))?;
    screen::print(&format!("watching port {port} on loopback\n"))?;
    for packet in packets {
        let Packet { at, bytes } = packet?;
        let ended = picture.packet(at, &bytes)?;
        if ended && arguments.once {
            return Ok(());
        }
    }
    picture.finish()
}

/// Set by the first Ctrl-C, which ends the picture, so that what is open can be told. Files are whole at any moment.
fn stop_on_signals() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Who does not want to wait for what is still to be drawn asks twice.
        flag::register_conditional_shutdown(signal, 130, stop.clone())?;
        flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}

fn no_packets(port: u16, error: io::Error) -> Failure {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return format!("cannot watch port {port}: {error}").into();
    }
    let program = std::env::current_exe().unwrap_or_else(|_| "target/debug/00-wire".into());
    format!(
        "no right to see packets (CAP_NET_RAW): `sudo setcap cap_net_raw+ep {}` gives it to this program until it is built \
         again",
        program.display()
    )
    .into()
}

/// Draws a capture.
fn read(path: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let in_file = |error: pcap::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| in_file(error.into()))?;
    let mut reader = pcap::Reader::new(BufReader::new(file)).map_err(in_file)?;
    let mut picture = Picture::new(arguments, arguments.port)?;
    while let Some(record) = reader.record().map_err(in_file)? {
        match link::ip(reader.link_type(), &record.bytes) {
            Some(packet) => {
                let ended = picture.packet(record.at, packet)?;
                if ended && arguments.once {
                    return Ok(());
                }
            }
            None => picture.left_out += 1,
        }
    }
    picture.finish()
}

/// What both ways share: packet in, lines out.
struct Picture {
    port: Option<u16>,
    tracker: Tracker,
    drawing: Drawing,
    capture: Option<pcap::Writer<File>>,
    left_out: usize,
}

impl Picture {
    fn new(arguments: &Arguments, port: Option<u16>) -> Result<Self, Failure> {
        let tracker = Tracker::new(port);
        let drawing = Drawing::new(screen::width(), arguments.verbose);
        let create = |path: &Path| File::create(path).and_then(pcap::Writer::new);
        let capture = arguments.pcap.as_deref();
        let capture = capture
            .map(|path| create(path).map_err(|error| format!("--pcap {}: {error}", path.display())))
            .transpose()?;
        Ok(Self { port, tracker, drawing, capture, left_out: 0 })
    }

    /// True when this packet has ended a conversation.
    fn packet(&mut self, at: Duration, packet: &[u8]) -> Result<bool, Failure> {
        let segment = match Segment::parse(packet) {
            Ok(segment) if self.port.is_none_or(|port| segment.concerns(port)) => segment,
            // Not ours.
            Ok(_) | Err(Refused::Protocol(_)) => return Ok(false),
            Err(_) => {
                self.left_out += 1;
                return Ok(false);
            }
        };
        if let Some(capture) = &mut self.capture {
            capture.write(at, packet).map_err(|error| format!("--pcap: {error}"))?;
        }
        let seen = self.tracker.take(&segment);
        screen::print(&self.drawing.draw(at, &segment, &seen))?;
        Ok(seen.end.is_some())
    }

    fn finish(self) -> Result<(), Failure> {
        let mut said = String::new();
        if self.left_out > 0 {
            said +=
                &format!("{} packets could not be decoded: cut off, fragments, or not IP\n", self.left_out);
        }
        match self.tracker.open() {
            0 => {}
            1 => said += "1 conversation is still open\n",
            open => said += &format!("{open} conversations are still open\n"),
        }
        screen::print(&said)
    }
}
