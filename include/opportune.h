/*
 * opportune: next-best-offer decisions inside your own charging process.
 *
 * This header is the contract: what is not in it is not part of the interface. It is generated
 * from src/ffi; do not edit it.
 *
 * A program compiles a policy, makes one snapshot, and one local handle for each thread. For each
 * message of a subscriber it reads that subscriber's profile from its own store, calls
 * opportune_decide, and stores the profile that comes out, in the transaction that also stores
 * the balance. examples/c/inline_decision.c is such a program.
 *
 * The rules, for every function unless it says otherwise:
 *
 * - Status. What can fail returns opportune_status. On anything but OPPORTUNE_OK nothing that was
 *   passed in has changed, and nothing is written to any output but a length that is too small.
 *   Besides the statuses that a function names it returns those of bad arguments:
 *   OPPORTUNE_NULL_POINTER, OPPORTUNE_MISALIGNED, OPPORTUNE_BAD_STRUCT_SIZE, OPPORTUNE_BAD_ENUM,
 *   OPPORTUNE_NOT_UTF8, OPPORTUNE_OUT_OF_RANGE; and OPPORTUNE_INTERNAL.
 * - NULL. No pointer may be NULL unless a function says so. Strings, keys and arrays are a
 *   pointer and a length: {NULL, 0} is an empty one, NULL with a length is refused. No string has
 *   or needs a terminating NUL; one inside is data.
 * - Memory. The caller owns what it passes, and the library keeps no pointer to it. Results go to
 *   memory of the caller, which must not overlap any argument but as profile_in and profile_out
 *   may. Handles are made and freed by the library, each with the function that its maker names.
 *   Profiles and other bytes have any alignment; structs and arrays have that of their type.
 * - Structs that begin with struct_size: set it to sizeof the struct, so that programs and
 *   libraries of different versions understand one another. Later versions add at the end only.
 * - Threads. Any number of threads may use a policy or a snapshot at once; a local handle belongs
 *   to one at a time. There is no last error to fetch, no lock, no signal handler and no global
 *   state; only opportune_policy_compile and opportune_policy_compile_files have caches behind
 *   locks, which stay when policies are freed. Functions that do not allocate run on a stack of
 *   16 KiB.
 * - Time is an argument. The library reads no clock, file, socket or environment variable.
 * - Nothing unwinds, exits, aborts or prints. (Functions that say "Allocates" abort the process if
 *   the allocator has nothing left.)
 */


#ifndef OPPORTUNE_H
#define OPPORTUNE_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header; opportune_version_number is the library's. */
#define OPPORTUNE_VERSION_MAJOR 0
#define OPPORTUNE_VERSION_MINOR 1
#define OPPORTUNE_VERSION_PATCH 0
#define OPPORTUNE_VERSION_NUMBER 1000
#define OPPORTUNE_VERSION "0.1.0"

/**
 * Grows by one when a program that was compiled with an older header could no longer use the
 * library; until then libraries can be exchanged.
 */
#define OPPORTUNE_ABI_VERSION 1

/**
 * No value: what it would be computed from is missing.
 */
#define OPPORTUNE_TYPE_NONE 0

/**
 * integer: 0 is false, anything else true.
 */
#define OPPORTUNE_TYPE_BOOL 1

/**
 * integer.
 */
#define OPPORTUNE_TYPE_INT 2

/**
 * number; NaN is refused.
 */
#define OPPORTUNE_TYPE_DOUBLE 3

/**
 * integer: micro-units (millionths) of the policy's currency.
 */
#define OPPORTUNE_TYPE_MONEY 4

/**
 * integer: milliseconds since the Unix epoch.
 */
#define OPPORTUNE_TYPE_TIMESTAMP 5

/**
 * integer: milliseconds.
 */
#define OPPORTUNE_TYPE_DURATION 6

/**
 * member: an id of the namespace OPPORTUNE_NAMESPACE_MEMBER.
 */
#define OPPORTUNE_TYPE_MEMBER 7

/**
 * text: open-set text (an APN, a cell, an app); only its stable hash is kept.
 */
#define OPPORTUNE_TYPE_TEXT 8

/**
 * hash: such text by its hash, which is how it is read back.
 */
#define OPPORTUNE_TYPE_TEXT_HASH 9

/**
 * Events in one message.
 */
#define OPPORTUNE_MESSAGE_EVENTS_MAX 32

/**
 * Fields of one event.
 */
#define OPPORTUNE_EVENT_FIELDS_MAX 16

/**
 * Room for counts by stage; later versions may have more stages than this one.
 */
#define OPPORTUNE_STAGES_MAX 32

/**
 * The message raised no moment: there was nothing to answer.
 */
#define OPPORTUNE_STAGE_NO_MOMENT 0

/**
 * Moments were raised, but no offer answers them.
 */
#define OPPORTUNE_STAGE_NO_CANDIDATE 1

/**
 * The offer or its issue is switched off.
 */
#define OPPORTUNE_STAGE_SWITCHED_OFF 2

/**
 * Outside the dates of the offer.
 */
#define OPPORTUNE_STAGE_NOT_VALID 3

/**
 * The subscriber may not have it.
 */
#define OPPORTUNE_STAGE_NOT_ELIGIBLE 4

/**
 * It is not relevant now.
 */
#define OPPORTUNE_STAGE_NOT_APPLICABLE 5

/**
 * It is not in the subscriber's interest.
 */
#define OPPORTUNE_STAGE_NOT_SUITABLE 6

/**
 * Sales are silenced: an open dispute, a complaint.
 */
#define OPPORTUNE_STAGE_SUPPRESSED 7

/**
 * The subscriber is in the control group.
 */
#define OPPORTUNE_STAGE_IN_CONTROL 8

/**
 * The offer is open already.
 */
#define OPPORTUNE_STAGE_ALREADY_OPEN 9

/**
 * No channel of the offer reaches the subscriber.
 */
#define OPPORTUNE_STAGE_UNREACHABLE 10

/**
 * The subscriber has not agreed to be contacted there.
 */
#define OPPORTUNE_STAGE_NO_CONSENT 11

/**
 * It is night where the subscriber lives.
 */
#define OPPORTUNE_STAGE_QUIET_HOURS 12

/**
 * The subscriber has been contacted often enough.
 */
#define OPPORTUNE_STAGE_CONTACT_CAP 13

/**
 * The lease does not cover it.
 */
#define OPPORTUNE_STAGE_NO_BUDGET 14

/**
 * Its expected value is below the policy's minimum.
 */
#define OPPORTUNE_STAGE_SCORE_TOO_LOW 15

/**
 * Another offer was better.
 */
#define OPPORTUNE_STAGE_OUTRANKED 16

/**
 * It was offered.
 */
#define OPPORTUNE_STAGE_OFFERED 17

/**
 * Outcomes have paused it: it was rejected often enough.
 */
#define OPPORTUNE_STAGE_PAUSED 18

/**
 * A limit excludes it: there are as many of its like as may be.
 */
#define OPPORTUNE_STAGE_EXCLUDED 19

/**
 * Offers in one decision.
 */
#define OPPORTUNE_DECISION_OFFERS_MAX 4

/**
 * Parameters of one offer.
 */
#define OPPORTUNE_OFFER_PARAMETERS_MAX 4

/**
 * Moments that one message can raise.
 */
#define OPPORTUNE_MOMENTS_MAX 8

/**
 * Experiments of which one decision tells.
 */
#define OPPORTUNE_DECISION_ARMS_MAX 16

/**
 * Gets offers.
 */
#define OPPORTUNE_ARM_TREATED 1

/**
 * Gets none but those of exempt kinds, to measure what offers are worth.
 */
#define OPPORTUNE_ARM_CONTROL 2

/**
 * An event kind: "call_end".
 */
#define OPPORTUNE_NAMESPACE_EVENT 1

/**
 * A field of an event kind: "call_end.minutes".
 */
#define OPPORTUNE_NAMESPACE_FIELD 2

/**
 * An attribute, an aggregate or a derived feature: "spend_24h".
 */
