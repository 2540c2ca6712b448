//! What the example policy becomes, table by table.

use std::vec::Vec;

use super::{Source, compile};
use crate::base::civil::{DAY_MS, HOUR_MS};
use crate::base::ids::{MomentId, OfferId};
use crate::expr::Type;
use crate::policy::{Aggregate, CapScope, FeatureKind, Fold, OfferKind, Policy, Window};

fn prepaid() -> Policy {
    let bytes = include_bytes!("../../examples/policies/prepaid.toml");
    let ids = include_str!("../../examples/policies/policy.ids");
    compile(&[Source { name: "prepaid.toml", bytes }], ids).unwrap().policy
}

#[test]
fn events_feed_features_and_raise_moments() {
    let policy = prepaid();
    let tables = &policy.tables;
    let event =
        |name: &str| &tables.events[policy.event_position(policy.id(name).unwrap()).unwrap()];
    // spend_24h, spend_7d, data_mb_24h, data_mb_7d and, filtered, video_mb_7d.
    let folds = &event("data_session").folds;
    assert_eq!(
        folds.iter().map(|step| step.field).collect::<Vec<_>>(),
        [Some(2), Some(2), Some(0), Some(0), Some(0)]
    );
    assert_eq!(folds.iter().filter(|step| step.filter.is_some()).count(), 1);
    let raised = |name: &str| -> Vec<&str> {
        let moments = event(name).moments.iter().map(|at| tables.moments[usize::from(*at)].id);
        moments.map(|id: MomentId| policy.name_of(id).unwrap()).collect()
    };
    assert_eq!(raised("balance_change"), ["balance_empty", "low_balance"]);
    assert_eq!(raised("care_contact"), ["unhappy"]);
    assert!(raised("sms_sent").is_empty());
    let spend = &tables.features[policy.feature_position(policy.id("spend_24h").unwrap()).unwrap()];
    let window = Window::Rolling { bucket_ms: 4 * HOUR_MS, buckets: 6 };
    let kept = Aggregate { fold: Fold::Sum, value: Type::Money, window };
    assert!(matches!(spend.kind, FeatureKind::Aggregate(found) if found == kept));
}

#[test]
fn moments_list_their_offers() {
    let policy = prepaid();
    let tables = &policy.tables;
    let position =
        tables.moments.iter().position(|moment| policy.name_of(moment.id) == Some("low_balance"));
    let range = tables.moments[position.unwrap()].offers.clone();
    let offers = &tables.moment_offers[range.start as usize..range.end as usize];
    let names: Vec<&str> = offers
        .iter()
        .map(|offer| policy.name_of(tables.offers[*offer as usize].id).unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "social_pass_week",
            "minutes_100",
            "recharge_bonus_20",
            "recharge_double_data",
            "loan_1",
            "loan_3",
            "loan_5"
        ]
    );
}

#[test]
fn treatments_draw_for_offer_and_channel() {
    let policy = prepaid();
    let tables = &policy.tables;
    let id: OfferId = policy.id("recharge_bonus_20").unwrap();
    let offer = &tables.offers[policy.offer_position(id).unwrap()];
    assert_eq!((offer.kind, offer.open_ms), (OfferKind::Incentive, 12 * HOUR_MS));
    let range = offer.treatments.start as usize..offer.treatments.end as usize;
    let draws: Vec<Vec<(u16, i64)>> = tables.treatments[range.clone()]
        .iter()
        .map(|treatment| treatment.draws.iter().map(|d| (d.budget, d.amount)).collect())
        .collect();
    let gift = (0, 2_000_000);
    assert_eq!(draws, [[gift, (1, 1)].to_vec(), [gift].to_vec(), [gift].to_vec()]);
    let sms = &tables.treatments[range.start];
    assert_eq!((sms.prior_accepted, sms.prior_offered), (20.0, 200.0));
}

#[test]
fn the_mandatory_cap_comes_first() {
    let policy = prepaid();
    let contact = &policy.tables.contact;
    let caps: Vec<_> = contact.caps.iter().map(|cap| (cap.scope, cap.limit)).collect();
    assert_eq!(
        caps,
        [
            (CapScope::All, 12),
            (CapScope::All, 2),
            (CapScope::EachOffer, 1),
            (CapScope::Channel(0), 4)
        ]
    );
    assert_eq!(contact.caps[0].window_ms, 30 * DAY_MS);
    let quiet = contact.quiet.unwrap();
    assert_eq!((quiet.from_ms, quiet.until_ms), (21 * HOUR_MS, 8 * HOUR_MS));
    assert!(quiet.exempt.contains(OfferKind::Service) && !quiet.exempt.contains(OfferKind::Sale));
    assert_eq!(policy.tables.control.buckets, 2_000);
}

#[test]
fn zones_are_members_of_the_attribute() {
    let policy = prepaid();
    let zones = &policy.tables.zones;
    assert_eq!(zones.feature, Some(0));
    let ids: Vec<_> = zones.zones.iter().map(|zone| zone.id).collect();
    assert_eq!(ids, policy.tables.features[0].members);
    assert_eq!(policy.id("home_zone.Pacific/Honolulu"), ids.last().copied());
}
