//! What the policy's offers and channels are to the model of how subscribers answer.

use std::collections::BTreeMap;

use opportune::{
    ChannelId, GroupId, MomentId, OfferId, Offered, ParameterId, PermanentId, Policy, Value,
};

use super::inputs::id;
use super::response::{Channel, Offer};

/// Each group of offers of the policy, as the model knows it.
const GROUPS: [(&str, Offer); 11] = [
    ("acquisition.data", Offer::DataBundle),
    ("acquisition.apps", Offer::DataBundle),
    ("acquisition.voice", Offer::VoiceBundle),
    ("acquisition.international", Offer::InternationalPack),
    ("recharge.bonus", Offer::RechargeIncentive),
    ("credit.airtime", Offer::AirtimeLoan),
    ("retention.loyalty", Offer::Recovery),
    ("roaming.passes", Offer::RoamingPass),
    ("care.tips", Offer::Tip),
    ("care.service", Offer::Tip),
    ("care.recovery", Offer::Recovery),
];

const CHANNELS: [(&str, Channel); 4] = [
    ("sms", Channel::Sms),
    ("ussd", Channel::Ussd),
    ("app", Channel::App),
    ("email", Channel::Email),
];

/// The moments in which an offer is just what the subscriber needs.
const FITS: [(&str, &[Offer]); 9] = [
    ("balance_empty", &[Offer::RechargeIncentive, Offer::AirtimeLoan]),
    ("low_balance", &[Offer::RechargeIncentive, Offer::AirtimeLoan]),
    ("recharge_trouble", &[Offer::Tip]),
    ("roaming_arrival", &[Offer::RoamingPass]),
    ("heavy_data", &[Offer::DataBundle, Offer::Tip]),
    ("international_caller", &[Offer::InternationalPack]),
    ("recharged", &[]),
    ("browsing_offers", &[Offer::DataBundle]),
    ("unhappy", &[Offer::Recovery]),
];

/// Parameters that are credited to the balance when the offer is fulfilled.
const CREDITS: [&str; 3] = ["amount", "bonus", "credit"];

#[derive(Clone, Debug)]
pub struct Offers {
    offers: BTreeMap<OfferId, Offer>,
    channels: BTreeMap<ChannelId, Channel>,
    fits: BTreeMap<MomentId, &'static [Offer]>,
    price: ParameterId,
    credits: [ParameterId; 3],
}

/// An offer as the subscriber meets it.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub offer: Offer,
    pub channel: Channel,
    /// It answers what the subscriber was doing.
    pub fits: bool,
    pub price_micros: i64,
    pub credit_micros: i64,
}

impl Offers {
    /// Refuses a policy with a group, a channel or a moment that the model does not know.
    pub fn resolve(policy: &Policy) -> Result<Self, String> {
        let [amount, bonus, credit] = CREDITS;
        let groups: BTreeMap<GroupId, Offer> = known(policy, &GROUPS, "group")?;
        let of_group = |(offer, name): (OfferId, &str)| {
            let group = policy.place_of_offer(offer).and_then(|place| groups.get(&place.group));
            let kind = group.ok_or_else(|| format!("the offer `{name}` is in no known group"))?;
            Ok((offer, *kind))
        };
        Ok(Self {
            offers: policy.names::<OfferId>().map(of_group).collect::<Result<_, String>>()?,
            channels: known(policy, &CHANNELS, "channel")?,
            fits: known(policy, &FITS, "moment")?,
            price: id(policy, "price")?,
            credits: [id(policy, amount)?, id(policy, bonus)?, id(policy, credit)?],
        })
    }

    pub fn terms(&self, offered: &Offered) -> Terms {
        let money = |id: ParameterId| {
            let parameter = offered.parameters.iter().find(|parameter| parameter.id == id);
            match parameter.and_then(|parameter| parameter.value) {
                Some(Value::Money(micros)) => micros,
                _ => 0,
            }
        };
        let offer = self.offers[&offered.offer];
        Terms {
            offer,
            channel: self.channels[&offered.channel],
            fits: offered.moment.is_some_and(|moment| self.fits[&moment].contains(&offer)),
            price_micros: money(self.price),
            credit_micros: self.credits.iter().map(|id| money(*id)).sum(),
        }
    }
}

/// The table by permanent id; every name that the policy has must be in it.
fn known<I: PermanentId + Ord, T: Copy>(
    policy: &Policy,
    table: &[(&str, T)],
    what: &str,
) -> Result<BTreeMap<I, T>, String> {
    policy
        .names::<I>()
        .map(|(id, name)| {
            let entry = table.iter().find(|entry| entry.0 == name);
            let unknown = || format!("the response model does not know the {what} `{name}`");
            entry.map(|entry| (id, entry.1)).ok_or_else(unknown)
        })
        .collect()
}