#define OPPORTUNE_NAMESPACE_FEATURE 3

/**
 * A member of an enumeration: "tariff.gold".
 */
#define OPPORTUNE_NAMESPACE_MEMBER 4

/**
 * A moment: "low_balance".
 */
#define OPPORTUNE_NAMESPACE_MOMENT 5

/**
 * An intent: "buy".
 */
#define OPPORTUNE_NAMESPACE_INTENT 6

/**
 * An issue: "sales".
 */
#define OPPORTUNE_NAMESPACE_ISSUE 7

/**
 * A group of offers: "sales.data".
 */
#define OPPORTUNE_NAMESPACE_GROUP 8

/**
 * An offer: "data_1gb".
 */
#define OPPORTUNE_NAMESPACE_OFFER 9

/**
 * An offer on a channel: "data_1gb.sms".
 */
#define OPPORTUNE_NAMESPACE_TREATMENT 10

/**
 * A channel: "sms".
 */
#define OPPORTUNE_NAMESPACE_CHANNEL 11

/**
 * A budget: "incentives".
 */
#define OPPORTUNE_NAMESPACE_BUDGET 12

/**
 * A parameter of an offer: "price".
 */
#define OPPORTUNE_NAMESPACE_PARAMETER 13

/**
 * A content key: "data_1gb_sms".
 */
#define OPPORTUNE_NAMESPACE_CONTENT 14

/**
 * A pattern: "gave_up".
 */
#define OPPORTUNE_NAMESPACE_PATTERN 15

/**
 * A source of values: "crm".
 */
#define OPPORTUNE_NAMESPACE_SOURCE 16

/**
 * As the policy says.
 */
#define OPPORTUNE_SWITCH_ON 0

/**
 * Not made, not used, nobody in it.
 */
#define OPPORTUNE_SWITCH_OFF 1

/**
 * Decided in full and reported, never made: offers, issues and the whole policy.
 */
#define OPPORTUNE_SWITCH_SHADOW 2

/**
 * It arrived.
 */
#define OPPORTUNE_OUTCOME_DELIVERED 1

/**
 * It was seen.
 */
#define OPPORTUNE_OUTCOME_SEEN 2

/**
 * The subscriber reacted without deciding.
 */
#define OPPORTUNE_OUTCOME_CLICKED 3

/**
 * The subscriber takes it: what was reserved is committed.
 */
#define OPPORTUNE_OUTCOME_ACCEPTED 4

/**
 * The subscriber does not want it: closed, what is refundable is given back.
 */
#define OPPORTUNE_OUTCOME_REJECTED 5

/**
 * Nobody answered in time: closed, what is refundable is given back.
 */
#define OPPORTUNE_OUTCOME_EXPIRED 6

/**
 * What was accepted has been delivered: closed.
 */
#define OPPORTUNE_OUTCOME_FULFILLED 7

/**
 * What was accepted could not be delivered: closed.
 */
#define OPPORTUNE_OUTCOME_FAILED 8

/**
 * The outcome was credited to the offer.
 */
#define OPPORTUNE_SETTLED_CREDITED 1

/**
 * The offer is no longer open, or never was: counted, not credited.
 */
#define OPPORTUNE_SETTLED_UNATTRIBUTED 2

/**
 * The offer has come at least as far already: a repetition, nothing changed.
 */
#define OPPORTUNE_SETTLED_REPEATED 3

/**
 * It cannot follow on what the offer has come to (fulfilled before accepted): nothing changed.
 */
#define OPPORTUNE_SETTLED_OUT_OF_ORDER 4

/**
 * Offers that are open at once for one subscriber.
 */
#define OPPORTUNE_OPEN_OFFERS_MAX 6

/**
 * Decided and handed to the channel.
 */
#define OPPORTUNE_STATE_OFFERED 1

/**
 * The channel says it arrived.
 */
#define OPPORTUNE_STATE_DELIVERED 2

/**
 * The subscriber has seen it.
 */
#define OPPORTUNE_STATE_SEEN 3

/**
 * The subscriber has reacted without deciding.
 */
#define OPPORTUNE_STATE_CLICKED 4

/**
 * The subscriber has taken it; it waits to be fulfilled.
 */
#define OPPORTUNE_STATE_ACCEPTED 5

/**
 * What one thread owns: what it may spend (a lease), what it has to tell (a delta), and the
 * memory that calls work in. Made for one policy, used by one thread at a time.
 */
typedef struct opportune_local opportune_local;

/**
 * A compiled policy. Immutable: any number of threads may use it at once. It must outlive the
 * calls that get it, nothing else.
 */
typedef struct opportune_policy opportune_policy;

/**
 * What has been learned and set for all subscribers at one instant, made for one policy.
 * Immutable: any number of threads may use it at once.
 */
typedef struct opportune_snapshot opportune_snapshot;

/**
 * What a call came to: OPPORTUNE_OK, or why it was refused. The numbers are frozen; later
 * versions add new ones at the end, so treat an unknown number as a refusal.
 *
 * Whatever the refusal, nothing that was passed in has changed and nothing was written to any
 * output, except where a function says that it reports a length.
 */
typedef int32_t opportune_status;

/**
 * Bytes, or text without a terminating NUL. {NULL, 0} is empty; NULL with a length is refused.
 * The bytes are read during the call only. This shape is frozen.
 */
typedef struct {
    /**
     * Where they begin; any alignment.
     */
    const void *ptr;
    /**
     * How many.
     */
    size_t len;
} opportune_bytes;

/**
 * A file of a policy's text. This shape is frozen.
 */
typedef struct {
    /**
     * What messages call it: a file name in UTF-8. One that ends in ".json" is JSON.
     */
    opportune_bytes name;
    /**
     * TOML, or JSON if it begins with a brace, in UTF-8.
     */
    opportune_bytes text;
} opportune_source;

/**
 * What went past a profile. Counts begin with it, never fall, and stop at UINT32_MAX. Set
 * struct_size; the rest is written by the call.
 */
typedef struct {
    /**
     * sizeof(opportune_health).
     */
    size_t struct_size;
    /**
     * Events, and backfilled values, that came too late for at least one of their windows, and
     * were left out there. A window takes what is within its own length of the newest event that
     * it has seen.
     */
    uint32_t late_events;
    /**
     * Message numbers that were skipped within a session, and had not come when 32 higher ones
     * had passed or when the session was forgotten.
     */
    uint32_t sequence_gaps;
    /**
     * Sessions forgotten to make room: of those a retransmission would not be recognised.
     */
    uint32_t evicted_sessions;
    /**
     * Open offers closed to make room for newer ones.
     */
    uint32_t crowded_out_offers;
    /**
     * The revision: one more after each call that changed the profile.
     */
    uint64_t revision;
    /**
     * The latest now_ms of any call; 0 before the first.
     */
    int64_t latest_now_ms;
} opportune_health;

/**
 * What a value holds; its type says which member counts. This shape is frozen.
 */
typedef union {
    /**
     * OPPORTUNE_TYPE_BOOL, _INT, _MONEY, _TIMESTAMP, _DURATION.
     */
    int64_t integer;
    /**
     * OPPORTUNE_TYPE_DOUBLE.
     */
    double number;
    /**
     * OPPORTUNE_TYPE_MEMBER.
     */
    uint32_t member;
    /**
     * OPPORTUNE_TYPE_TEXT.
     */
    opportune_bytes text;
    /**
     * OPPORTUNE_TYPE_TEXT_HASH.
     */
    uint64_t hash;
} opportune_data;

/**
 * A typed value and what it is the value of. This shape is frozen.
 */
typedef struct {
    /**
     * The field of an event, the feature, or the parameter of an offer.
     */
    uint32_t id;
    /**
     * One of OPPORTUNE_TYPE_...
     */
    uint32_t type;
    /**
     * The value itself.
     */
    opportune_data data;
} opportune_value;

/**
 * A dated value of one feature, for opportune_backfill. This shape is frozen.
 */
