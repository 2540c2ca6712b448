/*
 * The sizes and offsets that programs are compiled with, on machines with 64-bit pointers. Frozen:
 * a line changes only with OPPORTUNE_ABI_VERSION; structs with a struct_size may grow at the end.
 */
#include "opportune.h"

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define FIELD(type, name, bytes)                                                                  \
    _Static_assert(offsetof(type, name) == (bytes), "offset of " #type "." #name)

#if UINTPTR_MAX == UINT64_MAX
SIZE(opportune_status, 4);

SIZE(opportune_bytes, 16);
FIELD(opportune_bytes, ptr, 0);
FIELD(opportune_bytes, len, 8);

SIZE(opportune_source, 32);
FIELD(opportune_source, name, 0);
FIELD(opportune_source, text, 16);

SIZE(opportune_data, 16);
SIZE(opportune_value, 24);
FIELD(opportune_value, id, 0);
FIELD(opportune_value, type, 4);
FIELD(opportune_value, data, 8);

SIZE(opportune_event, 32);
FIELD(opportune_event, kind, 0);
FIELD(opportune_event, time_ms, 8);
FIELD(opportune_event, fields, 16);
FIELD(opportune_event, field_count, 24);

SIZE(opportune_message, 88);
FIELD(opportune_message, struct_size, 0);
FIELD(opportune_message, subscriber, 8);
FIELD(opportune_message, session, 24);
FIELD(opportune_message, now_ms, 40);
FIELD(opportune_message, events, 48);
FIELD(opportune_message, event_count, 56);
FIELD(opportune_message, number, 64);
FIELD(opportune_message, zone, 68);
FIELD(opportune_message, account, 72);

SIZE(opportune_dated, 72);
FIELD(opportune_dated, time_ms, 0);
FIELD(opportune_dated, value, 8);
FIELD(opportune_dated, among, 32);
FIELD(opportune_dated, zone, 56);
FIELD(opportune_dated, source, 60);
FIELD(opportune_dated, sequence, 64);

SIZE(opportune_health, 40);
FIELD(opportune_health, struct_size, 0);
FIELD(opportune_health, late_events, 8);
FIELD(opportune_health, sequence_gaps, 12);
FIELD(opportune_health, evicted_sessions, 16);
FIELD(opportune_health, crowded_out_offers, 20);
FIELD(opportune_health, revision, 24);
FIELD(opportune_health, latest_now_ms, 32);

SIZE(opportune_context, 32);
FIELD(opportune_context, struct_size, 0);
FIELD(opportune_context, channel, 8);
FIELD(opportune_context, slots, 12);
FIELD(opportune_context, seed, 16);
FIELD(opportune_context, has_seed, 24);
FIELD(opportune_context, reserved, 28);

SIZE(opportune_moment, 40);
FIELD(opportune_moment, id, 0);
FIELD(opportune_moment, intent, 4);
FIELD(opportune_moment, strength, 8);
FIELD(opportune_moment, urgency, 16);
FIELD(opportune_moment, expires_ms, 24);
FIELD(opportune_moment, earlier, 32);
FIELD(opportune_moment, reserved, 36);

SIZE(opportune_offered, 168);
FIELD(opportune_offered, offer, 0);
FIELD(opportune_offered, treatment, 4);
FIELD(opportune_offered, channel, 8);
FIELD(opportune_offered, content, 12);
FIELD(opportune_offered, moment, 16);
FIELD(opportune_offered, parameter_count, 20);
FIELD(opportune_offered, score, 24);
FIELD(opportune_offered, propensity, 32);
FIELD(opportune_offered, probability, 40);
FIELD(opportune_offered, expires_ms, 48);
FIELD(opportune_offered, decision, 56);
FIELD(opportune_offered, slot, 64);
FIELD(opportune_offered, reserved, 68);
FIELD(opportune_offered, parameters, 72);

SIZE(opportune_assignment, 8);
FIELD(opportune_assignment, experiment, 0);
FIELD(opportune_assignment, arm, 4);

SIZE(opportune_shadow_offer, 32);
FIELD(opportune_shadow_offer, offer, 0);
FIELD(opportune_shadow_offer, treatment, 4);
FIELD(opportune_shadow_offer, moment, 8);
FIELD(opportune_shadow_offer, reserved, 12);
FIELD(opportune_shadow_offer, score, 16);
FIELD(opportune_shadow_offer, probability, 24);

SIZE(opportune_decision, 1448);
FIELD(opportune_decision, struct_size, 0);
FIELD(opportune_decision, id, 8);
FIELD(opportune_decision, revision, 16);
FIELD(opportune_decision, next_call_ms, 24);
FIELD(opportune_decision, repeated, 32);
FIELD(opportune_decision, lease_low, 36);
FIELD(opportune_decision, arm, 40);
FIELD(opportune_decision, furthest, 44);
FIELD(opportune_decision, offer_count, 48);
FIELD(opportune_decision, moment_count, 52);
FIELD(opportune_decision, offers, 56);
FIELD(opportune_decision, stages, 728);
FIELD(opportune_decision, moments, 856);
FIELD(opportune_decision, assignment_count, 1176);
FIELD(opportune_decision, shadow_count, 1180);
FIELD(opportune_decision, assignments, 1184);
FIELD(opportune_decision, shadows, 1312);
FIELD(opportune_decision, test, 1440);
FIELD(opportune_decision, reserved, 1444);

SIZE(opportune_outcome, 48);
FIELD(opportune_outcome, struct_size, 0);
FIELD(opportune_outcome, subscriber, 8);
FIELD(opportune_outcome, decision, 24);
FIELD(opportune_outcome, now_ms, 32);
FIELD(opportune_outcome, kind, 40);
FIELD(opportune_outcome, slot, 44);

SIZE(opportune_settled, 32);
FIELD(opportune_settled, struct_size, 0);
FIELD(opportune_settled, result, 8);
FIELD(opportune_settled, offer, 12);
FIELD(opportune_settled, treatment, 16);
FIELD(opportune_settled, reserved, 20);
FIELD(opportune_settled, next_call_ms, 24);

SIZE(opportune_open_offer, 152);
FIELD(opportune_open_offer, decision, 0);
FIELD(opportune_open_offer, made_ms, 8);
FIELD(opportune_open_offer, expires_ms, 16);
FIELD(opportune_open_offer, probability, 24);
FIELD(opportune_open_offer, slot, 32);
FIELD(opportune_open_offer, offer, 36);
FIELD(opportune_open_offer, treatment, 40);
FIELD(opportune_open_offer, channel, 44);
FIELD(opportune_open_offer, state, 48);
FIELD(opportune_open_offer, parameter_count, 52);
FIELD(opportune_open_offer, parameters, 56);
#endif

