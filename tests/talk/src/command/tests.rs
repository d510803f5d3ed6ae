use super::*;

fn sent(line: &str) -> Vec<Frame> {
    match Command::parse(line) {
        Ok(Command::Frames(frames)) => frames,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_plain_line_is_a_text_message() {
    assert_eq!(sent("hello /there"), [Frame::text("hello /there")]);
    assert_eq!(sent(""), [Frame::text("")]);
    assert_eq!(sent("/text /quit"), [Frame::text("/quit")]);
    assert_eq!(sent("/json {\"a\": 1}"), [Frame::text("{\"a\": 1}")]);
}

#[test]
fn each_kind_of_frame_has_its_word() {
    assert_eq!(sent("/binary 00 ff \"x\""), [Frame::binary([0, 255, b'x'])]);
    assert_eq!(sent("/ping"), [Frame::ping("")]);
    assert_eq!(sent("/pong a b"), [Frame::pong("a b")]);
    assert_eq!(sent("/close"), [Frame::new(CLOSE, "")]);
    assert_eq!(sent("/close 1000"), [Frame::close(1000, "")]);
    assert_eq!(sent("/close 1005 by hand"), [Frame::close(1005, "by hand")]);
    assert_eq!(sent("/unmasked x"), [Frame::text("x").unmasked()]);
}

#[test]
fn fragments_are_one_message_with_control_frames_in_between() {
    let (first, last) = (Frame::text("a").not_final(), Frame::continuation("c"));
    let middle = Frame::continuation("b").not_final();
    assert_eq!(sent("/fragment a | b | c"), [first.clone(), middle.clone(), last.clone()]);
    assert_eq!(sent("/fragment a | /ping x | c"), [first.clone(), Frame::ping("x"), last.clone()]);
    assert_eq!(sent("/fragment a|c|/pong"), [first, last, Frame::pong("")]);
}

#[test]
fn a_frame_may_be_wrong_in_any_field() {
    let lying =
        Frame { rsv: 4, opcode: 3, ..Frame::text("hello world").not_final().unmasked().declaring(500) };
    assert_eq!(sent("/frame fin=0 rsv=4 opcode=3 mask=off length=500 payload=hello world"), [lying]);
    assert_eq!(sent("/frame"), [Frame::text("")]);
    let keyed = Frame::ping([0, 255]).masked_with([1, 2, 3, 4]).bytes();
    assert_eq!(Command::parse("/frame opcode=ping mask=01020304 hex=00ff"), Ok(Command::Bytes(keyed)));
    assert_eq!(sent("/frame bits=64  payload=x"), [Frame::text("x").length_in(Length::Bits64)]);
    let longest = sent("/frame length=18446744073709551615 payload=a=b");
    assert_eq!(longest, [Frame::text("a=b").declaring(u64::MAX)]);
}

#[test]
fn the_other_words() {
    assert_eq!(Command::parse("/raw 81 \"x\""), Ok(Command::Bytes(vec![0x81, b'x'])));
    assert_eq!(Command::parse("/half hello"), Ok(Command::Half(Frame::text("hello"))));
    let twice = Command::Repeat(2, Command::Frames(vec![Frame::ping("x")]).into());
    assert_eq!(Command::parse("/repeat 2 /ping x"), Ok(twice));
    assert_eq!(Command::parse("/wait"), Ok(Command::Wait(WAIT)));
    assert_eq!(Command::parse("/wait 0.25"), Ok(Command::Wait(Duration::from_millis(250))));
    assert_eq!(Command::parse("/quiet"), Ok(Command::Quiet(true)));
    assert_eq!(Command::parse("/bits off"), Ok(Command::Bits(false)));
    let alone = [Command::Rest, Command::End, Command::Reset, Command::Quit, Command::Help];
    for (line, command) in ["/rest", "/end", "/reset", "/quit", "/help"].iter().zip(alone) {
        assert_eq!(Command::parse(line), Ok(command));
    }
}

#[test]
fn a_line_of_bytes_ends_with_lf() {
    assert_eq!(Command::parse_line("hello"), Ok(Command::Bytes(b"hello\n".to_vec())));
    assert_eq!(Command::parse_line("/text /nick a"), Ok(Command::Bytes(b"/nick a\n".to_vec())));
    assert_eq!(Command::parse_line("/raw 0a"), Ok(Command::Bytes(b"\n".to_vec())));
    assert!(Command::parse_line("/ping").is_err_and(|said| said.contains("/text /ping")));
    let thrice = Command::Repeat(3, Command::Bytes(b"x\n".to_vec()).into());
    assert_eq!(Command::parse_line("/repeat 3 x"), Ok(thrice));
}

#[test]
fn a_wrong_line_is_told_in_one_line_with_an_example() {
    for (line, why) in [
        ("/", "there is no /"),
        ("/hello", "/help shows"),
        ("/json {", "no JSON"),
        ("/binary 0", "two hex digits"),
        ("/binary \"x", "closing quote"),
        ("/close soon", "/close 1000 bye"),
        ("/close 70000", "0 to 65535"),
        ("/fragment one", "two parts"),
        ("/fragment a | /text x | b", "no control frame"),
        ("/fragment a | /nothing | b", "there is no /nothing"),
        ("/frame fin", "FIELD=VALUE"),
        ("/frame fin=2", "0 or 1"),
        ("/frame rsv=8", "RSV1 is 4"),
        ("/frame opcode=16", "0 to 15"),
        ("/frame opcode=hello", "a name such as ping"),
        ("/frame mask=1234", "4 bytes in hex"),
        ("/frame length=-1", "a number of bytes"),
        ("/frame bits=8", "7, 16 or 64"),
        ("/frame bits=7 length=126", "does not fit"),
        ("/frame hex=x", "nor text in"),
        ("/frame colour=red", "the fields are fin"),
        ("/raw", "which bytes"),
        ("/raw xyz", "nor text in"),
        ("/repeat", "/repeat 3 hello"),
        ("/repeat many x", "a number comes first"),
        ("/repeat 0 x", "1 to 100000"),
        ("/repeat 2 /nothing", "there is no /nothing"),
        ("/wait soon", "/wait 0.5"),
        ("/wait -1", "/wait 0.5"),
        ("/quiet please", "/quiet off"),
        ("/quit now", "stands alone"),
    ] {
        let said = Command::parse(line).expect_err(line);
        assert!(said.contains(why) && said.lines().count() == 1, "{line}: {said}");
    }
}

#[test]
fn help_shows_every_word() {
    for word in "text json binary ping pong close fragment unmasked half rest frame raw repeat wait quiet bits end reset quit"
        .split(' ')
    {
        assert!(HELP.contains(&format!("/{word}")), "{word}");
    }
}
