use super::*;

/// Lines as Linux 6.18 printed them.
const LISTENING: &str = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000001 00:00000000 00000000     0        0 1089 1 0 100 0 0 10 0";
const ESTABLISHED: &str = "   1: 0100007F:1F90 0100007F:9CBA 01 00000010:0000000A 00:00000000 00000000  1000        0 1093 1 0 20 4 0 10 -1";

fn parsed(line: &str) -> Row {
    Row::parse(line).expect("a row")
}

// The words of an address lie in the file as in memory, so these lines are those of a little-endian machine.
#[cfg(target_endian = "little")]
mod little_endian {
    use super::*;

    #[test]
    fn a_listening_socket_counts_who_waits_in_the_backlog() {
        let row = parsed(LISTENING);
        assert_eq!(row.local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(row.remote, "0.0.0.0:0".parse().unwrap());
        assert_eq!(row.state, State::Listen);
        assert_eq!(row.receive_queue, 1);
        assert_eq!(row.inode, 1089);
        assert!(row.listens_on("127.0.0.1:8080".parse().unwrap()));
        assert!(!row.listens_on("127.0.0.1:8081".parse().unwrap()));
    }

    #[test]
    fn a_connection_counts_bytes_in_both_directions() {
        let row = parsed(ESTABLISHED);
        assert_eq!(row.remote, "127.0.0.1:40122".parse().unwrap());
        assert_eq!((row.state, row.send_queue, row.receive_queue), (State::Established, 16, 10));
        assert!(!row.listens_on(row.local));
    }

    #[test]
    fn ipv6_is_four_words() {
        let row = parsed(
            "   0: 00000000000000000000000001000000:1F90 0000000000000000FFFF00000100007F:0050 06 \
             00000000:00000000 03:00001461 00000000     0        0 0 3 0000000085533ddd",
        );
        assert_eq!(row.local, "[::1]:8080".parse().unwrap());
        assert_eq!(row.remote, "[::ffff:127.0.0.1]:80".parse().unwrap());
        assert_eq!((row.state, row.inode), (State::TimeWait, 0));
    }

    #[test]
    fn the_scope_of_an_ipv6_address_does_not_matter() {
        let row = parsed(
            "   0: 000080FE000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A \
             00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0",
        );
        assert!(row.listens_on("[fe80::1%2]:8080".parse().unwrap()));
    }
}

#[test]
fn every_state_has_its_number() {
    let names: Vec<String> = (1..=12).filter_map(State::from_number).map(|state| state.to_string()).collect();
    assert_eq!(
        names.join(" "),
        "ESTABLISHED SYN-SENT SYN-RECEIVED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED CLOSE-WAIT LAST-ACK LISTEN \
         CLOSING SYN-RECEIVED"
    );
    assert_eq!((State::from_number(0), State::from_number(13)), (None, None));
}

#[test]
fn what_is_no_row_is_none() {
    for line in [
        "",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
        "   0: 0100007F 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 1089",
        "   0: 0100007:1F90 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 1089",
        "   0: 0100007F:1F90 00000000:0000 FF 00000000:00000001 00:00000000 00000000 0 0 1089",
        "   0: é00007F:1F90 00000000:0000 0A 00000000:00000001 00:00000000 00000000 0 0 1089",
    ] {
        assert_eq!(Row::parse(line), None, "{line}");
    }
}

#[test]
fn a_row_that_is_cut_off_is_none() {
    let needed = LISTENING.find("1089").unwrap();
    for end in 0..=needed {
        assert_eq!(Row::parse(&LISTENING[..end]), None);
    }
}

/// The claim of the whole rung, asked of the kernel itself: connected, with bytes, and nobody has accepted.
#[cfg(target_os = "linux")]
#[test]
fn a_client_is_connected_before_anybody_accepts_it() {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(listener) = TcpListener::bind(address) else {
            assert!(address.starts_with('['), "no IPv4 on this machine");
            continue; // A machine may lack IPv6.
        };
        let local = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(local).unwrap();
        client.write_all(b"hello").unwrap();
        let remote = client.local_addr().unwrap();

        let rows = sockets(local).unwrap();
        let listening = rows.iter().find(|row| row.listens_on(local)).unwrap();
        assert_eq!(listening.receive_queue, 1);
        let waiting = rows.iter().find(|row| (row.local, row.remote) == (local, remote)).unwrap();
        assert_eq!((waiting.state, waiting.receive_queue, waiting.inode), (State::Established, 5, 0));

        let _accepted = listener.accept().unwrap();
        let rows = sockets(local).unwrap();
        assert_eq!(rows.iter().find(|row| row.listens_on(local)).unwrap().receive_queue, 0);
        assert_ne!(rows.iter().find(|row| (row.local, row.remote) == (local, remote)).unwrap().inode, 0);
    }
}