typedef struct {
    /**
     * As of when, in milliseconds since the Unix epoch.
     */
    int64_t time_ms;
    /**
     * The value; its id is of OPPORTUNE_NAMESPACE_FEATURE.
     */
    opportune_value value;
    /**
     * Of a mean the number of events, of a share the whole, of a quantile how often the value
     * occurred; its id does not matter. Otherwise OPPORTUNE_TYPE_NONE.
     */
    opportune_value among;
    /**
     * The zone whose calendar places it: the member id of its name. 0: the subscriber's own, or
     * the policy's default.
     */
    uint32_t zone;
    /**
     * Where the value comes from: an id of OPPORTUNE_NAMESPACE_SOURCE, or 0 for no source. Of two
     * values of one time, the one whose source has the higher rank stands.
     */
    uint32_t source;
    /**
     * Which of the values of one time and source it is: the higher comes later. 0 if nobody counts.
     */
    uint32_t sequence;
} opportune_dated;

/**
 * A timestamped fact. This shape is frozen.
 */
typedef struct {
    /**
     * What kind of fact: an id of OPPORTUNE_NAMESPACE_EVENT.
     */
    uint32_t kind;
    /**
     * When it happened, in milliseconds since the Unix epoch: places it in windows. At most an
     * hour after the message's now_ms.
     */
    int64_t time_ms;
    /**
     * The fields that are known, in any order, each at most once; their ids are of
     * OPPORTUNE_NAMESPACE_FIELD.
     */
    const opportune_value *fields;
    /**
     * How many fields, at most OPPORTUNE_EVENT_FIELDS_MAX.
     */
    size_t field_count;
} opportune_event;

/**
 * One message of the charging protocol: what happened to one subscriber, as one unit that is
 * recognised when it is transmitted again. Zero it, set struct_size, then what is known.
 */
typedef struct {
    /**
     * sizeof(opportune_message).
     */
    size_t struct_size;
    /**
     * The line being decided for: 1 to 256 bytes, for example its MSISDN. Of a message for an
     * account's profile, the account's key.
     */
    opportune_bytes subscriber;
    /**
     * What numbers are counted in: Diameter's Session-Id, Nchf's ChargingDataRef. Empty for a
     * message that cannot be retransmitted; such a message is never taken for a repetition.
     */
    opportune_bytes session;
    /**
     * The time of the call, in milliseconds since the Unix epoch. Rules, caps, quiet hours and
     * expiry follow it; the library reads no clock.
     */
    int64_t now_ms;
    /**
     * What happened; none for a tick.
     */
    const opportune_event *events;
    /**
     * How many events, at most OPPORTUNE_MESSAGE_EVENTS_MAX.
     */
    size_t event_count;
    /**
     * The message's number within its session: CC-Request-Number, invocationSequenceNumber.
     */
    uint32_t number;
    /**
     * The zone whose clock rules follow: the member id of its name. 0: the subscriber's own, or
     * the policy's default. May lie behind struct_size, then it is 0.
     */
    uint32_t zone;
    /**
     * The profile of the account that pays for the line, as it lies, for rules to read: it is never
     * changed, and may not overlap profile_out. Empty where the host knows none: what accounts hold
     * is missing then. Not looked at when the message is taken into an account's own profile. May
     * lie behind struct_size, then it is empty.
     */
    opportune_bytes account;
} opportune_message;

/**
 * What the caller asks for. Zeros, or NULL in its place, ask for an outbound decision.
 */
typedef struct {
    /**
     * sizeof(opportune_context).
     */
    size_t struct_size;
    /**
     * Inbound: the id of the channel that the subscriber is using and that asks. Such an answer
     * is no contact: consent to be contacted, quiet hours and caps do not bind it. 0: outbound.
     */
    uint32_t channel;
    /**
     * Inbound: how many offers the channel has room for, at most OPPORTUNE_DECISION_OFFERS_MAX.
     * Outbound makes at most one.
     */
    uint32_t slots;
    /**
     * Replaces the seed of draws if has_seed is not 0; else it follows the message, so that a
     * repeated message decides alike. May lie behind struct_size, with has_seed.
     */
    uint64_t seed;
    /**
     * Whether seed counts.
     */
    uint32_t has_seed;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} opportune_context;

/**
 * An offer that a decision makes. This shape is frozen.
 */
typedef struct {
    /**
     * What is offered.
     */
    uint32_t offer;
    /**
     * In which form.
     */
    uint32_t treatment;
    /**
     * Where.
     */
    uint32_t channel;
    /**
     * Which text or picture says it.
     */
    uint32_t content;
    /**
     * The moment that it answers. 0: none, it fills a place that is left.
     */
    uint32_t moment;
    /**
     * How many parameters.
     */
    uint32_t parameter_count;
    /**
     * Expected value in micro-units of money; what offers are ranked by.
     */
    double score;
    /**
     * The probability that it is accepted, as the snapshot knows it.
     */
    double propensity;
    /**
     * The probability with which this offer was chosen for its place, given the places before.
     */
    double probability;
    /**
     * Until when it can be taken, in milliseconds since the Unix epoch.
     */
    int64_t expires_ms;
    /**
     * The decision that made it, which outcomes name: this one; or, in the answer to a channel
     * that asks, the earlier one that made an offer which is open still.
     */
    uint64_t decision;
    /**
     * Its place among the offers of the decision that made it, which outcomes name.
     */
    uint32_t slot;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Values for the content, in the order of the policy; one that the profile lacks the data
     * for has OPPORTUNE_TYPE_NONE.
     */
    opportune_value parameters[OPPORTUNE_OFFER_PARAMETERS_MAX];
} opportune_offered;

/**
 * A moment that is true now. This shape is frozen.
 */
typedef struct {
    /**
     * Which moment.
     */
    uint32_t id;
    /**
     * What the subscriber wants in it.
     */
    uint32_t intent;
    /**
     * How pronounced it is, 0 to 1.
     */
    double strength;
    /**
     * How soon the answer must come to be of use, 0 to 1.
     */
    double urgency;
    /**
     * Until when it counts, in milliseconds since the Unix epoch.
     */
    int64_t expires_ms;
    /**
     * 1: an earlier message raised it, and it is still active. 0: this one did.
     */
    uint32_t earlier;
    /**
     * 0.
     */
    uint32_t reserved;
} opportune_moment;

/**
 * The arm of an experiment that the subscriber is in. This shape is frozen.
 */
typedef struct {
    /**
     * Which experiment: the feature called "experiment." and its name, or "control." and the name
     * of the issue or group.
     */
    uint32_t experiment;
    /**
     * Which arm: the member of that feature.
     */
    uint32_t arm;
} opportune_assignment;

/**
 * An offer in shadow that would have been made. This shape is frozen.
 */
typedef struct {
    /**
     * What would have been offered.
     */
    uint32_t offer;
    /**
     * In which form.
     */
    uint32_t treatment;
    /**
     * The moment that it would have answered; 0 where only a channel asked.
     */
    uint32_t moment;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Expected value in micro-units of money; what offers are ranked by.
     */
    double score;
    /**
     * The probability with which it would have been chosen for its place.
     */
    double probability;
} opportune_shadow_offer;

/**
 * The answer to a message: offers in order, or none with the reason. Set struct_size; the rest
 * is written by the call.
 */
