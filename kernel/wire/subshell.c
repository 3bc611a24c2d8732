/* Subshells: more lanes beside the parent shell. Each is first-in-first-out and has its own scope
 * of aborted cells; the counter and the names are shared. Cells run one at a time in the whole
 * kernel: the engine is one, so a cell in a subshell starts when the running one ends. What only
 * reads is answered meanwhile. */
#include "wire/kernel.h"
#include "session/log.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The stack is as large as the main thread's usual one: cells may nest as deeply here. */
enum { SUBSHELLS_MAX = 64, STACK_BYTES = 8 << 20 };

/* A random UUID (RFC 4122, version 4). */
static void write_uuid(char out[LANE_ID_BYTES]) {
    unsigned char b[16];
    randombytes_buf(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, LANE_ID_BYTES,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

static void *run(void *user) {
    struct lane *l = user;
    struct kernel *k = l->kernel;
    pthread_setname_np(pthread_self(), "subshell");
    lane_run(l);
    lane_unref(l);
    atomic_fetch_sub(&k->n_lane_threads, 1);
    return NULL;
}

static bool start(struct kernel *k, struct lane *l) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    lane_ref(l); /* the thread's */
    atomic_fetch_add(&k->n_lane_threads, 1);
    bool ok = pthread_create(&l->thread, &attributes, run, l) == 0;
    pthread_attr_destroy(&attributes);
    if (ok) return true;
    atomic_fetch_sub(&k->n_lane_threads, 1);
    lane_unref(l);
    return false;
}

static int count_lanes(const struct kernel *k) {
    int n = 0;
    for (const struct lane *l = k->lanes; l; l = l->next) n++;
    return n;
}

void kernel_create_subshell(struct kernel *k, struct request *r) {
    char id[LANE_ID_BYTES];
    write_uuid(id);
    pthread_mutex_lock(&k->lanes_lock);
    struct lane *l = count_lanes(k) < SUBSHELLS_MAX ? lane_new(k, id) : NULL;
    bool ok = l && start(k, l);
    if (ok) {
        l->next = k->lanes;
        k->lanes = l;
    }
    pthread_mutex_unlock(&k->lanes_lock);
    if (!ok) {
        lane_unref(l);
        session_reply_error(&k->session, r, "TooManySubshells", "no further subshell can be made");
        return;
    }
    session_reply(&k->session, r, json_pack("{s:s,s:s}", "status", "ok", "subshell_id", id));
}

/* Out of the list, with the list's reference. */
static struct lane *remove_lane(struct kernel *k, const char *id) {
    struct lane **at = &k->lanes;
    pthread_mutex_lock(&k->lanes_lock);
    while (*at && strcmp((*at)->id, id) != 0) at = &(*at)->next;
    struct lane *l = *at;
    if (l) *at = l->next;
    pthread_mutex_unlock(&k->lanes_lock);
    return l;
}

void kernel_delete_subshell(struct kernel *k, struct request *r) {
    const char *id = json_string_value(json_object_get(r->content, "subshell_id"));
    struct lane *l = id ? remove_lane(k, id) : NULL;
    if (!l) {
        session_reply_error(&k->session, r, "UnknownSubshell", "there is no subshell of this id");
        return;
    }
    lane_close(l, false); /* it answers what it has, then ends */
    lane_unref(l);
    session_reply(&k->session, r, json_pack("{s:s}", "status", "ok"));
}

void kernel_list_subshell(struct kernel *k, struct request *r) {
    json_t *ids = json_array();
    pthread_mutex_lock(&k->lanes_lock);
    for (const struct lane *l = k->lanes; l; l = l->next) {
        json_array_append_new(ids, json_string(l->id));
    }
    pthread_mutex_unlock(&k->lanes_lock);
    session_reply(&k->session, r, json_pack("{s:s,s:o}", "status", "ok", "subshell_id", ids));
}

struct lane *kernel_find_lane(struct kernel *k, const char *subshell) {
    if (!subshell) return lane_ref(k->main_lane);
    pthread_mutex_lock(&k->lanes_lock);
    struct lane *l = k->lanes;
    while (l && strcmp(l->id, subshell) != 0) l = l->next;
    if (l) lane_ref(l);
    pthread_mutex_unlock(&k->lanes_lock);
    return l;
}

void kernel_close_subshells(struct kernel *k) {
    pthread_mutex_lock(&k->lanes_lock);
    struct lane *list = k->lanes;
    k->lanes = NULL;
    pthread_mutex_unlock(&k->lanes_lock);
    while (list) {
        struct lane *l = list;
        list = l->next;
        lane_close(l, true);
        lane_unref(l);
    }
}
