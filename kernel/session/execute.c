/* execute_request: one cell from text to reply. */
#include "session/session.h"
#include "session/json_text.h"
#include "base/pool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An error reply is not sent sooner than this after its request came in, so that cells which a
 * front end sent in one go with the failed one ("run all") have arrived and count as queued. */
static const int64_t BURST_NS = 25 * 1000000LL;

/* What the request asks for, and what running it brought. */
struct cell {
    struct session *session;
    struct request *request;
    struct str code;
    bool silent, store_history, allow_stdin, stop_on_error;
    int32_t number;
    bool is_blank;
    json_t *payload; /* array */
    struct output output;
    struct sink sink;
    struct timespec started;
};

static void sink_stream(void *user, bool is_error, struct str utf8) {
    struct cell *c = user;
    capture_drain(c->session->capture);
    stream_write(c->session->stream, is_error, utf8);
}

static const char *const display_type[] = {[DISPLAY_SHOW] = "display_data",
                                           [DISPLAY_RESULT] = "execute_result",
                                           [DISPLAY_LIVE] = "display_data",
                                           [DISPLAY_UPDATE] = "update_display_data",
                                           [DISPLAY_FINAL] = "update_display_data"};

static void sink_display(void *user, enum display_kind kind, json_t *data, json_t *metadata,
                         const char *display_id) {
    struct cell *c = user;
    if (c->silent) return;
    capture_drain(c->session->capture);
    json_t *content = json_object(), *transient = json_object();
    json_object_set(content, "data", data);
    json_object_set(content, "metadata", metadata);
    if (display_id) json_object_set_new(transient, "display_id", json_string(display_id));
    json_object_set_new(content, "transient", transient);
    if (kind == DISPLAY_RESULT) {
        json_object_set_new(content, "execution_count", json_integer(c->number));
    }
    session_publish(c->session, c->request->origin, display_type[kind], content);
}

static void sink_page(void *user, struct str markdown) {
    struct cell *c = user;
    json_t *data = json_object();
    json_object_set_new(data, "text/plain", json_of(markdown));
    json_object_set_new(data, "text/markdown", json_of(markdown));
    json_array_append_new(c->payload,
                          json_pack("{s:s,s:o,s:i}", "source", "page", "data", data, "start", 0));
}

static void sink_clear(void *user, bool wait) {
    struct cell *c = user;
    if (c->silent) return;
    capture_drain(c->session->capture);
    session_publish(c->session, c->request->origin, "clear_output",
                    json_pack("{s:b}", "wait", wait));
}

static void sink_exit(void *user) {
    struct cell *c = user;
    json_array_append_new(c->payload,
                          json_pack("{s:s,s:b}", "source", "ask_exit", "keepkernel", 0));
}

static bool sink_ask(void *user, struct str prompt, bool hidden, struct text *answer,
                     struct err *e) {
    struct cell *c = user;
    struct session *s = c->session;
    if (!c->allow_stdin) {
        err_set(e, ERR_INPUT,
                "input() needs somebody to answer, and this cell was started where "
                "nobody can");
        return err_hint(e, "Run the cell in a notebook, or give the value in the program.");
    }
    capture_drain(s->capture);
    ask_begin(&s->ask);
    json_t *content = json_object();
    json_object_set_new(content, "prompt", json_of(prompt));
    json_object_set_new(content, "password", json_boolean(hidden));
    s->courier->question(s->courier->user, c->request->origin, content);
    json_decref(content);
    /* A stop that came before the question was open has not been seen by it. */
    const struct engine *en = atomic_load(&s->engine);
    if (atomic_load(&s->ending) || atomic_load(engine_stop_flag(en))) ask_stop(&s->ask);
    return ask_wait(&s->ask, answer, e);
}

static const char *cell_id(const struct request *r) {
    return json_string_value(json_object_get(r->metadata, "cellId"));
}

static bool sink_interact(void *user, int interaction, struct err *e) {
    struct cell *c = user;
    capture_drain(c->session->capture);
    return widgets_show(c->session, c->request->origin, cell_id(c->request), interaction, e);
}

static struct widget_bar *sink_bar(void *user, const struct live_bar *b) {
    struct cell *c = user;
    return widget_bar_open(c->session, c->request->origin, b);
}

static bool is_blank(struct str code) {
    for (size_t i = 0; i < code.n; i++) {
        if (!strchr(" \t\r\n\f", code.p[i])) return false;
    }
    return true;
}

