/* Requests that look at the session without changing it: inspect, complete, is_complete. */
#include "session/session.h"
#include "session/json_text.h"

/* `code` and `cursor_pos` (code points; the end when missing) as a byte offset. False: answered. */
static bool read_cursor(struct session *s, struct request *r, struct str *code, uint32_t *offset) {
    int64_t cursor = INT64_MAX;
    *code = (struct str){NULL, 0};
    bool ok = json_field_text(r->content, "code", code) && code->p &&
              json_field_int(r->content, "cursor_pos", &cursor);
    if (!ok || code->n > UINT32_MAX) {
        session_reply_error(s, r, "MalformedRequest",
                            "`code` must be a text and `cursor_pos` a whole number");
        return false;
    }
    *offset = (uint32_t)utf8_offset(*code, cursor < 0 ? 0 : cursor);
    return true;
}

/* The matches with their types, as JupyterLab and consoles want them. */
struct matches {
    json_t *names, *types;
    int64_t start, end; /* code points */
};

static void add_match(void *user, const struct completion *c) {
    struct matches *m = user;
    json_t *old;
    size_t i;
    json_array_foreach(m->names, i, old) {
        if (str_is(str_of(json_string_value(old)), c->text)) return; /* offered already */
    }
    json_array_append_new(m->names, json_of(str_of(c->text)));
    json_t *type = json_object();
    json_object_set_new(type, "text", json_of(str_of(c->text)));
    json_object_set_new(type, "type", json_of(str_of(c->type ? c->type : "")));
    json_object_set_new(type, "signature", json_of(str_of(c->signature ? c->signature : "")));
    json_array_append_new(m->types, type);
}

static void set_places(struct matches *m) {
    json_t *type;
    size_t i;
    json_array_foreach(m->types, i, type) {
        json_object_set_new(type, "start", json_integer(m->start));
        json_object_set_new(type, "end", json_integer(m->end));
    }
}

static void find_matches(struct session *s, struct str code, uint32_t offset, struct matches *m) {
    uint32_t start = offset, end = offset;
    struct err e = {0};
    if (!session_lock(s, QUERY_WAIT_MS)) return;
    struct engine *en = session_engine(s, &e);
    if (en) engine_complete(en, code, offset, &start, &end, add_match, m);
    session_unlock(s);
    if (start > offset || end < start || end > code.n) start = end = offset;
    m->start = utf8_length((struct str){code.p, start});
    m->end = utf8_length((struct str){code.p, end});
    set_places(m);
}

void session_complete(struct session *s, struct request *r) {
    struct str code;
    uint32_t offset;
    if (!read_cursor(s, r, &code, &offset)) return;
    struct matches m = {.names = json_array(), .types = json_array()};
    m.start = m.end = utf8_length((struct str){code.p, offset});
    find_matches(s, code, offset, &m);
    json_t *metadata = json_object();
    json_object_set_new(metadata, "_jupyter_types_experimental", m.types);
    session_reply(s, r,
                  json_pack("{s:s,s:o,s:I,s:I,s:o}", "status", "ok", "matches", m.names,
                            "cursor_start", (json_int_t)m.start, "cursor_end", (json_int_t)m.end,
                            "metadata", metadata));
}

static bool find_help(struct session *s, struct str code, uint32_t offset, int detail,
                      struct help_page *page) {
    struct err e = {0};
    if (!session_lock(s, QUERY_WAIT_MS)) return false;
    struct engine *en = session_engine(s, &e);
    bool found = en && engine_inspect(en, code, offset, detail, page);
    session_unlock(s);
    return found;
}

void session_inspect(struct session *s, struct request *r) {
    struct str code;
    uint32_t offset;
    int64_t detail = 0;
    if (!read_cursor(s, r, &code, &offset)) return;
    if (!json_field_int(r->content, "detail_level", &detail)) detail = 0;
    struct help_page page = {0};
    bool found = find_help(s, code, offset, detail > 0, &page);
    json_t *data = json_object();
    if (found) {
        const struct text *plain = page.plain.n ? &page.plain : &page.markdown;
        json_object_set_new(data, "text/plain", json_of_text(plain));
        if (page.markdown.n)
            json_object_set_new(data, "text/markdown", json_of_text(&page.markdown));
        if (page.html.n) json_object_set_new(data, "text/html", json_of_text(&page.html));
    }
    text_clear(&page.markdown);
    text_clear(&page.plain);
    text_clear(&page.html);
    session_reply(
        s, r,
        json_pack("{s:s,s:b,s:o,s:{}}", "status", "ok", "found", found, "data", data, "metadata"));
}

/* While a cell runs the parser may be busy; the answer is then "unknown", and consoles decide
 * themselves. */
void session_is_complete(struct session *s, struct request *r) {
    static const char *const names[] = {
        [CELL_COMPLETE] = "complete", [CELL_INCOMPLETE] = "incomplete", [CELL_INVALID] = "invalid"};
    struct str code = {NULL, 0};
    if (!json_field_text(r->content, "code", &code) || !code.p) {
        session_reply_error(s, r, "MalformedRequest", "`code` must be a text");
        return;
    }
    if (!session_lock(s, QUERY_WAIT_MS)) {
        session_reply(s, r, json_pack("{s:s}", "status", "unknown"));
        return;
    }
    int indent = 0;
    enum completeness found = parse_completeness(code, &indent);
    session_unlock(s);
    json_t *content = json_pack("{s:s}", "status", names[found]);
    if (found == CELL_INCOMPLETE) {
        json_object_set_new(content, "indent", json_sprintf("%*s", indent, ""));
    }
    session_reply(s, r, content);
}
