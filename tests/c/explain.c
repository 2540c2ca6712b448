/*
 * Prints why the second of two failed recharges is answered as it is, as JSON.
 *
 *   explain POLICY.toml POLICY.ids
 */
#include "opportune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1772568000000)
#define DONE(call) done((call), __LINE__)

static const char key[] = "+999555000002";

static void done(opportune_status status, int line)
{
    if (status != OPPORTUNE_OK) {
        printf("%d: %s\n", line, opportune_status_message(status));
        exit(1);
    }
}

static size_t whole_file(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "rb");
    const size_t len = file == NULL ? 0 : fread(text, 1, room, file);
    if (len == 0 || len == room || fclose(file) != 0) {
        exit(1);
    }
    return len;
}

int main(int count, char **arguments)
{
    static char text[1 << 17], ids[1 << 15];
    static uint8_t profile[8192];
    opportune_policy *policy;
    opportune_snapshot *snapshot;
    opportune_local *local;
    opportune_decision decision = {.struct_size = sizeof decision};
    opportune_event event = {0};
    opportune_message message = {.struct_size = sizeof message};
    char *json;
    size_t profile_len, needed, text_len, ids_len;

    if (count != 3) {
        return 1;
    }
    text_len = whole_file(arguments[1], text, sizeof text);
    ids_len = whole_file(arguments[2], ids, sizeof ids);
    DONE(opportune_policy_compile("policy", 6, text, text_len, ids, ids_len, &policy, NULL, 0,
                                  NULL));
    DONE(opportune_snapshot_initial(policy, &snapshot));
    DONE(opportune_local_new(policy, 1, 1, 1, &local));
    DONE(opportune_policy_profile_bytes(policy, &profile_len));
    DONE(opportune_profile_init(policy, key, sizeof key - 1, profile, sizeof profile));
    DONE(opportune_policy_id(policy, OPPORTUNE_NAMESPACE_EVENT, "recharge_failed", 15,
                             &event.kind));

    event.time_ms = NOW_MS;
    message.subscriber.ptr = key;
    message.subscriber.len = sizeof key - 1;
    message.session.ptr = "session";
    message.session.len = 7;
    message.now_ms = NOW_MS;
    message.events = &event;
    message.event_count = 1;
    DONE(opportune_decide(policy, snapshot, local, &message, NULL, profile, profile_len, profile,
                          sizeof profile, 0, &decision));

    event.time_ms += 60000;
    message.now_ms += 60000;
    message.number = 1;
    /* First how much room it needs, then the text itself. */
    if (opportune_explain(policy, snapshot, local, &message, NULL, profile, profile_len, NULL, 0,
                          &needed) != OPPORTUNE_TOO_SMALL) {
        return 1;
    }
    json = malloc(needed);
    if (json == NULL) {
        return 1;
    }
    DONE(opportune_explain(policy, snapshot, local, &message, NULL, profile, profile_len, json,
                           needed, &needed));
    fwrite(json, 1, needed, stdout);
    free(json);
    opportune_local_free(local);
    opportune_snapshot_free(snapshot);
    opportune_policy_free(policy);
    return 0;
}
