//! Two packet sockets, and the filter that the kernel runs for each packet.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, SystemTime};

use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::Packet;
use crate::ip;

/// `linux/if_ether.h`: what an Ethernet frame carries. On loopback there is no Ethernet, but the numbers are the same.
const ETH_P_IP: u16 = 0x0800;
const ETH_P_IPV6: u16 = 0x86dd;
/// The longest packet.
const LONGEST: usize = 65_536 + 40;
/// What the kernel may keep for us while we draw, if it lets us: it halves what is over `net.core.rmem_max`.
const RECEIVE_BUFFER: usize = 8 << 20;
/// So many packets may wait to be drawn. When there are more the kernel keeps them, and drops them when it has no room.
const WAITING: usize = 4096;
/// So often a silent socket is left, to see whether to stop.
const LOOK_UP: Duration = Duration::from_millis(50);

/// Watches one port on loopback, until `stop` is set: then what came before is still told, and the channel ends. When this
/// returns, the sockets are open.
///
/// # Errors
/// `PermissionDenied` without the right CAP_NET_RAW; `NotFound` when there is no loopback.
pub fn packets(port: u16, stop: &Arc<AtomicBool>) -> io::Result<Receiver<io::Result<Packet>>> {
    let loopback = index_of_loopback()?;
    let (sender, packets) = mpsc::sync_channel(WAITING);
    for (protocol, filter) in [(ETH_P_IP, filter_4(loopback, port)), (ETH_P_IPV6, filter_6(loopback, port))] {
        // SOCK_DGRAM: the link's header is taken off. The protocol is a number in network order.
        let protocol = Protocol::from(i32::from(protocol.to_be()));
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(protocol))?;
        socket.attach_filter(&filter)?;
        // Less than asked for is a smaller buffer, no failure.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        socket.set_read_timeout(Some(LOOK_UP))?;
        let (sender, stop) = (sender.clone(), stop.clone());
        thread::Builder::new().spawn(move || take(socket, &sender, &stop))?;
    }
    Ok(packets)
}

/// Takes what one socket has, until it is stopped, fails, or nobody wants its packets any more.
fn take(mut socket: Socket, packets: &SyncSender<io::Result<Packet>>, stop: &AtomicBool) {
    let mut buffer = vec![0; LONGEST];
    let mut stopping = false;
    loop {
        if !stopping && stop.load(Ordering::Relaxed) {
            stopping = true;
            // Nothing new is let in, or a flood would never end; what the kernel holds is taken out.
            let closed = socket.attach_filter(&[SockFilter::new(RETURN, 0, 0, 0)]);
            if closed.and_then(|()| socket.set_nonblocking(true)).is_err() {
                return;
            }
        }
        let packet = match socket.read(&mut buffer) {
            Ok(length) => Ok(Packet { at: now(), bytes: buffer[..length].to_vec() }),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && stopping => return,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => Err(error),
        };
        let failed = packet.is_err();
        if packets.send(packet).is_err() || failed {
            return;
        }
    }
}

fn now() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_micros(now.as_micros() as u64)
}

/// Interfaces have numbers; loopback's is 1 in nearly every network namespace.
fn index_of_loopback() -> io::Result<u32> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    Ok(rustix::net::netdevice::name_to_index(&socket, "lo")?)
}

/// The instructions of a classic BPF program (`linux/bpf_common.h`): a register A, an index register X, no loops.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_X_HEADER_LENGTH: u16 = 0xb1;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
/// `linux/filter.h`: not a place in the packet, but the number of the interface that it came by.
const INTERFACE: u32 = (-0x1000i32 + 8) as u32;

/// TCP over IPv4 on this interface, from or to this port. A fragment but the first has no ports: not shown.
fn filter_4(interface: u32, port: u16) -> Vec<SockFilter> {
    let ports = [(LOAD_HALF_AT_X, 0), (LOAD_HALF_AT_X, 2)];
    let mut program = vec![
        (LOAD_WORD, INTERFACE, Test::Equal(interface)),
        (LOAD_BYTE, 9, Test::Equal(ip::TCP.into())),
        (LOAD_HALF, 6, Test::NoBit(0x1fff)),
    ];
    program.push((LOAD_X_HEADER_LENGTH, 0, Test::Nothing));
    assemble(&program, ports, port)
}

/// The same for IPv6, where the fixed header has 40 bytes. Extension headers are not looked through: nobody sends any here.
fn filter_6(interface: u32, port: u16) -> Vec<SockFilter> {
    let program =
        [(LOAD_WORD, INTERFACE, Test::Equal(interface)), (LOAD_BYTE, 6, Test::Equal(ip::TCP.into()))];
    assemble(&program, [(LOAD_HALF, 40), (LOAD_HALF, 42)], port)
}

/// What must hold for the value that was loaded.
#[derive(Clone, Copy)]
enum Test {
    Equal(u32),
    NoBit(u32),
    Nothing,
}

/// Each load with its test; then one of the two ports must be the one that is wanted. A jump counts the instructions to skip.
fn assemble(loads: &[(u16, u32, Test)], ports: [(u16, u32); 2], port: u16) -> Vec<SockFilter> {
    let mut program = Vec::new();
    let tests = loads.iter().filter(|(_, _, test)| !matches!(test, Test::Nothing)).count();
    let length = loads.len() + tests + 4 + 2;
    // The last instruction drops the packet, the one before it takes it.
    let (take, drop) = (length - 2, length - 1);
    let jump = |from: usize, to: usize| (to - from - 1) as u8;
    for &(load, at, test) in loads {
        program.push(SockFilter::new(load, 0, 0, at));
        let here = program.len();
        match test {
            Test::Equal(value) => program.push(SockFilter::new(JUMP_IF_EQUAL, 0, jump(here, drop), value)),
            Test::NoBit(bits) => program.push(SockFilter::new(JUMP_IF_ANY_BIT, jump(here, drop), 0, bits)),
            Test::Nothing => {}
        }
    }
    for (number, (load, at)) in ports.into_iter().enumerate() {
        program.push(SockFilter::new(load, 0, 0, at));
        let here = program.len();
        let otherwise = if number == 0 { here + 1 } else { drop };
        program.push(SockFilter::new(JUMP_IF_EQUAL, jump(here, take), jump(here, otherwise), port.into()));
    }
    program.push(SockFilter::new(RETURN, 0, 0, LONGEST as u32));
    program.push(SockFilter::new(RETURN, 0, 0, 0));
    program
}
