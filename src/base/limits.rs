//! Every limit has a name. A policy that needs more is refused while it is compiled; a message
//! that carries more is refused before anything changes.

/// The largest amount that one event adds to a sum, in the sum's integer units (nine thousand
/// million dollars, in micro-units). Larger ones are cut to it.
pub const SUMMAND_MAX: i64 = 1 << 53;
/// Events in one message.
pub const MESSAGE_EVENTS_MAX: usize = 32;
/// Fields of one event kind.
pub const EVENT_FIELDS_MAX: usize = 16;
/// Bytes of a subscriber key, a session key or a text value.
pub const KEY_BYTES_MAX: usize = 256;
/// Earliest time accepted, in milliseconds since the Unix epoch. Zero is left to mean "never", so
/// that a profile begins as zeros.
pub const TIME_MS_MIN: i64 = 1;
/// Latest time accepted: the end of the year 9999.
pub const TIME_MS_MAX: i64 = 253_402_300_799_999;
/// How far an event's own time may lie after the call's `now`; a message with one further ahead is
/// refused whole. What is ahead by less counts as happening now, so that a clock that runs ahead
/// cannot push live buckets out of a window.
pub const EVENT_AHEAD_MS_MAX: i64 = 60 * 60 * 1000;

/// Cells on the evaluation stack of one expression.
pub const EXPRESSION_STACK_MAX: usize = 16;
/// Operations of one expression.
pub const EXPRESSION_OPS_MAX: usize = 256;
/// Languages of a policy.
pub const LANGUAGES_MAX: usize = 64;
/// Bytes of one text in one language.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the text of one expression.
pub const EXPRESSION_BYTES_MAX: usize = 4_096;
/// Punctuation in the text of one expression: bounds the depth of its syntax tree.
pub const EXPRESSION_SYMBOLS_MAX: usize = 512;
/// Brackets that are open at once in one expression.
pub const EXPRESSION_NESTING_MAX: usize = 24;
/// Levels of the syntax tree of one expression. A debug build needs 6 KiB of stack for each, and a
/// thread may have 2 MiB.
pub const EXPRESSION_DEPTH_MAX: usize = 160;
/// Parts of one expression after macros are unrolled, and of the values that it is folded to.
pub const EXPRESSION_NODES_MAX: usize = 10_000;
/// Derived features that read one another, counted along the longest chain.
pub const DERIVED_DEPTH_MAX: usize = 8;

/// Models of a policy.
pub const MODELS_MAX: usize = 64;
/// Inputs of one model.
pub const MODEL_INPUTS_MAX: usize = 64;
/// Outputs of one model.
pub const MODEL_OUTPUTS_MAX: usize = 8;
/// Bins, or members, of one term of a scorecard.
pub const MODEL_BINS_MAX: usize = 64;
/// Terms of the series that one output of a model sums.
pub const MODEL_SERIES_TERMS_MAX: usize = 2_048;
/// Lifecycles of a policy.
pub const LIFECYCLES_MAX: usize = 8;
/// Stages of one lifecycle.
pub const LIFECYCLE_STAGES_MAX: usize = 32;
/// Transitions of one lifecycle.
pub const LIFECYCLE_TRANSITIONS_MAX: usize = 64;

/// Experiments of a policy, the control groups of issues and groups among them.
pub const EXPERIMENTS_MAX: usize = 64;
/// Experiments that one subscriber can be in at once, of which a decision tells: experiments of one
/// layer exclude each other and count as one.
pub const DECISION_ARMS_MAX: usize = 16;

