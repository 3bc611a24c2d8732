/* history_request: tail, range, search. */
#include "session/session.h"
#include "session/json_text.h"

struct rows {
    json_t *list;
    bool with_output;
};

static void add_row(void *user, int64_t session, int64_t line, struct str source,
                    struct str output) {
    struct rows *rows = user;
    json_t *item = json_array();
    json_array_append_new(item, json_integer(session));
    json_array_append_new(item, json_integer(line));
    if (rows->with_output) {
        json_t *pair = json_array();
        json_array_append_new(pair, json_of(source));
        json_array_append_new(pair, output.n ? json_of(output) : json_null());
        json_array_append_new(item, pair);
    } else {
        json_array_append_new(item, json_of(source));
    }
    json_array_append_new(rows->list, item);
}

static bool read_query(const json_t *content, struct history_query *q, bool *with_output) {
    struct str access = STR("tail");
    bool ok = json_field_text(content, "hist_access_type", &access) &&
              json_field_bool(content, "output", with_output) &&
              json_field_bool(content, "unique", &q->unique) &&
              json_field_int(content, "n", &q->n) && json_field_int(content, "start", &q->start) &&
              json_field_int(content, "stop", &q->stop) &&
              json_field_int(content, "session", &q->session) &&
              json_field_text(content, "pattern", &q->pattern);
    if (str_is(access, "range")) q->access = HISTORY_RANGE;
    else if (str_is(access, "search")) q->access = HISTORY_SEARCH;
    else ok = ok && str_is(access, "tail");
    return ok;
}

void session_history(struct session *s, struct request *r) {
    struct history_query q = {0};
    struct rows rows = {.with_output = false};
    if (!read_query(r->content, &q, &rows.with_output)) {
        session_reply_error(s, r, "MalformedRequest",
                            "history_request: a field has the wrong type, or hist_access_type is "
                            "not tail, range or search");
        return;
    }
    rows.list = json_array();
    history_find(s->history, &q, add_row, &rows);
    session_reply(s, r, json_pack("{s:s,s:o}", "status", "ok", "history", rows.list));
}