typedef struct {
    /**
     * sizeof(opportune_decision).
     */
    size_t struct_size;
    /**
     * Stands for this decision in outcomes, logs and open offers: the same for every
     * transmission of the message. Never 0.
     */
    uint64_t id;
    /**
     * The revision of the profile that the call wrote (or kept, if repeated).
     */
    uint64_t revision;
    /**
     * When to call opportune_tick for this subscriber, unless a message comes before that, in
     * milliseconds since the Unix epoch: a pattern waits for something not to happen, a moment is
     * due, or an offer waits for the end of quiet hours. It stands in place of what earlier
     * decisions said; a time that has come stays until the tick. 0: no need.
     */
    int64_t next_call_ms;
    /**
     * 1: the message had been decided before; nothing has changed, nothing is offered again.
     */
    uint32_t repeated;
    /**
     * 1: a budget of the lease is nearly used up; ask for more.
     */
    uint32_t lease_low;
    /**
     * One of OPPORTUNE_ARM_...: the subscriber's arm of the universal control group experiment. 0
     * when no moment was raised, and the arms are treated alike.
     */
    uint32_t arm;
    /**
     * One of OPPORTUNE_STAGE_...: the furthest that any candidate came. OPPORTUNE_STAGE_OFFERED
     * when there are offers, else why there are none.
     */
    uint32_t furthest;
    /**
     * How many offers there are.
     */
    uint32_t offer_count;
    /**
     * How many moments the message raised or found active.
     */
    uint32_t moment_count;
    /**
     * What to offer: to a channel that asks first what is open for the subscriber already, then
     * what is new, best first, then what fills the places that are left.
     */
    opportune_offered offers[OPPORTUNE_DECISION_OFFERS_MAX];
    /**
     * How many candidates fell out at each stage. Written as far as struct_size reaches.
     */
    uint32_t stages[OPPORTUNE_STAGES_MAX];
    /**
     * The moments, first by priority. Written as far as struct_size reaches.
     */
    opportune_moment moments[OPPORTUNE_MOMENTS_MAX];
    /**
     * How many arms there are.
     */
    uint32_t assignment_count;
    /**
     * How many offers in shadow there are.
     */
    uint32_t shadow_count;
    /**
     * The subscriber's arms of the experiments, and of the control groups of issues and groups,
     * that can have changed this decision. Written as far as struct_size reaches.
     */
    opportune_assignment assignments[OPPORTUNE_DECISION_ARMS_MAX];
    /**
     * What would have been offered, but is in shadow: nothing to deliver. Written as far as
     * struct_size reaches.
     */
    opportune_shadow_offer shadows[OPPORTUNE_DECISION_OFFERS_MAX];
    /**
     * 1: the subscriber is one of the policy's test_subscribers. Quiet hours, caps, control groups
     * and budgets did not bind it (consent did), nothing was taken from the lease, and nothing of
     * it enters a delta.
     */
    uint32_t test;
    /**
     * 0.
     */
    uint32_t reserved;
} opportune_decision;

/**
 * What became of an offer, as a channel reports it. Zero it, set struct_size, then the rest.
 */
typedef struct {
    /**
     * sizeof(opportune_outcome).
     */
    size_t struct_size;
    /**
     * The line that the offer was made to.
     */
    opportune_bytes subscriber;
    /**
     * The decision that made it.
     */
    uint64_t decision;
    /**
     * The time of the call, in milliseconds since the Unix epoch.
     */
    int64_t now_ms;
    /**
     * One of OPPORTUNE_OUTCOME_...
     */
    uint32_t kind;
    /**
     * Its place among that decision's offers, from 0. May lie behind struct_size, then it is 0.
     */
    uint32_t slot;
} opportune_outcome;

/**
 * What settling an outcome came to. Set struct_size; the rest is written by the call.
 */
typedef struct {
    /**
     * sizeof(opportune_settled).
     */
    size_t struct_size;
    /**
     * One of OPPORTUNE_SETTLED_...
     */
    uint32_t result;
    /**
     * The offer that was credited; 0 if none was.
     */
    uint32_t offer;
    /**
     * In which form it had been made. Written as far as struct_size reaches.
     */
    uint32_t treatment;
    /**
     * Always 0.
     */
    uint32_t reserved;
    /**
     * When to call opportune_tick for this subscriber, as in a decision: at once if the outcome
     * raised a moment, such as a fulfilment that failed; 0: no need. Written as far as
     * struct_size reaches.
     */
    int64_t next_call_ms;
} opportune_settled;

/**
 * An offer that is open for a subscriber, for any channel to show. This shape is frozen.
 */
typedef struct {
    /**
     * The decision that made it.
     */
    uint64_t decision;
    /**
     * When, in milliseconds since the Unix epoch.
     */
    int64_t made_ms;
    /**
     * Until when it can be taken.
     */
    int64_t expires_ms;
    /**
     * The probability with which it was chosen.
     */
    double probability;
    /**
     * Its place among that decision's offers, from 0.
     */
    uint32_t slot;
    /**
     * What was offered.
     */
    uint32_t offer;
    /**
     * In which form.
     */
    uint32_t treatment;
    /**
     * Where.
     */
    uint32_t channel;
    /**
     * One of OPPORTUNE_STATE_...: how far it has come. It only moves forward.
     */
    uint32_t state;
    /**
     * How many parameters; 0 when the policy has changed the offer's terms since.
     */
    uint32_t parameter_count;
    /**
     * The terms it was made on, in the order of the policy; type OPPORTUNE_TYPE_NONE for a value
     * that was missing.
     */
    opportune_value parameters[OPPORTUNE_OFFER_PARAMETERS_MAX];
} opportune_open_offer;

/**
 * The call did what it says.
 */
#define OPPORTUNE_OK 0

/**
 * The profile is shorter or longer than its policy's profiles are.
 */
#define OPPORTUNE_PROFILE_LENGTH 1

/**
 * The bytes do not begin as a profile does, or were written by another format version.
 */
#define OPPORTUNE_PROFILE_FORMAT 2

/**
 * The checksum of the profile does not match: bytes were changed or lost.
 */
#define OPPORTUNE_PROFILE_CHECKSUM 3

/**
 * The profile was written under a policy with another layout.
 */
#define OPPORTUNE_PROFILE_LAYOUT 4

/**
 * The profile is another subscriber's.
 */
#define OPPORTUNE_PROFILE_SUBSCRIBER 5

/**
 * The profile is not at the expected revision: someone else wrote it. Read it again and retry.
 */
#define OPPORTUNE_PROFILE_REVISION 6

/**
 * The buffer for the new profile is shorter than opportune_policy_profile_bytes says.
 */
#define OPPORTUNE_OUTPUT_TOO_SMALL 7

/**
 * The local handle was made for another policy.
 */
#define OPPORTUNE_SCRATCH_MISMATCH 8

/**
 * The snapshot was made for another policy.
 */
#define OPPORTUNE_SNAPSHOT_MISMATCH 9

/**
 * The local handle, or the delta, was made for another policy.
 */
#define OPPORTUNE_LEASE_MISMATCH 10

/**
 * The subscriber key is empty, or a key is longer than 256 bytes.
 */
#define OPPORTUNE_BAD_KEY 11

/**
 * A time lies outside 1970 to 9999, or an event too far after the call's now_ms.
 */
#define OPPORTUNE_BAD_TIME 12

/**
 * More events than OPPORTUNE_MESSAGE_EVENTS_MAX.
 */
#define OPPORTUNE_TOO_MANY_EVENTS 13

/**
 * The policy has no such event kind.
 */
#define OPPORTUNE_UNKNOWN_EVENT 14

/**
 * The event kind has no such field, or the field is given twice.
 */
#define OPPORTUNE_UNKNOWN_FIELD 15

/**
 * A value has another type than its field or feature, or is not a number.
 */
#define OPPORTUNE_VALUE_TYPE 16

/**
 * The policy has no such feature, or it cannot be set from outside.
 */
#define OPPORTUNE_UNKNOWN_FEATURE 17

/**
 * The policy has no such channel.
 */
#define OPPORTUNE_UNKNOWN_CHANNEL 18

/**
 * The policy has no such zone.
 */
#define OPPORTUNE_UNKNOWN_ZONE 19

/**
 * Bytes of a snapshot, a delta or a policy artifact are malformed, cut or of another version.
 */
#define OPPORTUNE_MALFORMED 20

/**
 * The delta was merged before, or one before it was not.
 */
#define OPPORTUNE_DELTA_SEQUENCE 21

/**
 * A channel asks for no offer, or for more than a decision can hold.
 */
#define OPPORTUNE_BAD_SLOTS 22

/**
 * More moments than a message can raise, one that the policy lacks, or one that has expired.
 */