/* The fields with their defaults; false names the one that is wrong. */
static bool read_fields(struct cell *c, const char **fault) {
    const json_t *content = c->request->content;
    json_t *expressions = json_object_get(content, "user_expressions");
    bool ok = true;
    c->code = (struct str){NULL, 0};
    c->allow_stdin = c->stop_on_error = true;
    if (!json_field_text(content, "code", &c->code) || !c->code.p) {
        *fault = "execute_request: `code` must be a text", ok = false;
    } else if (!json_field_bool(content, "silent", &c->silent)) {
        *fault = "execute_request: `silent` must be true or false", ok = false;
    }
    c->store_history = !c->silent;
    if (ok && !json_field_bool(content, "store_history", &c->store_history)) {
        *fault = "execute_request: `store_history` must be true or false", ok = false;
    } else if (ok && !json_field_bool(content, "allow_stdin", &c->allow_stdin)) {
        *fault = "execute_request: `allow_stdin` must be true or false", ok = false;
    } else if (ok && !json_field_bool(content, "stop_on_error", &c->stop_on_error)) {
        *fault = "execute_request: `stop_on_error` must be true or false", ok = false;
    } else if (ok && expressions && !json_is_object(expressions) && !json_is_null(expressions)) {
        *fault = "execute_request: `user_expressions` must be an object", ok = false;
    }
    c->store_history = c->store_history && !c->silent;
    return ok;
}

enum { MAX_DELETED = 256 };

static int deleted_ids(const struct request *r, const char *ids[MAX_DELETED]) {
    json_t *list = json_object_get(r->metadata, "deletedCells"), *id;
    size_t i;
    int n = 0;
    json_array_foreach(list, i, id) {
        if (json_is_string(id) && n < MAX_DELETED) ids[n++] = json_string_value(id);
    }
    return n;
}

/* A front end may send bytes that are not UTF-8 only inside escapes; json_read repaired those. */
static bool run_cell(struct cell *c, struct err *e) {
    struct session *s = c->session;
    struct engine *en = session_engine(s, e);
    if (!en) return false;
    c->output.engine = en;
    const char *gone[MAX_DELETED];
    struct engine_cell cell = {.code = c->code,
                               .cell_id = cell_id(c->request),
                               .deleted_ids = gone,
                               .n_deleted_ids = deleted_ids(c->request, gone),
                               .number = c->number,
                               .silent = c->silent};
    struct engine_observer observer = output_observer(&c->output);
    bool ok = engine_run(en, &cell, &observer, e);
    output_settle(&c->output);
    return ok;
}

static json_t *expression_value(struct session *s, const json_t *code) {
    struct err e = {0};
    struct value v = value_missing();
    struct bundle b = {0};
    struct str text = {json_string_value(code), json_string_length(code)};
    struct engine *en = session_engine(s, &e);
    bool ok = json_is_string(code) ? en && engine_eval(en, text, &v, &e)
                                   : err_set(&e, ERR_TYPE, "an expression must be a text");
    ok = ok && display_value(v, NULL, &b, &e);
    json_t *out;
    if (ok) {
        json_t *data, *metadata;
        bundle_json(&b, &data, &metadata);
        out = json_pack("{s:s,s:o,s:o}", "status", "ok", "data", data, "metadata", metadata);
    } else {
        out = error_json(&e, false);
        json_object_set_new(out, "status", json_string("error"));
    }
    bundle_clear(&b);
    value_unref(v);
    return out;
}

static json_t *all_expressions(struct cell *c) {
    json_t *out = json_object(), *code;
    const char *name;
    json_t *asked = json_object_get(c->request->content, "user_expressions");
    json_object_foreach(asked, name, code) {
        json_object_set_new(out, name, expression_value(c->session, code));
    }
    return out;
}

/* When the cell began and how long it took: JupyterLab shows the first, people look for the second.
 */
static json_t *reply_metadata(const struct cell *c) {
    char date[40];
    struct tm day;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&c->started.tv_sec, &day);
    size_t n = strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(date + n, sizeof date - n, ".%06ldZ", c->started.tv_nsec / 1000);
    double seconds =
        difftime(now.tv_sec, c->started.tv_sec) + (double)(now.tv_nsec - c->started.tv_nsec) * 1e-9;
    return json_pack("{s:s,s:f}", "started", date, "seconds", seconds);
}

static void send_reply(struct cell *c, json_t *content) {
    json_t *metadata = reply_metadata(c);
    c->session->courier->reply(c->session->courier->user, c->request, content, metadata);
    json_decref(metadata);
    json_decref(content);
}

static void reply_ok(struct cell *c, json_t *take_expressions) {
    send_reply(c, json_pack("{s:s,s:i,s:O,s:o}", "status", "ok", "execution_count", c->number,
                            "payload", c->payload, "user_expressions", take_expressions));
}

static void wait_for_burst(const struct request *r) {
    int64_t left = r->received_ns + BURST_NS - now_ns();
    if (left <= 0) return;
    struct timespec t = {.tv_sec = 0, .tv_nsec = (long)left};
    nanosleep(&t, NULL);
}

