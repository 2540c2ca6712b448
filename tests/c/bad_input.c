/*
 * Every export with arguments that it must refuse: the status is the documented one, and nothing
 * that was passed has changed. Prints what is wrong, and "ok" if nothing is.
 *
 *   bad_input POLICY.toml POLICY.ids
 */
#include "opportune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1772568000000)
#define ROOM 8192
#define HUGE_LEN ((size_t)-1)
#define PATTERN 0xA5

static int checks, failures;
static uint8_t out[ROOM], before[ROOM];

/* A call that must be refused, and must leave the outputs and the profile alone. */
#define REFUSED(expected, call)                                                                   \
    do {                                                                                          \
        const opportune_status got = (call);                                                      \
        checks++;                                                                                 \
        if (got != (expected)) {                                                                  \
            printf("%d: status %d, not %s (%s)\n", __LINE__, (int)got, #expected, #call);         \
            failures++;                                                                           \
        }                                                                                         \
        untouched(__LINE__);                                                                      \
    } while (0)

#define HOLDS(what)                                                                               \
    do {                                                                                          \
        checks++;                                                                                 \
        if (!(what)) {                                                                            \
            printf("%d: %s\n", __LINE__, #what);                                                  \
            failures++;                                                                           \
        }                                                                                         \
    } while (0)

#define DONE(call) HOLDS((call) == OPPORTUNE_OK)

static opportune_policy *policy;
static opportune_snapshot *snapshot;
static opportune_local *local;
static const char key[] = "+999555000002";
#define KEY key, sizeof key - 1

static uint8_t profile[ROOM];
static size_t profile_len;
static opportune_decision decision;

/* Outputs are filled with a pattern before a refused call, and compared with it afterwards. */
static void fill(void)
{
    memset(out, PATTERN, sizeof out);
    memset(&decision, PATTERN, sizeof decision);
    decision.struct_size = sizeof decision;
    memcpy(before, profile, sizeof before);
}

static void untouched(int line)
{
    const uint8_t *bytes = (const uint8_t *)&decision;
    size_t i;
    int changed = memcmp(before, profile, sizeof before) != 0;
    for (i = 0; i < sizeof out; i++) {
        changed |= out[i] != PATTERN;
    }
    for (i = sizeof decision.struct_size; i < sizeof decision; i++) {
        changed |= bytes[i] != PATTERN;
    }
    if (changed) {
        printf("%d: a refused call has written\n", line);
        failures++;
        fill();
    }
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

#define BYTES(text) {text, sizeof text - 1}

/* Policies of several files. */
static void sources(opportune_policy **none)
{
    const opportune_source files[] = {
        {BYTES("a.toml"),
         BYTES("[policy]\n name = 'hello'\n version = 1\n currency = 'USD'\n zones = ['UTC']\n"
               "[events.use]\n amount = 'money'\n[channels.ussd]\n[contact]\n"
               "caps = [{ at_most = 10, within = '30d', of = 'all' }]\n")},
        {BYTES("b"), BYTES("{\"features\": {\"uses\": {\"count\": \"use\"}}}")},
        {BYTES("c"), BYTES("[features.no")},
        {BYTES("\xff"), BYTES("")},
        {BYTES("d"), {NULL, 1}},
        {{NULL, 1}, BYTES("")},
    };
    opportune_policy *made = NULL;
    char words[4096];
    size_t len = 7;
    uint32_t number = 0;

#define FILES(first, count, handle)                                                               \
    opportune_policy_compile_files(files + (first), count, NULL, 0, handle, NULL, 0, NULL)
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_policy_compile_files(NULL, 1, NULL, 0, none, NULL, 0, NULL));
    REFUSED(OPPORTUNE_MISALIGNED,
            opportune_policy_compile_files((const opportune_source *)(const void *)(out + 1), 1, NULL, 0, none,
                                           NULL, 0, NULL));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, FILES(0, HUGE_LEN, none));
    REFUSED(OPPORTUNE_NULL_POINTER, FILES(0, 2, NULL));
    REFUSED(OPPORTUNE_NOT_UTF8, FILES(3, 1, none));
    REFUSED(OPPORTUNE_NULL_POINTER, FILES(4, 1, none));
    REFUSED(OPPORTUNE_NULL_POINTER, FILES(5, 1, none));
    REFUSED(OPPORTUNE_COMPILE_FAILED, FILES(0, 0, none));
    REFUSED(OPPORTUNE_COMPILE_FAILED, FILES(0, 3, none));

    /* Files of both kinds make one policy, and what is odd about it is told. */
    DONE(opportune_policy_compile_files(files, 2, NULL, 0, &made, words, sizeof words, &len));
    DONE(opportune_policy_id(made, OPPORTUNE_NAMESPACE_FEATURE, "uses", 4, &number));
    HOLDS(len < sizeof words && len > 8 && memcmp(words, "warning[", 8) == 0);
    opportune_policy_free(made);
}

static void policies(const char *text, size_t text_len, const char *ids, size_t ids_len)
{
    opportune_policy *none = (opportune_policy *)out;
    char words[64];
    size_t len = 7, bytes = 7;
    uint32_t number = 7;

#define COMPILE(name, name_len, text, text_len, ids, ids_len, handle)                             \
    opportune_policy_compile(name, name_len, text, text_len, ids, ids_len, handle, NULL, 0, NULL)
    REFUSED(OPPORTUNE_NULL_POINTER, COMPILE(NULL, 1, text, text_len, ids, ids_len, &none));
    REFUSED(OPPORTUNE_NULL_POINTER, COMPILE("p", 1, NULL, 1, ids, ids_len, &none));
    REFUSED(OPPORTUNE_NULL_POINTER, COMPILE("p", 1, text, text_len, NULL, 1, &none));
    REFUSED(OPPORTUNE_NULL_POINTER, COMPILE("p", 1, text, text_len, ids, ids_len, NULL));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, COMPILE("p", 1, text, HUGE_LEN, ids, ids_len, &none));
    REFUSED(OPPORTUNE_NOT_UTF8, COMPILE("\xff", 1, text, text_len, ids, ids_len, &none));
    REFUSED(OPPORTUNE_NOT_UTF8, COMPILE("p", 1, text, text_len, "\xff", 1, &none));
    REFUSED(OPPORTUNE_COMPILE_FAILED, COMPILE("p", 1, "\xff", 1, ids, ids_len, &none));
    REFUSED(OPPORTUNE_COMPILE_FAILED, COMPILE(NULL, 0, NULL, 0, NULL, 0, &none));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_policy_compile("p", 1, "x", 1, NULL, 0, &none, NULL, 1, &len));
    HOLDS(none == (opportune_policy *)out);

    sources(&none);

    /* The message is cut, never overrun, and its full length is told. */
    memset(words, PATTERN, sizeof words);
    REFUSED(OPPORTUNE_COMPILE_FAILED,
            opportune_policy_compile("p", 1, "x", 1, NULL, 0, &none, words, 20, &len));
    HOLDS(len > 20 && (uint8_t)words[20] == PATTERN && memcmp(words, "error[OPP", 9) == 0);

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_ids(NULL, words, sizeof words, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_ids(policy, words, sizeof words, NULL));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_ids(policy, NULL, 1, &len));
    REFUSED(OPPORTUNE_TOO_SMALL, opportune_policy_ids(policy, (char *)out, 1, &len));
    HOLDS(len == ids_len);
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_profile_bytes(NULL, &bytes));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_profile_bytes(policy, NULL));
    HOLDS(bytes == 7);

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_id(NULL, 1, "call_end", 8, &number));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_id(policy, 1, NULL, 8, &number));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_id(policy, 1, "call_end", 8, NULL));
    REFUSED(OPPORTUNE_BAD_ENUM, opportune_policy_id(policy, 0, "call_end", 8, &number));
    REFUSED(OPPORTUNE_BAD_ENUM, opportune_policy_id(policy, 99, "call_end", 8, &number));
    REFUSED(OPPORTUNE_NOT_UTF8, opportune_policy_id(policy, 1, "\xc3", 1, &number));
    REFUSED(OPPORTUNE_UNKNOWN_NAME, opportune_policy_id(policy, 1, NULL, 0, &number));
    REFUSED(OPPORTUNE_UNKNOWN_NAME, opportune_policy_id(policy, 1, "call_end\0", 9, &number));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, opportune_policy_id(policy, 1, "call_end", HUGE_LEN, &number));
    REFUSED(OPPORTUNE_MISALIGNED,
            opportune_policy_id(policy, 1, "call_end", 8, (uint32_t *)(void *)(out + 1)));
    HOLDS(number == 7);

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_name(NULL, 1, 1, words, 64, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_name(policy, 1, 1, NULL, 64, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_name(policy, 1, 1, words, 64, NULL));
    REFUSED(OPPORTUNE_BAD_ENUM, opportune_policy_name(policy, 99, 1, words, 64, &len));
    REFUSED(OPPORTUNE_UNKNOWN_NAME, opportune_policy_name(policy, 1, 0, words, 64, &len));
    REFUSED(OPPORTUNE_TOO_SMALL,
            opportune_policy_name(policy, 1, id(1, "call_end"), (char *)out, 7, &len));
    HOLDS(len == 8);
    opportune_policy_free(NULL);
}