#define OPPORTUNE_BAD_MOMENTS 23

/**
 * The policy has no such source.
 */
#define OPPORTUNE_UNKNOWN_SOURCE 24

/**
 * A backfilled total or count is more than one bucket of its feature can take.
 */
#define OPPORTUNE_BAD_TOTAL 25

/**
 * The profile is an account's where a line's is needed, or a feature is not of the profile that it
 * is to be written to.
 */
#define OPPORTUNE_PROFILE_HOLDER 26

/**
 * The account's profile is shorter or longer than its policy's are.
 */
#define OPPORTUNE_ACCOUNT_LENGTH 27

/**
 * The bytes given as the account's do not begin as a profile does, or were written by another
 * format version.
 */
#define OPPORTUNE_ACCOUNT_FORMAT 28

/**
 * The checksum of the account's profile does not match: bytes were changed or lost.
 */
#define OPPORTUNE_ACCOUNT_CHECKSUM 29

/**
 * The bytes given as the account's are a line's profile, or of a layout of accounts that is neither
 * this policy's nor one that it succeeds.
 */
#define OPPORTUNE_ACCOUNT_LAYOUT 30

/**
 * A pointer is NULL that may not be.
 */
#define OPPORTUNE_NULL_POINTER 100

/**
 * A buffer or array is too short; the length that is needed has been reported.
 */
#define OPPORTUNE_TOO_SMALL 101

/**
 * The struct_size of a struct is none that any version has.
 */
#define OPPORTUNE_BAD_STRUCT_SIZE 102

/**
 * A number that stands for a choice (a namespace, a type, an outcome) is none of them.
 */
#define OPPORTUNE_BAD_ENUM 103

/**
 * A text is not UTF-8.
 */
#define OPPORTUNE_NOT_UTF8 104

/**
 * profile_in and profile_out overlap without being the same memory.
 */
#define OPPORTUNE_OVERLAP 105

/**
 * The policy text or its id table has mistakes; the message says which.
 */
#define OPPORTUNE_COMPILE_FAILED 106

/**
 * A defect of the library, please report it. The handles that the call got may only be freed.
 */
#define OPPORTUNE_INTERNAL 107

/**
 * A struct, an array or a result pointer is not aligned as its type needs.
 */
#define OPPORTUNE_MISALIGNED 108

/**
 * A number or a length is outside its range.
 */
#define OPPORTUNE_OUT_OF_RANGE 109

/**
 * The policy has no such name or id in that namespace.
 */
#define OPPORTUNE_UNKNOWN_NAME 110

/**
 * Memory for a growing buffer could not be had.
 */
#define OPPORTUNE_OUT_OF_MEMORY 111

/**
 * The artifact is of another version than this library reads: compile the policy text again.
 */
#define OPPORTUNE_ARTIFACT_VERSION 112

/**
 * The policy cannot take over the profiles of an older one: another salt, a permanent number that
 * stands for two things, or too many layouts.
 */
#define OPPORTUNE_SUCCESSION 113

/**
 * The JSON of a profile has a mistake; the message says which key and why.
 */
#define OPPORTUNE_IMPORT_FAILED 114

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library as one number, major * 1000000 + minor * 1000 + patch: compare it
 * with OPPORTUNE_VERSION_NUMBER, the header's.
 */
uint32_t opportune_version_number(void);

/**
 * The version of the library as static, NUL-terminated text, such as "1.2.3". Never NULL.
 */
const char *opportune_version(void);

/**
 * The library's OPPORTUNE_ABI_VERSION: a program whose header says another number must not go
 * on.
 */
uint32_t opportune_abi_version(void);

/**
 * One line for people about a status: what is wrong and what to do. Static, NUL-terminated
 * English; never NULL, "unknown status" for a number that this version does not have.
 */
const char *opportune_status_message(opportune_status status);

/**
 * A few words for people about one of OPPORTUNE_STAGE_..., such as "contact cap". Static,
 * NUL-terminated English; never NULL, "unknown stage" for a number that this version does not
 * have.
 */
const char *opportune_stage_words(uint32_t stage);

/**
 * Compiles a policy from its text.
 *
 * name is what messages call the text (a file name, UTF-8); text is TOML, or JSON if the name ends
 * in ".json" or the text begins with a brace; ids is the table of permanent numbers that is
 * stored beside it (UTF-8; empty for a policy that has none yet). On success *policy is a handle
 * that the caller frees with opportune_policy_free. If names were new, the table has grown: store
 * what opportune_policy_ids gives before using the policy, or the numbers will mean something
 * else another time.
 *
 * On OPPORTUNE_COMPILE_FAILED, message gets every mistake with its line and column, as UTF-8
 * text without NUL for people, cut if it is longer than message_capacity; *message_length is
 * its full length. On OPPORTUNE_OK the same is told of what the policy says and cannot mean:
 * warnings, often none. On any other status *message_length is 0. message may be NULL if
 * message_capacity is 0; message_length may be NULL.
 *
 * Allocates, takes milliseconds or more, and needs an ordinary stack: for start-up, not for the
 * rating thread. Any thread.
 */
opportune_status opportune_policy_compile(const char *name,
                                          size_t name_len,
                                          const void *text,
                                          size_t text_len,
                                          const char *ids,
                                          size_t ids_len,
                                          opportune_policy **policy,
                                          char *message,
                                          size_t message_capacity,
                                          size_t *message_length);

/**
 * Loads a policy from an artifact, the bytes that opportune_policy_save or the command
 * "opportune compile" wrote. It decides as the policy that was saved, to the bit; profiles,
 * snapshots and deltas of one are those of the other. On success *policy is a handle that the
 * caller frees with opportune_policy_free; bytes may be freed or changed. Whatever the bytes are,
 * they are checked before they are believed: OPPORTUNE_MALFORMED if they are no artifact, or
 * not a sound one; OPPORTUNE_ARTIFACT_VERSION if they are of another version than this library
 * reads.
 *
 * Allocates, a small multiple of the bytes: for start-up, not for the rating thread. Any thread.
 */
opportune_status opportune_policy_load(const void *bytes,
                                       size_t bytes_len,
                                       opportune_policy **policy);

/**
 * Writes a policy as an artifact: versioned, checksummed bytes for opportune_policy_load; equal
 * policies give equal bytes. buffer gets them and *length their number; if that is more than
 * capacity, OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and buffer is untouched
 * (it may be NULL if capacity is 0).
 *
 * Allocates: for start-up, not for the rating thread. Any thread.
 */
opportune_status opportune_policy_save(const opportune_policy *policy,
                                       uint8_t *buffer,
                                       size_t capacity,
                                       size_t *length);

/**
 * Makes a policy that decides as the given one and takes over profiles that were written under
 * count older ones, and under what those succeed themselves: any call that meets such a profile
 * brings it to the new layout first. On success *successor is a handle that the caller frees
 * with opportune_policy_free; it has a fingerprint of its own, so snapshots and local handles are
 * made for it. OPPORTUNE_SUCCESSION if the profiles would be misread: another salt, a
 * permanent number that stands for two things, or too many layouts. The command
 * "opportune compile --succeeds" does the same, and says what becomes of what profiles hold.
 *
 * Allocates: for start-up, not for the rating thread. Any thread.
 */
opportune_status opportune_policy_succeeding(const opportune_policy *policy,
                                             const opportune_policy *const *older,
                                             size_t count,
                                             opportune_policy **successor);

/**
 * Frees a policy. NULL is allowed and does nothing. No call may be using it; snapshots, local
 * handles and profiles that were made for it stay valid and work with an equal policy.
 */
void opportune_policy_free(opportune_policy *policy);

/**
 * Writes the table of permanent numbers, to be stored beside the policy text. buffer gets UTF-8
 * text without NUL and *length its length; if that is more than capacity, OPPORTUNE_TOO_SMALL is
 * returned, *length is what is needed, and buffer is untouched (it may be NULL if capacity is 0).
 * A policy that was loaded from an artifact has no table, and the text is empty.
 *
 * Does not allocate. Any thread.
 */
