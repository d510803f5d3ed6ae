use super::*;
use crate::Rate;
use crate::address::Addresses;

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);

fn limits() -> Limits {
    let rate = |per_second, burst| Rate { per_second, burst };
    Limits {
        message_rate: rate(10.0, 5.0),
        byte_rate: rate(1000.0, 5000.0),
        address_message_rate: rate(20.0, 8.0),
        address_byte_rate: rate(100_000.0, 100_000.0),
        patience: SECOND,
        ..Limits::default()
    }
}

struct Stage {
    common: Rc<Common>,
    address: Rc<Address>,
    start: Instant,
}

fn stage(limits: Limits) -> Stage {
    let start = Instant::now() + 100 * SECOND;
    let common = Rc::new(Common { limits, counters: Counters::default() });
    let address = Addresses::new().get([192, 0, 2, 1].into(), &limits, start);
    Stage { common, address, start }
}

impl Stage {
    fn sentry(&self) -> Sentry {
        Sentry::new(self.common.clone(), self.address.clone(), Rc::default(), self.start)
    }
}

fn message(sentry: &mut Sentry, now: Instant) -> Verdict {
    sentry.message(Opcode::Text, 10, now)
}

#[test]
fn a_burst_passes_and_then_the_client_waits_for_its_rate() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    for _ in 0..5 {
        assert_eq!(message(&mut sentry, stage.start), Verdict::Pass);
    }
    assert_eq!(message(&mut sentry, stage.start), Verdict::PauseFor(TENTH));
    assert_eq!(message(&mut sentry, stage.start + TENTH), Verdict::PauseFor(TENTH));
    assert_eq!(
        message(&mut sentry, stage.start + 3 * TENTH),
        Verdict::Pass,
        "a rest of a tenth is one message"
    );
    assert_eq!(stage.common.counters.pauses.get(), 2);
    assert_eq!(sentry.tally.messages.get(), 8);
}

/// The messages of one read are judged one after the other. The last may be cheap; the pause that the first has
/// earned stays.
#[test]
fn what_is_judged_later_in_a_turn_does_not_end_the_pause_sooner() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    for _ in 0..5 {
        message(&mut sentry, stage.start);
    }
    assert_eq!(message(&mut sentry, stage.start), Verdict::PauseFor(TENTH));
    assert_eq!(sentry.bytes(100, false, stage.start), Verdict::PauseFor(TENTH), "the bytes alone would pass");
    assert_eq!(stage.common.counters.pauses.get(), 1, "one pause, two reasons");
}

/// Two reasons to wait at the same time are one wait. Who pays for each of them is closed too early.
#[test]
fn patience_pays_for_the_time_and_not_for_each_reason() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    for _ in 0..10 {
        message(&mut sentry, stage.start);
    }
    // A second of patience, half of it used. The bytes that come with it are dearer by a fifth of a second only.
    assert_eq!(sentry.bytes(5700, false, stage.start), Verdict::PauseFor(7 * TENTH));
    assert_eq!(sentry.bytes(300, false, stage.start), Verdict::PauseFor(10 * TENTH));
    assert!(matches!(sentry.bytes(1, false, stage.start), Verdict::Close(1008, _)));
}

#[test]
fn bytes_are_a_sign_of_life() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    let pinged = stage.start + SECOND;
    assert_eq!(sentry.due(pinged), Due::Ping(1_u64.to_be_bytes()));
    assert_eq!(sentry.bytes(1, false, pinged + 5 * SECOND), Verdict::Pass);
    assert_eq!(sentry.due(pinged + 20 * SECOND), Due::At(pinged + 25 * SECOND));
}

#[test]
fn who_is_over_the_rate_now_and_then_becomes_slower_and_nothing_worse() {
    let stage = stage(Limits { patience: 2 * SECOND, ..limits() });
    let mut sentry = stage.sentry();
    let mut now = stage.start;
    for round in 0..1000 {
        // 15 at once, where 5 are allowed: the last ten wait a second in all.
        for _ in 0..15 {
            match message(&mut sentry, now) {
                Verdict::Pass => {}
                Verdict::PauseFor(wait) => now += wait,
                Verdict::Close(..) => panic!("closed in round {round}"),
            }
        }
        now += 2 * SECOND;
    }
}

#[test]
fn who_floods_is_made_to_wait_and_when_patience_is_over_closed_with_1008() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    let mut now = stage.start;
    let code = loop {
        match message(&mut sentry, now) {
            Verdict::Pass => {}
            Verdict::PauseFor(wait) => now += wait,
            Verdict::Close(code, _) => break code,
        }
    };
    assert_eq!(code, 1008);
    let lasted = (now - stage.start).as_secs_f64();
    assert!((1.5..2.5).contains(&lasted), "a second of patience, half of it won back: {lasted} s");
    assert_eq!(stage.common.counters.refused.borrow()["message rate"], 1);
}

