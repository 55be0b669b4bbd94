//! The banner and the pulse, on times that are only numbers.

use super::*;
use crate::domain::time::SECOND;

const START: Time = Time(1_000 * SECOND);

fn after(seconds: u64) -> Time {
    START + Duration::from_secs(seconds)
}

/// Lets so many seconds pass, a look every quarter, and tells what there was to do and when.
fn watched(pulse: &mut Pulse, from: u64, to: u64) -> Vec<(u64, Beat)> {
    let mut seen = Vec::new();
    for quarter in from * 4..to * 4 {
        let beat = pulse.tick(START + Duration::from_millis(quarter * 250));
        if !matches!(beat, Beat::Wait | Beat::Ask) {
            seen.push((quarter / 4, beat));
            if beat == Beat::Lost {
                break;
            }
        }
    }
    seen
}

#[test]
fn a_frozen_tws_is_noticed_within_fifteen_seconds_and_then_lost() {
    let mut pulse = Pulse::new(START);
    let seen = watched(&mut pulse, 0, 60);
    assert_eq!(seen.iter().map(|(_, beat)| *beat).collect::<Vec<_>>(), [Beat::FellSilent, Beat::Lost]);
    assert!(seen[0].0 < 15 && seen[1].0 < 30, "{seen:?}");
}

#[test]
fn a_tws_that_answers_is_asked_again_and_again() {
    let mut pulse = Pulse::new(START);
    let mut asked = 0;
    for second in 0..60 {
        match pulse.tick(after(second)) {
            Beat::Ask => {
                asked += 1;
                assert!(!pulse.heard(after(second)), "it was never silent");
            }
            Beat::Wait => {}
            other => panic!("{other:?} at {second} s"),
        }
    }
    assert!((29..=30).contains(&asked), "{asked}");
}

#[test]
fn a_tws_that_comes_back_is_not_silent_any_more() {
    let mut pulse = Pulse::new(START);
    assert_eq!(watched(&mut pulse, 0, 12).len(), 1);
    assert!(pulse.is_silent());
    assert!(pulse.heard(after(12)), "it had been silent");
    assert!(!pulse.is_silent());
    assert_eq!(watched(&mut pulse, 12, 19), []);
}

#[test]
fn a_lost_uplink_is_told_once_and_its_return_says_what_was_kept() {
    let mut banner = Banner::default();
    assert_eq!(banner.state().0, ConnectionState::Ready);
    let lost = "Connectivity between IBKR and Trader Workstation has been lost.";
    assert_eq!(banner.take(1100, lost), Change::State);
    assert_eq!(banner.take(1100, lost), Change::Nothing, "TWS says it more than once");
    assert_eq!(banner.take(2110, "Connectivity between TWS and server is broken."), Change::Nothing);
    assert_eq!(banner.state().0, ConnectionState::Silent);
    assert!(banner.state().1.contains("lost its link to IBKR"));
    assert!(!banner.quotes_hold());
    assert_eq!(banner.take(1102, "restored, data maintained"), Change::BackWhole);
    assert_eq!(banner.state().0, ConnectionState::Ready);
    assert!(banner.quotes_hold());
    banner.take(1100, lost);
    assert_eq!(banner.take(1101, "restored, data lost"), Change::BackEmpty);
    assert_eq!(banner.state().0, ConnectionState::Ready);
}

#[test]
fn a_farm_that_is_down_is_named_until_it_works_and_ends_nothing() {
    for (down, up, text, words) in [
        (
            2103,
            2104,
            "Market data farm connection is",
            "the market data farm one is down: its quotes stand still",
        ),
        (
            2105,
            2106,
            "HMDS data farm connection is",
            "the farm of past bars one is down: charts have to wait",
        ),
        (
            2157,
            2158,
            "Sec-def data farm connection is",
            "the farm of instruments one is down: instruments cannot",
        ),
    ] {
        let mut banner = Banner::default();
        let broken = |name: &str| format!("{text} broken:{name}");
        let Change::Note(level, told) = banner.take(down, &broken("one")) else {
            panic!("{down} is not told")
        };
        assert_eq!(level, NoticeLevel::Warning);
        assert!(told.contains(words), "{told}");
        assert_eq!(banner.take(down, &broken("one")), Change::Nothing, "{down}: once");
        assert!(matches!(banner.take(down, &broken("two")), Change::Note(..)));
        let (state, why) = banner.state();
        assert_eq!(state, ConnectionState::Degraded, "{down}");
        assert!(state.takes_orders(), "orders go another way");
        assert!(why.contains(words) && why.contains("two is down"), "{why}");
        assert_eq!(banner.quotes_hold(), down != 2103, "past bars and instruments are no quotes");
        for name in ["one", "two"] {
            assert_eq!(banner.state().0, ConnectionState::Degraded, "{up} of the other one");
            assert!(matches!(
                banner.take(up, &format!("{text} OK:{name}")),
                Change::Note(NoticeLevel::Info, _)
            ));
        }
        assert_eq!(banner.state(), (ConnectionState::Ready, "Connected to IBKR".to_owned()), "{up}");
        assert!(banner.quotes_hold());
    }
}

#[test]
fn a_lost_uplink_counts_more_than_a_farm() {
    let mut banner = Banner::default();
    banner.take(2105, "HMDS data farm connection is broken:ushmds");
    banner.take(1100, "lost");
    assert_eq!(banner.state().0, ConnectionState::Silent);
    banner.take(1102, "restored");
    assert_eq!(banner.state().0, ConnectionState::Degraded, "nobody has said that the farm is back");
}

#[test]
fn the_farms_of_a_healthy_start_are_no_news() {
    let mut banner = Banner::default();
    for (code, text) in [
        (2104, "Market data farm connection is OK:usfarm"),
        (2106, "HMDS data farm connection is OK:ushmds"),
        (2158, "Sec-def data farm connection is OK:secdefil"),
        (2107, "HMDS data farm connection is inactive but should be available upon demand.euhmds"),
        (2108, "Market data farm connection is inactive but should be available upon demand.eufarm"),
        (2119, "Market data farm is connecting:usfarm"),
        (2100, "API client has been unsubscribed from account data."),
        (0, ""),
    ] {
        assert_eq!(banner.take(code, text), Change::Nothing, "{code}");
    }
}

#[test]
fn a_port_that_changes_ends_the_connection_with_words() {
    let Change::Ends(why) = Banner::default().take(1300, "Socket port has been reset") else {
        panic!("not told")
    };
    assert!(why.contains("changed its API port"));
}

#[test]
fn each_refusal_says_what_to_do() {
    let told = |error: Error| why_not(&error, "127.0.0.1:7497", 7);
    let refused = told(Error::Io(ErrorKind::ConnectionRefused.into()));
    assert!(refused.contains("Start TWS or IB Gateway") && refused.contains("port 7497"), "{refused}");
    let old = told(Error::ServerVersion(213, 176, "protobuf".into()));
    assert!(old.contains("Upgrade TWS or IB Gateway to 10.40") && old.contains("176"), "{old}");
    let taken = told(Error::ClientIdInUse { client_id: 7 });
    assert!(taken.contains("client id 7") && taken.contains("choose another id"), "{taken}");
    let closed = told(Error::ConnectionRejected("eof".into()));
    assert!(closed.contains("trusted addresses"), "{closed}");
    assert!(told(Error::ConnectionReset).contains("was lost"));
    assert!(does_not_answer("127.0.0.1:7497", Duration::from_secs(10)).contains("for 10 s"));
}