opportune_status opportune_policy_ids(const opportune_policy *policy,
                                      char *buffer,
                                      size_t capacity,
                                      size_t *length);

/**
 * Writes the bytes of one subscriber's profile to *bytes: the same for all subscribers.
 *
 * Does not allocate. Any thread.
 */
opportune_status opportune_policy_profile_bytes(const opportune_policy *policy, size_t *bytes);

/**
 * Writes the bytes of one account's profile to *bytes: the same for all accounts, 0 for a policy
 * that keeps nothing of accounts.
 *
 * Does not allocate. Any thread.
 */
opportune_status opportune_policy_account_bytes(const opportune_policy *policy,
                                                size_t *bytes);

/**
 * Writes the permanent id of a name to *id; never 0. space is one of OPPORTUNE_NAMESPACE_...,
 * name is UTF-8. Fields, members, groups and treatments are named with what they belong to:
 * "call_end.minutes". OPPORTUNE_UNKNOWN_NAME if the policy has no such name.
 *
 * Allocates: resolve names once, at start-up. Any thread.
 */
opportune_status opportune_policy_id(const opportune_policy *policy,
                                     uint32_t space,
                                     const char *name,
                                     size_t name_len,
                                     uint32_t *id);

/**
 * Writes the name of a permanent id, the reverse of opportune_policy_id. buffer gets UTF-8 text
 * without NUL and *length its length; if that is more than capacity, OPPORTUNE_TOO_SMALL is
 * returned, *length is what is needed, and buffer is untouched (it may be NULL if capacity is 0).
 * OPPORTUNE_UNKNOWN_NAME if the policy has no such id.
 *
 * Does not allocate. Any thread.
 */
opportune_status opportune_policy_name(const opportune_policy *policy,
                                       uint32_t space,
                                       uint32_t id,
                                       char *buffer,
                                       size_t capacity,
                                       size_t *length);

/**
 * Compiles a policy from several files, as opportune_policy_compile does from one: their sections
 * are put together in the order of the files. What a file includes is for the caller to find and
 * pass; nothing is read here.
 *
 * Allocates, takes milliseconds or more, and needs an ordinary stack: for start-up, not for the
 * rating thread. Any thread.
 */
opportune_status opportune_policy_compile_files(const opportune_source *sources,
                                                size_t source_count,
                                                const char *ids,
                                                size_t ids_len,
                                                opportune_policy **policy,
                                                char *message,
                                                size_t message_capacity,
                                                size_t *message_length);

/**
 * Makes the snapshot before anything has been learned: the policy's priors, nothing scarce,
 * everything switched on. On success *snapshot is a handle that the caller frees with
 * opportune_snapshot_free.
 *
 * Allocates. Any thread.
 */
opportune_status opportune_snapshot_initial(const opportune_policy *policy,
                                            opportune_snapshot **snapshot);

/**
 * Frees a snapshot. NULL is allowed and does nothing. No call may be using it.
 */
void opportune_snapshot_free(opportune_snapshot *snapshot);

/**
 * Writes a snapshot as versioned, checksummed bytes; equal snapshots give equal bytes. buffer
 * gets them and *length their number; if that is more than capacity, OPPORTUNE_TOO_SMALL is
 * returned, *length is what is needed, and buffer is untouched (it may be NULL if capacity is 0).
 *
 * Allocates. Any thread.
 */
opportune_status opportune_snapshot_to_bytes(const opportune_snapshot *snapshot,
                                             uint8_t *buffer,
                                             size_t capacity,
                                             size_t *length);

/**
 * Reads what opportune_snapshot_to_bytes wrote under an equal policy. On success *snapshot is a
 * handle that the caller frees with opportune_snapshot_free. OPPORTUNE_MALFORMED,
 * OPPORTUNE_SNAPSHOT_MISMATCH.
 *
 * Allocates. Any thread.
 */
opportune_status opportune_snapshot_from_bytes(const opportune_policy *policy,
                                               const uint8_t *bytes,
                                               size_t bytes_len,
                                               opportune_snapshot **snapshot);

/**
 * Makes the snapshot after a delta, the bytes that opportune_delta_take wrote. The old snapshot
 * stays as it is. On success *next is a handle that the caller frees with
 * opportune_snapshot_free. Apply the deltas of each node in the order of their sequence:
 * OPPORTUNE_DELTA_SEQUENCE if this one, or a later one of its node, went in before.
 * OPPORTUNE_MALFORMED, OPPORTUNE_SNAPSHOT_MISMATCH, OPPORTUNE_LEASE_MISMATCH.
 *
 * Allocates; meant for a clock of its own, not for every message. Any thread.
 */
opportune_status opportune_snapshot_advance(const opportune_policy *policy,
                                            const opportune_snapshot *snapshot,
                                            const uint8_t *delta,
                                            size_t delta_len,
                                            opportune_snapshot **next);

/**
 * Makes the snapshot with one switch in another position; the old snapshot stays as it is. name_space
 * says what id is: OPPORTUNE_NAMESPACE_OFFER, _ISSUE, _CHANNEL or, for an experiment or a control
 * group, _FEATURE (the feature called "experiment." and its name); 0, with id 0, is the whole
 * policy. state is one of OPPORTUNE_SWITCH_...; channels and experiments have no shadow, and the
 * policy is on or in shadow. On success *next is a handle that the caller frees with
 * opportune_snapshot_free. OPPORTUNE_OUT_OF_RANGE: nothing of that kind has this id, or not this
 * state.
 *
 * Allocates. Any thread.
 */
opportune_status opportune_snapshot_switch(const opportune_policy *policy,
                                           const opportune_snapshot *snapshot,
                                           uint32_t name_space,
                                           uint32_t id,
                                           uint32_t state,
                                           opportune_snapshot **next);

/**
 * Makes what one thread owns: a lease of nothing, an empty delta, and the memory that calls work
 * in, so that they do not allocate. One for each thread: calls that get the same handle must not
 * run at once. On success *local is a handle that the caller frees with opportune_local_free.
 *
 * node, epoch and sequence say where the first delta comes from. Give each handle of the whole
 * installation a node number of its own; after a restart that lost the sequence, a higher epoch;
 * and a sequence from 1, which each opportune_delta_take counts up.
 *
 * OPPORTUNE_OUT_OF_RANGE for a sequence of 0. Allocates. Any thread.
 */
opportune_status opportune_local_new(const opportune_policy *policy,
                                     uint32_t node,
                                     uint32_t epoch,
                                     uint64_t sequence,
                                     opportune_local **local);

/**
 * Frees a local handle, with what is left of its lease and what its delta has not told. NULL is
 * allowed and does nothing. No call may be using it.
 */
void opportune_local_free(opportune_local *local);

/**
 * Adds to what this thread may spend of a budget without asking, as quota is granted in charging:
 * micro-units of a money budget, pieces of another. A negative amount takes back what is left,
 * never below zero. An offer that draws on a budget is made only if the lease covers it.
 *
 * OPPORTUNE_UNKNOWN_NAME if the policy has no such budget; OPPORTUNE_LEASE_MISMATCH. Does not
 * allocate. The thread that owns the handle.
 */
opportune_status opportune_lease_grant(const opportune_policy *policy,
                                       opportune_local *local,
                                       uint32_t budget,
                                       int64_t amount);

/**
 * Writes what is left of a budget to *left, in the units of opportune_lease_grant.
 *
 * OPPORTUNE_UNKNOWN_NAME if the policy has no such budget; OPPORTUNE_LEASE_MISMATCH. Does not
 * allocate. The thread that owns the handle.
 */
opportune_status opportune_lease_left(const opportune_policy *policy,
                                      const opportune_local *local,
                                      uint32_t budget,
                                      int64_t *left);

