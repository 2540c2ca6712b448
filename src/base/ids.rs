//! Permanent identifiers.
//!
//! A name of the policy text (an offer, a feature, a member of an enumeration) has a number that
//! never changes meaning: it comes from the append-only table `policy.ids` beside the text.
//! Hosts resolve names once and keep the numbers; profiles store numbers only. Zero is never
//! handed out, so zeroed memory names nothing.

/// The kinds of names that have permanent ids. Ids are unique within one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Namespace {
    /// An event kind: `call_end`.
    Event = 1,
    /// A field of an event kind: `call_end.minutes`.
    Field = 2,
    /// An attribute, an aggregate or a derived feature: `spend_24h`.
    Feature = 3,
    /// A member of an enumeration: `tariff.gold`.
    Member = 4,
    /// A moment: `low_balance`.
    Moment = 5,
    /// An intent: `buy`.
    Intent = 6,
    /// An issue: `sales`.
    Issue = 7,
    /// A group of offers: `sales.data`.
    Group = 8,
    /// An offer: `data_1gb`.
    Offer = 9,
    /// An offer on a channel: `data_1gb.sms`.
    Treatment = 10,
    /// A channel: `sms`.
    Channel = 11,
    /// A budget: `incentives`.
    Budget = 12,
    /// A parameter of an offer: `price`.
    Parameter = 13,
    /// A content key: `data_1gb_sms`.
    Content = 14,
    /// A pattern: `gave_up`.
    Pattern = 15,
    /// A source of values: `crm`.
    Source = 16,
}

impl Namespace {
    /// Every namespace, in numeric order.
    pub const ALL: [Namespace; 16] = [
        Namespace::Event,
        Namespace::Field,
        Namespace::Feature,
        Namespace::Member,
        Namespace::Moment,
        Namespace::Intent,
        Namespace::Issue,
        Namespace::Group,
        Namespace::Offer,
        Namespace::Treatment,
        Namespace::Channel,
        Namespace::Budget,
        Namespace::Parameter,
        Namespace::Content,
        Namespace::Pattern,
        Namespace::Source,
    ];

    /// The namespace with this number.
    pub fn from_number(number: u32) -> Option<Namespace> {
        Self::ALL.into_iter().find(|n| *n as u32 == number)
    }

    /// The word that `policy.ids` writes.
    pub fn word(self) -> &'static str {
        match self {
            Namespace::Event => "event",
            Namespace::Field => "field",
            Namespace::Feature => "feature",
            Namespace::Member => "member",
            Namespace::Moment => "moment",
            Namespace::Intent => "intent",
            Namespace::Issue => "issue",
            Namespace::Group => "group",
            Namespace::Offer => "offer",
            Namespace::Treatment => "treatment",
            Namespace::Channel => "channel",
            Namespace::Budget => "budget",
            Namespace::Parameter => "parameter",
            Namespace::Content => "content",
            Namespace::Pattern => "pattern",
            Namespace::Source => "source",
        }
    }
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident = $namespace:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub u32);

        impl PermanentId for $name {
            const NAMESPACE: Namespace = Namespace::$namespace;
            fn from_number(number: u32) -> Self {
                $name(number)
            }
            fn number(self) -> u32 {
                self.0
            }
        }
    )*};
}

/// A number that stands for a name of one [`Namespace`] for ever.
pub trait PermanentId: Copy {
    /// The namespace that the number belongs to.
    const NAMESPACE: Namespace;
    /// Wraps a number; whether it names anything is for the policy to say.
    fn from_number(number: u32) -> Self;
    /// The bare number.
    fn number(self) -> u32;
}

id! {
    /// An event kind.
    EventId = Event;
    /// A field of an event kind.
    FieldId = Field;
    /// A feature of the profile.
    FeatureId = Feature;
    /// A member of an enumeration.
    MemberId = Member;
    /// A moment.
    MomentId = Moment;
    /// An intent.
    IntentId = Intent;
    /// An issue.
    IssueId = Issue;
    /// A group of offers.
    GroupId = Group;
    /// An offer.
    OfferId = Offer;
    /// An offer on a channel.
    TreatmentId = Treatment;
    /// A channel.
    ChannelId = Channel;
    /// A budget.
    BudgetId = Budget;
    /// A parameter of an offer.
    ParameterId = Parameter;
    /// A content key.
    ContentId = Content;
    /// A pattern.
    PatternId = Pattern;
    /// A source of values.
    SourceId = Source;
}