static void artifacts(void)
{
    opportune_policy *loaded = (opportune_policy *)out;
    static uint8_t bytes[1 << 20], again[1 << 20];
    size_t len = 0, again_len = 0, profile_bytes = 0, ids_len = 7;
    uint32_t number = 0;

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_save(NULL, bytes, sizeof bytes, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_save(policy, NULL, 1, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_save(policy, bytes, 1, NULL));
    REFUSED(OPPORTUNE_TOO_SMALL, opportune_policy_save(policy, out, 1, &len));
    DONE(opportune_policy_save(policy, bytes, len, &len));

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_load(NULL, 1, &loaded));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_load(bytes, len, NULL));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, opportune_policy_load(bytes, HUGE_LEN, &loaded));
    REFUSED(OPPORTUNE_MALFORMED, opportune_policy_load(NULL, 0, &loaded));
    REFUSED(OPPORTUNE_MALFORMED, opportune_policy_load(bytes, len - 1, &loaded));
    bytes[len / 2] ^= 1;
    REFUSED(OPPORTUNE_MALFORMED, opportune_policy_load(bytes, len, &loaded));
    bytes[len / 2] ^= 1;
    bytes[4] ^= 99;
    REFUSED(OPPORTUNE_ARTIFACT_VERSION, opportune_policy_load(bytes, len, &loaded));
    bytes[4] ^= 99;
    HOLDS(loaded == (opportune_policy *)out);

    /* What was saved is what is loaded, without the table of ids, and saves the same bytes. */
    DONE(opportune_policy_load(bytes, len, &loaded));
    DONE(opportune_policy_profile_bytes(loaded, &profile_bytes));
    HOLDS(profile_bytes == profile_len);
    DONE(opportune_policy_id(loaded, 1, "call_end", 8, &number));
    HOLDS(number == id(1, "call_end"));
    DONE(opportune_policy_ids(loaded, NULL, 0, &ids_len));
    HOLDS(ids_len == 0);
    DONE(opportune_policy_save(loaded, again, sizeof again, &again_len));
    HOLDS(again_len == len && memcmp(bytes, again, len) == 0);
    opportune_policy_free(loaded);
}

/* A profile of an older policy: refused by one that does not succeed it, migrated by one that does. */
static void successions(const char *text, size_t text_len, const char *ids, size_t ids_len)
{
    static const char more[] = "\n[attributes.added]\ntype = \"int\"\n";
    static char longer[1 << 18];
    static uint8_t migrated[ROOM];
    opportune_policy *bare = NULL, *next = (opportune_policy *)out;
    opportune_local *mine = NULL;
    const opportune_policy *older[2];
    size_t bytes = 0;
    uint32_t was = 7;
    uint64_t revision = 7;

    HOLDS(text_len + sizeof more <= sizeof longer);
    memcpy(longer, text, text_len);
    memcpy(longer + text_len, more, sizeof more - 1);
    DONE(opportune_policy_compile("p", 1, longer, text_len + sizeof more - 1, ids, ids_len, &bare,
                                  NULL, 0, NULL));
    older[0] = policy;
    older[1] = NULL;
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_succeeding(NULL, older, 1, &next));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_succeeding(bare, NULL, 1, &next));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_succeeding(bare, older, 2, &next));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_succeeding(bare, older, 1, NULL));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, opportune_policy_succeeding(bare, older, HUGE_LEN, &next));
    HOLDS(next == (opportune_policy *)out);
    {
        opportune_policy *salted = NULL;
        char *salt = strstr(longer, "\nsalt = \"");
        HOLDS(salt != NULL);
        salt[9] ^= 1;
        DONE(opportune_policy_compile("p", 1, longer, text_len + sizeof more - 1, ids, ids_len,
                                      &salted, NULL, 0, NULL));
        REFUSED(OPPORTUNE_SUCCESSION, opportune_policy_succeeding(salted, older, 1, &next));
        opportune_policy_free(salted);
    }
    DONE(opportune_policy_succeeding(bare, older, 1, &next));
    DONE(opportune_policy_profile_bytes(next, &bytes));
    HOLDS(bytes > profile_len);
    DONE(opportune_local_new(next, 1, 1, 1, &mine));