/**
 * Takes the delta: what happened on this thread since the last one, as versioned, checksummed
 * bytes for opportune_snapshot_advance, and begins the next one, whose sequence is one higher.
 * Keep the bytes until they are applied: the handle has forgotten them. buffer gets them and
 * *length their number, which is the same for all deltas of a policy; if it is more than
 * capacity, OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and nothing was taken
 * (buffer may be NULL if capacity is 0).
 *
 * Allocates. The thread that owns the handle.
 */
opportune_status opportune_delta_take(opportune_local *local,
                                      uint8_t *buffer,
                                      size_t capacity,
                                      size_t *length);

/**
 * Writes the profile of a subscriber about whom nothing is known into the first
 * opportune_policy_profile_bytes bytes of profile; any alignment.
 *
 * OPPORTUNE_BAD_KEY, OPPORTUNE_OUTPUT_TOO_SMALL. Does not allocate. Any thread.
 */
opportune_status opportune_profile_init(const opportune_policy *policy,
                                        const void *subscriber,
                                        size_t subscriber_len,
                                        uint8_t *profile,
                                        size_t profile_capacity);

/**
 * Writes the profile of an account of which nothing is known into the first
 * opportune_policy_account_bytes bytes of profile; any alignment. account is the account's own key;
 * which lines it has, the host knows.
 *
 * opportune_update, opportune_backfill, opportune_read_feature and the opportune_profile_ functions
 * take an account's profile as they take a line's: its bytes say what it is. Calls that decide read
 * it beside the line's, as the account of an opportune_message. A host that keeps both takes a
 * message into the account's profile first, decides on the line with it, and commits both together.
 *
 * OPPORTUNE_ACCOUNT_LAYOUT if the policy keeps nothing of accounts, OPPORTUNE_BAD_KEY,
 * OPPORTUNE_OUTPUT_TOO_SMALL. Does not allocate. Any thread.
 */
opportune_status opportune_account_init(const opportune_policy *policy,
                                        const void *account,
                                        size_t account_len,
                                        uint8_t *profile,
                                        size_t profile_capacity);

/**
 * Checks a profile and writes its revision to *revision: one more after each call that changed
 * it.
 *
 * OPPORTUNE_PROFILE_... Does not allocate. Any thread.
 */
opportune_status opportune_profile_revision(const opportune_policy *policy,
                                            const uint8_t *profile,
                                            size_t profile_len,
                                            uint64_t *revision);

/**
 * Checks a profile and writes what went past it to *health.
 *
 * OPPORTUNE_PROFILE_... Does not allocate. Any thread.
 */
opportune_status opportune_profile_health(const opportune_policy *policy,
                                          const uint8_t *profile,
                                          size_t profile_len,
                                          opportune_health *health);

/**
 * Takes over history and outside data as far as it is known at now_ms: count dated values, none
 * of a later time. For an attribute: its value, as of that time (an older one does not replace a
 * newer). For an aggregate: what its events of one bucket come to, at any time within the
 * bucket. How many for a count, for active periods and for a streak (an integer); their sum,
 * least, greatest, last or first value; for a last or a first time, the time alone counts; for a
 * mean their sum, among how many; for a share the part, among the whole; of a distinct count or a
 * quantile one of the values. What decays weighs a value by its own time_ms.
 *
 * The profile arguments are as for opportune_decide. revision, if not NULL, gets the new
 * profile's; next_call_ms, if not NULL, when to call opportune_tick if nothing happens before, 0
 * for never. OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_KEY, OPPORTUNE_BAD_TIME,
 * OPPORTUNE_UNKNOWN_FEATURE, OPPORTUNE_UNKNOWN_ZONE, OPPORTUNE_UNKNOWN_SOURCE,
 * OPPORTUNE_VALUE_TYPE, OPPORTUNE_BAD_TOTAL, OPPORTUNE_OUT_OF_MEMORY. Allocates when it gets more values than ever before. The thread that owns the handle.
 */
opportune_status opportune_backfill(const opportune_policy *policy,
                                    opportune_local *local,
                                    const void *subscriber,
                                    size_t subscriber_len,
                                    const opportune_dated *dated,
                                    size_t count,
                                    int64_t now_ms,
                                    const uint8_t *profile_in,
                                    size_t profile_in_len,
                                    uint8_t *profile_out,
                                    size_t profile_out_capacity,
                                    uint64_t expected_revision,
                                    uint64_t *revision,
                                    int64_t *next_call_ms);

/**
 * Brings a profile of an older layout that the policy succeeds to the policy's own. Every call
 * that changes a profile does so with one that it meets; this one is for hosts that go through
 * their store ahead of traffic. *migrated, unless NULL, is set to 1 if that was done, and to 0 if
 * there was nothing to do and the profile is handed on as it is; *revision, unless NULL, to the
 * revision of the profile afterwards.
 *
 * The profile arguments are as for opportune_decide. OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_KEY,
 * OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_SCRATCH_MISMATCH. Does not allocate.
 * The thread that owns the handle.
 */
opportune_status opportune_profile_migrate(const opportune_policy *policy,
                                           opportune_local *local,
                                           const void *subscriber,
                                           size_t subscriber_len,
                                           const uint8_t *profile_in,
                                           size_t profile_in_len,
                                           uint8_t *profile_out,
                                           size_t profile_out_capacity,
                                           uint64_t expected_revision,
                                           uint32_t *migrated,
                                           uint64_t *revision);

/**
 * Reads one feature as it is at now_ms: value->type is OPPORTUNE_TYPE_NONE when it is missing.
 *
 * OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_TIME, OPPORTUNE_UNKNOWN_FEATURE,
 * OPPORTUNE_SCRATCH_MISMATCH. Does not allocate. The thread that owns the handle.
 */
opportune_status opportune_read_feature(const opportune_policy *policy,
                                        opportune_local *local,
                                        const uint8_t *profile,
                                        size_t profile_len,
                                        uint32_t feature,
                                        int64_t now_ms,
                                        opportune_value *value);

/**
 * Takes a message into the profile, finds the moments that it raises, and decides what to offer:
 * the one call of an inline host, and the same as opportune_update, opportune_classify and
 * opportune_allocate in one pass.
 *
 * The old profile is read from profile_in, profile_in_len bytes; the new one is written to
 * profile_out, which needs room for opportune_policy_profile_bytes bytes. Both have any
 * alignment, and may be the same memory, not overlap otherwise. expected_revision, unless 0, is
 * the revision that the old profile must be at. local's lease and delta change along with the
 * profile: store the profile in the transaction that stores the balance, and on a rollback go on
 * with the old bytes.
 *
 * context may be NULL. *decision is written on OPPORTUNE_OK; a message that was decided before
 * gives OPPORTUNE_OK with decision->repeated set and changes nothing.
 *
 * OPPORTUNE_PROFILE_..., OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_..._MISMATCH,
 * OPPORTUNE_BAD_KEY, OPPORTUNE_BAD_TIME, OPPORTUNE_TOO_MANY_EVENTS, OPPORTUNE_UNKNOWN_EVENT,
 * OPPORTUNE_UNKNOWN_FIELD, OPPORTUNE_VALUE_TYPE, OPPORTUNE_UNKNOWN_CHANNEL,
 * OPPORTUNE_UNKNOWN_ZONE, and those of bad arguments. Never allocates, locks or makes a system
 * call. The thread that owns local.
 */
opportune_status opportune_decide(const opportune_policy *policy,
                                  const opportune_snapshot *snapshot,
                                  opportune_local *local,
                                  const opportune_message *message,
                                  const opportune_context *context,
                                  const uint8_t *profile_in,
                                  size_t profile_in_len,
                                  uint8_t *profile_out,
                                  size_t profile_out_capacity,
                                  uint64_t expected_revision,
                                  opportune_decision *decision);

/**
 * Decides when no message comes: asks the moments that time alone can raise, and closes offers
 * that have expired. Call it when a decision's next_call_ms has come, or on a clock of the
 * host's own. account is the profile of the account that pays for the line, as in
 * opportune_message; NULL and 0 if there is none.
 *
 * Everything else is as for opportune_decide.
 */
