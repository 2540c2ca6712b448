/*
 * What the header promises of the data plane: the calls allocate nothing, and run on a thread with
 * a stack of 16 KiB. Linked with every allocation function of C wrapped, to count the calls.
 *
 *   data_plane POLICY.toml POLICY.ids
 */
#define _POSIX_C_SOURCE 200809L
#include "opportune.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1772568000000)
#define MESSAGES 1000
#define STACK_BYTES 16384
#define DONE(call) done((call), __LINE__)

static unsigned long allocations, before;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
    allocations++;
    return __real_posix_memalign(out, align, size);
}

static opportune_policy *policy;
static opportune_snapshot *snapshot;
static opportune_local *local;
static uint32_t balance_change, balance, spent;
static uint8_t profile[8192];
static size_t profile_len, offers_made;
static const char key[] = "+999555000002";

static void done(opportune_status status, int line)
{
    if (status != OPPORTUNE_OK) {
        printf("%d: %s\n", line, opportune_status_message(status));
        exit(1);
    }
}

/* The fullest message, then every other call. Big things are static: they are not the library's. */
static void round_of_calls(unsigned number)
{
    static opportune_value fields[1];
    static opportune_event events[OPPORTUNE_MESSAGE_EVENTS_MAX];
    static opportune_message message;
    static opportune_decision decision;
    static opportune_moment moments[OPPORTUNE_MOMENTS_MAX];
    static opportune_open_offer open[OPPORTUNE_OPEN_OFFERS_MAX];
    static opportune_outcome outcome;
    static opportune_settled settled;
    static opportune_value value;
    static char text[64];
    const int64_t now_ms = NOW_MS + (int64_t)number * 3600000;
    size_t i, count;

    fields[0].id = balance;
    fields[0].type = OPPORTUNE_TYPE_MONEY;
    fields[0].data.integer = 3500000;
    for (i = 0; i < OPPORTUNE_MESSAGE_EVENTS_MAX; i++) {
        events[i].kind = balance_change;
        events[i].time_ms = now_ms;
        events[i].fields = fields;
        events[i].field_count = 1;
    }
    message.struct_size = sizeof message;
    message.subscriber.ptr = key;
    message.subscriber.len = sizeof key - 1;
    message.session.ptr = "session";
    message.session.len = 7;
    message.number = 3 * number;
    message.now_ms = now_ms;
    message.events = events;
    message.event_count = OPPORTUNE_MESSAGE_EVENTS_MAX;
    decision.struct_size = sizeof decision;

#define SELF profile, profile_len, profile, profile_len, 0
    DONE(opportune_decide(policy, snapshot, local, &message, NULL, SELF, &decision));
    offers_made += decision.offer_count;
    for (i = 0; i < decision.offer_count; i++) {
        DONE(opportune_policy_name(policy, OPPORTUNE_NAMESPACE_OFFER, decision.offers[i].offer,
                                   text, sizeof text, &count));
        outcome.struct_size = sizeof outcome;
        outcome.subscriber = message.subscriber;
        outcome.decision = decision.id;
        outcome.slot = (uint32_t)i;
        outcome.kind = OPPORTUNE_OUTCOME_ACCEPTED;
        outcome.now_ms = now_ms;
        settled.struct_size = sizeof settled;
        DONE(opportune_settle(policy, local, &outcome, SELF, &settled));
    }
    message.number++;
    DONE(opportune_update(policy, local, &message, SELF, NULL, NULL, NULL));
    DONE(opportune_classify(policy, local, &message, profile, profile_len, moments,
                            OPPORTUNE_MOMENTS_MAX, &count));
    message.number++;
    DONE(opportune_allocate(policy, snapshot, local, &message, moments, count, NULL, SELF,
                            &decision));
    DONE(opportune_tick(policy, snapshot, local, key, sizeof key - 1, NULL, 0, now_ms, SELF,
                        &decision));
    DONE(opportune_open_offers(policy, profile, profile_len, now_ms, open,
                               OPPORTUNE_OPEN_OFFERS_MAX, &count));
    DONE(opportune_read_feature(policy, local, profile, profile_len, spent, now_ms, &value));
}

static void *rate(void *unused)
{
    unsigned number;
    (void)unused;
    before = allocations; /* here, as creating a thread allocates */
    for (number = 1; number <= MESSAGES; number++) {
        round_of_calls(number);
    }
    return NULL;
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 20);
    if (file == NULL || bytes == NULL) {
        perror(path);
        exit(2);
    }
    *len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static uint32_t id(uint32_t space, const char *name)
{
    uint32_t number = 0;
    DONE(opportune_policy_id(policy, space, name, strlen(name), &number));
    return number;
}

int main(int argc, char **argv)
{
    size_t text_len, ids_len, stack = STACK_BYTES;
    char *text, *ids;
    opportune_dated known[2];
    pthread_attr_t attributes;
    pthread_t thread;

    if (argc != 3) {
        return 2;
    }
    text = read_file(argv[1], &text_len);
    ids = read_file(argv[2], &ids_len);
    DONE(opportune_policy_compile("p", 1, text, text_len, ids, ids_len, &policy, NULL, 0, NULL));
    DONE(opportune_snapshot_initial(policy, &snapshot));
    DONE(opportune_local_new(policy, 1, 1, 1, &local));
    DONE(opportune_policy_profile_bytes(policy, &profile_len));
    DONE(opportune_profile_init(policy, key, sizeof key - 1, profile, sizeof profile));
    balance_change = id(OPPORTUNE_NAMESPACE_EVENT, "balance_change");
    balance = id(OPPORTUNE_NAMESPACE_FIELD, "balance_change.balance");
    spent = id(OPPORTUNE_NAMESPACE_FEATURE, "spend_7d");
    memset(known, 0, sizeof known);
    known[0].time_ms = known[1].time_ms = NOW_MS;
    known[0].value.id = id(OPPORTUNE_NAMESPACE_FEATURE, "calls_7d");
    known[0].value.type = OPPORTUNE_TYPE_INT;
    known[0].value.data.integer = 40;
    known[1].value.id = spent;
    known[1].value.type = OPPORTUNE_TYPE_MONEY;
    known[1].value.data.integer = 28000000;
    DONE(opportune_backfill(policy, local, key, sizeof key - 1, known, 2, NOW_MS, profile, profile_len,
                            profile, profile_len, 0, NULL, NULL));

    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, stack) != 0) {
        printf("this system has no stacks of %lu bytes\n", (unsigned long)stack);
        return 1;
    }
    if (allocations < 100) { /* a policy takes thousands */
        printf("the library's allocations are not counted\n");
        return 1;
    }
    if (pthread_create(&thread, &attributes, rate, NULL) != 0) {
        perror("thread");
        return 1;
    }
    pthread_join(thread, NULL);
    printf("%lu allocations, %lu offers\n", allocations - before, (unsigned long)offers_made);

    opportune_local_free(local);
    opportune_snapshot_free(snapshot);
    opportune_policy_free(policy);
    free(text);
    free(ids);
    return allocations != before || offers_made == 0;
}
