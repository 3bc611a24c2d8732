/* Messages between requests in memory and signed frames. */
#include "wire/message.h"
#include "session/json_text.h"
#include "session/log.h"
#include "base/pool.h"
#include <stdio.h>
#include <time.h>

struct post *post_new(enum channel channel, struct origin *parent, struct str type) {
    struct post *p = pool_zalloc(sizeof *p);
    if (!p) return NULL;
    p->channel = channel;
    p->parent = origin_ref(parent);
    text_add(&p->type, type);
    return p;
}

void post_free(struct post *p) {
    if (!p) return;
    origin_unref(p->parent);
    text_clear(&p->type);
    text_clear(&p->content);
    text_clear(&p->metadata);
    text_clear(&p->topic);
    text_clear(&p->display_id);
    for (int i = 0; i < p->n_buffers; i++) text_clear(&p->buffers[i]);
    pool_free(p->buffers);
    pool_free(p);
}

size_t post_bytes(const struct post *p) {
    enum { SMALL_PARTS = 1024 }; /* the struct and its short texts, with what the pool adds */
    size_t n = SMALL_PARTS + p->content.n + p->metadata.n;
    for (int i = 0; i < p->n_buffers; i++) n += p->buffers[i].n;
    return n;
}

static void write_header(struct encoder *enc, struct str type, struct text *out) {
    struct timespec t;
    struct tm day;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &day);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &day);
    unsigned long long id = atomic_fetch_add(&enc->n_messages, 1);
    text_addf(out,
              "{\"msg_id\":\"%s_%llu\",\"session\":\"%s\",\"username\":\"kernel\","
              "\"date\":\"%s.%06ldZ\",\"msg_type\":",
              enc->session, id, enc->session, date, t.tv_nsec / 1000);
    json_t *name = json_of(type);
    json_write(name, out);
    json_decref(name);
    text_adds(out, ",\"version\":\"5.5\"}");
}

static void write_stream(const struct post *p, struct text *out) {
    text_addf(out, "{\"name\":\"%s\",\"text\":", p->is_error ? "stderr" : "stdout");
    json_t *text = json_of_text(&p->content);
    json_write(text, out);
    json_decref(text);
    text_addc(out, '}');
}

static void write_topic(struct encoder *enc, const struct post *p, struct text *out) {
    if (p->has_topic) text_add(out, text_str(&p->topic));
    else text_addf(out, "kernel.%s.%s", enc->session, p->type.p);
}

bool message_encode(struct encoder *enc, const struct post *p, struct encoded *m) {
    *m = (struct encoded){0};
    int n_ids = p->channel == CHANNEL_IOPUB ? 1 : p->parent ? p->parent->n_ids : 0;
    m->frames = pool_zalloc((size_t)(n_ids + 6 + p->n_buffers) * sizeof *m->frames);
    if (!m->frames) return false;
    write_header(enc, text_str(&p->type), &m->header);
    if (p->is_stream) write_stream(p, &m->content);
    struct str parts[4] = {text_str(&m->header),
                           p->parent ? text_str(&p->parent->header) : STR("{}"),
                           p->metadata.n ? text_str(&p->metadata) : STR("{}"),
                           p->is_stream ? text_str(&m->content) : text_str(&p->content)};
    signer_sign(enc->signer, parts, m->signature);
    int n = 0;
    if (p->channel == CHANNEL_IOPUB) {
        write_topic(enc, p, &m->topic);
        m->frames[n++] = text_str(&m->topic);
    } else {
        for (int i = 0; i < n_ids; i++) m->frames[n++] = text_str(&p->parent->ids[i]);
    }
    m->frames[n++] = str_of(frame_delimiter);
    m->frames[n++] = str_of(m->signature);
    for (int i = 0; i < 4; i++) m->frames[n++] = parts[i];
    for (int i = 0; i < p->n_buffers; i++) m->frames[n++] = text_str(&p->buffers[i]);
    m->n_frames = n;
    return !m->header.failed && !m->content.failed;
}

void encoded_clear(struct encoded *m) {
    text_clear(&m->topic);
    text_clear(&m->header);
    text_clear(&m->content);
    pool_free(m->frames);
    m->frames = NULL;
}

/* The dict, or {} and a fault. */
static json_t *read_dict(struct str bytes, const char *fault, struct request *r) {
    bool repaired;
    json_t *v = json_read(bytes, &repaired);
    if (json_is_object(v)) return v;
    json_decref(v);
    r->fault = fault;
    return json_object();
}

static void copy_buffers(struct request *r, const struct envelope *envelope) {
    if (!envelope->n_buffers) return;
    r->buffers = pool_zalloc((size_t)envelope->n_buffers * sizeof *r->buffers);
    if (!r->buffers) {
        r->fault = "there is no memory for the message's buffers";
        return;
    }
    r->n_buffers = envelope->n_buffers;
    for (int i = 0; i < r->n_buffers; i++) {
        if (!text_add(&r->buffers[i], envelope->buffers[i])) {
            r->fault = "there is no memory for the message's buffers";
        }
    }
}

/* parent_header is the header's own bytes, unless they had to be repaired. */
static struct origin *make_origin(enum channel channel, const struct envelope *envelope,
                                  const json_t *header, bool repaired) {
    struct text fixed = {0};
    if (repaired) json_write(header, &fixed);
    struct str bytes = repaired ? text_str(&fixed) : envelope->parts[PART_HEADER];
    struct origin *o = origin_new(channel, bytes, envelope->ids, envelope->n_ids);
    text_clear(&fixed);
    return o;
}

struct request *message_decode(enum channel channel, const struct envelope *envelope) {
    bool repaired;
    json_t *header = json_read(envelope->parts[PART_HEADER], &repaired);
    const char *type = json_string_value(json_object_get(header, "msg_type"));
    struct request *r = NULL;
    if (!type || !*type || !json_is_string(json_object_get(header, "msg_id"))) {
        log_warn("header", "a message with an unusable header was dropped");
    } else {
        r = pool_zalloc(sizeof *r);
    }
    if (!r) {
        json_decref(header);
        return NULL;
    }
    r->received_ns = now_ns();
    r->header = header;
    r->type = type;
    r->subshell = json_string_value(json_object_get(header, "subshell_id"));
    r->origin = make_origin(channel, envelope, header, repaired);
    r->metadata = read_dict(envelope->parts[PART_METADATA], "the metadata are not an object", r);
    r->content = read_dict(envelope->parts[PART_CONTENT], "the content is not an object", r);
    copy_buffers(r, envelope);
    if (r->origin) return r;
    request_free(r);
    return NULL;
}