#define MIGRATE(policy, local, in, in_len, room, revision_of)                                     \
    opportune_profile_migrate(policy, local, KEY, in, in_len, out, room, revision_of, &was,       \
                              &revision)
    REFUSED(OPPORTUNE_NULL_POINTER, MIGRATE(NULL, mine, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER, MIGRATE(next, NULL, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER, MIGRATE(next, mine, NULL, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_migrate(next, mine, NULL, 1, profile, profile_len, out, ROOM, 0,
                                      &was, &revision));
    REFUSED(OPPORTUNE_PROFILE_SUBSCRIBER,
            opportune_profile_migrate(next, mine, "x", 1, profile, profile_len, out, ROOM, 0,
                                      &was, &revision));
    REFUSED(OPPORTUNE_SCRATCH_MISMATCH, MIGRATE(next, local, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, MIGRATE(next, mine, profile, profile_len, bytes - 1, 0));
    REFUSED(OPPORTUNE_PROFILE_REVISION, MIGRATE(next, mine, profile, profile_len, ROOM, 99));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, MIGRATE(next, mine, profile, profile_len - 1, ROOM, 0));
    memcpy(migrated, profile, profile_len);
    migrated[80] ^= 1;
    REFUSED(OPPORTUNE_PROFILE_CHECKSUM, MIGRATE(next, mine, migrated, profile_len, ROOM, 0));
    migrated[80] ^= 1;
    migrated[0] ^= 1;
    REFUSED(OPPORTUNE_PROFILE_FORMAT, MIGRATE(next, mine, migrated, profile_len, ROOM, 0));
    opportune_local_free(mine);
    DONE(opportune_local_new(bare, 1, 1, 1, &mine));
    REFUSED(OPPORTUNE_PROFILE_LAYOUT, MIGRATE(bare, mine, profile, profile_len, ROOM, 0));
    opportune_local_free(mine);
    HOLDS(was == 7 && revision == 7);

    /* In place, with room to grow: then it is one more revision, and there is nothing to do. */
    DONE(opportune_local_new(next, 1, 1, 1, &mine));
    memcpy(migrated, profile, profile_len);
    DONE(opportune_profile_revision(next, profile, profile_len, &revision));
    DONE(opportune_profile_migrate(next, mine, KEY, migrated, profile_len, migrated,
                                   sizeof migrated, revision, &was, NULL));
    HOLDS(was == 1);
    DONE(opportune_profile_migrate(next, mine, KEY, migrated, bytes, migrated, bytes,
                                   revision + 1, &was, &revision));
    HOLDS(was == 0);
    opportune_local_free(mine);
    opportune_policy_free(next);
    opportune_policy_free(bare);
}

/* A profile to JSON and back, and erased. */
static void portable(void)
{
    static char json[1 << 18];
    static uint8_t again[ROOM];
    char why[64];
    size_t len = 7, back = 7, why_len = 7;
    uint64_t revision = 7, erased = 7;

    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_export(NULL, profile, profile_len, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_export(policy, NULL, profile_len, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_export(policy, profile, profile_len, NULL, 1, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_export(policy, profile, profile_len, json, sizeof json, NULL));
    REFUSED(OPPORTUNE_PROFILE_LENGTH,
            opportune_profile_export(policy, profile, profile_len - 1, json, sizeof json, &len));
    HOLDS(len == 7);
    REFUSED(OPPORTUNE_TOO_SMALL,
            opportune_profile_export(policy, profile, profile_len, (char *)out, 1, &len));
    HOLDS(len > 100 && len < sizeof json);
    DONE(opportune_profile_export(policy, profile, profile_len, json, len, &len));
    HOLDS(json[0] == '{' && json[len - 1] == '}');

#define IMPORT(policy, json, json_len, to, room)                                                  \
    opportune_profile_import(policy, json, json_len, to, room, &back, why, sizeof why, &why_len)
    REFUSED(OPPORTUNE_NULL_POINTER, IMPORT(NULL, json, len, out, ROOM));
    REFUSED(OPPORTUNE_NULL_POINTER, IMPORT(policy, NULL, len, out, ROOM));
    REFUSED(OPPORTUNE_NULL_POINTER, IMPORT(policy, json, len, NULL, ROOM));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_import(policy, json, len, out, ROOM, NULL, why, sizeof why, NULL));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_profile_import(policy, json, len, out, ROOM, &back, NULL, 1, NULL));
    REFUSED(OPPORTUNE_IMPORT_FAILED, IMPORT(policy, json, len - 1, out, ROOM));
    HOLDS(why_len > 8 && memcmp(why, "not JSON", 8) == 0 && back == 7);
    REFUSED(OPPORTUNE_IMPORT_FAILED, IMPORT(policy, "{}", 2, out, ROOM));
    HOLDS(why_len == 17 && memcmp(why, "format is missing", 17) == 0);
    REFUSED(OPPORTUNE_IMPORT_FAILED, IMPORT(policy, NULL, 0, out, ROOM));
    REFUSED(OPPORTUNE_TOO_SMALL, IMPORT(policy, json, len, out, profile_len - 1));
    HOLDS(back == profile_len && why_len == 0);
    DONE(opportune_profile_import(policy, json, len, again, sizeof again, &back, NULL, 0, NULL));
    HOLDS(back == profile_len && memcmp(again, profile, profile_len) == 0);

#define ERASE(policy, local, key, key_len, in, in_len, room, at)                                  \
    opportune_profile_erase(policy, local, key, key_len, in, in_len, out, room, at, &erased)
    REFUSED(OPPORTUNE_NULL_POINTER, ERASE(NULL, local, key, 13, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER, ERASE(policy, NULL, key, 13, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER, ERASE(policy, local, NULL, 1, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_BAD_KEY, ERASE(policy, local, key, 0, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_SUBSCRIBER,
            ERASE(policy, local, key, 3, profile, profile_len, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, ERASE(policy, local, key, 13, profile, 99, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_REVISION, ERASE(policy, local, key, 13, profile, profile_len, ROOM, 99));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, ERASE(policy, local, key, 13, profile, profile_len, 99, 0));
    HOLDS(erased == 7);
    DONE(opportune_profile_revision(policy, again, profile_len, &revision));
    DONE(opportune_profile_erase(policy, local, KEY, again, profile_len, again, profile_len, 0,
                                 &erased));
    HOLDS(erased == revision + 1);
}

static void shared_state(void)
{
    opportune_snapshot *made = (opportune_snapshot *)out;
    opportune_local *mine = (opportune_local *)out;
    static uint8_t bytes[1 << 20], delta[1 << 20];
    size_t len = 0, delta_len = 0;
    int64_t left = 7;
    const uint32_t budget = id(OPPORTUNE_NAMESPACE_BUDGET, "sms_gateway");

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_initial(NULL, &made));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_initial(policy, NULL));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_to_bytes(NULL, bytes, sizeof bytes, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_to_bytes(snapshot, NULL, 1, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_to_bytes(snapshot, bytes, 1, NULL));
    REFUSED(OPPORTUNE_TOO_SMALL, opportune_snapshot_to_bytes(snapshot, out, 1, &len));
    DONE(opportune_snapshot_to_bytes(snapshot, bytes, len, &len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_from_bytes(NULL, bytes, len, &made));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_from_bytes(policy, NULL, len, &made));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_from_bytes(policy, bytes, len, NULL));
    REFUSED(OPPORTUNE_MALFORMED, opportune_snapshot_from_bytes(policy, NULL, 0, &made));
    REFUSED(OPPORTUNE_MALFORMED, opportune_snapshot_from_bytes(policy, bytes, len - 1, &made));
    bytes[len / 2] ^= 1;
    REFUSED(OPPORTUNE_MALFORMED, opportune_snapshot_from_bytes(policy, bytes, len, &made));

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_local_new(NULL, 1, 1, 1, &mine));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_local_new(policy, 1, 1, 1, NULL));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, opportune_local_new(policy, 1, 1, 0, &mine));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_lease_grant(NULL, local, budget, 1));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_lease_grant(policy, NULL, budget, 1));
    REFUSED(OPPORTUNE_UNKNOWN_NAME, opportune_lease_grant(policy, local, 0, 1));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_lease_left(NULL, local, budget, &left));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_lease_left(policy, NULL, budget, &left));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_lease_left(policy, local, budget, NULL));
    REFUSED(OPPORTUNE_UNKNOWN_NAME, opportune_lease_left(policy, local, 99, &left));
    HOLDS(left == 7);
    DONE(opportune_lease_grant(policy, local, budget, 5));
    DONE(opportune_lease_grant(policy, local, budget, INT64_MIN));
    DONE(opportune_lease_left(policy, local, budget, &left));
    HOLDS(left == 0);

    DONE(opportune_local_new(policy, 2, 1, 1, &mine));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_delta_take(NULL, delta, sizeof delta, &delta_len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_delta_take(mine, NULL, 1, &delta_len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_delta_take(mine, delta, 1, NULL));
    REFUSED(OPPORTUNE_TOO_SMALL, opportune_delta_take(mine, out, 1, &delta_len));
    DONE(opportune_delta_take(mine, delta, delta_len, &delta_len));
    opportune_local_free(mine);
    opportune_local_free(NULL);

    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_snapshot_advance(NULL, snapshot, delta, delta_len, &made));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_snapshot_advance(policy, NULL, delta, delta_len, &made));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_advance(policy, snapshot, NULL, 1, &made));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_snapshot_advance(policy, snapshot, delta, delta_len, NULL));
    REFUSED(OPPORTUNE_MALFORMED,
            opportune_snapshot_advance(policy, snapshot, delta, delta_len - 1, &made));
    HOLDS(made == (opportune_snapshot *)out);
    const uint32_t offers = OPPORTUNE_NAMESPACE_OFFER, off = OPPORTUNE_SWITCH_OFF;
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_switch(NULL, snapshot, offers, 1, off, &made));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_switch(policy, NULL, offers, 1, off, &made));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_snapshot_switch(policy, snapshot, offers, 1, off, NULL));
    REFUSED(OPPORTUNE_OUT_OF_RANGE,
            opportune_snapshot_switch(policy, snapshot, offers, 16000000, off, &made));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, opportune_snapshot_switch(policy, snapshot, offers, 1, 3, &made));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, opportune_snapshot_switch(policy, snapshot, 0, 0, off, &made));
    DONE(opportune_snapshot_switch(policy, snapshot, offers, 1, off, &made));
    opportune_snapshot_free(made);
    DONE(opportune_snapshot_advance(policy, snapshot, delta, delta_len, &made));
    {
        opportune_snapshot *again = NULL;
        REFUSED(OPPORTUNE_DELTA_SEQUENCE,
                opportune_snapshot_advance(policy, made, delta, delta_len, &again));
        HOLDS(again == NULL);
    }
    opportune_snapshot_free(made);
    opportune_snapshot_free(NULL);
}

