//! The examples of charging protocols: what they read, and what comes of it.
#![allow(clippy::duplicate_mod, reason = "both examples have the same host")]

#[path = "../examples/gy.rs"]
#[allow(dead_code, reason = "run as an example, it has a main")]
mod gy;
#[path = "../examples/nchf.rs"]
#[allow(dead_code, reason = "run as an example, it has a main")]
mod nchf;

/// What a line says before the decision.
fn rated(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.split(": ").nth(1)).collect()
}

#[test]
fn an_nchf_session_is_rated_and_decided() {
    let lines = nchf::run().expect("sound requests");
    let expected = [
        "0.0 MB used, 1.10 left",
        "9.0 MB used, 0.20 left",
        "9.0 MB used, 0.20 left",
        "5.0 MB used, 0.00 left",
    ];
    assert_eq!(rated(&lines), expected, "{lines:#?}");
    assert!(lines[0].ends_with("nothing (no moment)"), "{lines:#?}");
    // What is left will not last half an hour.
    assert!(lines[1].ends_with(" on ussd"), "{lines:#?}");
    assert!(lines[2].ends_with("repeated"), "{lines:#?}");
}

#[test]
fn a_gy_capture_is_rated_and_decided() {
    let lines = gy::run().expect("a sound capture");
    // Two subscribers, each with a session of six updates and one of three.
    assert_eq!(lines.len(), 2 * 8 + 2 * 5);
    let first = [
        "0.0 MB used, 6.00 left",
        "9.0 MB used, 5.10 left",
        "9.0 MB used, 4.20 left",
        "9.0 MB used, 3.30 left",
        "9.0 MB used, 2.40 left",
        "9.0 MB used, 1.50 left",
        "9.0 MB used, 0.60 left",
        "5.0 MB used, 0.10 left",
    ];
    assert_eq!(rated(&lines)[..8], first, "{lines:#?}");
    assert_eq!(rated(&lines)[8..16], first, "{lines:#?}");
    assert!(lines[..8].iter().any(|line| line.ends_with(" on ussd")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.ends_with("repeated")), "{lines:#?}");
}
