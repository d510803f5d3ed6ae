//! What rung 03 promises any client: steps/03-lines/CONTRACT.md.

use std::process::ExitCode;
use std::time::Duration;

use harness::{Client, Lesson, Server, Story, starts_and_stops};

fn main() -> ExitCode {
    harness::suite(
        "03-lines",
        harness::tests![
            starts_and_stops,
            a_newcomer_is_greeted_and_announced,
            what_one_says_all_others_hear,
            a_line_cut_anywhere_is_one_line,
            a_line_that_comes_byte_by_byte_is_one_line,
            many_lines_in_one_packet_are_many_lines,
            lf_and_crlf_both_end_a_line,
            half_a_line_is_not_said,
            the_longest_line_passes_and_a_longer_one_is_refused,
            a_line_without_end_is_refused_before_it_ends,
            nc_chats,
            who_lists_those_who_are_here,
            one_busy_client_does_not_starve_the_others,
            a_name_is_taken_once,
            a_name_cannot_forge_a_line,
            unknown_commands_are_answered_not_said,
            who_quits_is_announced,
            a_vanished_peer_is_announced,
            the_last_to_come_may_talk_first,
            escape_sequences_do_not_reach_others,
            bytes_that_are_no_text_do_no_harm,
            who_talks_faster_than_others_read_waits,
            slow(40, who_never_reads_is_dropped_and_others_hear_all),
            a_stopping_server_says_so,
            a_bad_limit_is_said_in_one_line,
        ],
    )
}

fn a_newcomer_is_greeted_and_announced(story: &Story) {
    story.teaches(Lesson {
        why: "Each connection gets three lines: its name, who is here, and a help. All others get one, and it is \
              queued for them while the newcomer's own callback runs: output is one table for all connections.",
        read: "notes/03-lines.md",
        hand: "nc 127.0.0.1 {port} in two terminals",
    });
    let server = story.server();
    let mut alice = story.client("alice", &server);
    alice.receives_the_line("* you are guest1");
    alice.receives_the_line("* here: guest1");
    let help = alice.receives_line();
    story.expects(help.starts_with("* "), "a line of help that begins with '* '");
    let mut bob = story.client("bob", &server);
    bob.receives_the_line("* you are guest2");
    bob.receives_the_line("* here: guest1, guest2");
    alice.receives_the_line("* guest2 joined");
    alice.sends("/nick alice\n");
    alice.receives_the_line("* you are now alice");
    bob.receives_line();
    bob.receives_the_line("* guest1 is now alice");
}

fn what_one_says_all_others_hear(story: &Story) {
    story.teaches(Lesson {
        why: "A line goes to everybody but its sender, whose terminal shows it already.",
        read: "notes/03-lines.md",
        hand: "nc 127.0.0.1 {port} in three terminals",
    });
    let server = story.server();
    let [mut alice, mut bob, mut carol] = people(story, &server, ["alice", "bob", "carol"]);
    alice.sends("hello, all\n");
    bob.receives_the_line("<alice> hello, all");
    carol.receives_the_line("<alice> hello, all");
    carol.sends("/say /who is not a secret\n");
    alice.receives_the_line("<carol> /who is not a secret");
    bob.receives_the_line("<carol> /who is not a secret");
    // Alice's first line after her own would show it, had it come back.
    bob.sends("\n\r\n   \n");
    bob.sends("Grüße, 你好\n");
    alice.receives_the_line("<bob> Grüße, 你好");
}

fn a_line_cut_anywhere_is_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "One read is not one line: what came without its LF has to wait, unused, until the rest comes. Between \
              CR and LF is a cut like any other.",
        read: "RFC 9293 §2.2, notes/03-lines.md",
        hand: "(printf 'one br'; sleep 1; printf 'oken line\\r'; sleep 1; printf '\\n') | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    let line = "one broken line\r\n";
    for at in 1..line.len() {
        alice.sends_split(line, at);
        bob.receives_the_line("<alice> one broken line");
    }
}