static void reply_failed(struct cell *c, const struct err *e) {
    struct session *s = c->session;
    json_t *error = error_json(e, true);
    if (!c->silent) session_publish(s, c->request->origin, "error", json_copy(error));
    json_object_set_new(error, "status", json_string("error"));
    json_object_set_new(error, "execution_count", json_integer(c->number));
    json_object_set_new(error, "user_expressions", json_object());
    json_object_set(error, "payload", c->payload);
    if (c->stop_on_error && !c->silent) {
        wait_for_burst(c->request);
        s->courier->abort_queued(s->courier->user, c->request);
    }
    send_reply(c, error);
}

/* Nothing says what front end asks. Notebooks name the cell, programs let nobody answer questions;
 * what is left are terminals, which print displays and no updates of them. */
static bool is_terminal(const struct cell *c) {
    return !cell_id(c->request) && c->allow_stdin && !c->silent;
}

/* In a terminal, `exit` alone is how one leaves, as in a shell. */
static bool leaves(struct cell *c) {
    struct str s = c->code;
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1])) s.n--;
    while (s.n && strchr(" \t\r\n", *s.p)) s.p++, s.n--;
    if (!is_terminal(c) || !(str_is(s, "exit") || str_is(s, "quit"))) return false;
    sink_exit(c);
    return true;
}

/* Somebody sits there who can move a slider: not in batch runs, which leave nobody to answer, and
 * not in terminals. AWML_WIDGETS=1 or 0 says so for front ends about which this is wrong. */
static bool has_widgets(const struct cell *c) {
    const char *said = getenv("AWML_WIDGETS");
    if (c->silent) return false;
    if (said && *said) return *said != '0';
    return c->allow_stdin && cell_id(c->request);
}

/* A bar that moves needs a front end that has shown that it draws widgets, also where nobody sits.
 */
static bool has_bars(const struct cell *c) {
    const char *said = getenv("AWML_WIDGETS");
    if (c->silent || c->output.lines) return false;
    return said && *said ? *said != '0' : widgets_known(c->session, c->request);
}

static void cell_begin(struct cell *c) {
    struct session *s = c->session;
    clock_gettime(CLOCK_REALTIME, &c->started);
    c->is_blank = is_blank(c->code);
    bool counts = c->store_history && !c->is_blank;
    c->number = counts ? atomic_fetch_add(&s->count, 1) + 1 : atomic_load(&s->count);
    c->payload = json_array();
    c->sink = (struct sink){.user = c,
                            .stream = sink_stream,
                            .display = sink_display,
                            .page = sink_page,
                            .clear = sink_clear,
                            .exit = sink_exit,
                            .ask = sink_ask};
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%.12s-%u", s->id, (unsigned)atomic_load(&s->cell_serial));
    output_begin(&c->output, &c->sink, prefix);
    c->output.lines = is_terminal(c);
    if (has_widgets(c)) c->sink.interact = sink_interact;
    if (has_bars(c)) c->sink.bar = sink_bar;
    widgets_close_cell(s, c->request->origin, cell_id(c->request));
    capture_drain(s->capture); /* what others wrote between cells is not this cell's */
    stream_begin(s->stream, c->request->origin, c->silent);
    if (c->silent) return;
    json_t *input = json_object();
    json_object_set_new(input, "code", json_of(c->code));
    json_object_set_new(input, "execution_count", json_integer(c->number));
    session_publish(s, c->request->origin, "execute_input", input);
}

static void cell_end(struct cell *c) {
    struct session *s = c->session;
    if (c->store_history && !c->is_blank) {
        history_add(s->history, c->number, c->code, text_str(&c->output.result));
    }
    output_end(&c->output);
    json_decref(c->payload);
}

void session_execute(struct session *s, struct request *r) {
    struct cell c = {.session = s, .request = r};
    const char *fault = NULL;
    if (!read_fields(&c, &fault)) {
        session_reply_error(s, r, "MalformedRequest", fault);
        return;
    }
    session_lock(s, -1);
    if (atomic_load(&s->ending)) {
        session_unlock(s);
        session_abort(s, r);
        return;
    }
    session_begin_cell(s);
    cell_begin(&c);
    struct err e = {0};
    bool ok = c.is_blank || leaves(&c) || run_cell(&c, &e);
    json_t *expressions = ok ? all_expressions(&c) : NULL; /* they may loop, and be interrupted */
    session_end_cell(s);
    capture_drain(s->capture);
    stream_end(s->stream);
    if (ok) reply_ok(&c, expressions);
    else reply_failed(&c, &e);
    capture_drain(s->capture);
    cell_end(&c);
    session_unlock(s);
}

/* Only the status: front ends write a count that comes along into the prompt of the cell that did
 * not run. */
void session_abort(struct session *s, struct request *r) {
    session_reply(s, r, json_pack("{s:s}", "status", "aborted"));
}
