use super::*;
use crate::Io;

fn net(pending: u64, queue: u64) -> Net {
    Net::new(Limits { pending, queue, ..Limits::default() }, Instant::now())
}

#[test]
fn all_bytes_are_queued_or_none() {
    let mut net = net(10, 20);
    let id = net.accepted();
    assert_eq!(net.send_to(id, &[0; 10]), Sent::Queued);
    assert_eq!(net.send_to(id, &[0; 10]), Sent::Slow);
    assert_eq!(net.send_to(id, &[0; 1]), Sent::Dropped);
    assert_eq!(net.send_to(id, b""), Sent::Slow, "nothing always fits");
    assert_eq!(net.pending_of(id), 20);
    assert_eq!(net.push_to(id, Chunk::Owned(vec![0; 1])), Sent::Dropped);
    assert_eq!(net.pending_of(id), 20);
}

#[test]
fn a_connection_may_send_itself_more_than_others_may_send_it() {
    let mut net = net(10, 20);
    let id = net.accepted();
    let mut io = Io::new(&mut net, id);
    io.out().extend_from_slice(&[0; 100]);
    io.push(Chunk::Owned(vec![0; 100]));
    assert_eq!(io.pending(), 200);
    assert!(io.must_wait(), "and is not read until the peer has read that");
}

#[test]
fn the_dead_the_sealed_and_the_closing_are_gone() {
    let mut net = net(10, 20);
    let (dead, sealed, closing, aborted) = (net.accepted(), net.accepted(), net.accepted(), net.accepted());
    net.remove(dead);
    Io::new(&mut net, sealed).seal();
    Io::new(&mut net, closing).close();
    Io::new(&mut net, aborted).abort();
    for id in [dead, sealed, closing, aborted, ConnId::from_u64(u64::MAX)] {
        assert_eq!(net.send_to(id, b"x"), Sent::Gone);
        assert_eq!(net.push_to(id, Chunk::Owned(vec![1])), Sent::Gone);
        assert_eq!(net.pending_of(id), 0);
    }
}

#[test]
fn each_stands_in_a_list_once_and_the_reborn_inherits_nothing() {
    let mut net = net(10, 20);
    let id = net.accepted();
    (0..3).for_each(|_| net.wake(id));
    let mut round = vec![ConnId::from_u64(99)];
    net.take_planned(Todo::Hear, &mut round);
    assert_eq!(round, [id]);
    assert!(!net.has_work());
    net.wake(id);
    net.remove(id);
    let reborn = net.accepted();
    net.wake(reborn);
    net.take_planned(Todo::Hear, &mut round);
    assert_eq!(round, [id, reborn], "the first finds nobody");
    assert!(net.ports.get(id).is_none());
    net.wake(reborn);
    assert!(net.has_work(), "being taken from the list, it can be planned again");
}

#[test]
fn close_clears_the_deadlines_and_sets_the_loops_own() {
    let mut net = net(10, 20);
    let id = net.accepted();
    let mut io = Io::new(&mut net, id);
    io.set_timeout(crate::Timer::Protocol, Some(Duration::from_secs(1)));
    io.close();
    io.set_timeout(crate::Timer::Guard, Some(Duration::from_secs(1)));
    assert!(io.is_closing());
    let end = net.now + net.limits.flush_timeout + Duration::from_secs(1);
    assert_eq!(net.deadlines.pop_due(end), Some(Whose::Phase(id)));
    assert_eq!(net.deadlines.pop_due(end), None);
}

#[test]
fn an_aborted_connection_stays_aborted() {
    let mut net = net(10, 20);
    let id = net.accepted();
    let mut io = Io::new(&mut net, id);
    io.abort();
    io.close();
    assert_eq!(net.ports.get(id).unwrap().phase, Phase::Aborted);
}