opportune_status opportune_tick(const opportune_policy *policy,
                                const opportune_snapshot *snapshot,
                                opportune_local *local,
                                const void *subscriber,
                                size_t subscriber_len,
                                const uint8_t *account,
                                size_t account_len,
                                int64_t now_ms,
                                const uint8_t *profile_in,
                                size_t profile_in_len,
                                uint8_t *profile_out,
                                size_t profile_out_capacity,
                                uint64_t expected_revision,
                                opportune_decision *decision);

/**
 * Takes a message into the profile without deciding. *repeated, unless NULL, is set to 1 if the
 * message had been seen before (and nothing changed), else to 0; *revision, unless NULL, to the
 * revision of the profile afterwards; *next_call_ms, unless NULL, to when opportune_tick should be
 * called if nothing happens before, 0 for never, as in a decision.
 *
 * Everything else is as for opportune_decide.
 */
opportune_status opportune_update(const opportune_policy *policy,
                                  opportune_local *local,
                                  const opportune_message *message,
                                  const uint8_t *profile_in,
                                  size_t profile_in_len,
                                  uint8_t *profile_out,
                                  size_t profile_out_capacity,
                                  uint64_t expected_revision,
                                  uint32_t *repeated,
                                  uint64_t *revision,
                                  int64_t *next_call_ms);

/**
 * Finds the moments that a message raises over a profile that has taken it in. Changes nothing.
 * moments gets them, first by priority, and *count their number, at most OPPORTUNE_MOMENTS_MAX;
 * if that is more than capacity, OPPORTUNE_TOO_SMALL is returned, *count is what is needed, and
 * moments is untouched (it may be NULL if capacity is 0).
 *
 * Everything else is as for opportune_decide.
 */
opportune_status opportune_classify(const opportune_policy *policy,
                                    opportune_local *local,
                                    const opportune_message *message,
                                    const uint8_t *profile,
                                    size_t profile_len,
                                    opportune_moment *moments,
                                    size_t capacity,
                                    size_t *count);

/**
 * Decides on moments that opportune_classify found, moment_count of them, and writes the decision
 * into the profile, the lease and the delta. The message's events are not looked at.
 *
 * OPPORTUNE_OUT_OF_RANGE for more moments than OPPORTUNE_MOMENTS_MAX. Everything else is as for
 * opportune_decide.
 */
opportune_status opportune_allocate(const opportune_policy *policy,
                                    const opportune_snapshot *snapshot,
                                    opportune_local *local,
                                    const opportune_message *message,
                                    const opportune_moment *moments,
                                    size_t moment_count,
                                    const opportune_context *context,
                                    const uint8_t *profile_in,
                                    size_t profile_in_len,
                                    uint8_t *profile_out,
                                    size_t profile_out_capacity,
                                    uint64_t expected_revision,
                                    opportune_decision *decision);

/**
 * Runs opportune_decide again on copies, and writes as JSON what became of every moment that the
 * message concerned, condition by condition, and of every offer that answers a raised moment.
 * Changes nothing: not the profile, the lease or the delta. profile is what opportune_decide got
 * as its old profile, and everything else as it got it: then the decision in the JSON is the one
 * that it made. docs/explanation.md says what is in it; keys may be added. A tick is explained by a
 * message without events.
 *
 * buffer gets UTF-8 text without NUL and *length its length; if that is more than capacity,
 * OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and buffer is untouched (it may be
 * NULL if capacity is 0).
 *
 * The statuses of opportune_decide. Allocates: for support and for tests, not for the rating
 * thread. The thread that owns local.
 */
opportune_status opportune_explain(const opportune_policy *policy,
                                   const opportune_snapshot *snapshot,
                                   opportune_local *local,
                                   const opportune_message *message,
                                   const opportune_context *context,
                                   const uint8_t *profile,
                                   size_t profile_len,
                                   char *buffer,
                                   size_t capacity,
                                   size_t *length);

/**
 * Takes in what became of an offer. An outcome that finds no open offer is counted in the delta
 * and credited to none. *settled is written on OPPORTUNE_OK.
 *
 * The profile arguments are as for opportune_decide. OPPORTUNE_PROFILE_...,
 * OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_LEASE_MISMATCH, OPPORTUNE_BAD_KEY,
 * OPPORTUNE_BAD_TIME, OPPORTUNE_BAD_ENUM for the kind, OPPORTUNE_OUT_OF_RANGE for the slot.
 * Never allocates. The thread that owns local.
 */
opportune_status opportune_settle(const opportune_policy *policy,
                                  opportune_local *local,
                                  const opportune_outcome *outcome,
                                  const uint8_t *profile_in,
                                  size_t profile_in_len,
                                  uint8_t *profile_out,
                                  size_t profile_out_capacity,
                                  uint64_t expected_revision,
                                  opportune_settled *settled);

/**
 * Lists the offers that are open at now_ms, oldest first: what any channel may show or settle.
 * offers gets them and *count their number, at most OPPORTUNE_OPEN_OFFERS_MAX; if that is more
 * than capacity, OPPORTUNE_TOO_SMALL is returned, *count is what is needed, and offers is
 * untouched (it may be NULL if capacity is 0).
 *
 * OPPORTUNE_PROFILE_... Does not allocate. Any thread.
 */
opportune_status opportune_open_offers(const opportune_policy *policy,
                                       const uint8_t *profile,
                                       size_t profile_len,
                                       int64_t now_ms,
                                       opportune_open_offer *offers,
                                       size_t capacity,
                                       size_t *count);

/**
 * Writes a profile as JSON: everything that it holds, by name and in the units that people read.
 * opportune_profile_import makes the same bytes of it. buffer gets UTF-8 text without NUL and
 * *length its length; if that is more than capacity, OPPORTUNE_TOO_SMALL is returned, *length is
 * what is needed, and buffer is untouched (it may be NULL if capacity is 0).
 *
 * OPPORTUNE_PROFILE_... Allocates: for support and for subscribers who ask, not for the rating
 * thread. Any thread.
 */
opportune_status opportune_profile_export(const opportune_policy *policy,
                                          const uint8_t *profile,
                                          size_t profile_len,
                                          char *buffer,
                                          size_t capacity,
                                          size_t *length);

/**
 * Makes a profile of the JSON that opportune_profile_export wrote under this policy, or under one
 * that it succeeds, whose profiles it migrates. profile gets the bytes and *length their number; if
 * that is more than capacity, OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and
 * profile is untouched (it may be NULL if capacity is 0).
 *
 * On OPPORTUNE_IMPORT_FAILED, message gets which key is wrong and how, as UTF-8 text without NUL
 * for people, cut if it is longer than message_capacity; *message_length is its full length. On any
 * other status *message_length is 0. message may be NULL if message_capacity is 0;
 * message_length may be NULL.
 *
 * Allocates: not for the rating thread. Any thread.
 */
opportune_status opportune_profile_import(const opportune_policy *policy,
                                          const void *json,
                                          size_t json_len,
                                          uint8_t *profile,
                                          size_t profile_capacity,
                                          size_t *length,
                                          char *message,
                                          size_t message_capacity,
                                          size_t *message_length);

/**
 * Erases what a profile holds, as its subscriber may demand: what is left is that of somebody of
 * whom nothing is known, one revision on. What open offers have reserved goes back to the lease, or
 * into the delta for the ledger; what was accepted stays committed. *revision, unless NULL, is set
 * to the revision of the profile afterwards. The host deletes its own copies, and its log.
 *
 * The profile arguments are as for opportune_decide. OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_KEY,
 * OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_LEASE_MISMATCH,
 * OPPORTUNE_SCRATCH_MISMATCH. Does not allocate. The thread that owns the handle.
 */
opportune_status opportune_profile_erase(const opportune_policy *policy,
                                         opportune_local *local,
                                         const void *subscriber,
                                         size_t subscriber_len,
                                         const uint8_t *profile_in,
                                         size_t profile_in_len,
                                         uint8_t *profile_out,
                                         size_t profile_out_capacity,
                                         uint64_t expected_revision,
                                         uint64_t *revision);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OPPORTUNE_H */
