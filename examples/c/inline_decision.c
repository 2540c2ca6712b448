/*
 * A charging system in small, with opportune inline: it rates a subscriber's calls, and at the end
 * of each asks for the next best offer in the same breath that takes the money off the balance.
 *
 *   cargo rustc --release --features capi --crate-type staticlib
 *   cc -std=c99 -O2 -Iinclude examples/c/inline_decision.c target/release/libopportune.a \
 *      -lm -lpthread -ldl -o inline_decision
 *   ./inline_decision examples/policies/prepaid.toml examples/policies/policy.ids
 */
#include "opportune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MICROS 1000000 /* money is in millionths of the currency */
#define AFTERNOON_MS INT64_C(1772568000000) /* Tuesday 2026-03-03, 15:00 in New York */

/* What the process shares, what one rating thread owns, and the ids of what we report. */
static opportune_policy *policy;
static opportune_snapshot *snapshot;
static opportune_local *local;
static uint32_t call_end, minutes, charge, international, balance_change, balance_after;

/* A subscriber as the charging system stores them: the profile is one more column. */
struct account {
    const char *msisdn;
    int64_t balance;
    uint8_t profile[4096]; /* of which the policy needs profile_len */
};
static size_t profile_len;

/* At start-up a failure is fatal. While rating it never is: see rate_call. */
static void must(opportune_status status, const char *what)
{
    if (status != OPPORTUNE_OK) {
        fprintf(stderr, "%s: %s\n", what, opportune_status_message(status));
        exit(1);
    }
}

static uint32_t id(uint32_t space, const char *name)
{
    uint32_t number = 0;
    must(opportune_policy_id(policy, space, name, strlen(name), &number), name);
    return number;
}

static const char *name(uint32_t space, uint32_t number)
{
    static char text[64];
    size_t len = 0;
    must(opportune_policy_name(policy, space, number, text, sizeof text - 1, &len), "name");
    text[len] = '\0'; /* the library neither needs nor writes terminating NULs */
    return text;
}

