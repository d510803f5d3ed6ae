use super::*;

fn ended(ends: &[(u16, usize)]) -> BTreeMap<End, usize> {
    ends.iter().map(|&(code, count)| (End::Close(code, String::new()), count)).collect()
}

/// Ten thousand came, all went well.
fn good() -> Report {
    let cost = |mib: u64| Cost { memory: mib << 20, kernel: None, processor: Duration::ZERO };
    Report {
        here: 10_000,
        beats: vec![(12, Duration::from_millis(5100)); 10_000],
        costs: vec![cost(3), cost(18), cost(20)],
        closed_later: ended(&[(1011, 100)]),
        ends: ended(&[(1011, 100), (1001, 9900)]),
        silent: (100..150).flat_map(|tenths| [Duration::from_millis(100 * tenths); 2]).collect(),
        said: 10_000,
        expected: 1_000_000,
        delays: vec![1000; 1_000_000],
        ..Report::new(Plan::default())
    }
}

fn faults(spoil: impl FnOnce(&mut Report)) -> Vec<String> {
    let mut report = good();
    spoil(&mut report);
    report.faults()
}

#[test]
fn where_all_went_well_nothing_is_wrong() {
    assert_eq!(faults(|_| {}), Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_said() {
    let blames = |spoil: fn(&mut Report), words: &str| {
        let faults = faults(spoil);
        assert!(faults.iter().any(|fault| fault.contains(words)), "{words}: {faults:?}");
    };
    blames(|report| report.here = 9_999, "9999 of 10000 are in their rooms");
    blames(|report| report.closed = ended(&[(1006, 1)]), "1 connections ended while people talked");
    blames(|report| report.expected = 0, "nothing was said");
    blames(|report| report.lost = 1, "1 of 1000000 deliveries were lost");
    blames(|report| report.twice = 1, "1 of 1000000 deliveries came twice");
    blames(|report| report.too_late = 1, "came behind a later one");
    blames(|report| report.strayed = 1, "went into another room");
    blames(
        |report| report.beats[7].1 = Duration::from_secs(11),
        "1 of 10000 connections waited longer than 10.0 s",
    );
    blames(|report| report.beats[7].0 = 5, "connections got 5 to 12 Pings");
    blames(|report| report.beats[7].0 = 24, "connections got 12 to 24 Pings");
    blames(|report| report.silent.truncate(99), "99 of 100 that answered no Ping any more were closed");
    blames(|report| report.silent[0] = Duration::from_secs(5), "is closed after 5.0 s");
    blames(|report| report.silent[0] = Duration::from_secs(21), "to 21.0 s");
    blames(
        |report| {
            report.closed_later = ended(&[(1011, 101)]);
            report.ends = ended(&[(1011, 101), (1001, 9899)]);
        },
        "101 connections ended",
    );
    blames(
        |report| {
            report.closed_later = ended(&[(1011, 100), (1008, 1)]);
            report.ends = ended(&[(1011, 100), (1008, 1), (1001, 9899)]);
        },
        "1 connections ended: Close 1008",
    );
    blames(|report| report.ends = ended(&[(1011, 100), (1001, 9899)]), "9899 of 9900 were told");
    blames(
        |report| report.ends = ended(&[(1011, 100), (1001, 9899), (1006, 1)]),
        "1 connections ended when the server stopped",
    );
    blames(|report| report.costs[2].memory = 50 << 20, "one connection takes 4928 bytes");
}

#[test]
fn the_table_has_the_figures() {
    let table = good().to_string();
    for figures in
        ["10,000 of 10,000", "12 to 12 in 60 s, median 12", "1,000,000 of 1,000,000 expected", "0 lost"]
    {
        assert!(table.contains(figures), "{figures}:\n{table}");
    }
}