static void profiles(void)
{
    uint64_t revision = 7;
    opportune_value value = {7, 7, {7}};
    opportune_dated dated = {.time_ms = NOW_MS, .value = {0, OPPORTUNE_TYPE_INT, {40}}};
    opportune_health health = {.struct_size = sizeof health, .late_events = 7};
    const uint32_t calls = id(OPPORTUNE_NAMESPACE_FEATURE, "calls_7d");
    const uint32_t derived = id(OPPORTUNE_NAMESPACE_FEATURE, "video_share");

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_init(NULL, KEY, out, ROOM));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_init(policy, NULL, 1, out, ROOM));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_init(policy, KEY, NULL, ROOM));
    REFUSED(OPPORTUNE_BAD_KEY, opportune_profile_init(policy, NULL, 0, out, ROOM));
    REFUSED(OPPORTUNE_BAD_KEY, opportune_profile_init(policy, before, 257, out, ROOM));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, opportune_profile_init(policy, KEY, out, profile_len - 1));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, opportune_profile_init(policy, KEY, NULL, 0));

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_revision(NULL, profile, 1, &revision));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_revision(policy, NULL, 1, &revision));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_revision(policy, profile, 1, NULL));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, opportune_profile_revision(policy, NULL, 0, &revision));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, opportune_profile_revision(policy, profile, 8, &revision));
    REFUSED(OPPORTUNE_PROFILE_FORMAT, opportune_profile_revision(policy, out, ROOM, &revision));
    HOLDS(revision == 7);

    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_health(NULL, profile, profile_len, &health));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_health(policy, NULL, profile_len, &health));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_profile_health(policy, profile, profile_len, NULL));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, opportune_profile_health(policy, profile, 8, &health));
    health.struct_size = sizeof health - 1;
    REFUSED(OPPORTUNE_BAD_STRUCT_SIZE,
            opportune_profile_health(policy, profile, profile_len, &health));
    HOLDS(health.late_events == 7);

#define READ(policy, local, in, in_len, feature, now, value)                                      \
    opportune_read_feature(policy, local, in, in_len, feature, now, value)
    REFUSED(OPPORTUNE_NULL_POINTER, READ(NULL, local, profile, profile_len, calls, 1, &value));
    REFUSED(OPPORTUNE_NULL_POINTER, READ(policy, NULL, profile, profile_len, calls, 1, &value));
    REFUSED(OPPORTUNE_NULL_POINTER, READ(policy, local, NULL, profile_len, calls, 1, &value));
    REFUSED(OPPORTUNE_NULL_POINTER, READ(policy, local, profile, profile_len, calls, 1, NULL));
    REFUSED(OPPORTUNE_UNKNOWN_FEATURE, READ(policy, local, profile, profile_len, 0, 1, &value));
    REFUSED(OPPORTUNE_BAD_TIME, READ(policy, local, profile, profile_len, calls, -1, &value));
    HOLDS(value.id == 7 && value.type == 7 && value.data.integer == 7);

#define BACKFILL(policy, local, key_len, dated, count, ...)                                       \
    opportune_backfill(policy, local, key, key_len, dated, count, NOW_MS, __VA_ARGS__, &revision, NULL)
#define SELF profile, profile_len, out, ROOM, 0
    dated.value.id = calls;
    REFUSED(OPPORTUNE_NULL_POINTER, BACKFILL(NULL, local, 13, &dated, 1, SELF));
    REFUSED(OPPORTUNE_NULL_POINTER, BACKFILL(policy, NULL, 13, &dated, 1, SELF));
    REFUSED(OPPORTUNE_NULL_POINTER, BACKFILL(policy, local, 13, NULL, 1, SELF));
    REFUSED(OPPORTUNE_NULL_POINTER,
            BACKFILL(policy, local, 13, &dated, 1, NULL, profile_len, out, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER,
            BACKFILL(policy, local, 13, &dated, 1, profile, profile_len, NULL, ROOM, 0));
    REFUSED(OPPORTUNE_BAD_KEY, BACKFILL(policy, local, 0, &dated, 1, SELF));
    REFUSED(OPPORTUNE_PROFILE_SUBSCRIBER, BACKFILL(policy, local, 12, &dated, 1, SELF));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, BACKFILL(policy, local, 13, &dated, HUGE_LEN, SELF));
    dated.value.type = OPPORTUNE_TYPE_NONE;
    REFUSED(OPPORTUNE_BAD_ENUM, BACKFILL(policy, local, 13, &dated, 1, SELF));
    dated.value.type = OPPORTUNE_TYPE_DOUBLE;
    REFUSED(OPPORTUNE_VALUE_TYPE, BACKFILL(policy, local, 13, &dated, 1, SELF));
    dated.value.id = derived;
    REFUSED(OPPORTUNE_UNKNOWN_FEATURE, BACKFILL(policy, local, 13, &dated, 1, SELF));
    dated.time_ms = 0;
    REFUSED(OPPORTUNE_BAD_TIME, BACKFILL(policy, local, 13, &dated, 1, SELF));
    HOLDS(revision == 7);
}

/* The message that the data plane is tried with, and one thing wrong with it at a time. */
static opportune_value fields[OPPORTUNE_EVENT_FIELDS_MAX + 1];
static opportune_event events[OPPORTUNE_MESSAGE_EVENTS_MAX + 1];
static opportune_message message;

