//! What a change comes to: whether a contact rule lets more through, or less, and who is in the
//! control group.

use crate::compile::literal::duration_ms;

const LOOSENED: &str = "loosened";
const TIGHTENED: &str = "tightened";
const REGROUPED: &str =
    "people move between the control group and the others: lift cannot be compared with before";
const HELD_BACK: &str = "some join the control group, nobody leaves it";
const RELEASED: &str = "some leave the control group, nobody joins it";

/// Of a rule that was removed or added.
pub(super) fn of_whole(what: &str, gone: bool) -> Option<&'static str> {
    let limits = matches!(what, "cap" | "suppression" | "quiet hours");
    limits.then_some(if gone { LOOSENED } else { TIGHTENED })
}

/// Of one key of a cap, of the dates of a contact rule, or of what it exempts.
pub(super) fn of_key(
    what: &str,
    key: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> Option<&'static str> {
    match (what, key) {
        ("control", "seed") | ("issue" | "group", "control.seed") => return Some(REGROUPED),
        ("control", "share") | ("issue" | "group", "control.share")
            if old.is_some() && new.is_some() =>
        {
            let share = |text: Option<&str>| text?.parse::<f64>().ok();
            return Some(if share(new)? > share(old)? { HELD_BACK } else { RELEASED });
        }
        _ => {}
    }
    let looser = match (what, key) {
        ("cap", "at_most") => number(new)? > number(old)?,
        ("cap", "within") => duration_ms(new?)? < duration_ms(old?)?,
        // A date more is a time less; which of two is later is left to the reader.
        ("cap" | "suppression", "from" | "until") if old.is_some() != new.is_some() => {
            new.is_some()
        }
        ("cap" | "suppression" | "quiet hours", "exempt") => {
            let all_of = |few: &str, many: &str| {
                let many: std::vec::Vec<&str> = many.split(", ").collect();
                few.is_empty() || few.split(", ").all(|kind| many.contains(&kind))
            };
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            match (all_of(old, new), all_of(new, old)) {
                (true, false) => true,
                (false, true) => false,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(if looser { LOOSENED } else { TIGHTENED })
}

fn number(text: Option<&str>) -> Option<i64> {
    text?.parse().ok()
}