fn a_line_that_comes_byte_by_byte_is_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "Bytes without their LF wait, however many reads it takes. Remember how far you have searched them: who \
              searches all of them again for each new one makes a slow sender's line quadratic.",
        read: "notes/03-lines.md",
        hand: "(for i in 1 2 3; do printf $i; sleep 1; done; echo) | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    let line = "x".repeat(1000);
    for byte in line.bytes() {
        alice.sends([byte]);
    }
    alice.sends("\n");
    bob.receives_the_line(&format!("<alice> {line}"));
}

fn many_lines_in_one_packet_are_many_lines(story: &Story) {
    story.teaches(Lesson {
        why: "One read may hold many lines and half of another: take them all, keep the half. No event will come \
              again for bytes that you have read already.",
        read: "notes/03-lines.md",
        hand: "printf 'one\\ntwo\\nthree\\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    alice.sends("one\ntwo\r\nthree\nfour, a longer ");
    for line in ["one", "two", "three"] {
        bob.receives_the_line(&format!("<alice> {line}"));
    }
    // Shorter than the half that waited: how far that was searched must not count for the next line.
    alice.sends("line\n5\n/who\n");
    bob.receives_the_line("<alice> four, a longer line");
    bob.receives_the_line("<alice> 5");
    alice.receives_the_line("* here: alice, bob");
}

fn lf_and_crlf_both_end_a_line(story: &Story) {
    story.teaches(Lesson {
        why: "nc sends LF, telnet and most protocols CRLF. One CR before LF belongs to the end; anywhere else it is a \
              byte of the line, and a terminal would jump to the beginning of its line at it.",
        read: "RFC 9112 §2.2 (HTTP's choice), notes/03-lines.md",
        hand: "printf 'a\\nb\\r\\nc\\rd\\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    alice.sends("a\nb\r\nc\rd\n");
    bob.receives_the_line("<alice> a");
    bob.receives_the_line("<alice> b");
    let line = bob.receives_line();
    story.expects(
        !line.contains('\r') && line.starts_with("<alice> c") && line.ends_with('d'),
        format!("c and d on one line, with no CR between them; it is {line:?}"),
    );
}

fn half_a_line_is_not_said(story: &Story) {
    story.teaches(Lesson {
        why: "FIN came in the middle of a line. Nobody knows how it would have gone on ('delete the log' or 'delete \
              the logbook'), so it is no message.",
        read: "notes/03-lines.md",
        hand: "printf 'hello\\nhel' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    alice.sends("hello\n/who\nhel");
    alice.half_closes();
    bob.receives_the_line("<alice> hello");
    bob.receives_the_line("* alice left");
    // A half close is no "gone": what was asked is still answered.
    alice.receives_the_line("* here: alice, bob");
    alice.receives_end();
}

fn the_longest_line_passes_and_a_longer_one_is_refused(story: &Story) {
    story.teaches(Lesson {
        why: "MAX_LINE counts the line's bytes without its end. One byte more: say why, then close. The reason must \
              arrive, so no RST: read what still comes, or the kernel throws the reason away.",
        read: "notes/03-lines.md",
        hand: "MAX_LINE=20 make run STEP=03, then: printf '123456789 123456789 1\\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server_with(|s| s.env("MAX_LINE", 20));
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    for end in ["\n", "\r\n"] {
        alice.sends(format!("123456789 1234567890{end}"));
        bob.receives_the_line("<alice> 123456789 1234567890");
    }
    alice.sends("123456789 123456789 1\n/who\n");
    refuses_the_line(story, &mut alice, 20);
    bob.receives_the_line("* alice left");
    bob.sends("/who\n");
    bob.receives_the_line("* here: bob");
}

fn a_line_without_end_is_refused_before_it_ends(story: &Story) {
    story.teaches(Lesson {
        why: "Whoever waits for LF without a limit keeps all that comes in memory. The limit holds for what has come, \
              not for whole lines.",
        read: "notes/03-lines.md",
        hand: "head -c 100000 /dev/zero | nc 127.0.0.1 {port} | tail -1",
    });
    let server = story.server_with(|s| s.env("MAX_LINE", 20));
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    alice.sends("123456789 123456789 1");
    refuses_the_line(story, &mut alice, 20);
    bob.receives_the_line("* alice left");
    // The same for who sends on and on, and reads only then.
    let [mut carol] = people_beside(story, &server, ["carol"], &mut [&mut bob]);
    carol.tries_to_send("x".repeat(1 << 20));
    refuses_the_line(story, &mut carol, 20);
    bob.receives_the_line("* carol left");
}

fn nc_chats(story: &Story) {
    story.teaches(Lesson {
        why: "All that nc knows is bytes: a protocol in lines can be spoken by hand.",
        read: "man 1 nc, notes/03-lines.md",
        hand: "printf '/nick nc\\nhello\\n/quit\\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice] = people(story, &server, ["alice"]);
    let port = server.address().port().to_string();
    let typed = "/nick nc\nhello\n/who\n/quit\n";
    let nc = story.program("nc").args(["-N", "127.0.0.1", &port]).stdin(typed).runs();
    nc.succeeds();
    alice.receives_the_line("* guest2 joined");
    alice.receives_the_line("* guest2 is now nc");
    alice.receives_the_line("<nc> hello");
    alice.receives_the_line("* nc left");
    for line in ["* you are now nc\n", "* here: alice, nc\n", "* goodbye\n"] {
        nc.mentions(line);
    }
}

fn who_lists_those_who_are_here(story: &Story) {
    story.teaches(Lesson {
        why: "/who names all who are here, in the order in which they came, and nobody who has left.",
        read: "notes/03-lines.md",
        hand: "echo /who | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob, mut carol] = people(story, &server, ["alice", "bob", "carol"]);
    carol.sends("/who\n");
    carol.receives_the_line("* here: alice, bob, carol");
    alice.closes();
    bob.receives_the_line("* alice left");
    bob.sends("/who\n");
    bob.receives_the_line("* here: bob, carol");
}

fn one_busy_client_does_not_starve_the_others(story: &Story) {
    story.teaches(Lesson {
        why: "One client has sent much, and you read all of it before you look at the next. Of one that sends faster \
              than you work there is no end, and the others wait for ever: cap what a connection may do in one turn, \
              and remember who was cut short.",
        read: "notes/02-poll.md",
        hand: "yes '' | nc 127.0.0.1 {port} > /dev/null & nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut busy, mut carol, mut listener] = people(story, &server, ["busy", "carol", "listener"]);
    // Empty lines are work, and are not answered. The first make the kernel's buffer for this client grow, so that it
    // holds all of the next.
    busy.within(Duration::from_secs(10)).sends("\n".repeat(2 << 20) + "that was the beginning\n");
    listener.within(Duration::from_secs(10)).receives_the_line("<busy> that was the beginning");
    for _ in 0..20 {
        server.while_it_stands_still(|| {
            busy.sends("\n".repeat(300_000) + "that was all\n");
            carol.sends("I am here too\n");
        });
        listener.receives_the_line("<carol> I am here too");
        listener.receives_the_line("<busy> that was all");
    }
}

fn a_name_is_taken_once(story: &Story) {
    story.teaches(Lesson {
        why: "Two with the same name cannot be told apart, nor can alice and Alice. A refused name changes nothing; a \
              name whose owner has left is free.",
        read: "notes/03-lines.md",
        hand: "two terminals with nc 127.0.0.1 {port}: /nick alice in both",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    for name in ["alice", "Alice", "ALICE"] {
        bob.sends(format!("/nick {name}\n"));
        receives_a_refusal(story, &mut bob);
    }
    bob.sends("hello\n");
    alice.receives_the_line("<bob> hello");
    alice.sends("/quit\n");
    bob.receives_the_line("* alice left");
    bob.sends("/nick Alice\n");
    bob.receives_the_line("* you are now Alice");
}

fn a_name_cannot_forge_a_line(story: &Story) {
    story.teaches(Lesson {
        why: "A name is printed inside lines that others trust. Allow what a name needs (letters, digits, - and _, 1 \
              to 16 of them) instead of forbidding what you happen to think of.",
        read: "notes/03-lines.md",
        hand: "printf '/nick x> I owe you 10\\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    let long = "x".repeat(17);
    for name in ["", "a b", "bob>", "<bob", "*", "\x1b[31mred", "a\tb", "a\0", "!", &long] {
        alice.sends(format!("/nick {name}\n"));
        receives_a_refusal(story, &mut alice);
    }
    for name in ["x".repeat(16), "Zoë".into(), "a-b_9".into()] {
        alice.sends(format!("/nick {name}\n"));
        alice.receives_the_line(&format!("* you are now {name}"));
    }
    bob.receives_the_line(&format!("* alice is now {}", "x".repeat(16)));
}

fn unknown_commands_are_answered_not_said(story: &Story) {
    story.teaches(Lesson {
        why: "A mistyped command said to all would tell everybody what was meant for the server, a password perhaps.",
        read: "notes/03-lines.md",
        hand: "echo /login secret | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    for line in ["/login secret", "/", "/whoami", "//"] {
        alice.sends(format!("{line}\n"));
        receives_a_refusal(story, &mut alice);
    }
    alice.sends("done\n");
    bob.receives_the_line("<alice> done");
}

fn who_quits_is_announced(story: &Story) {
    story.teaches(Lesson {
        why: "/quit is answered, then the server closes: output first, then FIN, and only when the client's FIN has \
              come is the socket gone. What stands behind /quit in the same packet is not obeyed.",
        read: "notes/03-lines.md",
        hand: "printf '/quit\\nnot said\\n' | nc 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    alice.sends("/quit\nnot said\n/who\n");
    alice.receives_the_line("* goodbye");
    alice.receives_end();
    bob.receives_the_line("* alice left");
    bob.sends("/who\n");
    bob.receives_the_line("* here: bob");
}

fn a_vanished_peer_is_announced(story: &Story) {
    story.teaches(Lesson {
        why: "RST comes as an error of read or write, FIN as a read of 0 bytes. Both mean the same to the room, and \
              neither is an error of the server.",
        read: "RFC 9293 §3.5.3, notes/03-lines.md",
        hand: "nc 127.0.0.1 {port} in two terminals; kill -9 one nc",
    });
    let server = story.server();
    let [mut alice, bob, carol] = people(story, &server, ["alice", "bob", "carol"]);
    let (mut bob, mut carol) = (bob, carol);
    bob.resets();
    alice.receives_the_line("* bob left");
    alice.sends("still here?\n");
    carol.receives_the_line("* bob left");
    carol.receives_the_line("<alice> still here?");
    carol.closes();
    alice.receives_the_line("* carol left");
    alice.sends("/who\n");
    alice.receives_the_line("* here: alice");
}

fn the_last_to_come_may_talk_first(story: &Story) {
    story.teaches(Lesson {
        why: "Nobody waits for anybody: a server that serves one after another, or that blocks in a read, hangs when \
              the clients talk in reverse order.",
        read: "notes/02-poll.md, notes/03-lines.md",
        hand: "three terminals with nc 127.0.0.1 {port}: type in the third, the second, the first",
    });
    let server = story.server();
    let mut clients = story.clients("client", 10, &server);
    for number in 0..clients.len() {
        clients[number].receives_the_line(&format!("* you are guest{}", number + 1));
        clients[number].receives_line();
        clients[number].receives_line();
        for earlier in &mut clients[..number] {
            earlier.receives_the_line(&format!("* guest{} joined", number + 1));
        }
    }
    for speaker in (0..clients.len()).rev() {
        clients[speaker].sends("me\n");
        for listener in (0..clients.len()).filter(|listener| *listener != speaker) {
            clients[listener].receives_the_line(&format!("<guest{}> me", speaker + 1));
        }
    }
}

fn escape_sequences_do_not_reach_others(story: &Story) {
    story.teaches(Lesson {
        why: "A terminal obeys what it prints: ESC [ 2 J clears the screen, CR writes over the line, so that 'bob' \
              seems to have said it. U+009B is ESC [ in one character. Replace control characters before you relay.",
        read: "ECMA-48 §5.4, notes/03-lines.md",
        hand: "printf 'x\\033[2J\\033[31mhello\\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    let controls = (0..0x20u8).chain([0x7f]).filter(|byte| *byte != b'\n').map(char::from);
    for control in controls.chain('\u{80}'..='\u{9f}').chain(['\u{202e}', '\u{2066}', '\u{2028}']) {
        alice.sends(format!("a{control}b{control}\n"));
        // CR before LF is a part of the end; every other one is not.
        let line = bob.receives_line();
        let harmless = |c: char| !c.is_control() && !('\u{2028}'..='\u{2069}').contains(&c);
        story.expects(
            line.starts_with("<alice> a") && line.contains('b') && line.chars().all(harmless),
            format!("nothing that a terminal obeys; for {control:?} bob's line is {line:?}"),
        );
    }
}

fn bytes_that_are_no_text_do_no_harm(story: &Story) {
    story.teaches(Lesson {
        why: "A client may send any bytes. Those that are no UTF-8 become U+FFFD: nobody is disconnected for them, \
              and others get valid text. In Rust from_utf8_unchecked would be undefined behaviour here, unwrap a panic.",
        read: "RFC 3629 §3, notes/03-lines.md",
        hand: "printf 'a\\377b\\n' | nc -N 127.0.0.1 {port}",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    alice.sends(b"a\xffb\n");
    bob.receives_exactly("<alice> a\u{fffd}b\n");
    // Cut in the middle of a character by the end of the line; overlong; a surrogate; too large.
    for bytes in [&b"\xe2\x82"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
        alice.sends([bytes, b"z\n"].concat());
        let line = bob.receives_until("\n");
        let text = String::from_utf8(line);
        let fits =
            text.as_ref().is_ok_and(|text| text.starts_with("<alice> \u{fffd}") && text.ends_with("z\n"));
        story.expects(fits, format!("valid UTF-8 with U+FFFD in place of the bytes, it is {text:?}"));
    }
    // All bytes there are, but the one that ends a line.
    let all: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
    alice.sends([&all, &b"\n"[..]].concat());
    let line = bob.receives_until("\n");
    story.expects(String::from_utf8(line).is_ok(), "valid UTF-8");
    alice.sends("done\n");
    bob.receives_the_line("<alice> done");
}

fn who_talks_faster_than_others_read_waits(story: &Story) {
    story.teaches(Lesson {
        why: "One packet may hold 30,000 lines, each of which grows by the name on its way out. Queue them all at \
              once and the queues of those who read as fast as they can are over any limit. When much is waiting for a \
              reader, stop taking lines until the output has left.",
        read: "notes/03-lines.md",
        hand: "yes | head -100000 | nc -N 127.0.0.1 {port}, beside another nc",
    });
    let server = story.server_with(|s| s.env("MAX_QUEUE", 128 << 10));
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    let count = 100_000;
    std::thread::scope(|scope| {
        scope.spawn(|| alice.within(Duration::from_secs(10)).sends("y\n".repeat(count)));
        bob.within(Duration::from_secs(10)).receives_exactly("<alice> y\n".repeat(count));
    });
    bob.sends("enough\n");
    alice.receives_the_line("<bob> enough");
}

fn who_never_reads_is_dropped_and_others_hear_all(story: &Story) {
    story.teaches(Lesson {
        why: "What a reader does not take piles up in the server. Bound it (MAX_QUEUE), and decide who pays: not the \
              talkers, not the other readers, not the memory. The one who does not read has to go.",
        read: "websockets/ws#999, notes/03-lines.md",
        hand: "nc 127.0.0.1 {port} stopped with Ctrl-Z, beside: yes | nc 127.0.0.1 {port} and a third nc",
    });
    let limit = 256 << 10;
    let server = story.server_with(|s| s.env("MAX_QUEUE", limit));
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    let mut deaf = story.client_with("deaf", &server, |socket| socket.set_recv_buffer_size(4096));
    let deaf_joined = "* guest3 joined";
    alice.receives_the_line(deaf_joined);
    bob.receives_the_line(deaf_joined);
    let before = server.memory_rss();

    // Bob reads while alice talks, until the server has had enough of the deaf one.
    let line = format!("{}\n", "x".repeat(1000));
    let heard = format!("<alice> {line}");
    let mut said = 0;
    let left = loop {
        for _ in 0..100 {
            alice.sends(&line);
        }
        said += 100;
        let mut lines = (0..100).map(|_| bob.receives_line()).collect::<Vec<_>>();
        if let Some(at) = lines.iter().position(|line| line.starts_with("* guest3 left")) {
            lines.remove(at);
            lines.push(bob.receives_line());
        }
        let all = lines.iter().all(|line| *line == heard.trim_end());
        story.expects(all, "bob to hear each of alice's lines, and nothing else but that guest3 left");
        if !alice.pending().is_empty() || said >= 20_000 {
            break alice.receives_line();
        }
    };
    story.expects(left.starts_with("* guest3 left"), format!("'* guest3 left', it is {left:?}"));
    let grown = server.memory_rss().saturating_sub(before);
    story.expects(
        grown < (20 << 20) + limit,
        format!("at most MAX_QUEUE and 20 MiB more memory, it is {} KiB", grown >> 10),
    );
    deaf.within(Duration::from_secs(5)).receives_end_of_any_kind();
    alice.sends("/who\n");
    alice.receives_the_line("* here: alice, bob");
}

fn a_stopping_server_says_so(story: &Story) {
    story.teaches(Lesson {
        why: "Ctrl-C: no new connections, a last line to everybody, then FIN, and the exit code is 0.",
        read: "notes/02-poll.md, notes/03-lines.md",
        hand: "nc 127.0.0.1 {port}, and Ctrl-C at the server",
    });
    let server = story.server();
    let [mut alice, mut bob] = people(story, &server, ["alice", "bob"]);
    server.interrupt();
    for client in [&mut alice, &mut bob] {
        let line = client.receives_line();
        story.expects(line.starts_with("* "), format!("a last line that begins with '* ', it is {line:?}"));
        client.receives_end();
        client.closes();
    }
    let status = server.ends(Duration::from_secs(5));
    story.expects(status.success(), format!("exit status 0, it is {status}"));
}

fn a_bad_limit_is_said_in_one_line(story: &Story) {
    story.teaches(Lesson {
        why: "A setting that is not a number is a mistake of whoever starts the program. Say which one, and do not run \
              with another value than asked for.",
        read: "notes/01-accept.md",
        hand: "MAX_LINE=many cargo run --bin 03-lines; echo $?",
    });
    let (status, stdout, stderr) = story.server_that_ends(|s| s.env("MAX_LINE", "many"));
    story.expects(!status.success(), format!("an exit status that is not 0, it is {status}"));
    story.expects(stdout.is_empty(), format!("nothing on stdout, it is {stdout:?}"));
    story.expects(stderr.contains("MAX_LINE"), format!("MAX_LINE on stderr, it is {stderr:?}"));
}

/// Clients who have come, have taken their names, and have heard of each other.
fn people<const N: usize>(story: &Story, server: &Server, names: [&str; N]) -> [Client; N] {
    people_beside(story, server, names, &mut [])
}

/// The same, beside others who are here already and hear of them.
fn people_beside<const N: usize>(
    story: &Story,
    server: &Server,
    names: [&str; N],
    here: &mut [&mut Client],
) -> [Client; N] {
    let mut clients: Vec<Client> = Vec::new();
    for name in names {
        let mut client = story.client(name, server);
        let greeting = client.receives_line();
        let Some(guest) = greeting.strip_prefix("* you are ") else {
            story.fails(format!("expected '* you are NAME', it is {greeting:?}"));
        };
        client.receives_line();
        client.receives_line();
        client.sends(format!("/nick {name}\n"));
        client.receives_the_line(&format!("* you are now {name}"));
        for other in clients.iter_mut().chain(here.iter_mut().map(|client| &mut **client)) {
            other.receives_the_line(&format!("* {guest} joined"));
            other.receives_the_line(&format!("* {guest} is now {name}"));
        }
        clients.push(client);
    }
    clients.try_into().expect("one for each name")
}

fn receives_a_refusal(story: &Story, client: &mut Client) {
    let line = client.receives_line();
    story.expects(line.starts_with("! "), format!("a line that begins with '! ', it is {line:?}"));
}

fn refuses_the_line(story: &Story, client: &mut Client, limit: usize) {
    let line = client.receives_line();
    let names_it = line.starts_with("! ") && line.contains(&limit.to_string());
    story.expects(
        names_it,
        format!("a line that begins with '! ' and names the limit {limit}, it is {line:?}"),
    );
    client.receives_end();
}