/// Files of a policy.
pub const SOURCES_MAX: usize = 4_096;
/// Bytes of the text of a policy, in all its files.
pub const SOURCE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a policy artifact.
pub const ARTIFACT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What loading an artifact allocates at most, for each of its bytes: short names are the worst,
/// since each is kept twice and indexed.
pub const ARTIFACT_MEMORY_FACTOR: usize = 64;
/// Bytes of a name: two words of the policy text and what joins them.
pub const NAME_BYTES_MAX: usize = 2 * KEY_BYTES_MAX + 1;
/// Furthest that a zone's clock may be from UTC, in seconds: a day.
pub const ZONE_OFFSET_S_MAX: u32 = 86_400;
/// Highest permanent number: tables are indexed by them.
pub const ID_NUMBER_MAX: u32 = (1 << 24) - 1;
/// Sources of values of a policy, and the highest permanent number of one: it stands in one byte
/// beside each value.
pub const DATA_SOURCES_MAX: usize = 255;
/// Zones of a policy.
pub const ZONES_MAX: usize = 64;
/// Event kinds of a policy.
pub const EVENTS_MAX: usize = 1_024;
/// Members of one enumeration.
pub const MEMBERS_MAX: usize = 4_096;
/// Features of a policy.
pub const FEATURES_MAX: usize = 1_024;
/// Buckets of one window: parts of a rolling one, periods of a calendar one, half-lives.
pub const WINDOW_BUCKETS_MAX: usize = 96;
/// Shortest bucket of a window, and shortest half-life: a minute.
pub const WINDOW_BUCKET_MS_MIN: i64 = 60_000;
/// Longest rolling window: 90 days.
pub const WINDOW_MS_MAX: i64 = 90 * 86_400_000;
/// Longest half-life of a decaying aggregate: a year.
pub const HALF_LIFE_MS_MAX: i64 = 365 * 86_400_000;
/// Periods over which it is remembered whether there was an event.
pub const STREAK_PERIODS_MAX: u16 = 64;
/// Last day of the month on which a billing cycle can begin.
pub const BILL_DAY_MAX: u8 = 31;
/// Registers that a count of different values can have. (Sixteen would miss the standard error that
/// is stated for the others.)
pub const DISTINCT_REGISTERS: [u16; 4] = [32, 64, 128, 256];
/// Bins of one quantile.
pub const QUANTILE_BINS_MAX: usize = 64;
/// Moments of a policy.
pub const MOMENTS_MAX: usize = 1_024;
/// Moments that one message can raise; when more hold, the first by priority stay.
pub const MOMENTS_RAISED_MAX: usize = 8;
/// Moments that one moment supersedes.
pub const SUPERSEDES_MAX: usize = 16;
/// Patterns of a policy.
pub const PATTERNS_MAX: usize = 32;
/// Steps of a sequence.
pub const PATTERN_STEPS_MAX: usize = 3;
/// How many times something may have to happen within a time.
pub const PATTERN_TIMES_WITHIN_MAX: usize = 5;
/// How many times something may have to happen.
pub const PATTERN_TIMES_MAX: usize = 10_000;
/// Longest time of a pattern: 90 days.
pub const PATTERN_MS_MAX: i64 = 90 * 86_400_000;
/// Offers of a policy that fill places which are left.
pub const FALLBACKS_MAX: usize = 32;
/// Offers of a policy.
pub const OFFERS_MAX: usize = 100_000;
/// Issues of a policy.
pub const ISSUES_MAX: usize = 1_024;
/// Groups of a policy, in all its issues.
pub const GROUPS_MAX: usize = 4_096;
/// Contact caps, and as many suppressions, of a policy.
pub const CONTACT_RULES_MAX: usize = 64;
/// Treatments of one offer.
pub const OFFER_TREATMENTS_MAX: usize = 16;
/// Channels of a policy.
pub const CHANNELS_MAX: usize = 64;
/// Budgets of a policy.
pub const BUDGETS_MAX: usize = 64;
/// Budgets that one treatment draws on.
pub const TREATMENT_BUDGETS_MAX: usize = 4;
/// Parameters of one offer.
pub const OFFER_PARAMETERS_MAX: usize = 4;
/// Offers in one decision.
pub const DECISION_OFFERS_MAX: usize = 4;
/// Candidates among which exploration draws.
pub const EXPLORATION_TOP_MAX: usize = 16;

/// Conjunctions that the index keeps of one rule with those it inherits; a rule that has more is
/// asked one by one of the offers that are still there.
pub const INDEX_TERMS_MAX: usize = 8;
/// Bins of one feature in the index.
pub const INDEX_BINS_MAX: usize = 64;
/// Bytes that the rows of the index may take: above it bins get fewer.
pub const INDEX_ROW_BYTES_MAX: usize = 28 * 1024 * 1024;
/// The same for each offer, since rules that thousands of offers inherit are a few bytes of policy.
pub const INDEX_ROW_BYTES_PER_OFFER_MAX: usize = 512;
/// What the index may keep of rules while it is built, for each offer, in ranges of values: offers
/// whose rules are beyond it are asked one by one.
pub const INDEX_RANGES_PER_OFFER_MAX: usize = 96;
/// Patches of the index for each offer: above it the features that need most of them are left out.
pub const INDEX_PATCHES_PER_OFFER_MAX: usize = 16;
/// Offers that answer a moment below which they are asked one by one.
pub const INDEX_CANDIDATES_MIN: usize = 48;

/// Sessions remembered in a profile to recognise retransmissions.
pub const SESSIONS: usize = 4;
/// The same in an account's profile, which hears the sessions of several lines.
pub const ACCOUNT_SESSIONS: usize = 16;
/// Message numbers below the highest that a session remembers one by one.
pub const SESSION_REORDER: u32 = 32;
/// Contacts that the log of a profile can hold, whatever the policy's caps.
pub const CONTACTS_MAX: usize = 64;
/// Offers that are open at once for one subscriber.
pub const OPEN_OFFERS: usize = 6;
/// Older layouts whose profiles a policy migrates.
pub const PREDECESSORS_MAX: usize = 16;
/// Largest profile.
pub const PROFILE_BYTES_MAX: usize = 64 * 1024;

const _: () = {
    // A bit for each experiment says that a decision is about it.
    assert!(EXPERIMENTS_MAX <= u64::BITS as usize);
    assert!(DECISION_OFFERS_MAX <= OPEN_OFFERS);
    assert!(EXPLORATION_TOP_MAX >= DECISION_OFFERS_MAX);
    // Dense indices are u16, with one value to say "none".
    assert!(FEATURES_MAX < u16::MAX as usize);
    assert!(MOMENTS_MAX < u16::MAX as usize);
    assert!(GROUPS_MAX < u16::MAX as usize);
    // An enumeration for each attribute and each event field.
    assert!(FEATURES_MAX + EVENTS_MAX * EVENT_FIELDS_MAX < u16::MAX as usize);
    assert!(SESSION_REORDER == u32::BITS);
    assert!(STREAK_PERIODS_MAX as u32 == u64::BITS);
    // Numbers of buckets are u32.
    assert!(TIME_MS_MAX / WINDOW_BUCKET_MS_MIN < u32::MAX as i64);
    // Beside a value its source and the place of its event stand in a byte each, its time in six.
    assert!(DATA_SOURCES_MAX <= u8::MAX as usize);
    assert!(MESSAGE_EVENTS_MAX <= 1 << u8::BITS);
    assert!(TIME_MS_MAX < 1 << 48);
    // A bit for each pattern says that it has just completed.
    assert!(PATTERNS_MAX <= u32::BITS as usize);
    // A moment's number stands in three bytes of an open offer.
    assert!(ID_NUMBER_MAX < 1 << 24);
};