static opportune_value value(uint32_t what, uint32_t type, int64_t integer)
{
    opportune_value made = {.id = what, .type = type, .data = {.integer = integer}};
    return made;
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    if (file == NULL || bytes == NULL) {
        perror(path);
        exit(1);
    }
    *len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* Control plane, once: text to a policy, names to numbers, and what this thread may spend. */
static void start(const char *policy_path, const char *ids_path)
{
    char message[4096];
    size_t text_len, ids_len, message_len;
    char *text = read_file(policy_path, &text_len), *ids = read_file(ids_path, &ids_len);
    opportune_status status =
        opportune_policy_compile(policy_path, strlen(policy_path), text, text_len, ids, ids_len,
                                 &policy, message, sizeof message, &message_len);
    if (status == OPPORTUNE_COMPILE_FAILED) {
        fwrite(message, 1, message_len < sizeof message ? message_len : sizeof message, stderr);
    }
    must(status, policy_path);
    free(text);
    free(ids);
    must(opportune_policy_profile_bytes(policy, &profile_len), "profile size");
    if (profile_len > sizeof((struct account *)NULL)->profile) {
        fprintf(stderr, "profiles of %lu bytes need a wider column\n", (unsigned long)profile_len);
        exit(1);
    }
    must(opportune_snapshot_initial(policy, &snapshot), "snapshot");
    must(opportune_local_new(policy, 1 /* node */, 1 /* epoch */, 1, &local), "local");
    must(opportune_lease_grant(policy, local, id(OPPORTUNE_NAMESPACE_BUDGET, "sms_gateway"), 1000),
         "lease of 1000 SMS");
    call_end = id(OPPORTUNE_NAMESPACE_EVENT, "call_end");
    minutes = id(OPPORTUNE_NAMESPACE_FIELD, "call_end.minutes");
    charge = id(OPPORTUNE_NAMESPACE_FIELD, "call_end.charge");
    international = id(OPPORTUNE_NAMESPACE_FIELD, "call_end.international");
    balance_change = id(OPPORTUNE_NAMESPACE_EVENT, "balance_change");
    balance_after = id(OPPORTUNE_NAMESPACE_FIELD, "balance_change.balance");
}

/* A new profile, with what the warehouse knows of the subscriber. */
static void open_account(struct account *account)
{
    const uint32_t feature = OPPORTUNE_NAMESPACE_FEATURE;
    const int64_t then = AFTERNOON_MS - 1;
    const opportune_dated known[] = {
        {.time_ms = then, .value = value(id(feature, "consent_sms"), OPPORTUNE_TYPE_BOOL, 1)},
        {.time_ms = then, .value = value(id(feature, "calls_7d"), OPPORTUNE_TYPE_INT, 40)},
        {.time_ms = then, .value = value(id(feature, "spend_7d"), OPPORTUNE_TYPE_MONEY, 28 * MICROS)},
    };
    const char *key = account->msisdn;
    uint8_t *profile = account->profile;
    must(opportune_profile_init(policy, key, strlen(key), profile, profile_len), "profile");
    must(opportune_backfill(policy, local, key, strlen(key), known, 3, then, profile, profile_len,
                            profile, profile_len, 0 /* any revision */, NULL, NULL), "backfill");
}

/*
 * Data plane: a call has ended. It is charged, and what happened to the subscriber goes in as one
 * message, so that one credit-control request gets one decision. Nothing here allocates.
 */
static opportune_decision rate_call(struct account *account, unsigned call, int64_t now_ms)
{
    const int64_t price = 400000, left = account->balance - price;
    const opportune_value call_fields[] = {
        {.id = minutes, .type = OPPORTUNE_TYPE_DOUBLE, .data = {.number = 5.0}},
        value(charge, OPPORTUNE_TYPE_MONEY, price),
        value(international, OPPORTUNE_TYPE_BOOL, 0),
    };
    const opportune_value balance_fields[] = {value(balance_after, OPPORTUNE_TYPE_MONEY, left)};
    const opportune_event events[] = {
        {call_end, now_ms, call_fields, 3},
        {balance_change, now_ms, balance_fields, 1},
    };
    /* Session-Id and CC-Request-Number: a retransmission is recognised and changes nothing. */
    char session[32];
    const int session_len = sprintf(session, "ocs.example;%u", call);
    const opportune_message message = {
        .struct_size = sizeof message,
        .subscriber = {account->msisdn, strlen(account->msisdn)},
        .session = {session, (size_t)session_len},
        .number = 2,
        .now_ms = now_ms,
        .events = events,
        .event_count = 2,
    };
    opportune_decision decision = {.struct_size = sizeof decision};
    struct account next = *account;
    opportune_status status =
        opportune_decide(policy, snapshot, local, &message, NULL, account->profile, profile_len,
                         next.profile, sizeof next.profile, 0, &decision);

    /* The transaction. If there is no new profile the old one stays, and the money moves anyway. */
    next.balance = left;
    *account = next;
    printf("%s, call %u, balance %.2f: ", account->msisdn, call, (double)left / MICROS);
    if (status != OPPORTUNE_OK) {
        printf("no decision, status %d: %s\n", (int)status, opportune_status_message(status));
    }
    return decision;
}

static void print_decision(const opportune_decision *decision)
{
    uint32_t i, p;
    if (decision->offer_count == 0) {
        printf("nothing: %s\n", opportune_stage_words(decision->furthest));
    }
    for (i = 0; i < decision->offer_count; i++) {
        const opportune_offered *offered = &decision->offers[i];
        printf("offer %s", name(OPPORTUNE_NAMESPACE_OFFER, offered->offer));
        printf(" by %s", name(OPPORTUNE_NAMESPACE_CHANNEL, offered->channel));
        for (p = 0; p < offered->parameter_count; p++) {
            const opportune_value *parameter = &offered->parameters[p];
            printf(", %s ", name(OPPORTUNE_NAMESPACE_PARAMETER, parameter->id));
            if (parameter->type == OPPORTUNE_TYPE_MONEY) {
                printf("%.2f", (double)parameter->data.integer / MICROS);
            } else if (parameter->type == OPPORTUNE_TYPE_INT) {
                printf("%ld", (long)parameter->data.integer);
            }
        }
        printf("\n");
    }
}

/* The subscriber answers: the channel reports it with the decision's id. */
static void accept(struct account *account, uint64_t decision, int64_t now_ms)
{
    const opportune_outcome outcome = {
        .struct_size = sizeof outcome,
        .subscriber = {account->msisdn, strlen(account->msisdn)},
        .decision = decision,
        .kind = OPPORTUNE_OUTCOME_ACCEPTED,
        .now_ms = now_ms,
    };
    opportune_settled settled = {.struct_size = sizeof settled};
    must(opportune_settle(policy, local, &outcome, account->profile, profile_len, account->profile,
                          profile_len, 0, &settled), "settle");
    if (settled.result == OPPORTUNE_SETTLED_CREDITED) {
        printf("%s accepts %s\n", account->msisdn, name(OPPORTUNE_NAMESPACE_OFFER, settled.offer));
    }
}

int main(int argc, char **argv)
{
    /* The second belongs to the control group, by which the worth of offers is measured. */
    struct account accounts[] = {{"+999555000002", 4800000, {0}}, {"+999555000001", 4800000, {0}}};
    opportune_decision decision;
    int64_t now_ms = AFTERNOON_MS;
    unsigned call, i;

    if (argc != 3) {
        fprintf(stderr, "usage: %s POLICY.toml POLICY.ids\n", argv[0]);
        return 2;
    }
    start(argv[1], argv[2]);
    open_account(&accounts[0]);
    open_account(&accounts[1]);
    for (call = 1; call <= 3; call++, now_ms += 600000) {
        for (i = 0; i < 2; i++) {
            decision = rate_call(&accounts[i], call, now_ms);
            print_decision(&decision);
            if (decision.offer_count > 0) {
                accept(&accounts[i], decision.id, now_ms + 60000);
            }
        }
    }

    /* A disk lost a bit. The call is charged all the same, and nothing wrong is built upon. */
    accounts[0].profile[profile_len / 2] ^= 1;
    (void)rate_call(&accounts[0], call, now_ms);

    opportune_local_free(local);
    opportune_snapshot_free(snapshot);
    opportune_policy_free(policy);
    return 0;
}