static void good_message(void)
{
    size_t i;
    memset(fields, 0, sizeof fields);
    for (i = 0; i <= OPPORTUNE_EVENT_FIELDS_MAX; i++) {
        fields[i].id = id(OPPORTUNE_NAMESPACE_FIELD, "balance_change.balance");
        fields[i].type = OPPORTUNE_TYPE_MONEY;
        fields[i].data.integer = 1500000;
    }
    for (i = 0; i <= OPPORTUNE_MESSAGE_EVENTS_MAX; i++) {
        events[i].kind = id(OPPORTUNE_NAMESPACE_EVENT, "balance_change");
        events[i].time_ms = NOW_MS;
        events[i].fields = fields;
        events[i].field_count = 1;
    }
    memset(&message, 0, sizeof message);
    message.struct_size = sizeof message;
    message.subscriber.ptr = key;
    message.subscriber.len = sizeof key - 1;
    message.session.ptr = "session";
    message.session.len = 7;
    message.now_ms = NOW_MS;
    message.events = events;
    message.event_count = 1;
}

/* The three calls that convert a message refuse it alike. */
static void refused_message(int line, opportune_status expected)
{
    opportune_moment moments[OPPORTUNE_MOMENTS_MAX];
    size_t count = 7;
    uint32_t repeated = 7;
    uint64_t revision = 7;
    const opportune_status got[3] = {
        opportune_decide(policy, snapshot, local, &message, NULL, SELF, &decision),
        opportune_update(policy, local, &message, SELF, &repeated, &revision, NULL),
        opportune_classify(policy, local, &message, profile, profile_len, moments,
                           OPPORTUNE_MOMENTS_MAX, &count),
    };
    int i;
    for (i = 0; i < 3; i++) {
        checks++;
        if (got[i] != expected) {
            printf("%d: call %d: status %d, not %d\n", line, i, (int)got[i], (int)expected);
            failures++;
        }
    }
    HOLDS(count == 7 && repeated == 7 && revision == 7);
    untouched(line);
    good_message();
}

#define BAD_MESSAGE(expected, change)                                                             \
    do {                                                                                          \
        change;                                                                                   \
        refused_message(__LINE__, expected);                                                      \
    } while (0)

static void messages(void)
{
    good_message();
    BAD_MESSAGE(OPPORTUNE_BAD_STRUCT_SIZE, message.struct_size = 0);
    BAD_MESSAGE(OPPORTUNE_BAD_STRUCT_SIZE, message.struct_size = 8);
    BAD_MESSAGE(OPPORTUNE_BAD_STRUCT_SIZE, message.struct_size = HUGE_LEN);
    BAD_MESSAGE(OPPORTUNE_NULL_POINTER, message.subscriber.ptr = NULL);
    BAD_MESSAGE(OPPORTUNE_BAD_KEY, message.subscriber.len = 0);
    BAD_MESSAGE(OPPORTUNE_OUT_OF_RANGE, message.subscriber.len = HUGE_LEN);
    BAD_MESSAGE(OPPORTUNE_PROFILE_SUBSCRIBER, message.subscriber.len = 5);
    BAD_MESSAGE(OPPORTUNE_NULL_POINTER, message.session.ptr = NULL);
    BAD_MESSAGE(OPPORTUNE_BAD_KEY, (message.session.ptr = out, message.session.len = 257));
    BAD_MESSAGE(OPPORTUNE_BAD_TIME, message.now_ms = 0);
    BAD_MESSAGE(OPPORTUNE_BAD_TIME, message.now_ms = INT64_MIN);
    BAD_MESSAGE(OPPORTUNE_UNKNOWN_ZONE, message.zone = 0xFFFFFFFFu);
    BAD_MESSAGE(OPPORTUNE_NULL_POINTER, message.events = NULL);
    BAD_MESSAGE(OPPORTUNE_MISALIGNED,
                message.events = (const opportune_event *)(const void *)((char *)events + 1));
    BAD_MESSAGE(OPPORTUNE_TOO_MANY_EVENTS, message.event_count = OPPORTUNE_MESSAGE_EVENTS_MAX + 1);
    BAD_MESSAGE(OPPORTUNE_OUT_OF_RANGE, message.event_count = HUGE_LEN);
    BAD_MESSAGE(OPPORTUNE_UNKNOWN_EVENT, events[0].kind = 0);
    BAD_MESSAGE(OPPORTUNE_BAD_TIME, events[0].time_ms = INT64_MAX);
    BAD_MESSAGE(OPPORTUNE_NULL_POINTER, events[0].fields = NULL);
    BAD_MESSAGE(OPPORTUNE_UNKNOWN_FIELD, events[0].field_count = OPPORTUNE_EVENT_FIELDS_MAX + 1);
    BAD_MESSAGE(OPPORTUNE_UNKNOWN_FIELD, events[0].field_count = 2);
    BAD_MESSAGE(OPPORTUNE_UNKNOWN_FIELD, fields[0].id = 0);
    BAD_MESSAGE(OPPORTUNE_BAD_ENUM, fields[0].type = OPPORTUNE_TYPE_NONE);
    BAD_MESSAGE(OPPORTUNE_BAD_ENUM, fields[0].type = 10);
    BAD_MESSAGE(OPPORTUNE_VALUE_TYPE, fields[0].type = OPPORTUNE_TYPE_INT);
    BAD_MESSAGE(OPPORTUNE_NULL_POINTER,
                (fields[0].type = OPPORTUNE_TYPE_TEXT, fields[0].data.text.ptr = NULL,
                 fields[0].data.text.len = 1));
}