#[test]
fn bytes_count_also_of_a_message_that_never_ends() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    assert_eq!(sentry.bytes(5000, false, stage.start), Verdict::Pass);
    assert_eq!(sentry.bytes(200, false, stage.start), Verdict::PauseFor(2 * TENTH));
    assert_eq!(stage.common.counters.bytes.get(), 5200);
}

#[test]
fn pings_count_as_messages() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    for _ in 0..5 {
        assert_eq!(sentry.message(Opcode::Ping, 0, stage.start), Verdict::Pass);
    }
    assert_eq!(sentry.message(Opcode::Ping, 0, stage.start), Verdict::PauseFor(TENTH));
    assert_eq!((stage.common.counters.pings.get(), stage.common.counters.messages.get()), (6, 0));
}

#[test]
fn all_connections_of_an_address_share_its_rate() {
    let stage = stage(limits());
    let (mut one, mut other) = (stage.sentry(), stage.sentry());
    for _ in 0..4 {
        assert_eq!(message(&mut one, stage.start), Verdict::Pass);
        assert_eq!(message(&mut other, stage.start), Verdict::Pass);
    }
    assert_eq!(message(&mut one, stage.start), Verdict::PauseFor(TENTH / 2), "8 at once, 20 in a second");
}

#[test]
fn all_connections_of_an_address_share_its_byte_rate() {
    let stage = stage(Limits { address_byte_rate: Rate { per_second: 1000.0, burst: 6000.0 }, ..limits() });
    let (mut one, mut other) = (stage.sentry(), stage.sentry());
    assert_eq!(one.bytes(4000, false, stage.start), Verdict::Pass);
    assert_eq!(other.bytes(2200, false, stage.start), Verdict::PauseFor(2 * TENTH), "6000 at once for both");
}

/// Its Pong stands in the kernel, and we do not read: nobody may be thrown out for that.
#[test]
fn while_we_do_not_read_no_pong_is_missed() {
    let limits = Limits { ping_interval: SECOND, pong_timeout: SECOND, patience: 60 * SECOND, ..limits() };
    let stage = stage(limits);
    let mut sentry = stage.sentry();
    let pinged = stage.start + SECOND;
    assert_eq!(sentry.due(pinged), Due::Ping(1_u64.to_be_bytes()));
    assert_eq!(sentry.bytes(15_000, false, pinged), Verdict::PauseFor(10 * SECOND));
    assert_eq!(sentry.due(pinged + 10 * SECOND), Due::At(pinged + 11 * SECOND));
}

#[test]
fn a_pong_is_a_round_trip_and_none_is_the_end() {
    let stage = stage(limits());
    let mut sentry = stage.sentry();
    let pinged = stage.start + SECOND;
    assert_eq!(sentry.due(pinged), Due::Ping(1_u64.to_be_bytes()));
    sentry.pong(&1_u64.to_be_bytes(), pinged + TENTH);
    assert_eq!(sentry.tally.latency.get(), Some(TENTH));
    assert_eq!(stage.common.counters.latency.borrow().report().median_ms, Some(100.0));
    let again = pinged + TENTH + 20 * SECOND;
    assert_eq!(sentry.due(again), Due::Ping(2_u64.to_be_bytes()));
    assert_eq!(sentry.due(again + 20 * SECOND), Due::Close(1011, "no Pong came"));
    assert_eq!(stage.common.counters.refused.borrow()["no pong"], 1);
}

#[test]
fn a_message_must_end_some_time_and_what_we_did_not_read_is_not_counted() {
    let limits = Limits { message_time: 10 * SECOND, patience: 60 * SECOND, ..limits() };
    let stage = stage(limits);
    let mut sentry = stage.sentry();
    assert_eq!(sentry.bytes(1, true, stage.start), Verdict::Pass);
    assert_eq!(sentry.bytes(1, true, stage.start + 9 * SECOND), Verdict::Pass);
    assert_eq!(sentry.message(Opcode::Ping, 1, stage.start + 9 * SECOND), Verdict::Pass);
    assert!(matches!(sentry.bytes(1, true, stage.start + 10 * SECOND), Verdict::Close(1008, _)));
    assert_eq!(stage.common.counters.refused.borrow()["message too slow"], 1);

    let mut sentry = stage.sentry();
    assert_eq!(sentry.bytes(10_000, true, stage.start), Verdict::PauseFor(5 * SECOND));
    assert_eq!(sentry.bytes(1, true, stage.start + 14 * SECOND), Verdict::Pass);
    assert_eq!(message(&mut sentry, stage.start + 14 * SECOND), Verdict::Pass);
    assert_eq!(sentry.bytes(1, true, stage.start + 14 * SECOND), Verdict::Pass, "another message has begun");
    assert_eq!(sentry.bytes(1, false, stage.start + 20 * SECOND), Verdict::Pass);
    assert_eq!(sentry.bytes(1, true, stage.start + 200 * SECOND), Verdict::Pass);
}