/* What is wrong beside the message: handles, profiles, context, the place for the answer. */
static void calls(void)
{
    opportune_context context = {0};
    opportune_moment moment = {0};
    size_t count = 7;
    uint8_t *const odd = out + 1;

    good_message();
#define DECIDE(policy, snapshot, local, message)                                                  \
    opportune_decide(policy, snapshot, local, message, NULL, SELF, &decision)
    REFUSED(OPPORTUNE_NULL_POINTER, DECIDE(NULL, snapshot, local, &message));
    REFUSED(OPPORTUNE_NULL_POINTER, DECIDE(policy, NULL, local, &message));
    REFUSED(OPPORTUNE_NULL_POINTER, DECIDE(policy, snapshot, NULL, &message));
    REFUSED(OPPORTUNE_NULL_POINTER, DECIDE(policy, snapshot, local, NULL));
    REFUSED(OPPORTUNE_MISALIGNED,
            DECIDE(policy, snapshot, local,
                   (const opportune_message *)(const void *)((char *)&message + 1)));

    /* The profile. */
#define TRY(in, in_len, to, room, expected)                                                       \
    opportune_decide(policy, snapshot, local, &message, NULL, in, in_len, to, room, expected,     \
                     &decision)
    REFUSED(OPPORTUNE_NULL_POINTER, TRY(NULL, profile_len, out, ROOM, 0));
    REFUSED(OPPORTUNE_NULL_POINTER, TRY(profile, profile_len, NULL, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, TRY(NULL, 0, out, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, TRY(NULL, 0, NULL, 0, 0));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, TRY(profile, profile_len - 1, out, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, TRY(profile, profile_len + 1, out, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_LENGTH, TRY(profile, 1, out, ROOM, 0));
    REFUSED(OPPORTUNE_OUT_OF_RANGE, TRY(profile, HUGE_LEN, NULL, 0, 0));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, TRY(profile, profile_len, out, profile_len - 1, 0));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, TRY(profile, profile_len, NULL, 0, 0));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, TRY(profile, profile_len, profile, profile_len - 1, 0));
    REFUSED(OPPORTUNE_OVERLAP, TRY(profile, profile_len, profile + 1, ROOM - 1, 0));
    REFUSED(OPPORTUNE_OVERLAP, TRY(profile + 1, profile_len, profile, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_REVISION, TRY(profile, profile_len, odd, ROOM - 1, 99));
    REFUSED(OPPORTUNE_PROFILE_FORMAT, TRY(odd, profile_len, NULL, 0, 0));
    profile[profile_len / 2] ^= 0x10;
    fill();
    REFUSED(OPPORTUNE_PROFILE_CHECKSUM, TRY(profile, profile_len, out, ROOM, 0));
    REFUSED(OPPORTUNE_PROFILE_CHECKSUM, TRY(profile, profile_len, profile, ROOM, 0));
    profile[profile_len / 2] ^= 0x10;
    fill();

    /* The context, and the place for the decision. */
#define WITH(context, into)                                                                       \
    opportune_decide(policy, snapshot, local, &message, context, SELF, into)
    REFUSED(OPPORTUNE_BAD_STRUCT_SIZE, WITH(&context, &decision));
    context.struct_size = sizeof context;
    context.slots = OPPORTUNE_DECISION_OFFERS_MAX + 1;
    REFUSED(OPPORTUNE_OUT_OF_RANGE, WITH(&context, &decision));
    context.slots = 1;
    context.channel = 99;
    REFUSED(OPPORTUNE_UNKNOWN_CHANNEL, WITH(&context, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, WITH(NULL, NULL));
    decision.struct_size = sizeof decision.struct_size;
    REFUSED(OPPORTUNE_BAD_STRUCT_SIZE, WITH(NULL, &decision));
    decision.struct_size = 1 << 20;
    REFUSED(OPPORTUNE_BAD_STRUCT_SIZE, WITH(NULL, &decision));
    decision.struct_size = sizeof decision;

    /* The other calls on messages. */
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_update(NULL, local, &message, SELF, NULL, NULL, NULL));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_update(policy, NULL, &message, SELF, NULL, NULL, NULL));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_update(policy, local, NULL, SELF, NULL, NULL, NULL));
    REFUSED(OPPORTUNE_MISALIGNED, opportune_update(policy, local, &message, SELF,
                                                   (uint32_t *)(void *)odd, NULL, NULL));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_classify(NULL, local, &message, profile, profile_len, &moment, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_classify(policy, NULL, &message, profile, profile_len, &moment, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_classify(policy, local, NULL, profile, profile_len, &moment, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_classify(policy, local, &message, NULL, profile_len, &moment, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_classify(policy, local, &message, profile, profile_len, NULL, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_classify(policy, local, &message, profile, profile_len, &moment, 1, NULL));
#define ALLOCATE(policy, snapshot, local, message, moments, count, into)                          \
    opportune_allocate(policy, snapshot, local, message, moments, count, NULL, SELF, into)
    REFUSED(OPPORTUNE_NULL_POINTER,
            ALLOCATE(NULL, snapshot, local, &message, &moment, 1, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, ALLOCATE(policy, NULL, local, &message, &moment, 1, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER,
            ALLOCATE(policy, snapshot, NULL, &message, &moment, 1, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, ALLOCATE(policy, snapshot, local, NULL, &moment, 1, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER,
            ALLOCATE(policy, snapshot, local, &message, NULL, 1, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, ALLOCATE(policy, snapshot, local, &message, &moment, 1, NULL));
    {
        static opportune_moment many[OPPORTUNE_MOMENTS_MAX + 1];
        REFUSED(OPPORTUNE_OUT_OF_RANGE,
                ALLOCATE(policy, snapshot, local, &message, many, OPPORTUNE_MOMENTS_MAX + 1,
                         &decision));
    }
#define TICK(policy, snapshot, local, key, key_len, now, into)                                    \
    opportune_tick(policy, snapshot, local, key, key_len, NULL, 0, now, SELF, into)
    REFUSED(OPPORTUNE_NULL_POINTER, TICK(NULL, snapshot, local, key, 13, NOW_MS, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, TICK(policy, NULL, local, key, 13, NOW_MS, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, TICK(policy, snapshot, NULL, key, 13, NOW_MS, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, TICK(policy, snapshot, local, NULL, 13, NOW_MS, &decision));
    REFUSED(OPPORTUNE_NULL_POINTER, TICK(policy, snapshot, local, key, 13, NOW_MS, NULL));
    REFUSED(OPPORTUNE_BAD_KEY, TICK(policy, snapshot, local, NULL, 0, NOW_MS, &decision));
    REFUSED(OPPORTUNE_BAD_TIME, TICK(policy, snapshot, local, key, 13, -1, &decision));
    HOLDS(count == 7);
}

/* The account that pays for a line: kept by the same calls, and read beside the line's profile. */
static void accounts(void)
{
    static const char text[] =
        "[policy]\n name = 'home'\n version = 1\n currency = 'USD'\n zones = ['UTC']\n"
        "[attributes]\n lines = { type = 'int', profile = 'account' }\n"
        "[events.use]\n"
        "[features]\n uses = { count = 'use', profile = 'account' }\n"
        "[moments.hot]\n on = 'use'\n when = 'uses >= 2 && lines > 1'\n intent = 'buy'\n"
        "[channels.ussd]\n[contact]\n"
        "caps = [{ at_most = 10, within = '30d', of = 'all' }]\n"
        "[issues.sales.groups.plans]\n"
        "[offers.family]\n group = 'sales.plans'\n kind = 'sale'\n moments = ['hot']\n"
        "value = '1.00'\n treatments.ussd = { content = 'family', propensity = 0.1 }\n";
    static uint8_t account[ROOM], line[2 * ROOM], kept[ROOM];
    opportune_policy *home = NULL;
    opportune_snapshot *start = NULL;
    opportune_local *mine = NULL;
    opportune_decision made;
    opportune_message said;
    opportune_event use;
    opportune_dated lines;
    opportune_value value;
    size_t account_len = 7, line_len = 0;
    uint64_t revision = 0;
    uint32_t repeated = 7, number = 0;

    /* The policy of the other tests keeps nothing of accounts. */
    DONE(opportune_policy_account_bytes(policy, &account_len));
    HOLDS(account_len == 0);
    REFUSED(OPPORTUNE_ACCOUNT_LAYOUT, opportune_account_init(policy, KEY, out, sizeof out));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_account_bytes(NULL, &account_len));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_policy_account_bytes(policy, NULL));
    HOLDS(account_len == 0);

    DONE(opportune_policy_compile("home", 4, text, sizeof text - 1, NULL, 0, &home, NULL, 0, NULL));
    DONE(opportune_snapshot_initial(home, &start));
    DONE(opportune_local_new(home, 1, 1, 1, &mine));
    DONE(opportune_policy_account_bytes(home, &account_len));
    DONE(opportune_policy_profile_bytes(home, &line_len));
    HOLDS(account_len > 0 && account_len < ROOM && line_len < ROOM);
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_account_init(NULL, KEY, out, sizeof out));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_account_init(home, NULL, 3, out, sizeof out));
    REFUSED(OPPORTUNE_BAD_KEY, opportune_account_init(home, NULL, 0, out, sizeof out));
    REFUSED(OPPORTUNE_NULL_POINTER, opportune_account_init(home, KEY, NULL, sizeof out));
    REFUSED(OPPORTUNE_OUTPUT_TOO_SMALL, opportune_account_init(home, KEY, out, account_len - 1));
    DONE(opportune_account_init(home, "home 7", 6, account, account_len));
    DONE(opportune_profile_init(home, KEY, line, line_len));

    memset(&lines, 0, sizeof lines);
    lines.time_ms = NOW_MS;
    DONE(opportune_policy_id(home, OPPORTUNE_NAMESPACE_FEATURE, "lines", 5, &lines.value.id));
    lines.value.type = OPPORTUNE_TYPE_INT;
    lines.value.data.integer = 3;
    REFUSED(OPPORTUNE_PROFILE_HOLDER,
            opportune_backfill(home, mine, KEY, &lines, 1, NOW_MS, line, line_len, out, sizeof out,
                               0, NULL, NULL));
    DONE(opportune_backfill(home, mine, "home 7", 6, &lines, 1, NOW_MS, account, account_len,
                            account, account_len, 0, NULL, NULL));

    DONE(opportune_policy_id(home, OPPORTUNE_NAMESPACE_EVENT, "use", 3, &use.kind));
    use.time_ms = NOW_MS;
    use.fields = NULL;
    use.field_count = 0;
    memset(&said, 0, sizeof said);
    said.struct_size = sizeof said;
    said.session.ptr = "s";
    said.session.len = 1;
    said.now_ms = NOW_MS;
    said.events = &use;
    said.event_count = 1;
    said.subscriber.ptr = "home 7";
    said.subscriber.len = 6;
    for (said.number = 1; said.number <= 2; said.number++) {
        DONE(opportune_update(home, mine, &said, account, account_len, account, account_len, 0,
                              &repeated, &revision, NULL));
        HOLDS(repeated == 0 && revision == 1 + said.number);
    }
    DONE(opportune_policy_id(home, OPPORTUNE_NAMESPACE_FEATURE, "uses", 4, &number));
    DONE(opportune_read_feature(home, mine, account, account_len, number, NOW_MS, &value));
    HOLDS(value.type == OPPORTUNE_TYPE_INT && value.data.integer == 2);
    DONE(opportune_read_feature(home, mine, line, line_len, number, NOW_MS, &value));
    HOLDS(value.type == OPPORTUNE_TYPE_NONE);

#define BESIDE(from, from_len, into)                                                              \
    opportune_decide(home, start, mine, &said, NULL, from, from_len, into, ROOM, 0, &decision)
    REFUSED(OPPORTUNE_PROFILE_HOLDER, BESIDE(account, account_len, out));
    said.subscriber.ptr = key;
    said.subscriber.len = sizeof key - 1;
    said.account.ptr = account;
    said.account.len = account_len - 1;
    REFUSED(OPPORTUNE_ACCOUNT_LENGTH, BESIDE(line, line_len, out));
    said.account.len = HUGE_LEN;
    REFUSED(OPPORTUNE_OUT_OF_RANGE, BESIDE(line, line_len, out));
    said.account.ptr = NULL;
    said.account.len = 1;
    REFUSED(OPPORTUNE_NULL_POINTER, BESIDE(line, line_len, out));
    said.account.ptr = line;
    said.account.len = line_len;
    REFUSED(OPPORTUNE_ACCOUNT_LAYOUT, BESIDE(line, line_len, out));
    REFUSED(OPPORTUNE_OVERLAP, BESIDE(line, line_len, line));
    memcpy(kept, account, account_len);
    kept[70] ^= 1;
    said.account.ptr = kept;
    said.account.len = account_len;
    REFUSED(OPPORTUNE_ACCOUNT_CHECKSUM, BESIDE(line, line_len, out));
    kept[0] ^= 1;
    REFUSED(OPPORTUNE_ACCOUNT_FORMAT, BESIDE(line, line_len, out));
    REFUSED(OPPORTUNE_ACCOUNT_FORMAT,
            opportune_tick(home, start, mine, KEY, kept, account_len, NOW_MS, line, line_len, out,
                           ROOM, 0, &decision));
    REFUSED(OPPORTUNE_OVERLAP,
            opportune_tick(home, start, mine, KEY, out, account_len, NOW_MS, line, line_len, out,
                           ROOM, 0, &decision));

    /* Without the account the moment is not known to hold, beside it it is. */
    memcpy(kept, account, account_len);
    made.struct_size = sizeof made;
    said.struct_size = offsetof(opportune_message, account);
    DONE(opportune_decide(home, start, mine, &said, NULL, line, line_len, line + ROOM, ROOM, 0, &made));
    HOLDS(made.offer_count == 0);
    said.struct_size = sizeof said;
    said.account.len = account_len;
    DONE(opportune_decide(home, start, mine, &said, NULL, line, line_len, line + ROOM, ROOM, 0, &made));
    HOLDS(made.offer_count == 1);
    HOLDS(memcmp(kept, account, account_len) == 0);

    opportune_local_free(mine);
    opportune_snapshot_free(start);
    opportune_policy_free(home);
}

/* What opportune_decide would do, and why. */
static void explanations(void)
{
    static char json[1 << 18];
    size_t len = 7;

    good_message();
#define EXPLAIN(policy, snapshot, local, message, in, into, room, len)                            \
    opportune_explain(policy, snapshot, local, message, NULL, in, profile_len, into, room, len)
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(NULL, snapshot, local, &message, profile, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(policy, NULL, local, &message, profile, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(policy, snapshot, NULL, &message, profile, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(policy, snapshot, local, NULL, profile, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(policy, snapshot, local, &message, NULL, json, sizeof json, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(policy, snapshot, local, &message, profile, NULL, 1, &len));
    REFUSED(OPPORTUNE_NULL_POINTER,
            EXPLAIN(policy, snapshot, local, &message, profile, json, sizeof json, NULL));
    REFUSED(OPPORTUNE_PROFILE_LENGTH,
            opportune_explain(policy, snapshot, local, &message, NULL, profile, 1, json,
                              sizeof json, &len));
    message.now_ms = -1;
    REFUSED(OPPORTUNE_BAD_TIME,
            EXPLAIN(policy, snapshot, local, &message, profile, json, sizeof json, &len));
    good_message();
    HOLDS(len == 7);
    REFUSED(OPPORTUNE_TOO_SMALL,
            EXPLAIN(policy, snapshot, local, &message, profile, (char *)out, 1, &len));
    HOLDS(len > 100 && len < sizeof json);
    fill();
    DONE(EXPLAIN(policy, snapshot, local, &message, profile, json, len, &len));
    HOLDS(json[0] == '{' && json[len - 1] == '}');
    untouched(__LINE__);
}

static void outcomes(void)
{
    opportune_outcome outcome = {0};
    opportune_settled settled;
    opportune_open_offer open;
    size_t count = 7;

    memset(&settled, PATTERN, sizeof settled);
    settled.struct_size = sizeof settled;
    outcome.subscriber.ptr = key;
    outcome.subscriber.len = sizeof key - 1;
    outcome.now_ms = NOW_MS;
#define SETTLE(policy, local, outcome, into) opportune_settle(policy, local, outcome, SELF, into)
    REFUSED(OPPORTUNE_BAD_STRUCT_SIZE, SETTLE(policy, local, &outcome, &settled));
    outcome.struct_size = sizeof outcome;
    REFUSED(OPPORTUNE_BAD_ENUM, SETTLE(policy, local, &outcome, &settled));
    outcome.kind = 9;
    REFUSED(OPPORTUNE_BAD_ENUM, SETTLE(policy, local, &outcome, &settled));
    outcome.kind = OPPORTUNE_OUTCOME_ACCEPTED;
    outcome.slot = 256;
    REFUSED(OPPORTUNE_OUT_OF_RANGE, SETTLE(policy, local, &outcome, &settled));
    outcome.slot = 0;
    REFUSED(OPPORTUNE_NULL_POINTER, SETTLE(NULL, local, &outcome, &settled));
    REFUSED(OPPORTUNE_NULL_POINTER, SETTLE(policy, NULL, &outcome, &settled));
    REFUSED(OPPORTUNE_NULL_POINTER, SETTLE(policy, local, NULL, &settled));
    REFUSED(OPPORTUNE_NULL_POINTER, SETTLE(policy, local, &outcome, NULL));
    outcome.now_ms = 0;
    REFUSED(OPPORTUNE_BAD_TIME, SETTLE(policy, local, &outcome, &settled));
    outcome.subscriber.len = 3;
    outcome.now_ms = NOW_MS;
    REFUSED(OPPORTUNE_PROFILE_SUBSCRIBER, SETTLE(policy, local, &outcome, &settled));
    outcome.subscriber.ptr = NULL;
    REFUSED(OPPORTUNE_NULL_POINTER, SETTLE(policy, local, &outcome, &settled));
    settled.struct_size = 0;
    REFUSED(OPPORTUNE_BAD_STRUCT_SIZE, SETTLE(policy, local, &outcome, &settled));
    HOLDS(settled.result == 0xA5A5A5A5u && settled.offer == 0xA5A5A5A5u);

    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_open_offers(NULL, profile, profile_len, NOW_MS, &open, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_open_offers(policy, NULL, profile_len, NOW_MS, &open, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_open_offers(policy, profile, profile_len, NOW_MS, NULL, 1, &count));
    REFUSED(OPPORTUNE_NULL_POINTER,
            opportune_open_offers(policy, profile, profile_len, NOW_MS, &open, 1, NULL));
    REFUSED(OPPORTUNE_PROFILE_LENGTH,
            opportune_open_offers(policy, profile, 0, NOW_MS, &open, 1, &count));
    HOLDS(count == 7);
}

/* Programs of other versions: smaller structs, larger structs. And buffers at odd addresses. */
static void versions(void)
{
    struct {
        opportune_message message;
        uint8_t newer[64];
    } large;
    struct {
        opportune_decision decision;
        uint8_t newer[64];
        uint8_t behind[64];
    } answer;
    opportune_context context = {0};
    size_t i, small = offsetof(opportune_decision, stages);
    static uint8_t first[ROOM];

    good_message();
    memset(&large, PATTERN, sizeof large);
    large.message = message;
    large.message.struct_size = offsetof(opportune_message, zone); /* an older program's */
    large.message.zone = 0xFFFFFFFFu;                              /* is not its own */
    context.struct_size = offsetof(opportune_context, seed);
    memset(&answer, PATTERN, sizeof answer);
    answer.decision.struct_size = small;
    DONE(opportune_decide(policy, snapshot, local, &large.message, &context, profile, profile_len,
                          first, profile_len, 1, &answer.decision));
    HOLDS(answer.decision.struct_size == small && answer.decision.revision == 2);
    HOLDS(answer.decision.stages[0] == 0xA5A5A5A5u);

    large.message.struct_size = sizeof large.message + sizeof large.newer; /* a newer program's */
    large.message.zone = 0;
    context.struct_size = sizeof context;
    memset(&answer, PATTERN, sizeof answer);
    answer.decision.struct_size = sizeof answer.decision + sizeof answer.newer;
    memmove(out + 3, profile, profile_len);
    DONE(opportune_decide(policy, snapshot, local, &large.message, &context, out + 3, profile_len,
                          out + 3, profile_len, 1, &answer.decision));
    HOLDS(memcmp(out + 3, first, profile_len) == 0);
    for (i = 0; i < sizeof answer.newer; i++) {
        HOLDS(answer.newer[i] == 0 && answer.behind[i] == PATTERN);
    }
    HOLDS(answer.decision.moment_count == answer.decision.stages[OPPORTUNE_STAGE_NO_MOMENT] ||
          answer.decision.furthest != OPPORTUNE_STAGE_NO_MOMENT);

    /* The same again is recognised. */
    DONE(opportune_decide(policy, snapshot, local, &message, NULL, first, profile_len, first,
                          profile_len, 0, &answer.decision));
    HOLDS(answer.decision.repeated == 1 && answer.decision.offer_count == 0);
}

static void words(void)
{
    const opportune_status codes[] = {OPPORTUNE_OK, OPPORTUNE_PROFILE_LENGTH,
                                      OPPORTUNE_DELTA_SEQUENCE, OPPORTUNE_OUT_OF_MEMORY};
    size_t i;
    for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        HOLDS(strcmp(opportune_status_message(codes[i]), "unknown status") != 0);
    }
    HOLDS(strcmp(opportune_status_message(-1), "unknown status") == 0);
    HOLDS(strcmp(opportune_status_message(INT32_MAX), "unknown status") == 0);
    HOLDS(strcmp(opportune_stage_words(OPPORTUNE_STAGE_CONTACT_CAP), "contact cap") == 0);
    HOLDS(strcmp(opportune_stage_words(0xFFFFFFFFu), "unknown stage") == 0);
    HOLDS(strcmp(opportune_version(), OPPORTUNE_VERSION) == 0);
    HOLDS(opportune_version_number() == OPPORTUNE_VERSION_NUMBER);
    HOLDS(opportune_abi_version() == OPPORTUNE_ABI_VERSION);
}

int main(int argc, char **argv)
{
    char *text, *ids;
    size_t text_len, ids_len;
    static uint8_t delta[1 << 20], untold[1 << 20];
    size_t delta_len = 0, untold_len = 0;
    opportune_local *fresh = NULL;

    if (argc != 3) {
        return 2;
    }
    text = read_file(argv[1], &text_len);
    ids = read_file(argv[2], &ids_len);
    if (opportune_policy_compile("p", 1, text, text_len, ids, ids_len, &policy, NULL, 0, NULL) !=
        OPPORTUNE_OK) {
        printf("the policy does not compile\n");
        return 1;
    }
    DONE(opportune_snapshot_initial(policy, &snapshot));
    DONE(opportune_local_new(policy, 1, 1, 1, &local));
    DONE(opportune_policy_profile_bytes(policy, &profile_len));
    DONE(opportune_profile_init(policy, KEY, profile, sizeof profile));
    DONE(opportune_backfill(policy, local, KEY, NULL, 0, NOW_MS, profile, profile_len, profile, profile_len,
                            0, NULL, NULL));
    fill();

    policies(text, text_len, ids, ids_len);
    artifacts();
    successions(text, text_len, ids, ids_len);
    portable();
    shared_state();
    profiles();
    messages();
    calls();
    explanations();
    accounts();
    outcomes();

    /* Not one of them has left a trace in the delta. */
    DONE(opportune_local_new(policy, 1, 1, 1, &fresh));
    DONE(opportune_delta_take(local, delta, sizeof delta, &delta_len));
    DONE(opportune_delta_take(fresh, untold, sizeof untold, &untold_len));
    HOLDS(delta_len == untold_len && memcmp(delta, untold, delta_len) == 0);

    versions();
    words();

    opportune_local_free(fresh);
    opportune_local_free(local);
    opportune_snapshot_free(snapshot);
    opportune_policy_free(policy);
    free(text);
    free(ids);
    printf("%d checks, %d failures\n%s", checks, failures, failures == 0 ? "ok\n" : "");
    return failures != 0;
}
